//! What somebody has to prove, as the pages show it: whose, by when, what to send, what was sent.

use std::collections::HashMap;

use serde_json::Value;

use crate::application::record;
use crate::application::sheet::{RowId, key};
use crate::application::submit::shown;
use crate::documents::stored::{self, Document, State};
use crate::enrollment::event_proof::{self, EventProof};
use crate::enrollment::record::{self as enrolled, Enrollment};
use crate::enrollment::special_rules::SpecialRules;
use crate::office::clock::day_and_clock;
use crate::office::desk::{Desk, Instead};
use crate::verify::dmi::{self, Dmi};
use crate::verify::rules::{Rules, Subject};
use crate::verify::words::subject_key;
use crate::web::page::Cx;

/// One thing to prove.
pub struct Need {
    pub id: String,
    /// The application's reference number, as people read it.
    pub reference: String,
    /// Whose, and what it is about.
    pub title: String,
    pub about: String,
    pub open: bool,
    /// Documents are taken: also of one whose time is over, for whoever proves it late.
    pub takes: bool,
    pub due: String,
    /// What came of one that is closed.
    pub closed: String,
    /// A document waits for somebody to look at it.
    pub in_review: bool,
    pub sent: Vec<Sent>,
    /// An event that lets somebody enroll, of which no insurer is told before it is proved; `false`: an answer that did not match.
    pub event: bool,
    /// What it holds up, and what comes after.
    pub more: Vec<String>,
    kind: Kind,
}

/// What it is about.
enum Kind {
    Subject(Subject),
    /// A code of sep_kinds.csv.
    Event(String),
}

/// One document in the list of what was sent.
pub struct Sent {
    /// `pay stub.pdf`, or that it came on paper.
    pub name: String,
    /// Where its owner can have it back; `None` for paper.
    pub address: Option<String>,
    pub size: String,
    pub when: String,
    /// What became of it, and what to do.
    pub state: String,
    pub why: Option<String>,
    pub rejected: bool,
}

/// Everything that somebody has to prove or has proved, what is open first; nothing for whoever has sent nothing.
pub async fn all(desk: &Desk, owner: &str) -> Result<Vec<Need>, Instead> {
    let cx = &desk.cx;
    let vault = &desk.office.means.vault;
    let mut connection = desk.office.read().await?;
    let issues = dmi::of_owner(&mut connection, owner).await?;
    let proofs = event_proof::of_owner(&mut connection, owner).await?;
    if issues.is_empty() && proofs.is_empty() {
        return Ok(Vec::new());
    }
    let enrollments = match proofs.is_empty() {
        true => Vec::new(),
        false => enrolled::of(&mut connection, vault, owner).await?,
    };
    let applications = record::of(&mut connection, vault, owner).await?;
    let mut documents: HashMap<String, Vec<Document>> = HashMap::new();
    for document in stored::of_owner(&mut connection, vault, owner).await? {
        documents.entry(document.dmi.clone()).or_default().push(document);
    }
    drop(connection);
    let mut needs: Vec<Need> = issues
        .iter()
        .filter_map(|issue| {
            let application = applications.iter().find(|application| application.id == issue.application)?;
            Some(need(cx, issue, application, documents.remove(&issue.id).unwrap_or_default()))
        })
        .collect();
    needs.extend(proofs.iter().filter_map(|proof| {
        let application = applications.iter().find(|application| application.id == proof.application)?;
        let sent = documents.remove(&proof.id).unwrap_or_default();
        Some(of_event(cx, proof, application, (sent, &enrollments)))
    }));
    // The list comes by day; those that are closed go to the end.
    needs.sort_by_key(|need| !need.open);
    Ok(needs)
}

/// One of them; `None` if it is not theirs.
pub async fn one(desk: &Desk, owner: &str, id: &str) -> Result<Option<Need>, Instead> {
    Ok(all(desk, owner).await?.into_iter().find(|need| need.id == id))
}

fn need(cx: &Cx, issue: &Dmi, application: &record::Application, documents: Vec<Document>) -> Need {
    let kind = issue.kind;
    let name = name(&application.frozen.answers, issue.person);
    let subject = cx.t(&subject_key(kind));
    let due = cx.date(issue.due_day);
    Need {
        id: issue.id.clone(),
        reference: shown(&application.reference),
        title: cx.tf("verify.heading", &[("name", &name), ("subject", subject)]),
        about: cx.tf(&format!("verify.open.{}", kind.word()), &[("name", &name)]),
        open: issue.is_open(),
        takes: issue.is_open() || issue.state == dmi::EXPIRED,
        closed: match issue.is_open() {
            true => String::new(),
            false => cx.t(&format!("proof.closed.{}", issue.state)).to_string(),
        },
        due,
        in_review: documents.iter().any(|document| document.state == State::Received),
        sent: documents.into_iter().map(|document| sent(cx, document)).collect(),
        event: false,
        more: Vec::new(),
        kind: Kind::Subject(kind),
    }
}

