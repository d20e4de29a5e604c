//! The rules of special enrollment periods beside their dates: which events have to be proved before an insurer is told, with what, and
//! to which plans people can change who are enrolled already. Dated, cited tables of `data/enrollment`.
//!
//! Called by `check`, `event_proof`, `levels`, and the pages that say what to send. Pure: the caller gives the day. It must never
//! decide whether something is proved.

use std::sync::LazyLock;

use serde::Deserialize;
use time::Date;

use super::end_rules::in_force;
use crate::eligibility::tables::{MarketplaceKind, day};
use crate::verify::rules::RuleFault;
use crate::verify::table::rows_in;

const FOLDER: &str = "enrollment";
const PROOF: (&str, &str) = ("event_proof", include_str!("../../data/enrollment/event_proof.csv"));
const DOCUMENTS: (&str, &str) = ("event_documents", include_str!("../../data/enrollment/event_documents.csv"));
const LIMITS: (&str, &str) = ("level_limits", include_str!("../../data/enrollment/level_limits.csv"));
/// Every event that has no row of its own.
const OTHER: &str = "other";

/// Who has to prove an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    /// Households nobody of whom is enrolled through the marketplace in that year already.
    New,
    Nobody,
}

#[derive(Debug, Clone, Deserialize)]
struct ProofRow {
    event: String,
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    who: Who,
    days: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct DocumentRow {
    event: String,
    document: String,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
}

/// To which health plans people can change who are enrolled already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    Any,
    /// Of the metal level that they have.
    Level,
    /// Nobody but who joins can have another plan.
    Plan,
    /// By what became of extra savings and the credit.
    Help,
}

#[derive(Debug, Clone, Deserialize)]
struct LimitRow {
    event: String,
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    limit: Limit,
}

/// The tables.
#[derive(Debug, Clone, Default)]
pub struct SpecialRules {
    proof: Vec<ProofRow>,
    documents: Vec<DocumentRow>,
    limits: Vec<LimitRow>,
}

/// Of the build. Nothing works without it: the routes are not made if a table has a fault.
static OF_BUILD: LazyLock<SpecialRules> = LazyLock::new(|| SpecialRules::load().unwrap_or_default());

/// What both tables of events have.
trait OfEvent {
    fn is_of(&self, event: &str, marketplace: MarketplaceKind, on: Date) -> bool;
}

impl OfEvent for ProofRow {
    fn is_of(&self, event: &str, marketplace: MarketplaceKind, on: Date) -> bool {
        self.event == event && self.marketplace == marketplace && in_force(self.from, self.to, on)
    }
}

impl OfEvent for LimitRow {
    fn is_of(&self, event: &str, marketplace: MarketplaceKind, on: Date) -> bool {
        self.event == event && self.marketplace == marketplace && in_force(self.from, self.to, on)
    }
}

/// The row of an event, else the one of all others.
fn row<'r, R: OfEvent>(rows: &'r [R], event: &str, marketplace: MarketplaceKind, on: Date) -> Option<&'r R> {
    let of = |event: &str| rows.iter().find(|row| row.is_of(event, marketplace, on));
    of(event).or_else(|| of(OTHER))
}

impl SpecialRules {
    /// # Errors
    ///
    /// Every fault, with file, line and column.
    pub fn load() -> Result<SpecialRules, Vec<RuleFault>> {
        SpecialRules::read(&[PROOF, DOCUMENTS, LIMITS])
    }

