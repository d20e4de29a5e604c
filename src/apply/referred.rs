//! What became of an application at the state's Medicaid and CHIP agency, in words: each step with its day, the agency's
//! telephone, and until when a denial lets somebody choose a plan.
//!
//! Called by the page after sending. It never promises what an agency has not said.

use super::checked::name;
use crate::application::record::Application;
use crate::application::sheet::{HOUSEHOLD, key};
use crate::office::clock::day_of;
use crate::transfer::facts::referred as of_determination;
use crate::transfer::history::History;
use crate::transfer::record::{Line, StepLine};
use crate::transfer::words;
use crate::web::page::Cx;

pub struct Referred {
    /// What happened, the oldest first.
    pub steps: Vec<String>,
    /// The agency with its telephone.
    pub call: String,
    /// Until when somebody can choose a plan because of it.
    pub until: Vec<String>,
    /// The agency has decided, or sent it back.
    pub answered: bool,
}

/// `None`: nobody of it is referred to an agency.
pub fn referred(cx: &Cx, application: &Application, history: &History) -> Option<Referred> {
    let full = application.frozen.answers[key("full_medicaid", HOUSEHOLD)] == "yes";
    let state = match history.sent.last() {
        Some((line, _)) => line.state.clone(),
        None if of_determination(&application.determination, full).is_empty() => return None,
        None => application.determination["state"].as_str().unwrap_or_default().to_string(),
    };
    let tables = &cx.app.tables;
    let (agency, phone) = words::agency(tables, &state);
    let agency = if agency.is_empty() { cx.t("transfer.agency").to_string() } else { agency };
    let mut steps: Vec<String> =
        history.sent.iter().flat_map(|(line, steps)| lines(cx, application, &agency, (line, steps))).collect();
    if steps.is_empty() {
        steps.push(cx.t("transfer.page.waiting").to_string());
    }
    let call = match phone.as_str() {
        "" => cx.t("transfer.call_unknown").to_string(),
        phone => cx.tf("transfer.call", &[("agency", &agency), ("phone", phone)]),
    };
    let until = history.events.iter().filter_map(|event| {
        let date = cx.date(words::closes(tables, &event.kind, &event.day)?);
        Some(cx.tf("transfer.page.until", &[("names", &name(cx, application, event.person)), ("date", &date)]))
    });
    let answered = history.sent.iter().any(|(line, _)| line.answered_at.is_some());
    Some(Referred { steps, call, until: until.collect(), answered })
}

/// One line a step and a day, with whoever it is about.
fn lines(cx: &Cx, application: &Application, agency: &str, (line, steps): (&Line, &[StepLine])) -> Vec<String> {
    let ended: Vec<String> =
        line.referrals().iter().filter(|row| line.has_ended(**row)).map(|row| name(cx, application, *row)).collect();
    let mut of: Vec<(&str, String, Vec<String>)> = Vec::new();
    let on_its_way = steps.iter().all(|own| own.step == "made" || own.step == "failed");
    for own in steps.iter().filter(|own| on_its_way || (own.step != "made" && own.step != "failed")) {
        let when = day_of(cx, own.said_at);
        if own.step == "sent" && !ended.is_empty() {
            of.push(("ended", when.clone(), ended.clone()));
        }
        // Of whoever is not referred any more, only what the agency has decided counts.
        let history = own.person != HOUSEHOLD && ["accepted", "rejected"].contains(&own.step.as_str());
        if (history && line.has_ended(own.person)) || (own.step == "sent" && line.referred().is_empty()) {
            continue;
        }
        let name = (own.person != HOUSEHOLD).then(|| name(cx, application, own.person));
        match of.iter_mut().find(|(step, day, _)| *step == own.step && *day == when) {
            Some((.., names)) => names.extend(name),
            None => of.push((&own.step, when, name.into_iter().collect())),
        }
    }
    of.iter()
        .map(|(step, when, names)| {
            let values = [("agency", agency), ("when", when.as_str()), ("names", &cx.list(names))];
            cx.tf(&format!("transfer.page.{step}"), &values)
        })
        .collect()
}
