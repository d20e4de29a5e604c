//! What waits in a session for a code: an account to be made, somebody who signs in, a new password, a new address.
//!
//! Kept sealed beside the session, as forms behind a lock are, and for a shorter time. Nothing of it is in an address or
//! in a page's hidden fields.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::desk::{Desk, Instead};
use super::letters::Says;
use crate::account::codes;
use crate::account::pending::{self, Keep, Pending, Take};
use crate::account::steps::{Asked, Mailed, Purpose};
use crate::sealing::SealFault;
use crate::store::Millis;
use crate::text::i18n::Lang;
use crate::types::hex;

/// How long a password that was right, or a form that waits for a code, is good.
const WAITS: Millis = 30 * 60_000;
/// Marks what waits for a code among what waits behind a lock.
pub const PLACE: &str = "waiting";

/// Has no `Debug`; wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Waiting {
    SignUp {
        email: String,
        hash: String,
        chars: i64,
        lang: String,
        shared: bool,
    },
    SignIn {
        email: String,
        shared: bool,
        /// The session of theirs that had ended here, in hexadecimal; empty: none.
        #[serde(default)]
        over: String,
    },
    NewAddress {
        email: String,
    },
    /// New recovery codes, to be shown until they are put down.
    Codes {
        codes: Vec<String>,
    },
}

impl Drop for Waiting {
    fn drop(&mut self) {
        match self {
            Waiting::SignUp { email, hash, .. } => {
                email.zeroize();
                hash.zeroize();
            }
            Waiting::SignIn { email, .. } | Waiting::NewAddress { email } => email.zeroize(),
            Waiting::Codes { codes } => codes.zeroize(),
        }
    }
}

impl Waiting {
    /// The address that a code for it was mailed to; empty if it has none of its own.
    pub fn address(&self) -> &str {
        match self {
            Waiting::SignUp { email, .. } | Waiting::SignIn { email, .. } | Waiting::NewAddress { email } => email,
            Waiting::Codes { .. } => "",
        }
    }

    pub fn purpose(&self) -> Purpose {
        match self {
            Waiting::SignIn { .. } | Waiting::Codes { .. } => Purpose::SecondStep,
            Waiting::SignUp { .. } | Waiting::NewAddress { .. } => Purpose::ConfirmAddress,
        }
    }
}

/// What a code is asked for; `to`: where it is mailed.
pub fn asked(owner: &str, purpose: Purpose, session: &[u8], to: &str) -> Asked {
    let address = if purpose == Purpose::ConfirmAddress { to } else { "" };
    Asked { owner: owner.to_string(), purpose, session: hex(session), address: address.to_string() }
}

/// A new code to be mailed, and the change that keeps its hash.
pub fn mailed(asked: Asked) -> Result<(Zeroizing<String>, Mailed), SealFault> {
    let code = codes::new_mailed_code()?;
    let kept = Mailed { asked, code: Zeroizing::new(code.to_string()) };
    Ok((code, kept))
}

impl Desk {
    /// Keeps what waits, in the session of this hash.
    pub async fn wait(&self, owner: &str, session: &[u8], waiting: &Waiting) -> Result<(), Instead> {
        let body = serde_json::to_string(waiting).map_err(anyhow::Error::new)?;
        let pending = Pending { address: PLACE.to_string(), body };
        let vault = self.office.means.vault.clone();
        let keep = Keep { vault, session: session.to_vec(), owner: owner.to_string(), pending };
        match self.office.write(keep).await? {
            true => Ok(()),
            false => Err(anyhow::anyhow!("what waits for a code could not be kept").into()),
        }
    }

    /// What waits here, and whose it is.
    pub async fn waits(&self) -> Result<Option<(String, Waiting)>, Instead> {
        if self.visitor.hash.is_empty() {
            return Ok(None);
        }
        let mut connection = self.office.read().await?;
        let now = self.visitor.now;
        let found = pending::look(&mut connection, &self.office.means.vault, &self.visitor.hash, now).await?;
        Ok(found.and_then(|kept| {
            let ours = kept.pending.address == PLACE && kept.made_at + WAITS > now;
            let waiting = ours.then(|| serde_json::from_str(&kept.pending.body).ok()).flatten()?;
            Some((kept.owner, waiting))
        }))
    }

    /// It waits no longer.
    pub async fn waited(&self, owner: &str) -> Result<(), Instead> {
        let (vault, session) = (self.office.means.vault.clone(), self.visitor.hash.clone());
        self.office.write(Take { vault, session, owner: owner.to_string() }).await?;
        Ok(())
    }

    /// Makes a code, keeps its hash, and mails it.
    pub async fn mail_code(
        &self,
        owner: &str,
        purpose: Purpose,
        session: &[u8],
        (to, lang): (&str, Lang),
    ) -> Result<(), Instead> {
        let (code, kept) = mailed(asked(owner, purpose, session, to))?;
        let letter = self.office.letter(lang, (owner, to), &Says::Code(&code))?;
        Ok(self.office.tell(kept, letter, |()| true).await?)
    }
}
