//! What an insurer has, compared with what we have: who is missing there, whom it has and we do not, and where amounts, days or
//! plans differ; with totals that must add up.
//!
//! Called by `inbox` with an insurer's audit, and by `windowshop insurer reconcile`. It changes nothing: an operator decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use time::Date;

use crate::enrollment::record::{self as enrollments, day};
use crate::enrollment::timeline;
use crate::store::StoreError;
use crate::store::vault::Vault;
use crate::types::Cents;
use crate::x834::coverage::Coverage;

/// One enrollment as one side has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// 16 characters, without a hyphen.
    pub plan: String,
    #[serde(with = "day")]
    pub begins: Date,
    #[serde(with = "day")]
    pub ends: Date,
    pub people: usize,
    /// A month.
    pub premium: Cents,
    pub credit: Cents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// We have it, the insurer has not.
    Missing,
    /// The insurer has it, we have not.
    Extra,
    Plan,
    Begin,
    End,
    People,
    Premium,
    Credit,
}

/// One enrollment about which the sides do not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The number of the enrollment.
    pub number: String,
    pub what: Vec<What>,
    pub ours: Option<Side>,
    pub theirs: Option<Side>,
}

/// Of one side: enrollments, people, and what they come to a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub enrollments: usize,
    pub people: usize,
    pub premium: Cents,
    pub credit: Cents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub issuer: String,
    pub ours: Total,
    pub theirs: Total,
    /// Enrollments that both have, and have alike.
    pub alike: usize,
    /// By number.
    pub differ: Vec<Difference>,
    /// Of the insurer's, those without a number, an amount or a day, and those that it has twice.
    pub unclear: usize,
}

/// Enrollments by their number.
pub type Sides = BTreeMap<String, Side>;

fn total(sides: &Sides) -> Total {
    let mut total = Total { enrollments: sides.len(), ..Total::default() };
    for own in sides.values() {
        total.people += own.people;
        total.premium += own.premium;
        total.credit += own.credit;
    }
    total
}

/// What an insurer says it has; and how many of its enrollments say too little, or come twice.
pub fn theirs<'c>(said: impl Iterator<Item = &'c Coverage>) -> (Sides, usize) {
    let (mut sides, mut unclear) = (Sides::new(), 0);
    for own in said {
        let side = || {
            Some(Side {
                plan: own.plan.clone(),
                begins: own.begins?,
                // Some leave out an end that is the year's.
                ends: own
                    .ends
                    .or_else(|| Date::from_calendar_date(own.begins?.year(), time::Month::December, 31).ok())?,
                people: own.members.len(),
                premium: own.premium?,
                credit: own.credit.unwrap_or_default(),
            })
        };
        match side().filter(|_| !own.policy.is_empty() && !sides.contains_key(&own.policy)) {
            Some(side) => drop(sides.insert(own.policy.clone(), side)),
            None => unclear += 1,
        }
    }
    (sides, unclear)
}

/// What we have told an insurer and is in force, or will be, on a day.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn ours(
    connection: &mut AnyConnection,
    vault: &Vault,
    (issuer, on): (&str, Date),
) -> Result<Sides, StoreError> {
    let asked = sqlx::query_as(
        "SELECT e.owner, e.id FROM enrollment e WHERE e.issuer = $1 AND e.state IN ('sent', 'accepted', 'confirmed', 'ended') \
         AND e.ends >= $2 AND NOT EXISTS (SELECT 1 FROM enrollment_change c WHERE c.enrollment = e.id \
         AND c.kind = 'initial' AND c.held <> '')",
    );
    let found: Vec<(String, String)> = asked.bind(issuer).bind(on.to_string()).fetch_all(&mut *connection).await?;
    let mut sides = Sides::new();
    for (owner, id) in found {
        let Some(own) = enrollments::one(connection, vault, (&owner, &id)).await? else { continue };
        let timeline = timeline::of(connection, vault, &own, |_| true).await?;
        let now = timeline.on(on).unwrap_or(&own.signed);
        let side = Side {
            plan: now.plan_id().replace('-', ""),
            begins: own.starts,
            ends: own.ends,
            people: now.people.len(),
            premium: now.premium,
            credit: now.credit,
        };
        sides.insert(own.number, side);
    }
    Ok(sides)
}

