//! `/desk/item/ID`: one issue. Before it is opened nothing of a person is shown; opened, it is this person's alone until it is
//! decided, put back or handed over.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use strum::IntoEnumIterator as _;

use super::decide::{Accept, Decided, Hand, Handed, Move, Open, Opened, Paper, Reject};
use super::here::{Answer, Here, Instead};
use super::matter::{self, Matter};
use super::view::{self, Top, clock, done, page, top};
use crate::account::people::new_id;
use crate::application::record::{Letter, Notice};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::application::submit::shown;
use crate::documents::handed::attachment;
use crate::documents::stored::{self, Document, Reason, State};
use crate::staff::people::{self, Person, Role};
use crate::types::hex;
use crate::verify::case::Case;
use crate::work;

/// A document in the list.
struct Row {
    id: String,
    name: String,
    size: String,
    sent: String,
    waits: bool,
    /// What was decided, and when.
    state: String,
}

#[derive(Template)]
#[template(path = "operator/desk/item.html")]
struct ItemPage<'a> {
    top: Option<Top>,
    note: Option<&'static str>,
    id: &'a str,
    kind: String,
    number: String,
    due: String,
    state: String,
    opened: Option<OpenedItem>,
    /// With whom it is open instead, since when.
    with: Option<(String, String)>,
    /// Whom a supervisor can give it to.
    others: Vec<Person>,
    supervisor: bool,
}

/// What is shown once it is open.
struct OpenedItem {
    reference: String,
    who: String,
    /// What was told about it: name and answer.
    told: Vec<(String, String)>,
    to_send: Vec<String>,
    documents: Vec<Row>,
    reasons: Vec<(&'static str, String)>,
    takes: bool,
}

fn hand(here: &Here, dmi: &str) -> Result<Hand, Instead> {
    let seat = here.signed_in()?;
    Ok(Hand {
        means: here.desk.room.means.clone(),
        by: seat.person.id.clone(),
        dmi: dmi.to_string(),
        session: hex(&seat.hash),
    })
}

/// The issue of an address.
async fn issue_of(here: &Here, id: &str) -> Result<Matter, Instead> {
    here.signed_in()?;
    let mut connection = here.read().await?;
    let issue = matter::one(&mut connection, id).await?;
    issue.ok_or_else(|| view::not_there().into())
}

/// Who has an issue open, since when.
async fn holder(here: &Here, id: &str) -> Result<Option<(String, i64)>, Instead> {
    let mut connection = here.read().await?;
    let asked = sqlx::query_as("SELECT desk_user, taken_at FROM desk_item WHERE dmi = $1");
    Ok(asked.bind(id).fetch_optional(&mut *connection).await.map_err(crate::store::StoreError::from)?)
}

/// `GET /desk/item/ID`
pub async fn show(Path(id): Path<String>, here: Here) -> Answer {
    let seat = here.signed_in()?.clone();
    let issue = issue_of(&here, &id).await?;
    let holder = holder(&here, &id).await?;
    let mine = holder.as_ref().is_some_and(|(by, _)| *by == seat.person.id);
    let mut connection = here.read().await?;
    let everybody = people::all(&mut connection).await?;
    drop(connection);
    let supervisor = seat.person.role == Role::Supervisor;
    let opened = match mine {
        true => Some(opened(&here, &issue).await?),
        false => None,
    };
    let english = here.app.messages.of_path("/").0;
    let login = |id: &str| everybody.iter().find(|one| one.id == id).map_or("somebody", |one| &one.login).to_string();
    let template = ItemPage {
        top: top(&here),
        note: view::note(&here),
        id: &id,
        kind: view::capital(&issue.title(&here.app.messages, english)),
        number: shown(&stored::number(issue.id())),
        due: issue.due_day().to_string(),
        state: issue.state().to_string(),
        opened,
        with: holder.filter(|_| !mine).map(|(by, since)| (login(&by), clock(since))),
        others: everybody.into_iter().filter(|one| one.state == people::State::Active).collect(),
        supervisor,
    };
    Ok(page(StatusCode::OK, template))
}

async fn case_of(here: &Here, issue: &Matter) -> Result<Case, Instead> {
    let mut connection = here.read().await?;
    let vault = &here.desk.room.means.vault;
    let case = Case::open(&mut connection, vault, (issue.owner(), issue.application())).await?;
    case.ok_or_else(|| view::not_there().into())
}

async fn documents_of(here: &Here, issue: &Matter) -> Result<Vec<Document>, Instead> {
    let mut connection = here.read().await?;
    let all = stored::of_owner(&mut connection, &here.desk.room.means.vault, issue.owner()).await?;
    Ok(all.into_iter().filter(|document| document.dmi == issue.id()).collect())
}

async fn opened(here: &Here, issue: &Matter) -> Result<OpenedItem, Instead> {
    let case = case_of(here, issue).await?;
    let messages = &here.app.messages;
    let english = messages.of_path("/").0;
    let words = |key: &str| messages.t(english, key).to_string();
    let to_send = issue.to_send(&here.desk.room.knows.rules, (here.app.clock)().date());
    let row = |document: Document| Row {
        name: match document.kind {
            None => "paper, by post".to_string(),
            Some(_) if document.name.is_empty() => "a file without a name".to_string(),
            Some(_) => document.name.clone(),
        },
        size: document.kind.map(|_| size(document.bytes)).unwrap_or_default(),
        sent: clock(document.sent_at),
        waits: document.state == State::Received,
        state: match document.state {
            State::Received => "waits".to_string(),
            State::Accepted => "accepted".to_string(),
            State::Rejected => format!("rejected: {}", document.reason.replace('_', " ")),
        },
        id: document.id,
    };
    Ok(OpenedItem {
        reference: shown(&case.application.reference),
        who: match (issue, case.name(issue.person())) {
            // Whoever applies may be on the paper.
            (Matter::Event(_), _) => {
                let names: Vec<String> = case.applicants().into_iter().map(|row| case.name(row)).collect();
                names.join(", ")
            }
            (_, name) if name.is_empty() => "the household".to_string(),
            (_, name) => name,
        },
        told: told(&case, issue.person()),
        to_send: to_send.iter().map(|key| words(key)).collect(),
        documents: documents_of(here, issue).await?.into_iter().map(row).collect(),
        reasons: Reason::iter()
            .map(|reason| (reason.into(), words(&format!("proof.reason.{}", <&str>::from(reason)))))
            .collect(),
        takes: issue.takes(),
    })
}

/// What a document is held against: the answers that identify a person and their status, as far as they were given.
fn told(case: &Case, person: RowId) -> Vec<(String, String)> {
    const ANSWERS: [(&str, &str); 12] = [
        ("birth_date", "Birth date"),
        ("ssn", "Social Security number"),
        ("citizen", "U.S. citizen"),
        ("status", "Immigration status"),
        ("document", "Immigration document"),
        ("alien_number", "Alien number"),
        ("document_number", "Document number"),
        ("tribe", "Tribe"),
        ("street", "Street"),
        ("city", "City"),
        ("zip", "ZIP code"),
        ("no_ssn_why", "Why no Social Security number"),
    ];
    let answer = |question: &str| match case.text(question, person) {
        "" => case.text(question, HOUSEHOLD).to_string(),
        typed if question == "ssn" => format!("•••-••-{}", last_four(typed)),
        typed => typed.to_string(),
    };
    let told = ANSWERS.iter().map(|(question, name)| (name.to_string(), answer(question)));
    told.filter(|(_, answer)| !answer.is_empty()).collect()
}

/// `412 KB`
fn size(bytes: i64) -> String {
    format!("{} KB", (bytes + 1023) >> 10)
}

fn last_four(typed: &str) -> String {
    let digits: Vec<char> = typed.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(4)..].iter().collect()
}

