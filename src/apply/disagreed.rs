//! Two answers that cannot both be true, in words: both with their questions, and the ways to change them.
//!
//! Called by the pages of the application and by the check page. What does not go together is `application::disagree`'s.

use super::field::Words;
use super::marks::{FROM_CHECK, address, marked};
use crate::application::disagree::{Answered, Disagreement};
use crate::application::flow;

/// One of them.
pub struct Told {
    pub words: String,
    /// The two answers; one page can hold both.
    pub answers: Vec<Said>,
}

pub struct Said {
    pub question: String,
    pub answer: String,
    /// The page where it is changed, and what that is called.
    pub change: String,
    pub title: String,
}

/// In words. `here`: the page that is shown, whose own answers need no way there.
pub fn told(words: &Words, disagreement: &Disagreement, here: &str) -> Told {
    let (name, with) = (words.person(disagreement.name), words.person(disagreement.with));
    let key = format!("apply.disagree.{}", <&str>::from(disagreement.what));
    let values = [("name", name.as_str()), ("other", with.as_str())];
    let answers = [disagreement.one, disagreement.other];
    Told {
        words: words.cx.tf(&key, &values),
        answers: answers.into_iter().filter_map(|answered| said(words, answered, here)).collect(),
    }
}

fn said(words: &Words, (name, row): Answered, here: &str) -> Option<Said> {
    let (cx, view) = (words.cx, words.view);
    let of =
        |place: &flow::Place| place.step.asked(view, place.row).into_iter().find(|(q, r)| (q.name, *r) == (name, row));
    let place = flow::places(view).iter().find(|place| of(place).is_some())?;
    let (question, row) = of(place)?;
    Some(Said {
        question: words.label(question, row),
        answer: words.answer(question, row).unwrap_or_else(|| cx.t("apply.check.unanswered").to_string()),
        change: if place.address() == here {
            String::new()
        } else {
            cx.href(&marked(address(place), [Some(FROM_CHECK)]))
        },
        title: words.title(place.step, place.row),
    })
}
