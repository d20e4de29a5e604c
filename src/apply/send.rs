//! Sending: the last step of the application. Works the determination out, writes the notice, and freezes all of it in one
//! transaction; then 303 to the page that says so.
//!
//! Called by the page that signs, when everything on it is right. It must never say "sent" before the store has said so.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::around::count;
use super::changed::Changed;
use super::earlier::Earlier;
use super::marks::{AGAIN, CHECK_PAGE, marked};
use super::notice::About;
use crate::account::people::new_id;
use crate::application::determine::{Undetermined, determined};
use crate::application::flow;
use crate::application::funnel::SIGN;
use crate::application::record::Frozen;
use crate::application::sheet::{ANSWERS_VERSION, HOUSEHOLD};
use crate::application::submit::{Sending, Sent, Submitter, new_reference};
use crate::application::view::View;
use crate::office::desk::{Answer, Desk, Instead};
use crate::sealing::DataKey;
use crate::store::{StoreError, columns};
use crate::telemetry::funnel::Came;
use crate::transfer;
use crate::verify::{Knows, plan};
use crate::web::error::Failure;
use crate::web::page::Cx;
use crate::work::letters::Ready;
use crate::work::queue;

/// The draft that is sent.
pub struct Draft<'a> {
    pub id: &'a str,
    /// As it was when the page was checked.
    pub version: i64,
    pub owner: &'a str,
}

/// Where the confirmation is.
pub const SENT: &str = "/account/apply/sent";

/// The same, for somebody who sends what was sent before.
pub fn sent_again() -> String {
    marked(SENT.to_string(), [Some(AGAIN)])
}

/// Sends a draft whose every page is ready and signed.
///
/// # Errors
///
/// A page that says what is in the way: the draft stays as it is.
pub async fn send(desk: &Desk, (submitter, knows): (&Submitter, &Knows), draft: &Draft<'_>, view: &View<'_>) -> Answer {
    let cx = &desk.cx;
    let year = u16::try_from(view.year).ok();
    let catalogue = year.and_then(|year| cx.catalogues.get(year).cloned());
    let catalogue = catalogue.ok_or_else(|| anyhow::anyhow!("no catalogue for the plan year of an application"))?;
    let found = match determined(&catalogue, &cx.app.tables, view).await {
        Ok(found) => found,
        // The check page says which answers do not fit together.
        Err(Undetermined::Refused(_)) => return Ok(desk.go(CHECK_PAGE)),
        Err(why) => return Err(Failure::internal(why).into()),
    };
    let owner = draft.owner;
    let keys = flow::answered(view);
    let answers = serde_json::to_value(view.sheet.only(|key| keys.contains(key))).map_err(anyhow::Error::from)?;
    let mut determination = found.determination;
    let county = view.county().map(|county| county.name.clone()).unwrap_or_default();
    let mut frozen = Frozen { answers, household: found.household, county, amended: None };
    let earlier = Earlier::of(desk, owner, view).await?;
    if let Some(earlier) = &earlier {
        if earlier.followed {
            return Ok(desk.go(&sent_again()));
        }
        if let Some((household, decided)) = earlier.amended(desk, knows, (&frozen, &determination)).await? {
            (frozen.amended, determination) = (Some(household), decided);
        }
    }
    let decided = serde_json::to_value(&determination).map_err(anyhow::Error::from)?;
    let reference = new_reference().map_err(anyhow::Error::from)?;
    let days = cx.app.tables.days(Some(determination.state), (cx.app.clock)());
    let appeal_days = knows.rules.time("appeal_days", days.own);
    let appeal_days = appeal_days.ok_or_else(|| anyhow::anyhow!("no rule says until when a notice can be appealed"))?;
    let unproved = frozen.amended.is_some();
    let change = earlier.as_ref().map(|earlier| {
        let (reference, before) = (earlier.case.application.reference.as_str(), &earlier.in_force);
        Changed { reference, before, now: &decided, unproved }
    });
    let about = About { view, determination: &determination, reference: &reference, days, change, appeal_days };
    let notice = about.notice(cx);

    let mut connection = desk.office.read().await?;
    let key = desk.office.means.vault.open(&mut connection, owner).await?;
    drop(connection);
    let Some(key) = key else { return Err(Instead::from(StoreError::Stale)) };
    let (id, notice_id) = (new_id()?, new_id()?);
    let sending = Sending {
        answers: key.seal_json(columns::APPLICATION_ANSWERS.at(&id, owner), &frozen)?,
        determination: key.seal_json(columns::APPLICATION_DETERMINATION.at(&id, owner), &decided)?,
        notice_body: key.seal_json(columns::NOTICE_BODY.at(&notice_id, owner), &notice)?,
        letter: told(desk, view, (&key, owner), &notice_id)?,
        notice: notice_id,
        jobs: jobs(cx, view, (&key, owner), (&id, &decided))?,
        draft: draft.id.to_string(),
        draft_version: draft.version,
        owner: owner.to_string(),
        reference,
        plan_year: view.year,
        follows: view.sheet.follows().map(str::to_string),
        answers_version: ANSWERS_VERSION,
        catalogue: catalogue.version.clone(),
        session: desk.visitor.session_text(),
        id,
    };
    match submitter.send(sending).await? {
        Sent::Now { .. } => {
            count(cx, SIGN, Came::Answered);
            Ok(desk.go(SENT))
        }
        Sent::Before { .. } => Ok(desk.go(&sent_again())),
        Sent::Changed => Ok(changed(desk)),
    }
}

/// What has to be done afterwards. Without a hub or a way to the agencies nothing is promised that nobody could do.
fn jobs(
    cx: &Cx,
    view: &View<'_>,
    (key, owner): (&DataKey, &str),
    (id, decided): (&str, &Value),
) -> Result<Vec<queue::Ready>, StoreError> {
    let mut jobs = Vec::new();
    if cx.app.config.hub.url.is_some() {
        jobs.push(plan::first(key, (owner, id))?);
    }
    if cx.app.config.transfers.is_some() {
        let full = view.said("full_medicaid", HOUSEHOLD, "yes");
        jobs.extend(transfer::first(key, (owner, id), (decided, full))?);
    }
    Ok(jobs)
}

/// The letter for whoever asked for e-mail: an account at the address that it has proved, a guest at the one that was typed.
fn told(
    desk: &Desk,
    view: &View<'_>,
    (data_key, owner): (&DataKey, &str),
    notice: &str,
) -> Result<Option<Ready>, StoreError> {
    if !view.said("notices_by", HOUSEHOLD, "email") {
        return Ok(None);
    }
    let said = match desk.visitor.guest() {
        None => ("", ""),
        Some(_) => (view.text("email", HOUSEHOLD), view.text("written", HOUSEHOLD)),
    };
    let key = format!("notice:{notice}");
    Ready::message(data_key, &desk.office.means.vault, (owner, &key), said).map(Some)
}

/// The draft was changed in another tab after it was checked.
fn changed(desk: &Desk) -> Response {
    let cx = &desk.cx;
    desk.page(cx.t("apply.changed.title"))
        .lead(cx.t("apply.changed.lead"))
        .link(cx.t("apply.changed.check"), CHECK_PAGE)
        .with_status(StatusCode::CONFLICT)
}
