//! What documents at the desk are about: a data-matching issue, or an event that has to be proved before an insurer is told.
//!
//! Called by the pages and the decisions of the desk. Both are found by an ID, are due on a day, and belong to an application; what
//! accepting one does is its own room's.

use sqlx::AnyConnection;
use time::Date;

use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::enrollment::event_proof::{self, EventProof};
use crate::enrollment::special_rules::SpecialRules;
use crate::store::audit::Actor;
use crate::store::{StoreError, Tx};
use crate::text::i18n::{Lang, Messages};
use crate::verify::dmi::{self, Dmi, How};
use crate::verify::words::subject_key;
use crate::verify::{Room, Rules};

/// A thing to prove.
pub enum Matter {
    Issue(Dmi),
    Event(EventProof),
}

/// One by its ID; `None` if there is none.
///
/// # Errors
///
/// If the store is away.
pub async fn one(connection: &mut AnyConnection, id: &str) -> Result<Option<Matter>, StoreError> {
    if let Some(issue) = dmi::one(&mut *connection, id).await? {
        return Ok(Some(Matter::Issue(issue)));
    }
    Ok(event_proof::one(connection, id).await?.map(Matter::Event))
}

/// What the line says of one before anybody has opened it. `kind`: as its row has it.
pub fn about(messages: &Messages, lang: Lang, kind: &str) -> String {
    match kind.parse() {
        Ok(subject) => messages.t(lang, &subject_key(subject)).to_string(),
        Err(_) => event(messages, lang, kind),
    }
}

fn event(messages: &Messages, lang: Lang, kind: &str) -> String {
    messages.t(lang, &format!("sep.{kind}.name")).to_string()
}

impl Matter {
    pub fn id(&self) -> &str {
        match self {
            Matter::Issue(issue) => &issue.id,
            Matter::Event(proof) => &proof.id,
        }
    }

    pub fn owner(&self) -> &str {
        match self {
            Matter::Issue(issue) => &issue.owner,
            Matter::Event(proof) => &proof.owner,
        }
    }

    pub fn application(&self) -> &str {
        match self {
            Matter::Issue(issue) => &issue.application,
            Matter::Event(proof) => &proof.application,
        }
    }

    /// Of an event: the household.
    pub fn person(&self) -> RowId {
        match self {
            Matter::Issue(issue) => issue.person,
            Matter::Event(_) => HOUSEHOLD,
        }
    }

    pub fn state(&self) -> &str {
        match self {
            Matter::Issue(issue) => &issue.state,
            Matter::Event(proof) => &proof.state,
        }
    }

    pub fn due_day(&self) -> Date {
        match self {
            Matter::Issue(issue) => issue.due_day,
            Matter::Event(proof) => proof.due_day,
        }
    }

    pub fn is_open(&self) -> bool {
        match self {
            Matter::Issue(issue) => issue.is_open(),
            Matter::Event(proof) => proof.is_open(),
        }
    }

    /// Documents are taken: of an issue also after its last day, of an event not, because what waited for it is cancelled.
    pub fn takes(&self) -> bool {
        self.is_open() || matches!(self, Matter::Issue(issue) if issue.state == dmi::EXPIRED)
    }

    /// What it is about.
    pub fn title(&self, messages: &Messages, lang: Lang) -> String {
        match self {
            Matter::Issue(issue) => messages.t(lang, &subject_key(issue.kind)).to_string(),
            Matter::Event(proof) => {
                let day = messages.date(lang, proof.event);
                format!("{}, {day}", event(messages, lang, &proof.kind))
            }
        }
    }

    /// Ends of message keys of what can be sent.
    pub fn to_send(&self, rules: &Rules, on: Date) -> Vec<String> {
        match self {
            Matter::Issue(issue) => {
                let send = rules.to_send(issue.kind, on);
                send.alone.iter().chain(&send.together).map(|name| format!("verify.document.{name}")).collect()
            }
            Matter::Event(proof) => {
                let names = SpecialRules::of_build().documents(&proof.kind, on);
                names.into_iter().map(|name| format!("proof.document.{name}")).collect()
            }
        }
    }

    /// A document proves it, in the caller's transaction. `false`: it was closed before.
    pub async fn accept(&self, tx: &mut Tx, room: &Room, (by, session): (&Actor, &str)) -> Result<bool, StoreError> {
        match self {
            Matter::Issue(issue) => dmi::resolve(tx, &room.means, &issue.id, (How::Document, by)).await,
            Matter::Event(proof) => event_proof::accept(tx, room, &proof.id, (by, session)).await,
        }
    }

    /// One of its documents was looked at.
    pub async fn reviewed(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self {
            Matter::Issue(issue) => dmi::reviewed(tx, &issue.id).await,
            Matter::Event(proof) => event_proof::reviewed(tx, &proof.id).await,
        }
    }
}