/// Both sides, one beside the other.
pub fn compare(issuer: &str, ours: &Sides, (theirs, unclear): (&Sides, usize)) -> Report {
    let (mut alike, mut differ) = (0, Vec::new());
    let mut numbers: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let (own, other) = (ours.get(number), theirs.get(number));
        let what = match (own, other) {
            (Some(own), Some(other)) => differences(own, other),
            (Some(_), None) => vec![What::Missing],
            _ => vec![What::Extra],
        };
        if what.is_empty() {
            alike += 1;
            continue;
        }
        differ.push(Difference { number: number.clone(), what, ours: own.cloned(), theirs: other.cloned() });
    }
    Report { issuer: issuer.to_string(), ours: total(ours), theirs: total(theirs), alike, differ, unclear }
}

fn differences(own: &Side, other: &Side) -> Vec<What> {
    let all = [
        (What::Plan, own.plan != other.plan),
        (What::Begin, own.begins != other.begins),
        (What::End, own.ends != other.ends),
        (What::People, own.people != other.people),
        (What::Premium, own.premium != other.premium),
        (What::Credit, own.credit != other.credit),
    ];
    all.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what).collect()
}

impl Report {
    /// Whether the totals differ by exactly what the list of differences says: nothing is lost between them.
    pub fn adds_up(&self) -> bool {
        let (mut ours, mut theirs) = (self.ours, self.theirs);
        for own in &self.differ {
            take(&mut ours, own.ours.as_ref());
            take(&mut theirs, own.theirs.as_ref());
        }
        ours == theirs && ours.enrollments == self.alike
    }
}

fn take(total: &mut Total, side: Option<&Side>) {
    let Some(side) = side else { return };
    total.enrollments -= 1;
    total.people -= side.people;
    total.premium = Cents(total.premium.0 - side.premium.0);
    total.credit = Cents(total.credit.0 - side.credit.0);
}

/// A day of the store's clock.
pub fn today(now: i64) -> Date {
    let at = time::OffsetDateTime::from_unix_timestamp(now / 1000);
    at.map_or(Date::MIN, time::OffsetDateTime::date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn side(premium: i64) -> Side {
        let (begins, ends) = (date!(2027 - 01 - 01), date!(2027 - 12 - 31));
        Side { plan: "12345OH001000104".into(), begins, ends, people: 2, premium: Cents(premium), credit: Cents(100) }
    }

    #[test]
    fn each_difference_is_found_and_the_totals_add_up() {
        let ours: Sides = [("1", 500), ("2", 600), ("3", 700)].map(|(n, cents)| (n.to_string(), side(cents))).into();
        let mut theirs: Sides =
            [("1", 500), ("2", 650), ("9", 800)].map(|(n, cents)| (n.to_string(), side(cents))).into();
        theirs.get_mut("2").expect("there").ends = date!(2027 - 06 - 30);
        let report = compare("12345", &ours, (&theirs, 1));
        let what: Vec<(&str, &[What])> = report.differ.iter().map(|own| (own.number.as_str(), &own.what[..])).collect();
        assert_eq!(what, [("2", &[What::End, What::Premium][..]), ("3", &[What::Missing]), ("9", &[What::Extra])]);
        assert_eq!((report.alike, report.unclear), (1, 1));
        assert_eq!((report.ours.premium, report.theirs.premium), (Cents(1_800), Cents(1_950)));
        assert!(report.adds_up());
        let mut lost = report.clone();
        lost.differ.pop();
        assert!(!lost.adds_up());
        assert!(compare("12345", &ours, (&ours.clone(), 0)).differ.is_empty());
    }
}
