//! Names and addresses as the person has spelled them since: for what could not be written as it was signed.
//!
//! Called by `send`. It takes over how somebody and a street are spelled, and nothing else: who is on the plan, where the county
//! is, what it costs stays as it was signed.

use sqlx::AnyConnection;

use crate::application::record;
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::enrollment::Signed;
use crate::enrollment::record::Enrollment;
use crate::store::StoreError;
use crate::store::vault::Vault;
use crate::verify::case::Case;

/// The same, in the words of the latest change that was reported to its application; `None`: none was reported.
///
/// # Errors
///
/// If the store is away.
pub async fn corrected(
    connection: &mut AnyConnection,
    vault: &Vault,
    (enrollment, signed): (&Enrollment, &Signed),
) -> Result<Option<Signed>, StoreError> {
    let owner = enrollment.owner.as_str();
    let mut latest = None;
    let mut of = enrollment.application.clone();
    while let Some(next) = record::followed_by(connection, (owner, &of)).await? {
        of.clone_from(&next);
        latest = Some(next);
    }
    let Some(latest) = latest else { return Ok(None) };
    let Some(case) = Case::open(connection, vault, (owner, &latest)).await? else { return Ok(None) };
    let text = |question: &str, row: RowId| case.text(question, row).trim().to_string();
    let lines = |names: [&str; 2]| -> Vec<String> {
        names.map(|name| text(name, HOUSEHOLD)).into_iter().filter(|line| !line.is_empty()).collect()
    };
    let mut now = signed.clone();
    for person in &mut now.people {
        // Somebody whom the change took out keeps the name that was signed.
        if !text("first_name", person.row).is_empty() {
            person.first = text("first_name", person.row);
            person.middle = text("middle_name", person.row);
            person.last = text("last_name", person.row);
        }
    }
    // Who has moved has another place in the file, which is another change.
    if text("zip", HOUSEHOLD) == now.place.zip {
        (now.place.street, now.place.city) = (lines(["street", "unit"]), text("city", HOUSEHOLD));
    }
    if let Some(mailing) = now.place.mailing.as_mut().filter(|own| own.zip == text("mail_zip", HOUSEHOLD)) {
        (mailing.street, mailing.city) = (lines(["mail_street", "mail_unit"]), text("mail_city", HOUSEHOLD));
    }
    Ok(Some(now))
}
