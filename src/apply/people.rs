//! The people of the household: listed, added, taken out and put back.
//!
//! Taking somebody out deletes nothing: all that was said of them comes back with them.

use super::around::{open, save};
use super::field::Words;
use crate::application::saved::Edit;
use crate::application::sheet::{RowId, Sheet, YOU};
use crate::office::desk::{Answer, Desk};

/// One line of the list.
pub struct Person {
    pub row: RowId,
    pub name: String,
    pub change: String,
    pub is_you: bool,
}

/// Who is in the household, and who was taken out.
pub fn listed(words: &Words) -> (Vec<Person>, Vec<Person>) {
    let person = |row: RowId| Person {
        row,
        name: words.person(row),
        change: words.cx.href(&match row {
            YOU => format!("/account/apply/you/{YOU}"),
            row => format!("/account/apply/person/{row}"),
        }),
        is_you: row == YOU,
    };
    let gone = words.view.sheet.gone().iter().copied();
    let gone = gone.map(|row| Person { name: words.in_a_sentence(row), ..person(row) });
    (words.view.people().map(person).collect(), gone.collect())
}

/// `POST /account/apply/people/add`: opens the page of somebody who is in the household once something on it is answered.
pub async fn add(desk: Desk) -> Answer {
    let sheet = edited(&desk, |sheet, _| {
        sheet.begin_person();
    })
    .await?;
    // The same again: it changes nothing more.
    match sheet.and_then(|mut sheet| sheet.begin_person()) {
        Some(row) => Ok(desk.go(&format!("/account/apply/person/{row}"))),
        None => Ok(desk.go("/account/apply/household")),
    }
}

/// `POST /account/apply/people/remove`
pub async fn remove(desk: Desk) -> Answer {
    edited(&desk, |sheet, row| sheet.take_out(row)).await?;
    Ok(desk.go("/account/apply/household"))
}

/// `POST /account/apply/people/back`
pub async fn put_back(desk: Desk) -> Answer {
    edited(&desk, |sheet, row| sheet.put_back(row)).await?;
    Ok(desk.go("/account/apply/household"))
}

/// Changes the list; `row` is the one that the form names.
async fn edited(desk: &Desk, change: fn(&mut Sheet, RowId)) -> Result<Option<Sheet>, crate::office::desk::Instead> {
    open(desk).await?;
    let row: RowId = desk.form.get("row").parse().unwrap_or_default();
    let owner = desk.owner().unwrap_or_default().to_string();
    let edit = || Box::new(move |sheet: &mut Sheet| change(sheet, row)) as Edit;
    match save(desk, &owner, false, (|| None, edit)).await? {
        crate::application::saved::Saved::Done(sheet) => Ok(Some(*sheet)),
        _ => Ok(None),
    }
}
