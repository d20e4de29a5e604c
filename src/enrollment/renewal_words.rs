//! The notice to people whose plans were renewed, in every language: the old and the new plan, old and new price, whom it covers,
//! how to choose another and until when, how to stop it; and what was not renewed, and why.
//!
//! Called by `renewing`, inside its change.

use time::Date;

use super::outlook::{Fate, Outlook};
use super::record::{Signed, SignedPerson};
use super::renewal::Next;
use super::results::Results;
use crate::application::record::{Letter, Notice, Part};
use crate::eligibility::enrollment::open_enrollment;
use crate::store::Millis;
use crate::types::Cents;
use crate::verify::words::{Says, in_every_language};
use crate::verify::{Knows, moment};

/// `numbers`: of the new enrollments, in the order of the lines.
pub fn words(knows: &Knows, outlook: &Outlook, (results, now): (&Results, Millis), numbers: &[String]) -> Notice {
    let season = {
        let days = knows.tables.days(Some(results.state), moment(now));
        open_enrollment(&knows.tables, results.state, results.plan_year, days)
    };
    let told = Told { outlook, results, numbers, choose: season.select_by.zip(season.coverage_start) };
    in_every_language(knows, &results.case, |says| letter(says, &told))
}

struct Told<'a> {
    outlook: &'a Outlook,
    results: &'a Results,
    numbers: &'a [String],
    /// By when to choose another plan, and when that begins.
    choose: Option<(Date, Date)>,
}

fn letter(says: &Says, told: &Told) -> Letter {
    let year = told.results.plan_year.to_string();
    let of_year = [("year", year.as_str())];
    let renewed = told.outlook.renewed();
    let mut lead = vec![says.about()];
    lead.push(match renewed.is_empty() {
        true => says.tf("renewed.lead_none", &of_year),
        false => says.tf("renewed.lead", &of_year),
    });
    if !renewed.is_empty() && !told.outlook.consented {
        lead.push(says.tf("renewed.no_consent", &of_year));
    }
    let mut parts = Vec::new();
    let lines = told.outlook.checked.iter().flat_map(|checked| &checked.lines);
    for ((line, fate), number) in lines.zip(&renewed).zip(told.numbers) {
        parts.push(policy(says, (&year, fate), &line.signed, number));
    }
    for (fate, why) in told.outlook.without() {
        let plan = [("plan", fate.now.plan.name.as_str()), ("year", year.as_str())];
        let mut lines = vec![says.tf(&format!("renewed.without.{}", why.word()), &plan)];
        lines.push(says.tf("renewed.ends", &[("date", &says.date(fate.old.ends))]));
        lines.extend(leaving(says, (&year, fate)));
        parts.push(Part { heading: fate.now.plan.name.clone(), lines });
    }
    parts.push(says.part("renewed.next", next(says, (&year, told), !renewed.is_empty())));
    if lines_with_credit(told.outlook) {
        parts.push(says.part("enrolled.taxes", vec![says.t("notice.tax_time")]));
    }
    parts.push(says.help());
    let mut letter = says.letter("renewed.title", lead, Vec::new(), parts);
    letter.title = says.tf("renewed.title", &of_year);
    letter
}

fn lines_with_credit(outlook: &Outlook) -> bool {
    outlook.checked.iter().flat_map(|checked| &checked.lines).any(|line| line.signed.credit > Cents::ZERO)
}

/// One plan: what it was, what it is now.
fn policy(says: &Says, (year, fate): (&str, &Fate), signed: &Signed, number: &str) -> Part {
    let (old, starts) = (&fate.now, says.date(signed.starts));
    let names: Vec<String> = signed.people.iter().map(|person| says.name(person.row)).collect();
    let plans = [("old", old.plan.name.as_str()), ("new", signed.plan.name.as_str()), ("year", year)];
    let mut lines = vec![says.tf(
        match fate.next {
            Next::Other(_) => "renewed.crosswalk",
            Next::OtherInsurer(_) => "renewed.other_insurer",
            _ => "renewed.same",
        },
        &plans,
    )];
    let plan = signed.plan_id();
    lines.push(says.tf("enrolled.people", &[("names", &names.join(", "))]));
    lines.push(says.tf("enrolled.plan", &[("plan", &plan), ("insurer", &signed.plan.issuer_name), ("number", number)]));
    lines.push(costs(says, "renewed.this_year", old));
    lines.push(costs(says, "renewed.next_year", signed));
    lines.push(says.tf("renewed.starts", &[("date", &starts)]));
    match fate.next {
        Next::OtherInsurer(_) => {
            lines.push(says.t("enrolled.not_covered"));
            let insurer = ("insurer", signed.plan.issuer_name.as_str());
            lines.push(match (&signed.plan.payment, &signed.plan.phone) {
                (Some(url), _) => says.tf("enrolled.pay_at", &[insurer, ("url", url)]),
                (None, Some(phone)) => says.tf("enrolled.pay_call", &[insurer, ("phone", phone)]),
                (None, None) => says.tf("enrolled.pay_asks", &[insurer]),
            });
        }
        _ => lines.push(says.tf("renewed.pay_on", &[("date", &starts)])),
    }
    lines.extend(leaving(says, (year, fate)));
    Part { heading: signed.plan.name.clone(), lines }
}

/// `This year: $450.00 a month, credit $300.00, you pay $150.00.`
fn costs(says: &Says, key: &str, signed: &Signed) -> String {
    let money = |amount: Cents| amount.dollars_cents();
    let (premium, credit, net) = (money(signed.premium), money(signed.credit), money(signed.net()));
    says.tf(key, &[("premium", &premium), ("credit", &credit), ("net", &net)])
}

/// Who is not on the new plan, and why.
fn leaving(says: &Says, (year, fate): (&str, &Fate)) -> Vec<String> {
    let name = |person: &SignedPerson| format!("{} {}", person.first, person.last);
    let one = |(person, why): &(SignedPerson, super::outlook::Leaves)| {
        says.tf(&format!("renewed.leaves.{}", why.word()), &[("name", &name(person)), ("year", year)])
    };
    fate.leaves.iter().map(one).collect()
}

/// Choosing another plan, stopping it, what has changed.
fn next(says: &Says, (year, told): (&str, &Told), any: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((by, start)) = told.choose {
        let values = [("date", &says.date(by)[..]), ("start", &says.date(start)[..]), ("year", year)];
        lines.push(says.tf(if any { "renewed.choose" } else { "renewed.choose_now" }, &values));
    }
    lines.push(says.t("renewed.report"));
    if any {
        lines.push(says.t("renewed.stop"));
    }
    lines
}
