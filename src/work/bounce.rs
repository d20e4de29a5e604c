//! Letters that come back: one message as a mail server delivers it, read for what it says of a letter of ours.
//!
//! Called by `windowshop bounce`. A bounce is known by its token, which nobody can make up, and believed only in its
//! `message/delivery-status` (RFC 3464). It must never print, log or keep a word of the message but the status code.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use super::letters::{Tokens, refused, to_blame};
use crate::mail::{NO_SUCH_ADDRESS, is_enhanced, token_in};
use crate::store::audit::{Actor, Audit, Deed, Entry};
use crate::store::vault::SITE;
use crate::store::{Change, StoreError, Tx};

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// It is no report of a delivery, or tells that one went well or is late.
    NoBounce,
    /// No token of ours is in it.
    NotOurs,
    /// A letter's job, and the status: `5.1.1`, or `550` if nobody said more.
    Bounced { job: i64, status: String },
}

/// Reads one message.
pub fn read(message: &[u8], tokens: &Tokens) -> Read {
    let text = String::from_utf8_lossy(message);
    let Some(job) = token_in(&text).find_map(|token| tokens.read(token)) else { return Read::NotOurs };
    match status(message) {
        Some(status) => Read::Bounced { job, status },
        None => Read::NoBounce,
    }
}

/// The status of the first recipient for whom delivery failed.
fn status(message: &[u8]) -> Option<String> {
    let parsed = MessageParser::default().parse(message)?;
    let is_status = |part: &&mail_parser::MessagePart<'_>| part.is_content_type("message", "delivery-status");
    let part = parsed.parts.iter().find(is_status)?;
    let text = match &part.body {
        PartType::Text(text) => text.to_string(),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        PartType::Message(_) | PartType::Html(_) | PartType::Multipart(_) => {
            let (from, to) = (usize::try_from(part.offset_body).ok()?, usize::try_from(part.offset_end).ok()?);
            String::from_utf8_lossy(message.get(from..to)?).into_owned()
        }
    };
    // A group of fields for the message, then one for each recipient, with empty lines between.
    let text = text.replace("\r\n", "\n");
    text.split("\n\n").find_map(|group| {
        let field = |name: &str| {
            let mut lines = group.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let failed = field("action")?.eq_ignore_ascii_case("failed");
        let status = field("status")?.split_whitespace().next().unwrap_or_default();
        (failed && is_enhanced(status)).then(|| sharpened(status, field("diagnostic-code").unwrap_or_default()))
    })
}

/// Exim writes 5.0.0 for whatever failed, and beside it what the other server answered (`smtp; 550 5.1.1 no such user`).
fn sharpened(status: &str, diagnostic: &str) -> String {
    let answer = diagnostic.split_once(';').filter(|(kind, _)| kind.trim().eq_ignore_ascii_case("smtp"));
    let mut words = answer.map_or("", |(_, answer)| answer).split([' ', '-']).filter(|word| !word.is_empty());
    let (basic, enhanced) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let code = match () {
        () if status != "5.0.0" => status,
        () if is_enhanced(enhanced) => enhanced,
        () if NO_SUCH_ADDRESS.contains(&basic) => basic,
        () => status,
    };
    code.to_string()
}

/// What a bounce came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The letter is not known any more.
    Unknown,
    /// The address is bad from now on.
    Bad { owner: String },
    /// It may pass.
    Soft { owner: String },
}

/// Writes a bounce down.
pub struct Bounce {
    pub audit: Audit,
    pub actor: Actor,
    pub job: i64,
    pub status: String,
}

impl Change for Bounce {
    type Done = Counted;

    async fn run(&self, tx: &mut Tx) -> Result<Counted, StoreError> {
        let asked = sqlx::query_as("SELECT key, owner FROM letter WHERE job = $1");
        let found: Option<(String, String)> = asked.bind(self.job).fetch_optional(tx.conn()).await?;
        let Some((key, owner)) = found else { return Ok(Counted::Unknown) };
        let owner = to_blame(tx, &key, owner).await?;
        let status = self.status.as_str();
        let hard = status.starts_with("5.1.") || status == "5.2.1" || NO_SUCH_ADDRESS.contains(&status);
        if hard {
            refused(tx, &key, &self.status).await?;
        } else {
            let now = tx.now();
            let bounced = sqlx::query("UPDATE letter SET bounced_at = $2, code = $3 WHERE key = $1");
            bounced.bind(key.as_str()).bind(now).bind(self.status.as_str()).execute(tx.conn()).await?;
            // A letter to nobody's own address counts against nobody.
            if owner == SITE {
                return Ok(Counted::Soft { owner });
            }
            sqlx::query(
                "INSERT INTO mail_state (owner, bounced_at, code, soft, changed_at) VALUES ($1, NULL, $2, 1, $3) \
                 ON CONFLICT (owner) DO UPDATE SET soft = mail_state.soft + 1, changed_at = $3",
            )
            .bind(owner.as_str())
            .bind(self.status.as_str())
            .bind(now)
            .execute(tx.conn())
            .await?;
        }
        let entry = Entry { actor: &self.actor, deed: Deed::LetterBounced, owner: &owner, record: &key, session: "" };
        self.audit.append(tx, &entry).await?;
        Ok(if hard { Counted::Bad { owner } } else { Counted::Soft { owner } })
    }
}

#[cfg(test)]
mod tests {
    use super::sharpened;

    #[test]
    fn a_status_that_says_nothing_is_what_the_other_server_answered() {
        for (status, diagnostic, code) in [
            ("5.0.0", "smtp; 550 5.1.1 no such user", "5.1.1"),
            ("5.0.0", "SMTP; 550-5.1.1 no such user", "5.1.1"),
            ("5.0.0", "smtp; 550 Unknown user", "550"),
            ("5.0.0", "smtp; 552 5.2.2 full", "5.2.2"),
            ("5.0.0", "smtp; 554 go away", "5.0.0"),
            ("5.0.0", "x-local; 550 5.1.1 is somebody's own idea", "5.0.0"),
            ("5.0.0", "", "5.0.0"),
            ("5.2.2", "smtp; 550 5.1.1 no such user", "5.2.2"),
        ] {
            assert_eq!(sharpened(status, diagnostic), code, "{status} {diagnostic}");
        }
    }
}
