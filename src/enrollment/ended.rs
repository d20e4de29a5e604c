//! The notice to people whose plan ends, never begins, or goes on without some of them: which plan, who, the last day, who said so,
//! and what to do next.
//!
//! Called inside the change that writes it, by `ending` and `leave`; a plan that another takes the place of is in the notice of the new
//! one (`words`). It never says that somebody did something wrong.

use time::{Date, Duration};

use super::end_rules::{Last, Reason};
use super::leaving::first_day;
use super::record::{Enrollment, Signed};
use super::signed::SignedPerson;
use super::timeline::name;
use crate::account::people::Means;
use crate::application::record::{Letter, Part};
use crate::application::submit::shown;
use crate::store::{StoreError, Tx};
use crate::types::Cents;
use crate::verify::case::Case;
use crate::verify::words::{Says, in_every_language};
use crate::verify::{Knows, notice};

/// What an insurer says of a plan that nobody pays for: the first month, or a later one.
const NOT_PAID: [&str; 2] = ["CANCEL", "TERM"];
/// Losing coverage, in sep_kinds.csv.
const LOSS: &str = "loss_of_coverage";

/// Who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// People themselves.
    Asked(Reason),
    /// Their insurer, with its code.
    Insurer(&'a str),
}

/// What a notice is about.
pub struct Told<'a> {
    pub enrollment: &'a Enrollment,
    /// As it was until then.
    pub before: &'a Signed,
    /// Who leaves.
    pub gone: Vec<&'a SignedPerson>,
    /// What those who stay have; `None`: nobody stays.
    pub stay: Option<&'a Signed>,
    /// Of the enrollment in which they go on, if it is not this one.
    pub number: Option<&'a str>,
    pub last: Last,
    pub said: Said<'a>,
}

/// Posts it, once for a version of the enrollment. Somebody whose application is gone is told nothing.
///
/// # Errors
///
/// If the store is away.
pub async fn post(tx: &mut Tx, (means, knows): (&Means, &Knows), told: &Told<'_>) -> Result<(), StoreError> {
    let of = (told.enrollment.owner.as_str(), told.enrollment.application.as_str());
    let Some(case) = Case::open(tx.conn(), &means.vault, of).await? else { return Ok(()) };
    let words = in_every_language(knows, &case, |says| letter(says, knows, told));
    let kind = format!("coverage_ended:{}:{}", told.enrollment.id, told.enrollment.version);
    notice::post(tx, means, &case, &kind, &words).await.map(drop)
}

fn letter(says: &Says, knows: &Knows, told: &Told) -> Letter {
    let title = match (told.stay, told.last) {
        (Some(_), _) => "coverage.told.left_title",
        (None, Last::Never) => "coverage.told.cancelled_title",
        (None, Last::Day(_)) => "coverage.told.ended_title",
    };
    let mut lead = vec![says.about()];
    lead.push(match told.said {
        Said::Asked(_) => says.t("coverage.told.asked"),
        Said::Insurer(code) if NOT_PAID.contains(&code) => says.t("coverage.told.not_paid"),
        Said::Insurer(_) => says.t("coverage.told.insurer"),
    });
    if told.said == Said::Asked(Reason::Death) {
        lead.push(says.t("coverage.told.death"));
    }
    let mut parts = vec![plan(says, told)];
    if let Some(stay) = told.stay {
        parts.push(staying(says, (stay, told.number), first_day(told.enrollment, told.last)));
    }
    parts.push(says.part("notice.next", next(says, knows, told)));
    parts.push(says.help());
    says.letter(title, lead, Vec::new(), parts)
}

fn plan(says: &Says, told: &Told) -> Part {
    let (enrollment, plan) = (told.enrollment, &told.before.plan);
    let names: Vec<String> = told.gone.iter().map(|own| name(own)).collect();
    let (id, number) = (told.before.plan_id(), shown(&enrollment.number));
    let lines = vec![
        says.tf("enrolled.people", &[("names", &names.join(", "))]),
        says.tf("enrolled.plan", &[("plan", &id), ("insurer", &plan.issuer_name), ("number", &number)]),
        match told.last {
            Last::Day(day) => says.tf("coverage.told.last", &[("date", &says.date(day))]),
            Last::Never => says.tf("coverage.told.never", &[("date", &says.date(enrollment.starts))]),
        },
    ];
    Part { heading: plan.name.clone(), lines }
}

fn staying(says: &Says, (stay, number): (&Signed, Option<&str>), from: Date) -> Part {
    let names: Vec<String> = stay.people.iter().map(name).collect();
    let money = |amount: Cents| amount.dollars_cents();
    let (premium, credit, net) = (money(stay.premium), money(stay.credit), money(stay.net()));
    let amounts = match stay.credit {
        Cents::ZERO => says.tf("enrolled.pay_full", &[("premium", &premium)]),
        _ => says.tf("enrolled.pay", &[("premium", &premium), ("credit", &credit), ("net", &net)]),
    };
    let mut lines = vec![
        says.tf("enrolled.people", &[("names", &names.join(", "))]),
        says.tf("coverage.told.from", &[("date", &says.date(from))]),
        amounts,
    ];
    lines.extend(number.map(|number| says.tf("taxes.policy", &[("number", &shown(number))])));
    says.part("coverage.told.stay_title", lines)
}

/// What to do next.
fn next(says: &Says, knows: &Knows, told: &Told) -> Vec<String> {
    let mut lines = Vec::new();
    match told.said {
        Said::Insurer(code) => {
            let counts = !NOT_PAID.contains(&code);
            // Losing a plan that was not paid for, or that never began, opens nothing (45 CFR 155.420(e)(1)).
            if let (Last::Day(day), true) = (told.last, counts) {
                let after = knows.tables.sep_kind(LOSS, day).and_then(|kind| kind.days_after).unwrap_or_default();
                let until = day.saturating_add(Duration::days(after));
                lines.push(says.tf("coverage.told.loss", &[("date", &says.date(until))]));
            } else {
                lines.push(says.t("coverage.told.no_loss"));
            }
            lines.push(says.t("coverage.told.wrong"));
            let phone = told.before.plan.phone.as_ref();
            lines.extend(phone.map(|phone| says.tf("coverage.pay_phone", &[("phone", phone)])));
        }
        Said::Asked(Reason::Death) => {}
        Said::Asked(_) => lines.push(says.t("coverage.told.by_choice")),
    }
    if told.stay.is_some() {
        lines.push(says.t("coverage.told.report"));
    } else if told.before.credit > Cents::ZERO && told.last != Last::Never {
        lines.push(says.t("coverage.end.credit"));
    }
    lines.push(says.t("coverage.told.bills"));
    lines
}
