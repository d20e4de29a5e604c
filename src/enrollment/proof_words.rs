//! What notices say of proof of an event, in every language: what to send, that it came, that it did not.
//!
//! Called by `event_proof` and `words`, inside their changes.

use time::{Date, OffsetDateTime};

use super::event_proof::{EventProof, ToProve, months_begun};
use super::record::Enrollment;
use super::special_rules::SpecialRules;
use crate::application::record::{ITEM, Notice, Part};
use crate::types::Cents;
use crate::verify::Knows;
use crate::verify::case::Case;
use crate::verify::words::{Says, in_every_language};

/// What has to be sent, by when, and what comes after it.
pub(super) fn asked(says: &Says, to_prove: &ToProve, (signed_on, last): (Date, Date)) -> Part {
    let (event, day) = (event(says, &to_prove.kind), says.date(to_prove.event));
    let mut lines = vec![
        says.tf("event_proof.because", &[("event", &event), ("date", &day)]),
        says.tf("event_proof.by", &[("date", &says.date(last))]),
        says.t("event_proof.only_then"),
        says.t("event_proof.start_stays"),
    ];
    lines.extend(to_send(says, &to_prove.kind, signed_on));
    lines.push(says.t("event_proof.where"));
    says.part("event_proof.title", lines)
}

fn event(says: &Says, kind: &str) -> String {
    says.t(&format!("sep.{kind}.name"))
}

fn to_send(says: &Says, kind: &str, on: Date) -> Vec<String> {
    let documents = SpecialRules::of_build().documents(kind, on);
    let items = documents.iter().map(|name| format!("{ITEM}{}", says.t(&format!("proof.document.{name}"))));
    [says.t("proof.one_is_enough")].into_iter().chain(items).collect()
}

fn plans(says: &Says, held: &[Enrollment]) -> Part {
    let line = |own: &Enrollment| {
        let (plan, insurer) = (own.signed.plan.name.as_str(), own.signed.plan.issuer_name.as_str());
        let start = says.date(own.starts);
        says.tf("event_proof.plan", &[("plan", plan), ("insurer", insurer), ("start", &start)])
    };
    says.part("event_proof.plans", held.iter().map(line).collect())
}

/// `About the application …`, and which event it is about.
fn lead(says: &Says, proof: &EventProof) -> Vec<String> {
    let about = [("event", &event(says, &proof.kind)[..]), ("date", &says.date(proof.event))];
    vec![says.about(), says.tf("event_proof.because", &about)]
}

/// It is proved: the insurers are told; what is owed for months that have begun.
pub(super) fn accepted(
    knows: &Knows,
    case: &Case,
    (proof, released): (&EventProof, &[Enrollment]),
    now: OffsetDateTime,
) -> Notice {
    let today = knows.tables.days(case.state(), now).own;
    in_every_language(knows, case, |says| {
        let mut lead = lead(says, proof);
        lead.extend([says.t("event_proof.accepted.lead"), says.t("enrolled.not_covered")]);
        let owed = released.iter().filter_map(|own| owed(says, own, today)).collect::<Vec<_>>();
        let mut parts = vec![plans(says, released)];
        if !owed.is_empty() {
            parts.push(says.part("event_proof.accepted.owed", owed));
        }
        parts.push(says.help());
        says.letter("event_proof.accepted.title", lead, Vec::new(), parts)
    })
}

/// `None`: coverage has not begun.
fn owed(says: &Says, own: &Enrollment, today: Date) -> Option<String> {
    let months = months_begun(&own.signed, today);
    let (start, sum) = (says.date(own.starts), Cents(own.signed.net().0 * months).dollars_cents());
    let plan = own.signed.plan.name.as_str();
    let values = [("plan", plan), ("start", start.as_str()), ("amount", sum.as_str())];
    (months > 0).then(|| says.tf("event_proof.owed", &values))
}

/// Nothing came in time.
pub(super) fn expired(knows: &Knows, case: &Case, (proof, cancelled): (&EventProof, &[Enrollment])) -> Notice {
    in_every_language(knows, case, |says| {
        let mut lead: Vec<String> = lead(says, proof);
        lead.push(says.tf("event_proof.expired.lead", &[("date", &says.date(proof.due_day))]));
        let next = ["event_proof.expired.again", "event_proof.expired.appeal"].map(|key| says.t(key)).to_vec();
        let parts = vec![plans(says, cancelled), says.part("event_proof.expired.next", next), says.help()];
        says.letter("event_proof.expired.title", lead, Vec::new(), parts)
    })
}

/// The last day is near.
pub(super) fn reminder(knows: &Knows, case: &Case, (proof, held): (&EventProof, &[Enrollment])) -> Notice {
    in_every_language(knows, case, |says| {
        let mut lead = lead(says, proof);
        lead.extend([
            says.tf("event_proof.by", &[("date", &says.date(proof.due_day))]),
            says.t("event_proof.if_nothing"),
        ]);
        let on = says.day_of(proof.asked_at);
        let mut lines = to_send(says, &proof.kind, on);
        lines.push(says.t("event_proof.where"));
        let parts = vec![says.part("event_proof.title", lines), plans(says, held), says.help()];
        says.letter("event_proof.reminder", lead, Vec::new(), parts)
    })
}
