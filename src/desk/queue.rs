//! `/desk`: the line of issues with documents that wait, the one that is due first at the top. No name, and nothing that was
//! typed: these are behind opening an issue.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use sqlx::AnyConnection;

use super::here::{Answer, Here};
use super::matter;
use super::view::{self, Top, clock, page, top};
use crate::application::submit::shown;
use crate::staff::people;
use crate::store::{Millis, StoreError};

/// Rows on the page; whoever looks for another finds it by its number.
const ROWS_MAX: i64 = 200;
/// Digits of an issue's number that find it.
const NUMBER_MIN: usize = 8;

/// An issue in the line.
struct Waiting {
    id: String,
    kind: String,
    /// The last day, and how many days are left.
    due: String,
    left: i64,
    late: bool,
    reference: String,
    documents: i64,
    /// With whom it is open, since when.
    with: Option<(String, String)>,
    mine: bool,
}

type Row = (String, String, String, i64, String, String, Option<String>, Option<i64>, i64);

#[derive(Template)]
#[template(path = "operator/desk/queue.html")]
struct QueuePage {
    top: Option<Top>,
    note: Option<&'static str>,
    number: String,
    rows: Vec<Waiting>,
    more: bool,
}

/// `GET /`
pub async fn front() -> Response {
    view::go("/desk")
}

/// `GET /desk`, `GET /desk?number=…`
pub async fn show(here: Here) -> Answer {
    let seat = here.signed_in()?;
    let number = here.query.iter().find(|(name, _)| name == "number").map(|(_, typed)| typed.trim().to_string());
    let number = number.unwrap_or_default();
    let mut connection = here.read().await?;
    let found = match number.as_str() {
        "" => waiting(&mut connection).await?,
        typed => by_number(&mut connection, typed).await?,
    };
    let logins = people::all(&mut connection).await?;
    drop(connection);
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= ROWS_MAX;
    let english = here.app.messages.of_path("/").0;
    let row = |(id, kind, state, due_at, due_day, reference, with, since, documents): Row| {
        let login = |id: &str| logins.iter().find(|person| person.id == id).map(|person| person.login.clone());
        Waiting {
            left: days_left(due_at, here.now),
            late: state == "expired",
            mine: with.as_deref() == Some(seat.person.id.as_str()),
            with: with.zip(since).map(|(id, since)| (login(&id).unwrap_or(id), clock(since))),
            kind: view::capital(&matter::about(&here.app.messages, english, &kind)),
            due: due_day,
            reference: shown(&reference),
            documents,
            id,
        }
    };
    let rows = found.into_iter().map(row).collect();
    Ok(page(StatusCode::OK, QueuePage { top: top(&here), note: view::note(&here), number, rows, more }))
}

fn days_left(due_at: Millis, now: Millis) -> i64 {
    const DAY: Millis = 24 * 3_600_000;
    (due_at - now + DAY - 1).div_euclid(DAY).max(0)
}

async fn waiting(connection: &mut AnyConnection) -> Result<Vec<Row>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT d.id, d.kind, d.state, d.due_at, d.due_day, a.reference, i.desk_user, i.taken_at, count(*) AS waiting \
         FROM (SELECT id, kind, state, due_at, due_day, application FROM dmi WHERE state IN ('open', 'expired') \
         UNION ALL SELECT id, kind, state, due_at, due_day, application FROM event_proof WHERE state = 'open') d \
         JOIN application a ON a.id = d.application \
         JOIN document e ON e.dmi = d.id AND e.state = 'received' LEFT JOIN desk_item i ON i.dmi = d.id \
         GROUP BY d.id, d.kind, d.state, d.due_at, d.due_day, a.reference, i.desk_user, i.taken_at \
         ORDER BY d.due_at LIMIT $1",
    );
    Ok(asked.bind(ROWS_MAX).fetch_all(connection).await?)
}

/// By the number on a cover page (typed, or as a scanner reads it), or by the application's reference number: also what has
/// no document yet.
async fn by_number(connection: &mut AnyConnection, typed: &str) -> Result<Vec<Row>, StoreError> {
    let small: String = typed.to_ascii_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let hex = small.strip_prefix("dmi").unwrap_or(&small);
    let is_number = hex.len() >= NUMBER_MIN && hex.len() <= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    // No pattern of the database's own can be in it.
    let prefix = if is_number { format!("{hex}%") } else { String::new() };
    let asked = sqlx::query_as(
        "SELECT d.id, d.kind, d.state, d.due_at, d.due_day, a.reference, i.desk_user, i.taken_at, \
         (SELECT count(*) FROM document e WHERE e.dmi = d.id AND e.state = 'received') AS waiting \
         FROM (SELECT id, kind, state, due_at, due_day, application FROM dmi \
         UNION ALL SELECT id, kind, state, due_at, due_day, application FROM event_proof) d \
         JOIN application a ON a.id = d.application LEFT JOIN desk_item i ON i.dmi = d.id \
         WHERE d.id LIKE $1 OR a.reference = $2 ORDER BY d.due_at LIMIT $3",
    );
    Ok(asked.bind(prefix).bind(small).bind(ROWS_MAX).fetch_all(connection).await?)
}
