//! `/desk/appeals`, `/desk/appeal/ID`: the line of open appeals, what cannot wait at the top; opening one, and deciding it.
//!
//! Before it is opened nothing of a person is shown; opened, it is this reviewer's alone until it is decided, put back, or left
//! for a working day. What a decision changes and whom it tells is `verify::appeal`'s.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use strum::IntoEnumIterator as _;

use super::here::{Answer, Here, Instead};
use super::view::{self, Top, clock, done, page, top};
use crate::application::record::{self, Notice};
use crate::application::submit::shown;
use crate::staff::people::{self, Role};
use crate::staff::session::WHOLE;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx};
use crate::types::hex;
use crate::verify::Room;
use crate::verify::appeal::{self, Appeal, Decision, Outcome, Reason, TEXT_MAX, change, number};
use crate::verify::case::Case;
use crate::verify::dmi::{self, Dmi, EXPIRED};
use crate::work;

/// Rows on the page.
const ROWS_MAX: i64 = 200;

/// An appeal in the line.
struct Waiting {
    id: String,
    number: String,
    urgent: bool,
    late: bool,
    filed: String,
    by: String,
    /// The day for a decision has passed.
    over: bool,
    reference: String,
    with: Option<(String, String)>,
    mine: bool,
}

#[derive(Template)]
#[template(path = "operator/desk/appeals.html")]
struct LinePage {
    top: Option<Top>,
    note: Option<&'static str>,
    rows: Vec<Waiting>,
    more: bool,
}

type Row = (String, i64, i64, i64, i64, Option<String>, Option<i64>, String);

/// `GET /desk/appeals`
pub async fn line(here: Here) -> Answer {
    let seat = here.signed_in()?;
    let mut connection = here.read().await?;
    let asked = sqlx::query_as(
        "SELECT p.id, COALESCE(p.urgent, 0), p.filed_at, p.due_at, COALESCE(p.decide_by, p.due_at), p.taken_by, p.taken_at, \
         a.reference FROM appeal p JOIN application a ON a.id = p.application WHERE p.state = 'filed' \
         ORDER BY p.urgent DESC, p.decide_by LIMIT $1",
    );
    let found: Vec<Row> = asked.bind(ROWS_MAX).fetch_all(&mut *connection).await.map_err(StoreError::from)?;
    let logins = people::all(&mut connection).await?;
    drop(connection);
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) >= ROWS_MAX;
    let login = |id: &str| logins.iter().find(|person| person.id == id).map(|person| person.login.clone());
    let row = |(id, urgent, filed_at, due_at, decide_by, with, since, reference): Row| Waiting {
        number: shown(&number(&id)),
        urgent: urgent != 0,
        late: filed_at >= due_at,
        filed: clock(filed_at),
        by: clock(decide_by),
        over: decide_by <= here.now,
        reference: shown(&reference),
        mine: with.as_deref() == Some(seat.person.id.as_str()),
        with: with.zip(since).map(|(id, since)| (login(&id).unwrap_or(id), clock(since))),
        id,
    };
    let rows = found.into_iter().map(row).collect();
    Ok(page(StatusCode::OK, LinePage { top: top(&here), note: view::note(&here), rows, more }))
}

/// Who does what to which appeal.
struct Hand {
    room: Room,
    by: String,
    id: String,
    session: String,
}

fn hand(here: &Here, id: &str) -> Result<Hand, Instead> {
    let seat = here.signed_in()?;
    let (by, session) = (seat.person.id.clone(), hex(&seat.hash));
    Ok(Hand { room: here.desk.room.clone(), by, id: id.to_string(), session })
}

impl Hand {
    fn actor(&self) -> Actor {
        Actor::Desk(self.by.clone())
    }

    /// Takes the row that says that it is open with this reviewer. `false`: it is not.
    async fn take(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let taken =
            sqlx::query("UPDATE appeal SET taken_at = taken_at WHERE id = $1 AND taken_by = $2 AND state = 'filed'");
        let taken = taken.bind(self.id.as_str()).bind(self.by.as_str()).execute(tx.conn()).await?;
        Ok(taken.rows_affected() == 1)
    }
}