fn of_event(
    cx: &Cx,
    proof: &EventProof,
    application: &record::Application,
    (documents, enrollments): (Vec<Document>, &[Enrollment]),
) -> Need {
    let event = cx.t(&format!("sep.{}.name", proof.kind));
    let about = [("event", event), ("date", &cx.date(proof.event)[..])];
    let waiting = enrollments.iter().filter(|own| own.proof.as_ref() == Some(&proof.id) && event_proof::waits(own));
    let plan = |own: &Enrollment| {
        let signed = &own.signed.plan;
        let values = [("plan", &signed.name[..]), ("insurer", &signed.issuer_name), ("start", &cx.date(own.starts))];
        cx.tf("event_proof.plan", &values)
    };
    let plans: Vec<String> = waiting.map(plan).collect();
    let after = ["event_proof.only_then", "event_proof.start_stays"].map(|key| cx.t(key).to_string());
    Need {
        id: proof.id.clone(),
        reference: shown(&application.reference),
        title: cx.tf("event_proof.heading", &about),
        about: cx.tf("event_proof.because", &about),
        open: proof.is_open(),
        takes: proof.is_open(),
        closed: match proof.is_open() {
            true => String::new(),
            false => cx.t(&format!("event_proof.closed.{}", proof.state)).to_string(),
        },
        due: cx.date(proof.due_day),
        in_review: documents.iter().any(|document| document.state == State::Received),
        sent: documents.into_iter().map(|document| sent(cx, document)).collect(),
        event: true,
        more: if plans.is_empty() { Vec::new() } else { plans.into_iter().chain(after).collect() },
        kind: Kind::Event(proof.kind.clone()),
    }
}

/// `Ana Li`
fn name(answers: &Value, person: RowId) -> String {
    let text = |question: &str| answers[key(question, person)].as_str().unwrap_or_default().trim().to_string();
    let parts = ["first_name", "middle_name", "last_name"].map(text).into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

fn sent(cx: &Cx, document: Document) -> Sent {
    let state = match document.state {
        State::Received => cx.t("proof.state.received"),
        State::Accepted => cx.t("proof.state.accepted"),
        State::Rejected => cx.t("proof.state.rejected"),
    };
    let why = (document.state == State::Rejected).then(|| cx.t(&format!("proof.reason.{}", document.reason)));
    Sent {
        name: match document.kind {
            None => cx.t("proof.on_paper").to_string(),
            Some(_) if document.name.is_empty() => cx.t("proof.unnamed").to_string(),
            Some(_) => document.name.clone(),
        },
        address: document.kind.map(|_| cx.href(&format!("/account/proof/document/{}", document.id))),
        size: document.kind.map(|_| size(cx, document.bytes)).unwrap_or_default(),
        when: day_and_clock(cx, document.sent_at),
        state: state.to_string(),
        why: why.map(str::to_string),
        rejected: document.state == State::Rejected,
    }
}

/// `412 KB`, `2.4 MB`
pub fn size(cx: &Cx, bytes: i64) -> String {
    let tenths = (bytes * 10 + (1 << 19)) >> 20;
    match tenths {
        0..=9 => cx.tf("proof.kb", &[("n", &((bytes + 1023) >> 10).to_string())]),
        tenths => cx.tf("proof.mb", &[("n", &format!("{}.{}", tenths / 10, tenths % 10))]),
    }
}

impl Need {
    /// What can be sent for it, in words: each enough alone; one of these together with one of the others.
    pub fn to_send(&self, cx: &Cx, rules: &Rules) -> [Vec<String>; 3] {
        let words = |stem: &str, names: &[String]| -> Vec<String> {
            names.iter().map(|name| cx.t(&format!("{stem}.{name}")).to_string()).collect()
        };
        match &self.kind {
            Kind::Subject(kind) => {
                let send = rules.to_send(*kind, cx.today());
                [&send.alone, &send.together, &send.beside].map(|names| words("verify.document", names))
            }
            Kind::Event(event) => {
                let names: Vec<String> =
                    SpecialRules::of_build().documents(event, cx.today()).into_iter().map(str::to_string).collect();
                [words("proof.document", &names), Vec::new(), Vec::new()]
            }
        }
    }

    /// `4F2A 90C1 77DE`: what is written on paper, and typed at the desk.
    pub fn number(&self) -> String {
        shown(&stored::number(&self.id))
    }
}