/// `POST /desk/item/ID/open`
pub async fn open(Path(id): Path<String>, here: Here) -> Answer {
    match here.write(Open(hand(&here, &id)?)).await? {
        // Whoever comes second is told with whom it is, on the same page.
        Opened::Mine | Opened::With(..) => Ok(view::go(&format!("/desk/item/{id}"))),
        Opened::Nowhere => Ok(view::not_there()),
    }
}

/// `POST /desk/item/ID/back`
pub async fn back(Path(id): Path<String>, here: Here) -> Answer {
    let hand = hand(&here, &id)?;
    match here.write(Move { hand, to: None, any: false }).await? {
        true => done("/desk", "back"),
        false => done("/desk", "gone"),
    }
}

/// `POST /desk/item/ID/move`: a supervisor gives it to somebody, or back into the line.
pub async fn hand_over(Path(id): Path<String>, here: Here) -> Answer {
    here.supervisor()?;
    let to = here.get("to").to_string();
    let mut connection = here.read().await?;
    let found = people::of_id(&mut connection, &to).await?.filter(|person| person.state == people::State::Active);
    drop(connection);
    if !to.is_empty() && found.is_none() {
        return done(&format!("/desk/item/{id}"), "same");
    }
    let hand = hand(&here, &id)?;
    match here.write(Move { hand, to: found.map(|person| person.id), any: true }).await? {
        true => done(&format!("/desk/item/{id}"), "moved"),
        false => Ok(view::not_there()),
    }
}

