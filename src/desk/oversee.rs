//! `/desk/accounts`, `/desk/aside`, `/desk/record`: what supervisors see beside the line.

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::here::{Answer, Here};
use super::view::{self, Top, clock, done, page, top};
use crate::account::people::Means;
use crate::staff::people::{self, Disable, State};
use crate::store::audit::{self, Actor, Deed, Entry};
use crate::store::vault::SITE;
use crate::store::{Change, StoreError, Tx, columns};

/// Rows on a page.
const ROWS_MAX: i64 = 200;

struct AccountRow {
    id: String,
    login: String,
    role: &'static str,
    state: &'static str,
    made: String,
    seen: String,
    /// Not one's own, and not disabled.
    can_disable: bool,
}

#[derive(Template)]
#[template(path = "operator/desk/accounts.html")]
struct AccountsPage {
    top: Option<Top>,
    note: Option<&'static str>,
    rows: Vec<AccountRow>,
}

/// `GET /desk/accounts`
pub async fn accounts(here: Here) -> Answer {
    let own = here.supervisor()?.person.id.clone();
    let mut connection = here.read().await?;
    let all = people::all(&mut connection).await?;
    drop(connection);
    let rows = all.into_iter().map(|person| AccountRow {
        can_disable: person.id != own && person.state != State::Disabled,
        login: person.login,
        role: person.role.into(),
        state: person.state.into(),
        made: clock(person.made_at),
        seen: person.seen_at.map_or_else(|| "never".to_string(), clock),
        id: person.id,
    });
    Ok(page(StatusCode::OK, AccountsPage { top: top(&here), note: view::note(&here), rows: rows.collect() }))
}

/// `POST /desk/accounts/ID/disable`
pub async fn disable(Path(id): Path<String>, here: Here) -> Answer {
    let own = here.supervisor()?.person.id.clone();
    if id == own {
        return done("/desk/accounts", "same");
    }
    let disabled = here.write(Disable { means: here.desk.room.means.clone(), actor: Actor::Desk(own), id }).await?;
    done("/desk/accounts", if disabled { "disabled" } else { "same" })
}

struct AsideRow {
    id: String,
    source: String,
    reason: String,
    bytes: i64,
    at: String,
    seen: bool,
}

#[derive(Template)]
#[template(path = "operator/desk/asides.html")]
struct AsidesPage {
    top: Option<Top>,
    rows: Vec<AsideRow>,
}

/// `GET /desk/aside`: what came from outside and nobody could read.
pub async fn asides(here: Here) -> Answer {
    here.supervisor()?;
    let mut connection = here.read().await?;
    type Row = (String, String, String, i64, i64, String);
    let asked = sqlx::query_as("SELECT id, source, reason, bytes, at, seen_by FROM aside ORDER BY at DESC LIMIT $1");
    let found: Vec<Row> = asked.bind(ROWS_MAX).fetch_all(&mut *connection).await.map_err(StoreError::from)?;
    drop(connection);
    let row = |(id, source, reason, bytes, at, seen): Row| {
        let (at, seen) = (clock(at), !seen.is_empty());
        AsideRow { id, source, reason: reason.replace('_', " "), bytes, at, seen }
    };
    Ok(page(StatusCode::OK, AsidesPage { top: top(&here), rows: found.into_iter().map(row).collect() }))
}

/// A supervisor reads one: written down first. `Done`: its sealed beginning.
struct Look {
    means: Means,
    by: String,
    id: String,
}

impl Change for Look {
    type Done = Option<Vec<u8>>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
        let seen = sqlx::query_as("UPDATE aside SET seen_by = $1 WHERE id = $2 RETURNING owner, body");
        let seen: Option<(String, Vec<u8>)> =
            seen.bind(self.by.as_str()).bind(self.id.as_str()).fetch_optional(tx.conn()).await?;
        let Some((owner, body)) = seen else { return Ok(None) };
        let (actor, record) = (Actor::Desk(self.by.clone()), format!("aside:{}", self.id));
        let entry = Entry { actor: &actor, deed: Deed::AsideOpened, owner: &owner, record: &record, session: "" };
        self.means.audit.append(tx, &entry).await?;
        Ok(Some(body))
    }
}

/// `POST /desk/aside/ID`: its beginning, as bytes to be saved and nothing else.
pub async fn aside(Path(id): Path<String>, here: Here) -> Answer {
    let by = here.supervisor()?.person.id.clone();
    let means = here.desk.room.means.clone();
    let Some(sealed) = here.write(Look { means, by, id: id.clone() }).await? else { return Ok(view::not_there()) };
    let mut connection = here.read().await?;
    let key = here.desk.room.means.vault.open(&mut connection, SITE).await?.ok_or(StoreError::Stale)?;
    let body = key.open(columns::ASIDE_BODY.at(&id, SITE), &sealed)?;
    let mut response = Response::new(Body::from(body.to_vec()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"aside.bin\""));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

struct RecordRow {
    at: String,
    who: String,
    what: String,
    owner: String,
    record: String,
}

#[derive(Template)]
#[template(path = "operator/desk/record.html")]
struct RecordPage {
    top: Option<Top>,
    rows: Vec<RecordRow>,
}

/// `GET /desk/record`: the latest rows of the record of deeds.
pub async fn record(here: Here) -> Answer {
    here.supervisor()?;
    let mut connection = here.read().await?;
    let found = audit::latest(&mut connection, ROWS_MAX).await?;
    let everybody = people::all(&mut connection).await?;
    drop(connection);
    let who = |actor: &str| {
        let of_desk = actor.strip_prefix("desk:");
        let login = of_desk.and_then(|id| everybody.iter().find(|person| person.id == id));
        login.map_or_else(|| actor.to_string(), |person| format!("{} (desk)", person.login))
    };
    let rows = found.into_iter().map(|row| RecordRow {
        at: clock(row.at),
        who: who(&row.actor),
        what: row.deed.replace('_', " "),
        owner: row.owner,
        record: row.record,
    });
    Ok(page(StatusCode::OK, RecordPage { top: top(&here), rows: rows.collect() }))
}
