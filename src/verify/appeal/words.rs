//! The notices about an appeal in every language: that it came, that it was taken back, what was decided.
//!
//! Called inside the change that they tell of. Of what the person typed they repeat nothing; a reviewer's own words to the
//! person are passed on as they were written.

use super::super::Knows;
use super::super::case::Case;
use super::super::words::{Says, in_every_language, wall};
use super::{Appeal, Outcome, counted, number};
use crate::application::record::{Notice, Part};
use crate::application::submit::shown;
use crate::eligibility::tables::MarketplaceKind;
use crate::store::Millis;

/// What the notices of one appeal are written from.
struct Told<'a> {
    knows: &'a Knows,
    case: &'a Case,
    appeal: &'a Appeal,
    at: Millis,
}

impl Told<'_> {
    fn number(&self) -> String {
        shown(&number(&self.appeal.id))
    }

    /// The number, and when it came.
    fn about(&self, says: &Says) -> String {
        let came = says.date(wall(self.knows, self.case, self.appeal.filed_at));
        says.tf("appeal.notice.about", &[("number", &self.number()), ("date", &came)])
    }

    /// A day that is so many days of a rule away.
    fn in_days(&self, says: &Says, code: &str) -> String {
        let rules = (&self.knows.tables, &self.knows.rules);
        let found = counted(rules, self.case, (code, self.at));
        found.map(|window| says.date(window.last)).unwrap_or_default()
    }

    fn is_of_a_state(&self) -> bool {
        self.case.marketplace(&self.knows.tables) == Some(MarketplaceKind::Sbm)
    }

    /// While it runs, or afterwards: what holds of the help that was kept.
    fn kept(&self, says: &Says) -> Vec<String> {
        let said = &self.appeal.said;
        match (said.keep, said.kept.is_empty()) {
            (false, _) => vec![says.t("appeal.notice.not_kept")],
            (true, true) => vec![says.t("appeal.notice.keep_asked"), says.t("appeal.notice.keep_taxes")],
            (true, false) => vec![says.t("appeal.notice.keep_on"), says.t("appeal.notice.keep_taxes")],
        }
    }
}

/// That it came, and what happens next.
pub fn filed(knows: &Knows, case: &Case, appeal: &Appeal) -> Notice {
    let told = Told { knows, case, appeal, at: appeal.filed_at };
    in_every_language(knows, case, |says| {
        let by = says.date(wall(knows, case, appeal.decide_by - 1));
        let mut next = vec![says.tf("appeal.notice.by", &[("date", &by)])];
        if !appeal.said.urgent.is_empty() {
            next.push(says.t("appeal.notice.urgent"));
        }
        if !appeal.said.late.is_empty() {
            next.push(says.t("appeal.notice.late"));
        }
        next.push(says.t("appeal.notice.ask"));
        let parts = vec![
            says.part("appeal.next", next),
            says.part("appeal.meanwhile", told.kept(says)),
            says.part(
                "appeal.notice.more",
                vec![says.t("appeal.notice.send"), says.t("appeal.notice.mail"), says.t("appeal.notice.back")],
            ),
            says.help(),
        ];
        says.letter("appeal.notice.filed", vec![says.about(), told.about(says)], Vec::new(), parts)
    })
}

/// That it was taken back, and until when that can be undone.
pub fn withdrawn(knows: &Knows, case: &Case, appeal: &Appeal, now: Millis) -> Notice {
    let told = Told { knows, case, appeal, at: now };
    in_every_language(knows, case, |says| {
        let mut lead = vec![says.about(), told.about(says), says.t("appeal.notice.withdrawn_lead")];
        if appeal.said.keep {
            lead.push(says.t("appeal.notice.kept_ends"));
        }
        let parts = vec![
            says.part("appeal.notice.rights", vec![vacate(&told, says), says.t("appeal.notice.mail")]),
            says.help(),
        ];
        says.letter("appeal.notice.withdrawn", lead, Vec::new(), parts)
    })
}

/// Who wants it opened again writes within the days of the rule (45 CFR 155.530(d)).
fn vacate(told: &Told, says: &Says) -> String {
    says.tf("appeal.notice.vacate", &[("date", &told.in_days(says, "appeal_vacate_days"))])
}

/// What was decided, why, what follows, and what can still be done.
pub fn decided(knows: &Knows, case: &Case, appeal: &Appeal, now: Millis) -> Notice {
    let told = Told { knows, case, appeal, at: now };
    let Some(decision) = &appeal.said.decision else { return Notice { letters: Vec::new() } };
    let outcome = decision.reason.outcome();
    in_every_language(knows, case, |says| {
        let mut lead = vec![says.about(), told.about(says)];
        lead.push(says.t(&format!("appeal.outcome.{}", <&str>::from(outcome))));
        lead.push(says.t(&format!("appeal.reason.{}", <&str>::from(decision.reason))));
        let mut parts = Vec::new();
        if !decision.words.is_empty() {
            parts.push(Part {
                heading: says.t("appeal.notice.words"),
                lines: decision.words.lines().map(str::to_string).collect(),
            });
        }
        let follows = match (outcome, decision.proved.is_empty()) {
            (Outcome::Changed, false) => vec![says.t("appeal.notice.again"), says.t("appeal.notice.from")],
            (Outcome::Changed, true) => vec![says.t("appeal.notice.by_hand"), says.t("appeal.notice.from")],
            _ if appeal.said.keep => vec![says.t("appeal.notice.stays"), says.t("appeal.notice.kept_ends")],
            _ => vec![says.t("appeal.notice.stays")],
        };
        parts.push(says.part("appeal.next", follows));
        let mut rights = Vec::new();
        if outcome == Outcome::Dismissed {
            rights.push(vacate(&told, says));
            rights.push(says.t("appeal.notice.mail"));
        }
        if told.is_of_a_state() {
            rights.push(says.tf("appeal.notice.hhs", &[("date", &told.in_days(says, "appeal_hhs_days"))]));
        }
        rights.push(says.t("appeal.notice.court"));
        parts.push(says.part("appeal.notice.rights", rights));
        parts.push(says.help());
        says.letter("appeal.notice.decided", lead, Vec::new(), parts)
    })
}
