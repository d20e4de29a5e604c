//! Who is on an enrollment and what it costs, from which day on: what was signed, with every later change laid over it.
//!
//! Called by pages, by the year's record and by whoever tells insurers. Pure but for reading the rows. It must never give a day
//! on which somebody is covered twice, or lose one.

use sqlx::AnyConnection;
use time::Date;

use super::record::{self, ChangeKind, ChangeRow, Enrollment, Signed};
use super::signed::SignedPerson;
use crate::application::sheet::RowId;
use crate::store::StoreError;
use crate::store::vault::Vault;

/// People and amounts from a day on. Has no `Debug`: it holds what people typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Since {
    pub from: Date,
    pub signed: Signed,
}

/// By day, the first one first.
#[derive(Clone, Default)]
pub struct Timeline {
    times: Vec<Since>,
}

/// Somebody's first and last day on a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnPlan {
    pub row: RowId,
    pub name: String,
    pub from: Date,
    pub to: Date,
}

impl Timeline {
    /// From this day on it is so, whatever was known before of the days after it.
    pub fn lay(&mut self, from: Date, signed: Signed) {
        self.times.retain(|since| since.from < from);
        self.times.push(Since { from, signed });
    }

    pub fn all(&self) -> &[Since] {
        &self.times
    }

    /// As it is on a day; before the first one, as it begins. `None`: nothing is known.
    pub fn on(&self, day: Date) -> Option<&Signed> {
        let last = self.times.iter().rfind(|since| since.from <= day).or(self.times.first());
        last.map(|since| &since.signed)
    }

    /// What is different after a day.
    pub fn after(&self, day: Date) -> &[Since] {
        &self.times[self.times.partition_point(|since| since.from <= day)..]
    }

    /// Who is covered from when to when, if the last day of all is this one.
    pub fn people(&self, ends: Date) -> Vec<OnPlan> {
        let mut people: Vec<OnPlan> = Vec::new();
        for (at, since) in self.times.iter().enumerate() {
            let to = self.times.get(at + 1).and_then(|next| next.from.previous_day()).map_or(ends, |day| day.min(ends));
            if since.from > to {
                continue;
            }
            for person in &since.signed.people {
                let goes_on = |own: &&mut OnPlan| own.row == person.row && own.to.next_day() == Some(since.from);
                match people.iter_mut().find(goes_on) {
                    Some(own) => own.to = to,
                    None => people.push(OnPlan { row: person.row, name: name(person), from: since.from, to }),
                }
            }
        }
        people
    }
}

/// As it stands on lists.
pub fn name(person: &SignedPerson) -> String {
    format!("{} {}", person.first, person.last)
}

/// Of an enrollment, by the changes that count.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of(
    connection: &mut AnyConnection,
    vault: &Vault,
    enrollment: &Enrollment,
    counts: impl Fn(&ChangeRow) -> bool,
) -> Result<Timeline, StoreError> {
    let mut timeline = Timeline::default();
    for change in record::changes(connection, &enrollment.id).await? {
        let says = matches!(change.kind, ChangeKind::Initial | ChangeKind::Change | ChangeKind::Reinstate);
        if !says || !counts(&change) {
            continue;
        }
        if let Some((_, signed)) = record::change_opened(connection, vault, &change.id).await? {
            timeline.lay(change.from_day, signed);
        }
    }
    Ok(timeline)
}
