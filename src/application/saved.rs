//! Saving: each page changes its own answers and nothing else, whatever other tabs did meanwhile.
//!
//! Called by the application's pages. The document is one part of the draft's (`account::drafts`); it is read, changed and
//! written in one transaction. If another tab changed the same page, nothing is overwritten unseen.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::sheet::Sheet;
use crate::account::drafts::{self, Place};
use crate::account::people::Means;
use crate::sealing::SealFault;
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// An open application.
pub struct Open {
    /// Of the draft.
    pub id: String,
    pub version: i64,
    pub changed_at: Millis,
    pub sheet: Sheet,
    /// A guest's printed code.
    pub code: Option<String>,
}

/// A document that does not read is a fault of ours: the log says which column.
fn unreadable() -> StoreError {
    let place = columns::DRAFT_ANSWERS;
    SealFault::Unreadable { table: place.table, column: place.column }.into()
}

/// The application that an owner has begun and not sent; `None` if there is none.
///
/// # Errors
///
/// If the store is away, or the document does not open.
pub async fn open(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Option<Open>, StoreError> {
    let drafts = drafts::of(connection, vault, owner).await?;
    // It came with the first of their drafts, which may be sent already.
    let code = drafts.iter().find_map(|draft| draft.answers.resume_code.clone());
    for draft in drafts.into_iter().filter(|draft| draft.is_open) {
        if let Some(document) = draft.answers.application.clone() {
            let sheet = Sheet::read(document).map_err(|_| unreadable())?;
            let (id, version, changed_at) = (draft.id, draft.version, draft.changed_at);
            return Ok(Some(Open { id, version, changed_at, sheet, code }));
        }
    }
    Ok(None)
}

/// What a page does to the document. Runs again if another writer was faster.
pub type Edit = Box<dyn Fn(&mut Sheet) + Send + Sync>;

/// Changes of the application, one at a time.
pub struct Save {
    pub means: Means,
    pub owner: String,
    /// The ID of a draft that has to be made.
    pub new_draft: String,
    pub session: String,
    /// Makes an application if there is none; else one that is gone stays gone.
    pub begin: bool,
    /// The answers as their page showed them.
    pub guard: Option<Guard>,
    pub edit: Edit,
}

/// What must not have changed since a page was shown.
pub struct Guard {
    /// Names of the answers on the page.
    pub keys: Vec<String>,
    /// [`Sheet::word_over`] them, as shown.
    pub word: String,
    /// What is about to be written: the same from both tabs is no clash.
    pub typed: BTreeMap<String, String>,
}

/// What became of it.
pub enum Saved {
    Done(Box<Sheet>),
    /// Another tab has changed the page: nothing was written. The document as it stands.
    Clash(Box<Sheet>),
    /// There is no open application.
    None,
}

impl Guard {
    fn clashes(&self, sheet: &Sheet) -> bool {
        let changed = sheet.word_over(self.keys.iter().map(String::as_str)) != self.word;
        let differs = |(key, typed): (&String, &String)| {
            let (question, row) = key.rsplit_once('.').unwrap_or((key, "0"));
            sheet.get(question, row.parse().unwrap_or_default()) != typed
        };
        changed && self.typed.iter().any(differs)
    }
}

impl Change for Save {
    type Done = Saved;

    async fn run(&self, tx: &mut Tx) -> Result<Saved, StoreError> {
        let place = Place { owner: &self.owner, new_draft: &self.new_draft, session: &self.session };
        let mut outcome = Ok(Saved::None);
        drafts::edit(tx, &self.means, &place, |answers, _| {
            let mut sheet = match &answers.application {
                Some(document) => match Sheet::read(document.clone()) {
                    Ok(sheet) => sheet,
                    Err(_) => {
                        outcome = Err(unreadable());
                        return None;
                    }
                },
                None if self.begin => Sheet::default(),
                None => return None,
            };
            if self.guard.as_ref().is_some_and(|guard| guard.clashes(&sheet)) {
                outcome = Ok(Saved::Clash(Box::new(sheet)));
                return None;
            }
            (self.edit)(&mut sheet);
            match sheet.write() {
                Ok(document) => answers.application = Some(document),
                Err(_) => {
                    outcome = Err(unreadable());
                    return None;
                }
            }
            outcome = Ok(Saved::Done(Box::new(sheet)));
            Some(())
        })
        .await?;
        outcome
    }
}

/// Takes the application out of the draft; what was saved while browsing stays.
pub struct Forget {
    pub means: Means,
    pub owner: String,
    pub session: String,
}

impl Change for Forget {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let place = Place { owner: &self.owner, new_draft: "", session: &self.session };
        let gone = drafts::edit(tx, &self.means, &place, |answers, _| answers.application.take().map(drop));
        gone.await.map(drop)
    }
}
