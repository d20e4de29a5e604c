//! What is checked of an application, in words: by person, each subject with how it stands; what has to be sent, by which
//! day; what was decided since. Nothing is hidden, and nothing that a source has told is shown.
//!
//! Called by the page after sending.

use crate::application::record::Application;
use crate::application::sheet::{RowId, key};
use crate::office::clock::day_and_clock;
use crate::verify::history::Standing;
use crate::verify::words::subject_key;
use crate::web::page::Cx;

pub struct Checked {
    /// Name, and a line for each subject: what, and how it stands.
    pub people: Vec<(String, Vec<(String, String)>)>,
    /// The checks have not begun yet.
    pub soon: bool,
    /// Something waits for an office.
    pub waits: bool,
    /// What has to be sent.
    pub need: Vec<Need>,
    /// Later decisions: the address of the notice, if there was anything to tell, and when they were made.
    pub decided: Vec<(Option<String>, String)>,
}

pub struct Need {
    pub words: String,
    /// Something for it was received and is being looked at.
    pub in_review: bool,
}

/// `standing`: of this application.
pub fn checked(cx: &Cx, application: &Application, standing: &Standing) -> Checked {
    let mut people: Vec<(RowId, Vec<(String, String)>)> = Vec::new();
    for check in &standing.checks {
        let line =
            (cx.t(&subject_key(check.subject)).to_string(), cx.t(&format!("verify.state.{}", check.state)).to_string());
        match people.iter_mut().find(|(person, _)| *person == check.person) {
            Some((_, lines)) => lines.push(line),
            None => people.push((check.person, vec![line])),
        }
    }
    let need = standing.open().map(|dmi| {
        let (name, subject) = (name(cx, application, dmi.person), cx.t(&subject_key(dmi.kind)).to_string());
        let mut values = vec![("name", &name[..]), ("subject", &subject)];
        let date = cx.date(dmi.due_day);
        values.push(("date", &date));
        let key = if dmi.noticed_at.is_some() { "verify.page.need_by" } else { "verify.page.need_soon" };
        Need { words: cx.tf(key, &values), in_review: dmi.in_review > 0 }
    });
    let decided = standing.decided.iter().map(|decided| {
        let when = day_and_clock(cx, decided.made_at);
        let words = cx.tf("verify.page.decided", &[("when", &when)]);
        let told = !decided.notice.is_empty();
        let words = if told { words } else { format!("{words} {}", cx.t("verify.decided.same")) };
        (told.then(|| cx.href(&format!("/account/notice/{}", decided.notice))), words)
    });
    Checked {
        soon: !standing.begun,
        waits: standing.checks.iter().any(|check| ["waiting", "pending"].contains(&check.state.as_str())),
        need: need.collect(),
        decided: decided.collect(),
        people: people.into_iter().map(|(person, lines)| (name(cx, application, person), lines)).collect(),
    }
}

/// Of a person as it was typed, or which person it is.
pub(super) fn name(cx: &Cx, application: &Application, person: RowId) -> String {
    let text = |question: &str| {
        application.frozen.answers.get(key(question, person)).and_then(|value| value.as_str()).unwrap_or_default()
    };
    let parts = ["first_name", "middle_name", "last_name"].map(|part| text(part).trim());
    let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    if name.is_empty() { cx.tf("how.person", &[("n", &person.to_string())]) } else { name }
}
