//! What a change changes: each answer that was sent otherwise, old beside new; what is asked no more; what is new.
//!
//! Called by the check page. Both are read through the same list of what is asked.

use super::around::{around, view};
use super::field::Words;
use crate::application::change::sheet_of;
use crate::application::flow::{self, Place};
use crate::application::record::Application;
use crate::application::sheet::RowId;
use crate::application::steps::Question;
use crate::application::view::View;
use crate::office::desk::Instead;
use crate::web::page::Cx;

/// One answer.
pub struct Differs {
    /// The page it is on.
    pub page: String,
    pub question: String,
    /// As it was sent; `None`: it was not asked, or not answered.
    pub before: Option<String>,
    /// `None`: it is asked no more.
    pub now: Option<String>,
}

/// Every answer that differs from what was sent, in the order of the pages; then what is gone.
pub fn differs(cx: &Cx, now: &View, sent: &Application) -> Result<Vec<Differs>, Instead> {
    let sheet = sheet_of(sent, now.year);
    let around = around(cx, &sheet);
    let old = view(&sheet, &around)?;
    let (mine, theirs) = (Words::new(cx, now), Words::new(cx, &old));
    let mut found = Vec::new();
    let (here, there) = (places(now), places(&old));
    for (place, question, row) in &here {
        let was_asked = there.iter().any(|(_, own, of)| own.name == question.name && of == row);
        let is_same = was_asked && old.text(question.name, *row) == now.text(question.name, *row);
        let answer = mine.answer(question, *row);
        let before = theirs.answer(question, *row).filter(|_| was_asked);
        // What depends on others' answers can read otherwise though nobody has changed it.
        if is_same || (answer.is_none() && before.is_none()) {
            continue;
        }
        found.push(line(&mine, (place, *question, *row), (before, answer)));
    }
    for (place, question, row) in &there {
        let is_asked = here.iter().any(|(_, own, of)| own.name == question.name && of == row);
        let before = theirs.answer(question, *row).filter(|_| !is_asked);
        if before.is_some() {
            found.push(line(&theirs, (place, *question, *row), (before, None)));
        }
    }
    Ok(found)
}

type Asked = (Place, &'static Question, RowId);

/// Every question that is asked, but for what is asked of the change itself.
fn places(view: &View) -> Vec<Asked> {
    let of = |place: &Place| {
        let place = *place;
        place.step.asked(view, place.row).into_iter().map(move |(own, row)| (place, own, row))
    };
    flow::places(view).iter().filter(|place| place.step.name != "changed").flat_map(of).collect()
}

fn line(
    words: &Words,
    (place, question, row): (&Place, &'static Question, RowId),
    (before, now): (Option<String>, Option<String>),
) -> Differs {
    Differs { page: words.title(place.step, place.row), question: words.label(question, row), before, now }
}
