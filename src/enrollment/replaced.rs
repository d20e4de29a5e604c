//! What ends when a new plan is signed: the same people's plan of the same kind and year.
//!
//! Called by the page that is signed, which has to say so, and by `sign`, which does it.

use sqlx::AnyConnection;
use time::Date;

use super::check::Checked;
use super::record::{self, Enrollment, Signed, SignedPerson};
use super::results::Results;
use crate::store::StoreError;
use crate::store::vault::Vault;

/// A plan that ends.
pub struct Replaced<'a> {
    pub old: &'a Enrollment,
    /// Its last day; `None`: it never begins.
    pub last: Option<Date>,
    /// On it, and on nothing of its kind that is signed now.
    pub without: Vec<&'a SignedPerson>,
}

/// What somebody has signed for, with the people who are on it now.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn had(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Enrollment>, StoreError> {
    let mut all = record::of(connection, vault, owner).await?;
    for old in &mut all {
        // Whoever was taken off it since is not on it.
        old.signed = record::now(connection, vault, old).await?;
    }
    Ok(all)
}

/// What ends if all of this is signed.
pub fn replaced<'a>(checked: &Checked, results: &Results, had: &'a [Enrollment]) -> Vec<Replaced<'a>> {
    let about = (results.application.as_str(), checked.plan_year);
    let starts = checked.start.day;
    let signed = || checked.lines.iter().map(|line| &line.signed);
    let ends = had.iter().filter(|old| signed().any(|new| replaces(new, about, old)));
    ends.map(|old| {
        let same_application = old.application == results.application;
        let of_kind = || signed().filter(|new| new.plan.product == old.product);
        let covered =
            |had: &&SignedPerson| of_kind().flat_map(|new| &new.people).any(|new| is_same(same_application, had, new));
        Replaced {
            old,
            last: (old.starts < starts).then(|| starts.previous_day()).flatten(),
            without: old.signed.people.iter().filter(|had| !covered(had)).collect(),
        }
    })
    .collect()
}

/// Whether an enrollment ends when a new one begins: it is there or on its way, in the same year, of the same kind, and covers
/// one of the same people.
pub(super) fn replaces(new: &Signed, (application, plan_year): (&str, i32), old: &Enrollment) -> bool {
    let same_application = old.application == application;
    let covers = |person: &SignedPerson| old.signed.people.iter().any(|had| is_same(same_application, had, person));
    old.state.is_live()
        && old.plan_year == i64::from(plan_year)
        && old.product == new.plan.product
        && old.ends >= new.starts
        && new.people.iter().any(covers)
}

/// Another application numbers its rows for itself.
fn is_same(same_application: bool, had: &SignedPerson, person: &SignedPerson) -> bool {
    let alike = |text: &str| text.trim().to_lowercase();
    match same_application {
        true => had.row == person.row,
        false => had.born == person.born && alike(&had.first) == alike(&person.first),
    }
}
