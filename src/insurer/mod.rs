//! Files between this Exchange and insurers: what people signed and changed goes out, what became of it comes back.
//!
//! A chore of `serve` (`sweep`) takes what waits for each insurer, a file at a time (`send`), and lays it into a folder that a
//! transport empties (`folder`). What insurers lay down there is read (`inbox`): answers to our files, first payments, ends,
//! and once a month all that they have, which is compared with ours (`reconcile`). Each enrollment is in a file once,
//! whenever a process dies, and nobody is matched by a name. A person's words are nowhere but in sealed columns and in the
//! folder; it must never log one.

pub mod effect;
pub mod folder;
pub mod inbox;
pub mod member;
pub mod reconcile;
pub mod record;
pub mod send;
mod spelled;
pub mod sweep;
pub mod words;

use sha2::{Digest as _, Sha256};

/// What we are called in envelopes (ISA06, GS02).
pub const SENDER: &str = "WINDOWSHOP";
/// Most transactions of one file of ours.
pub const MOST_LINES: usize = 1_000;

/// An insurer's ID: five digits, given by CMS (HIOS).
pub fn is_issuer(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// ID and name of the file with a control number.
pub fn file_id(issuer: &str, control: i64) -> String {
    format!("834-{issuer}-{control:09}")
}

/// `enrollment_change.file` of what cannot be written until somebody has looked at it.
pub fn unwritten(issuer: &str) -> String {
    format!("{issuer}-unwritten")
}

/// What a file is known by that came in.
pub fn digest(bytes: &[u8]) -> String {
    crate::types::hex(&Sha256::digest(bytes))
}
