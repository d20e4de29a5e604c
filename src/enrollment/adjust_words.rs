//! The notice to people whose plan costs something else from a month on, in every language: the credit and what one pays, before and
//! after, from which day, and what to do if nobody on the plan can have a credit any more.
//!
//! Called by `adjust`, inside its change.

use super::adjust::Written;
use super::again::has_level;
use crate::application::record::{Letter, Notice, Part};
use crate::types::Cents;
use crate::verify::Knows;
use crate::verify::case::Case;
use crate::verify::words::{Says, in_every_language};

/// `None`: nothing differs that anybody pays, has or could use.
pub fn adjusted(knows: &Knows, case: &Case, written: &[Written]) -> Option<Notice> {
    let told: Vec<&Written> = written.iter().filter(|own| tells(own)).collect();
    (!told.is_empty()).then(|| in_every_language(knows, case, |says| letter(says, &told)))
}

fn tells(own: &Written) -> bool {
    let (before, now) = (&own.before, &own.now);
    (before.credit, before.csr, before.credit_available) != (now.credit, now.csr, now.credit_available)
}

fn letter(says: &Says, told: &[&Written]) -> Letter {
    let lead = vec![says.about(), says.t("coverage.adjusted.lead")];
    let mut parts: Vec<Part> = told.iter().map(|own| policy(says, own)).collect();
    let mut next = vec![says.t("coverage.adjusted.bill")];
    if told.iter().any(|own| own.now.credit_available > Cents::ZERO) {
        next.push(says.t("coverage.adjusted.choose"));
    }
    parts.push(says.part("notice.next", next));
    if told.iter().any(|own| own.now.credit > Cents::ZERO || own.before.credit > Cents::ZERO) {
        parts.push(says.part("enrolled.taxes", vec![says.t("notice.tax_time")]));
    }
    parts.push(says.help());
    says.letter("coverage.adjusted.title", lead, Vec::new(), parts)
}

fn policy(says: &Says, own: &Written) -> Part {
    let (before, now) = (&own.before, &own.now);
    let date = says.date(own.from);
    let pair = |key: &str, from: Cents, to: Cents| {
        let (before, now) = (from.dollars_cents(), to.dollars_cents());
        says.tf(key, &[("date", &date), ("before", &before), ("now", &now)])
    };
    let names: Vec<String> = now.people.iter().map(|person| says.name(person.row)).collect();
    let mut lines = vec![says.tf("enrolled.people", &[("names", &names.join(", "))])];
    if before.credit == now.credit {
        lines.push(says.tf("coverage.adjusted.same", &[("now", &now.credit.dollars_cents())]));
    } else {
        lines.push(pair("coverage.adjusted.credit", before.credit, now.credit));
        lines.push(pair("coverage.adjusted.net", before.net(), now.net()));
    }
    if before.credit_available != now.credit_available && now.credit < now.credit_available {
        lines.push(says.tf("coverage.adjusted.most", &[("most", &now.credit_available.dollars_cents())]));
    }
    if before.csr != now.csr {
        let level = says.t(&format!("csr.{}", now.csr.word()));
        lines.push(says.tf("coverage.adjusted.level", &[("date", &date), ("level", &level)]));
        if has_level(before) {
            lines.push(says.t("coverage.adjusted.deductible"));
        }
    }
    if own.all_public {
        lines.push(says.t("coverage.adjusted.public"));
    }
    Part { heading: now.plan.name.clone(), lines }
}