/// Opens an appeal. One that somebody has left open for a working day is free.
struct Open(Hand);

impl Change for Open {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (hand, now) = (&self.0, tx.now());
        if hand.take(tx).await? {
            return Ok(true);
        }
        let taken = sqlx::query_scalar(
            "UPDATE appeal SET taken_by = $1, taken_at = $2 \
             WHERE id = $3 AND state = 'filed' AND (taken_by IS NULL OR taken_at <= $4) RETURNING owner",
        );
        let taken = taken.bind(hand.by.as_str()).bind(now).bind(hand.id.as_str()).bind(now - WHOLE);
        let owner: Option<String> = taken.fetch_optional(tx.conn()).await?;
        let Some(owner) = owner else { return Ok(false) };
        let (actor, record) = (hand.actor(), format!("appeal:{}", hand.id));
        let deed = Deed::AppealOpened;
        let entry = Entry { actor: &actor, deed, owner: &owner, record: &record, session: &hand.session };
        hand.room.means.audit.append(tx, &entry).await?;
        Ok(true)
    }
}

/// Puts it back into the line; a supervisor also takes it from somebody else.
struct Back {
    hand: Hand,
    any: bool,
}

impl Change for Back {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let hand = &self.hand;
        let put = match self.any {
            true => sqlx::query("UPDATE appeal SET taken_by = NULL, taken_at = NULL WHERE id = $1"),
            false => sqlx::query("UPDATE appeal SET taken_by = NULL, taken_at = NULL WHERE id = $1 AND taken_by = $2"),
        };
        let put = match self.any {
            true => put.bind(hand.id.as_str()),
            false => put.bind(hand.id.as_str()).bind(hand.by.as_str()),
        };
        Ok(put.execute(tx.conn()).await?.rows_affected() == 1)
    }
}

struct Decide {
    hand: Hand,
    case: Case,
    decision: Decision,
}

impl Change for Decide {
    /// `false`: it is not open with this reviewer any more.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let hand = &self.hand;
        if !hand.take(tx).await? {
            return Ok(false);
        }
        let what = (hand.id.as_str(), &self.decision);
        match change::decide(tx, (&hand.room, &self.case), what, (&hand.actor(), &hand.session)).await? {
            true => Ok(true),
            // A guest who has made an account meanwhile has another key: the page is made again for them.
            false => Err(StoreError::Stale),
        }
    }
}

/// What was typed on the page that decides.
#[derive(Default)]
struct Typed {
    reason: Option<Reason>,
    proved: Vec<String>,
    words: String,
    fault: Option<&'static str>,
}

/// A reason to pick: code, outcome in front, words for the person.
struct Pick {
    code: &'static str,
    words: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "operator/desk/appeal.html")]
struct AppealPage<'a> {
    top: Option<Top>,
    note: Option<&'static str>,
    id: &'a str,
    number: String,
    by: String,
    state: &'a str,
    urgent: bool,
    opened: Option<OpenedAppeal>,
    with: Option<(String, String)>,
    supervisor: bool,
    fault: Option<&'static str>,
    words: String,
}