/// `POST /desk/item/ID/paper`: an envelope with its number has come.
pub async fn paper(Path(id): Path<String>, here: Here) -> Answer {
    let (hand, document) = (hand(&here, &id)?, new_id()?);
    let decided = here.write(Paper { hand, id: document }).await?;
    told_of(decided, &format!("/desk/item/{id}"), "paper")
}

fn told_of(decided: Decided, path: &str, note: &str) -> Answer {
    match decided {
        Decided::Done => done(path, note),
        Decided::Before => done(path, "before"),
        Decided::NotMine => done("/desk", "gone"),
        Decided::Closed => done("/desk", "closed"),
    }
}

/// The issue that a document belongs to; not there for one that does not exist.
async fn dmi_of(here: &Here, document: &str) -> Result<String, Instead> {
    here.signed_in()?;
    let mut connection = here.read().await?;
    let asked = sqlx::query_scalar("SELECT dmi FROM document WHERE id = $1");
    let found: Option<String> =
        asked.bind(document).fetch_optional(&mut *connection).await.map_err(crate::store::StoreError::from)?;
    found.ok_or_else(|| view::not_there().into())
}

/// `POST /desk/document/ID`: the document itself, as an attachment, to whoever has its issue open. Written down first.
pub async fn document(Path(id): Path<String>, here: Here) -> Answer {
    let hand = hand(&here, &dmi_of(&here, &id).await?)?;
    let Some(owner) = here.write(Handed { hand, document: id.clone() }).await? else { return done("/desk", "gone") };
    let mut connection = here.read().await?;
    let found = stored::contents(&mut connection, &here.desk.room.means.vault, (&owner, &id)).await?;
    drop(connection);
    match found {
        Some((document, body)) => Ok(attachment(&document, &body)?),
        None => Ok(view::not_there()),
    }
}

/// `POST /desk/document/ID/accept`
pub async fn accept(Path(id): Path<String>, here: Here) -> Answer {
    let issue = dmi_of(&here, &id).await?;
    let decided = here.write(Accept { hand: hand(&here, &issue)?, room: here.desk.room.clone(), document: id }).await?;
    work::ring();
    match decided {
        Decided::Done => done("/desk", "accepted"),
        other => told_of(other, &format!("/desk/item/{issue}"), ""),
    }
}

/// `POST /desk/document/ID/reject`
pub async fn reject(Path(id): Path<String>, here: Here) -> Answer {
    let dmi = dmi_of(&here, &id).await?;
    let path = format!("/desk/item/{dmi}");
    let Ok(reason) = here.get("reason").parse::<Reason>() else { return done(&path, "reason") };
    let issue = issue_of(&here, &dmi).await?;
    let Some(document) = documents_of(&here, &issue).await?.into_iter().find(|document| document.id == id) else {
        return Ok(view::not_there());
    };
    let reject = Reject {
        hand: hand(&here, &dmi)?,
        room: here.desk.room.clone(),
        case: case_of(&here, &issue).await?,
        document: id,
        reason,
        notice: notice(&here, &issue, &document, reason),
    };
    let decided = here.write(reject).await?;
    work::ring();
    match decided {
        Decided::Done => done(&path, "rejected"),
        other => told_of(other, &path, ""),
    }
}

/// Words for the person, in every language of the site.
fn notice(here: &Here, issue: &Matter, document: &Document, reason: Reason) -> Notice {
    let messages = &here.app.messages;
    let letter = |lang| {
        let kind = issue.title(messages, lang);
        let file = match document.name.as_str() {
            "" => messages.t(lang, "proof.on_paper"),
            name => name,
        };
        let about = messages.tf(lang, "proof.notice.about", &[("file", file), ("kind", &kind)]);
        let why = messages.t(lang, &format!("proof.reason.{}", <&str>::from(reason))).to_string();
        let day = messages.date(lang, issue.due_day());
        let calm = match issue {
            Matter::Issue(_) => messages.t(lang, "proof.notice.calm"),
            Matter::Event(_) => messages.t(lang, "proof.notice.event_calm"),
        };
        let next = match issue.is_open() {
            true => messages.tf(lang, "proof.notice.next", &[("date", &day)]),
            false => messages.t(lang, "proof.notice.late").to_string(),
        };
        Letter {
            lang: lang.code().to_string(),
            title: messages.t(lang, "proof.notice.title").to_string(),
            lead: vec![about, why, next, calm.to_string()],
            people: Vec::new(),
            parts: Vec::new(),
        }
    };
    Notice { letters: messages.languages().map(letter).collect() }
}
