//! The notice to people who have signed, in every language: which plans, for whom, from when, what they cost, and that nobody is
//! covered until the first month is paid.
//!
//! Called by `sign`, inside its change.

use time::Date;

use super::check::Checked;
use super::proof_words;
use super::record::{Enrollment, Signed, Why};
use crate::application::record::{Letter, Notice, Part};
use crate::types::Cents;
use crate::verify::Knows;
use crate::verify::case::Case;
use crate::verify::words::{Says, in_every_language};

/// What a notice is about.
pub struct Told<'a> {
    pub checked: &'a Checked,
    /// Of the enrollments, in the order of the lines.
    pub numbers: &'a [String],
    /// What ends because of them.
    pub ended: &'a [&'a Enrollment],
    /// Until when the event has to be proved first.
    pub waits_until: Option<Date>,
}

/// What was signed.
pub fn signed(knows: &Knows, case: &Case, told: &Told) -> Notice {
    in_every_language(knows, case, |says| letter(says, told))
}

fn letter(says: &Says, told: &Told) -> Letter {
    let start = &told.checked.start;
    let mut lead = vec![
        says.about(),
        says.tf("enrolled.lead", &[("date", &says.date(start.day))]),
        says.t("enrolled.not_covered"),
    ];
    if let Why::Special { kind, event } = &start.why {
        let event = [("event", &says.t(&format!("sep.{kind}.name"))[..]), ("date", &says.date(*event))];
        lead.push(says.tf("enrolled.because", &event));
    }
    let lines = told.checked.lines.iter().zip(told.numbers);
    let mut parts: Vec<Part> = Vec::new();
    if let (Some(to_prove), Some(last), Some(line)) =
        (&told.checked.proof, told.waits_until, told.checked.lines.first())
    {
        parts.push(proof_words::asked(says, to_prove, (line.signed.signed_on, last)));
    }
    parts.extend(lines.map(|(line, number)| policy(says, &line.signed, number, told.waits_until.is_some())));
    if !told.ended.is_empty() {
        let one = |old: &&Enrollment| ended(says, old, told);
        parts.push(says.part("enrolled.ended", told.ended.iter().map(one).collect()));
    }
    if told.checked.lines.iter().any(|line| line.signed.credit > Cents::ZERO) {
        parts.push(says.part("enrolled.taxes", vec![says.t("notice.tax_time")]));
    }
    parts.push(says.help());
    says.letter("enrolled.title", lead, Vec::new(), parts)
}

fn policy(says: &Says, signed: &Signed, number: &str, waits: bool) -> Part {
    let names: Vec<String> = signed.people.iter().map(|person| says.name(person.row)).collect();
    let money = |amount: Cents| amount.dollars_cents();
    let (premium, credit, net) = (money(signed.premium), money(signed.credit), money(signed.net()));
    let plan = signed.plan_id();
    let mut lines = vec![
        says.tf("enrolled.people", &[("names", &says.list(&names))]),
        says.tf("enrolled.plan", &[("plan", &plan), ("insurer", &signed.plan.issuer_name), ("number", number)]),
    ];
    lines.push(match signed.credit {
        Cents::ZERO => says.tf("enrolled.pay_full", &[("premium", &premium)]),
        _ => says.tf("enrolled.pay", &[("premium", &premium), ("credit", &credit), ("net", &net)]),
    });
    if waits {
        lines.push(says.t("event_proof.pay_later"));
        return Part { heading: signed.plan.name.clone(), lines };
    }
    let insurer = [("insurer", signed.plan.issuer_name.as_str())];
    lines.push(match (&signed.plan.payment, &signed.plan.phone) {
        (Some(url), _) => says.tf("enrolled.pay_at", &[insurer[0], ("url", url)]),
        (None, Some(phone)) => says.tf("enrolled.pay_call", &[insurer[0], ("phone", phone)]),
        (None, None) => says.tf("enrolled.pay_asks", &insurer),
    });
    Part { heading: signed.plan.name.clone(), lines }
}

fn ended(says: &Says, old: &Enrollment, told: &Told) -> String {
    let starts = told.checked.start.day;
    let name = old.signed.plan.name.as_str();
    if old.starts >= starts {
        return says.tf("enrolled.never_begins", &[("plan", name)]);
    }
    let last = starts.previous_day().unwrap_or(starts);
    says.tf("enrolled.ends", &[("plan", name), ("date", &says.date(last))])
}
