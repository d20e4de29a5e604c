//! Account transfers between this Exchange and the Medicaid and CHIP agencies of states, both ways (45 CFR 155.302, 155.345), in
//! the federal shape.
//!
//! What goes out is a job, put down with the application (`job`) or found by `sweep` after a redetermination: written from what
//! was frozen (`write`), checked before anybody sees it (`rules`), laid into a folder that a transport empties (`folder`).
//! What comes in lies in that folder, too (`inbox`): answers to what we sent, and people whom an agency sends here. Each
//! effect is there once, whenever a process dies; nobody is matched by guess. It must never log a word of a person.

pub mod codes;
pub mod draft;
pub mod facts;
pub mod folder;
pub mod history;
pub mod inbox;
pub mod json;
pub mod receive;
pub mod record;
pub mod rules;
pub mod send;
pub mod shape;
pub mod steps;
pub mod sweep;
pub mod words;
pub mod write;
pub mod xml;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::application::sheet::RowId;
use crate::sealing::{DataKey, SealFault};
use crate::types::request_id;
use crate::work::queue::Ready;
use crate::work::{Kind, NewJob, Repeats};

/// Writing a transfer twice gives the same file; releasing it is a rename, which can be done once.
pub static TRANSFER: Kind = Kind {
    name: "transfer",
    max_attempts: 200,
    gives_up_after: None,
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};

/// Why there is a transfer: as `transfer.cause` has it.
pub const SUBMITTED: &str = "submitted";
/// Begins the cause of one that an operator has asked for again.
pub const RESENT: &str = "resent:";
/// Characters of an ID after its first letter. With a hyphen and a row it has the twenty that a rule allows.
const ID_CHARS: usize = 15;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What is sealed in a job.
#[derive(Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Said {
    /// Write, check, lay beside the folder.
    Make { application: String, cause: String },
    /// Into the folder. `place`: the folder that it was laid beside.
    Out { transfer: String, place: String },
}

/// A job of a transfer.
pub struct ToDo {
    pub key: String,
    said: Said,
    request_id: Arc<str>,
}

impl ToDo {
    pub fn of<'a>(&'a self, owner: &'a str) -> NewJob<'a, Said> {
        let (key, request_id) = (&*self.key, &*self.request_id);
        NewJob { kind: &TRANSFER, key, owner, run_at: None, payload: &self.said, request_id }
    }
}

/// The job that transfers an application.
pub fn job(application: &str, cause: &str) -> ToDo {
    let (application, cause) = (application.to_string(), cause.to_string());
    let key = format!("transfer:{application}:{cause}");
    ToDo { key, said: Said::Make { application, cause }, request_id: request_id() }
}

/// The job that transfers what followed from a redetermination: its key is the redetermination's own.
pub fn after(application: &str, redetermination: &str) -> ToDo {
    let own = job(application, &format!("redetermined:{redetermination}"));
    ToDo { key: redetermination.to_string(), ..own }
}

/// The job to be put down with an application, if its determination refers anybody; `full`: they asked the agency to decide.
///
/// # Errors
///
/// If the system has no randomness.
pub fn first(
    key: &DataKey,
    (owner, application): (&str, &str),
    (determination, full): (&Value, bool),
) -> Result<Option<Ready>, SealFault> {
    let any = !facts::referred(determination, full).is_empty();
    any.then(|| job(application, SUBMITTED).of(owner).sealed(key)).transpose()
}

/// The ID of an application's transfer for a cause: the same whenever it is asked for.
pub fn transfer_id(application: &str, cause: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["windowshop transfer", application, cause] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let letters = hash
        .finalize()
        .iter()
        .take(ID_CHARS)
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect::<String>();
    format!("W{letters}")
}

/// The ID of one person's referral: comes back with each answer.
pub fn referral_id(transfer: &str, person: RowId) -> String {
    format!("{transfer}-{person}")
}

/// Transfer and person of a referral of ours.
pub fn of_referral(id: &str) -> Option<(&str, RowId)> {
    let (transfer, person) = id.split_once('-')?;
    let fits = transfer.len() == ID_CHARS + 1 && transfer.starts_with('W');
    let own = fits && transfer.bytes().skip(1).all(|byte| ALPHABET.contains(&byte));
    own.then(|| person.parse().ok()).flatten().map(|person| (transfer, person))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_an_earlier_version_is_read() {
        let earlier = r#"{"phase":"make","application":"0192","cause":"submitted","county":"Franklin"}"#;
        assert!(matches!(serde_json::from_str(earlier), Ok(Said::Make { .. })));
    }

    #[test]
    fn a_referral_leads_back_to_its_transfer_and_fits_into_twenty_letters() {
        let id = transfer_id("0192", SUBMITTED);
        assert_eq!(id, transfer_id("0192", SUBMITTED));
        assert_ne!(id, transfer_id("0192", "redetermined:1"));
        let referral = referral_id(&id, 400);
        assert!(referral.len() <= 20, "{referral}");
        assert_eq!(of_referral(&referral), Some((id.as_str(), 400)));
        for other in ["FFM45358121961474116", "W-1", "IDC61058121961474610", "W123456789012345", "w12345678901234-1"] {
            assert_eq!(of_referral(other), None, "{other}");
        }
    }
}
