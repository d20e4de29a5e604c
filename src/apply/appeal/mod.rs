//! Appealing a notice: `/account/notice/ID/appeal` asks, shows it again to be checked, and sends it; `/account/appeal/ID` says
//! how it stands and takes it back.
//!
//! A notice has one appeal. What is decided about it, by when, and what it changes is `verify::appeal`'s; here are only pages.
//! They must never lose what was typed, or say that an appeal is there before the store has said so.

mod ask;
mod shown;
mod typed;

pub use ask::{post, show};
pub use shown::{page, withdraw, withdraw_page};

use super::checked::name;
use crate::application::record::{self, Posted};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};
use crate::application::submit::shown as grouped;
use crate::office::desk::{Desk, Instead};
use crate::store::Millis;
use crate::verify::appeal::{self, Appeal, Of, Said, Window};
use crate::verify::case::Case;
use crate::verify::{Knows, Room};
use crate::web::error::Failure;
use crate::web::page::Cx;
use std::sync::Arc;

/// A notice of whoever is here that can be appealed, with all that its page needs.
struct About {
    case: Case,
    notice: Posted,
    of: Of,
    window: Window,
    /// The appeal that there is.
    filed: Option<Appeal>,
    now: Millis,
}

impl About {
    /// The notice of an address; not there if it is somebody else's, or can be appealed by nobody.
    async fn find(desk: &Desk, knows: &Knows, id: &str) -> Result<About, Instead> {
        let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
        let (vault, now) = (&desk.office.means.vault, desk.now().await?);
        let mut connection = desk.office.read().await?;
        let not_there = || Instead::from(Failure::NotFound);
        let found = record::notice(&mut connection, vault, (owner, id)).await?;
        let (notice, _) = found.ok_or_else(not_there)?;
        let of = appeal::of(&mut connection, owner, &notice).await?.ok_or_else(not_there)?;
        let case = Case::open(&mut connection, vault, (owner, &notice.application)).await?.ok_or_else(not_there)?;
        let filed = appeal::one(&mut connection, vault, (owner, &appeal::id(&notice.id))).await?;
        drop(connection);
        let window = appeal::window((&knows.tables, &knows.rules), &case, notice.posted_at);
        let window = window.ok_or_else(|| anyhow::anyhow!("no rule says until when a notice can be appealed"))?;
        Ok(About { case, notice, of, window, filed, now })
    }

    fn is_late(&self) -> bool {
        self.now >= self.window.ends_at
    }
}

fn room(desk: &Desk, knows: &Arc<Knows>) -> Room {
    Room { store: desk.office.store.clone(), means: desk.office.means.clone(), knows: Arc::clone(knows) }
}

/// Who can be picked: whoever applies, or the first person if nobody does.
fn people(cx: &Cx, case: &Case) -> Vec<(RowId, String)> {
    let mut rows = case.applicants();
    if rows.is_empty() {
        rows.push(YOU);
    }
    rows.into_iter().map(|row| (row, name(cx, &case.application, row))).collect()
}

/// `4F2A 90C1 77DE`
pub fn number(id: &str) -> String {
    grouped(&appeal::number(id))
}

/// What somebody said, in words: question and answer.
fn lines(cx: &Cx, case: &Case, said: &Said, again: bool) -> Vec<(String, String)> {
    let names = cx.list(&said.people.iter().map(|row| name(cx, &case.application, *row)).collect::<Vec<_>>());
    let what = said.what.iter().map(|what| cx.t(&format!("appeal.choice.{what}"))).collect::<Vec<_>>().join("; ");
    let helper = if said.helper.is_empty() { cx.t("appeal.nobody") } else { &said.helper };
    let mut lines = vec![("appeal.whose", names), ("appeal.what", what), ("appeal.why", said.why.clone())];
    if !said.urgent.is_empty() {
        lines.push(("appeal.urgent_why", said.urgent.clone()));
    }
    if again {
        let keep = if said.keep { "appeal.keep_yes" } else { "appeal.keep_no" };
        lines.push(("appeal.keep", cx.t(keep).to_string()));
    }
    if !said.late.is_empty() {
        lines.push(("appeal.late_why", said.late.clone()));
    }
    lines.extend([("appeal.helper", helper.to_string()), ("appeal.reach", said.reach.clone())]);
    lines.into_iter().map(|(key, answer)| (cx.t(key).to_string(), answer)).collect()
}

/// Where else an appeal can be made.
struct Elsewhere {
    /// Who gets what is sent from here, and that the marketplace does not.
    here: String,
    phone: String,
    /// Of the envelope; empty: we do not have the address.
    mail: Vec<String>,
    /// Fax and phone of the office, or that its address is not known here and whose it is.
    more: Vec<String>,
}

impl Elsewhere {
    fn of(cx: &Cx, knows: &Knows, case: &Case, at: Millis) -> Elsewhere {
        let (market, place) = appeal::place((&knows.tables, &knows.rules), (case.state(), case.plan_year()), at);
        let (name, url, _) = market.map_or(("", "", false), |market| market.site(cx.lang.code()));
        let phone = market.map_or("", |market| market.phone.as_str());
        let values = [("name", name), ("url", url), ("phone", phone)];
        Elsewhere {
            here: cx.tf("appeal.here", &values),
            phone: cx.tf("appeal.by_phone", &values),
            mail: place.map(|place| place.lines()).unwrap_or_default(),
            more: match place {
                Some(place) => vec![
                    cx.tf("appeal.fax", &[("fax", &place.fax)]),
                    cx.tf("appeal.center", &[("phone", &place.phone)]),
                ],
                None => vec![cx.tf("appeal.no_address", &values)],
            },
        }
    }
}

/// The phone number of the application.
fn phone(case: &Case) -> String {
    case.text("phone", HOUSEHOLD).to_string()
}