/// What is shown once it is open.
struct OpenedAppeal {
    told: Vec<(&'static str, String)>,
    /// What the notice says: title, and each person's results.
    notice: String,
    results: Vec<(String, String)>,
    /// Issues that a decision can take as proved: ID, words, whether picked.
    issues: Vec<(String, String, bool)>,
    outcomes: Vec<(&'static str, Vec<Pick>)>,
}

/// Owner, state, day for the decision, urgency, with whom it is open since when.
type Head = (String, String, i64, i64, Option<String>, Option<i64>);

async fn head(here: &Here, id: &str) -> Result<Head, Instead> {
    here.signed_in()?;
    let mut connection = here.read().await?;
    let asked = sqlx::query_as(
        "SELECT owner, state, COALESCE(decide_by, due_at), COALESCE(urgent, 0), taken_by, taken_at FROM appeal WHERE id = $1",
    );
    let found: Option<Head> = asked.bind(id).fetch_optional(&mut *connection).await.map_err(StoreError::from)?;
    found.ok_or_else(|| view::not_there().into())
}

/// The appeal with its application, its issues, and the notice that it is about.
async fn found(here: &Here, (owner, id): (&str, &str)) -> Result<(Appeal, Case, Vec<Dmi>, Notice), Instead> {
    let vault = &here.desk.room.means.vault;
    let mut connection = here.read().await?;
    let gone = || Instead::from(view::not_there());
    let appeal = appeal::one(&mut connection, vault, (owner, id)).await?.ok_or_else(gone)?;
    let case = Case::open(&mut connection, vault, (owner, &appeal.application)).await?.ok_or_else(gone)?;
    let mut issues = dmi::of_application(&mut connection, case.id()).await?;
    issues.retain(|issue| issue.is_open() || issue.state == EXPIRED);
    let (_, notice) = record::notice(&mut connection, vault, (owner, &appeal.notice)).await?.ok_or_else(gone)?;
    Ok((appeal, case, issues, notice))
}

/// `GET /desk/appeal/ID`
pub async fn show(Path(id): Path<String>, here: Here) -> Answer {
    one(&here, &id, Typed::default()).await
}

async fn one(here: &Here, id: &str, typed: Typed) -> Answer {
    let seat = here.signed_in()?.clone();
    let (owner, state, decide_by, urgent, holder, since) = head(here, id).await?;
    let mine = state == appeal::FILED && holder.as_deref() == Some(seat.person.id.as_str());
    let opened = match mine {
        true => Some(opened(here, (&owner, id), &typed).await?),
        false => None,
    };
    let mut connection = here.read().await?;
    let everybody = people::all(&mut connection).await?;
    drop(connection);
    let login = |id: &str| everybody.iter().find(|one| one.id == id).map_or("somebody", |one| &one.login).to_string();
    let template = AppealPage {
        top: top(here),
        note: view::note(here),
        id,
        number: shown(&number(id)),
        by: clock(decide_by),
        state: &state,
        urgent: urgent != 0,
        with: holder.zip(since).filter(|_| !mine).map(|(by, since)| (login(&by), clock(since))),
        supervisor: seat.person.role == Role::Supervisor,
        opened,
        fault: typed.fault,
        words: typed.words,
    };
    let status = if template.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page(status, template))
}

fn said(case: &Case, appeal: &Appeal, english: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let said = &appeal.said;
    let names = said.people.iter().map(|row| case.name(*row)).collect::<Vec<_>>().join(", ");
    let what = said.what.iter().map(|what| english(&format!("appeal.choice.{what}"))).collect::<Vec<_>>().join("; ");
    let keep = if said.keep { "yes" } else { "no" };
    let told = [
        ("Reference number", shown(&case.application.reference)),
        ("Came", clock(appeal.filed_at)),
        ("Last day to file ends", clock(appeal.due_at)),
        ("Whose result", names),
        ("What is wrong", what),
        ("Why", said.why.clone()),
        ("Cannot wait because", said.urgent.clone()),
        ("Late because", said.late.clone()),
        ("Keep what they had", keep.to_string()),
        ("Who speaks for them", said.helper.clone()),
        ("How to reach them", said.reach.clone()),
    ];
    told.into_iter().filter(|(_, answer)| !answer.is_empty()).collect()
}

async fn opened(here: &Here, of: (&str, &str), typed: &Typed) -> Result<OpenedAppeal, Instead> {
    let (appeal, case, issues, notice) = found(here, of).await?;
    let messages = &here.app.messages;
    let lang = messages.of_path("/").0;
    let english = |key: &str| messages.t(lang, key).to_string();
    let letter = notice.letters.iter().find(|letter| letter.lang == lang.code()).or_else(|| notice.letters.first());
    let issue = |issue: &Dmi| {
        let who = match case.name(issue.person) {
            name if name.is_empty() => "the household".to_string(),
            name => name,
        };
        let words = format!("{}, {who}: {}, due {}", view::about(here, issue.kind), issue.state, issue.due_day);
        (issue.id.clone(), words, typed.proved.contains(&issue.id))
    };
    let picks = |outcome: Outcome| {
        let reasons = Reason::iter().filter(|reason| reason.outcome() == outcome);
        let pick = |reason: Reason| {
            let code: &'static str = reason.into();
            Pick { code, words: english(&format!("appeal.reason.{code}")), chosen: typed.reason == Some(reason) }
        };
        reasons.map(pick).collect()
    };
    let name = |outcome| match outcome {
        Outcome::Dismissed => "Dismiss: it is not looked into",
        Outcome::Upheld => "Uphold: the notice is right",
        Outcome::Changed => "Change: the notice is wrong",
    };
    let results = letter.map(|letter| &letter.people).into_iter().flatten();
    Ok(OpenedAppeal {
        told: said(&case, &appeal, english),
        notice: letter.map(|letter| letter.title.clone()).unwrap_or_default(),
        results: results.map(|person| (person.name.clone(), person.results.join(" "))).collect(),
        issues: issues.iter().map(issue).collect(),
        outcomes: Outcome::iter().map(|outcome| (name(outcome), picks(outcome))).collect(),
    })
}

/// `POST /desk/appeal/ID/open`
pub async fn open(Path(id): Path<String>, here: Here) -> Answer {
    head(&here, &id).await?;
    // Whoever comes second is told with whom it is, on the same page.
    here.write(Open(hand(&here, &id)?)).await?;
    Ok(view::go(&format!("/desk/appeal/{id}")))
}

/// `POST /desk/appeal/ID/back`
pub async fn back(Path(id): Path<String>, here: Here) -> Answer {
    head(&here, &id).await?;
    let any = here.signed_in()?.person.role == Role::Supervisor;
    match here.write(Back { hand: hand(&here, &id)?, any }).await? {
        true => done("/desk/appeals", "appeal_back"),
        false => done("/desk/appeals", "appeal_gone"),
    }
}

/// `POST /desk/appeal/ID/decide`
pub async fn decide(Path(id): Path<String>, here: Here) -> Answer {
    let (owner, state, _, _, holder, _) = head(&here, &id).await?;
    let hand = hand(&here, &id)?;
    if state != appeal::FILED || holder.as_deref() != Some(hand.by.as_str()) {
        return done("/desk/appeals", "appeal_gone");
    }
    let (_, case, issues, _) = found(&here, (&owner, &id)).await?;
    let mut typed = Typed {
        reason: here.get("reason").parse().ok(),
        proved: here
            .all("proved")
            .filter(|id| issues.iter().any(|issue| issue.id == *id))
            .map(str::to_string)
            .collect(),
        words: here.get("words").replace("\r\n", "\n"),
        fault: None,
    };
    let changes = typed.reason.is_some_and(|reason| reason.outcome() == Outcome::Changed);
    typed.fault = match typed.reason {
        None => Some("Pick what you decide and why: it becomes words for the person."),
        Some(_) if !typed.proved.is_empty() && !changes => Some(
            "An issue can be taken as proved only if the notice is wrong. Pick a reason there, or take the tick away.",
        ),
        Some(_) if typed.words.chars().count() > TEXT_MAX => Some("Your words are too long: at most 2,000 letters."),
        Some(_) => None,
    };
    let (None, Some(reason)) = (typed.fault, typed.reason) else { return one(&here, &id, typed).await };
    let decision = Decision { reason, words: typed.words, proved: typed.proved };
    let decided = here.write(Decide { hand, case, decision }).await?;
    work::ring();
    match decided {
        true => done("/desk/appeals", "appeal_decided"),
        false => done("/desk/appeals", "appeal_gone"),
    }
}