    /// Of this build.
    pub fn of_build() -> &'static SpecialRules {
        &OF_BUILD
    }

    fn read(files: &[(&'static str, &str); 3]) -> Result<SpecialRules, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let rules = SpecialRules {
            proof: rows_in(FOLDER, files[0], &mut faults),
            documents: rows_in(FOLDER, files[1], &mut faults),
            limits: rows_in(FOLDER, files[2], &mut faults),
        };
        if faults.is_empty() {
            rules.check(&mut faults);
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    fn check(&self, faults: &mut Vec<RuleFault>) {
        let mut fault =
            |file, reason: String| faults.push(RuleFault { folder: FOLDER, file, line: 0, column: None, reason });
        for marketplace in [MarketplaceKind::Ffm, MarketplaceKind::SbmFp, MarketplaceKind::Sbm] {
            let open = |row: &&ProofRow| (row.event.as_str(), row.marketplace, row.to) == (OTHER, marketplace, None);
            if self.proof.iter().filter(open).count() != 1 {
                fault(PROOF.0, format!("{marketplace:?} needs one row in force for {OTHER}"));
            }
            let open = |row: &&LimitRow| (row.event.as_str(), row.marketplace, row.to) == (OTHER, marketplace, None);
            if self.limits.iter().filter(open).count() != 1 {
                fault(LIMITS.0, format!("{marketplace:?} needs one row in force for {OTHER}"));
            }
        }
        for row in self.proof.iter().filter(|row| row.who != Who::Nobody) {
            if !(1..=90).contains(&row.days) {
                fault(PROOF.0, format!("{}: {} days", row.event, row.days));
            }
            if self.documents.iter().all(|document| document.event != row.event) {
                fault(DOCUMENTS.0, format!("there is nothing to send for {}", row.event));
            }
        }
    }

    /// Days from the signature in which an event has to be proved; `None`: it need not be. `enrolled`: somebody of the household
    /// is enrolled through the marketplace in that year.
    pub fn days_to_prove(&self, event: &str, marketplace: MarketplaceKind, on: Date, enrolled: bool) -> Option<i64> {
        let row = row(&self.proof, event, marketplace, on)?;
        (row.who == Who::New && !enrolled).then_some(row.days)
    }

    /// What proves an event, each enough alone: ends of message keys, `proof.document.…`.
    pub fn documents(&self, event: &str, on: Date) -> Vec<&str> {
        let of = |row: &&DocumentRow| row.event == event && in_force(row.from, row.to, on);
        self.documents.iter().filter(of).map(|row| row.document.as_str()).collect()
    }

    /// Every document by the end of its message's key.
    pub fn all_documents(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|row| row.document.as_str())
    }

    /// To which plans those can change who are enrolled already; any, before our rules begin.
    pub fn limit(&self, event: &str, marketplace: MarketplaceKind, on: Date) -> Limit {
        row(&self.limits, event, marketplace, on).map_or(Limit::Any, |row| row.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eligibility::Tables;
    use time::macros::date;

    const DAY: Date = date!(2026 - 11 - 27);

    #[test]
    fn a_loss_is_proved_within_thirty_days_on_healthcare_gov_and_nothing_else_is() {
        use MarketplaceKind::{Ffm, Sbm, SbmFp};
        let rules = SpecialRules::load().unwrap_or_else(|faults| panic!("{faults:?}"));
        let days = |event, kind, enrolled| rules.days_to_prove(event, kind, DAY, enrolled);
        assert_eq!([Ffm, SbmFp, Sbm].map(|kind| days("loss_of_coverage", kind, false)), [Some(30), Some(30), None]);
        assert_eq!(days("loss_of_coverage", Ffm, true), None, "whoever is enrolled already is asked for nothing");
        for event in ["birth", "moved", "marriage", "tribal_member", "newly_eligible_or_ineligible_for_credit"] {
            assert_eq!(days(event, Ffm, false), None, "stayed: {event}");
        }
        let before = date!(2025 - 05 - 15);
        assert_eq!(rules.days_to_prove("loss_of_coverage", Ffm, before, false), None);
        assert!(rules.documents("loss_of_coverage", DAY).contains(&"employer_end_letter"));
    }

    #[test]
    fn every_event_of_a_row_is_one_of_the_law() {
        let (rules, tables) = (SpecialRules::load().expect("whole"), Tables::load().expect("the tables"));
        let events = rules.proof.iter().map(|row| &row.event).chain(rules.documents.iter().map(|row| &row.event));
        for event in events.chain(rules.limits.iter().map(|row| &row.event)).filter(|event| *event != OTHER) {
            assert!(tables.sep_kinds(DAY).any(|kind| kind.code == **event), "{event}");
        }
    }

    #[test]
    fn a_fault_names_file_line_and_column() {
        let told = |files: [(&'static str, &str); 3]| -> Vec<String> {
            SpecialRules::read(&files).expect_err("refused").iter().map(ToString::to_string).collect()
        };
        let broken =
            PROOF.1.replacen("loss_of_coverage,ffm,2025-05-16,,new,30", "loss_of_coverage,ffm,2025-05-16,,new,soon", 1);
        let faults = told([("event_proof", &broken), DOCUMENTS, LIMITS]);
        assert!(faults[0].starts_with("data/enrollment/event_proof.csv line 8, days: "), "{faults:?}");
        let gone = LIMITS.1.replacen("other,sbm,2024-01-01,,", "other,sbm,2024-01-01,2026-12-31,", 1);
        let faults = told([PROOF, DOCUMENTS, ("level_limits", &gone)]);
        assert_eq!(faults, ["data/enrollment/level_limits.csv line 0: Sbm needs one row in force for other"]);
        let unproved = DOCUMENTS.1.replace("plan_year_ends,", "birth,");
        let faults = told([PROOF, ("event_documents", &unproved), LIMITS]);
        assert!(faults[0].contains("there is nothing to send for plan_year_ends"), "{faults:?}");
    }
}
