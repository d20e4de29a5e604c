//! `/account/apply/report`: reporting a change (45 CFR 155.330(b)): what has to be reported, by when, and the beginning. It opens
//! the answers as they were sent; what was sent stays as it is until the change is signed.
//!
//! Linked from what was sent, from its notice and from the account. It looks at nobody's application but their own.

use askama::Template;
use axum::http::StatusCode;

use super::around::found;
use crate::account::people::new_id;
use crate::application::change::{self, Begin, Begun};
use crate::application::record::{self, Application};
use crate::application::steps::changed::CHANGES;
use crate::application::submit::shown;
use crate::office::clock::day_of;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// Days in which a change has to be reported (45 CFR 155.330(b)(1)).
const REPORT_DAYS: &str = "30";
/// Where what has changed is asked first.
const FIRST: &str = "/account/apply/changed";

#[derive(Template)]
#[template(path = "apply/report.html")]
struct ReportPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    /// Which application it is of.
    about: String,
    of: String,
    by_when: String,
    changes: Vec<String>,
    /// A change that is open already, or another application that is.
    open: Option<&'static str>,
    /// There are no plans of its year here any more.
    over: bool,
}

/// `GET /account/apply/report`, with `?of=ID` for one that is not the newest.
pub async fn show(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let Some(application) = chosen(&desk).await? else { return Ok(desk.go("/account/apply/sent")) };
    let open = found(&desk).await?;
    let open = open.map(|open| match open.sheet.follows() == Some(application.id.as_str()) {
        true => "report.open",
        false => "report.other",
    });
    let year = year_of(&desk, &application).await?;
    let over = is_over(cx, year);
    let year = year.to_string();
    let (number, when) = (shown(&application.reference), day_of(cx, application.submitted_at));
    let values = [("year", &year[..]), ("reference", &number), ("when", &when)];
    let template = ReportPage {
        bar: bar(cx, &desk.visitor),
        about: cx.tf("report.about", &values),
        by_when: cx.tf("report.by_when", &[("days", REPORT_DAYS)]),
        changes: CHANGES.iter().map(|change| cx.t(&format!("apply.q.what_changed.{change}")).to_string()).collect(),
        open,
        over,
        of: application.id,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// Nothing can be worked out for it: its year is over, or its plans are not here.
fn is_over(cx: &Cx, year: i32) -> bool {
    let is_here = u16::try_from(year).is_ok_and(|year| cx.catalogues.get(year).is_some());
    !is_here || year < cx.today().year()
}

/// The plan year that a change is of: the application's; once that is over, the one that it was renewed for.
async fn year_of(desk: &Desk, application: &Application) -> Result<i32, Instead> {
    let own = application.year();
    let mut connection = desk.office.read().await?;
    Ok(record::last_year(&mut connection, application).await?.min(desk.cx.today().year().max(own)))
}

/// The application that is meant, if nothing follows it; one that is not theirs is not found.
async fn chosen(desk: &Desk) -> Result<Option<Application>, Instead> {
    let Some(owner) = desk.owner() else { return Ok(None) };
    let mut connection = desk.office.read().await?;
    let all = record::of(&mut connection, &desk.office.means.vault, owner).await?;
    drop(connection);
    let asked = desk.cx.said_of("of");
    let of = Some(desk.form.get("of")).filter(|of| !of.is_empty()).or(asked);
    let Some(id) = of else {
        let newest = change::newest(&all).map(|own| own.id.clone());
        return Ok(newest.and_then(|id| all.into_iter().find(|own| own.id == id)));
    };
    if !all.iter().any(|own| own.id == id) {
        return Err(Failure::NotFound.into());
    }
    let is_last = change::is_last(&all, id);
    Ok(all.into_iter().find(|own| own.id == id && is_last))
}

/// `POST /account/apply/report`: opens the change; pressed twice, or in two tabs, it is one.
pub async fn begin(desk: Desk) -> Answer {
    let Some(application) = chosen(&desk).await? else { return Ok(desk.go("/account/apply/sent")) };
    let year = year_of(&desk, &application).await?;
    if is_over(&desk.cx, year) {
        return Ok(desk.go("/account/apply/report"));
    }
    let owner = desk.owner().unwrap_or_default().to_string();
    let document = change::sheet_of(&application, year).write().map_err(anyhow::Error::from)?;
    let new_draft = new_id()?;
    let begin = || Begin {
        means: desk.office.means.clone(),
        owner: owner.clone(),
        document: document.clone(),
        of: application.id.clone(),
        new_draft: new_draft.clone(),
        session: desk.visitor.session_text(),
    };
    Ok(match desk.office.write_again(begin).await? {
        Begun::Open => desk.go(FIRST),
        Begun::Other => desk.go(&format!("/account/apply/report?of={}", application.id)),
        Begun::Followed => desk.go("/account/apply/sent"),
    })
}
