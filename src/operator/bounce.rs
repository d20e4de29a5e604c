//! `windowshop bounce`: reads one message from standard input, as a mail server hands over what comes back to
//! `notice+…`, and writes down what it says of a letter of ours.

use std::io::Read;

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::{Opened, open, operator};
use crate::config::OfficeArgs;
use crate::work::bounce::{Bounce, Counted, Read as Found, read};
use crate::work::letters::Tokens;

/// Larger messages are cut off: what matters stands in front of the letter that comes back.
const MESSAGE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, Args)]
pub struct BounceArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Ends with 0 for every message that could be read, whatever it says: a mail server would send another answer back.
///
/// # Errors
///
/// If the office cannot be opened; then the mail server should try again.
pub async fn command(args: &BounceArgs, now: OffsetDateTime, input: &mut dyn Read) -> anyhow::Result<(String, u8)> {
    let mut message = Vec::new();
    input.take(MESSAGE_BYTES_MAX).read_to_end(&mut message)?;
    let Opened { store, vault, audit, .. } = open(&args.office, now).await?;
    let tokens = Tokens::open(&store, &vault).await?;
    let (what, owner, status) = match read(&message, &tokens) {
        Found::NotOurs => ("not_ours", String::new(), String::new()),
        Found::NoBounce => ("no_bounce", String::new(), String::new()),
        Found::Bounced { job, status } => {
            let bounce = Bounce { audit, actor: operator(), job, status: status.clone() };
            match store.begin_long_write(bounce).await? {
                Counted::Unknown => ("unknown", String::new(), status),
                Counted::Bad { owner } => ("bad_address", owner, status),
                Counted::Soft { owner } => ("counted", owner, status),
            }
        }
    };
    store.close().await;
    let words = match what {
        "not_ours" => "nothing in this message is of a letter of this site".to_string(),
        "no_bounce" => "this message does not say that a letter could not be delivered".to_string(),
        "unknown" => format!("the letter that came back ({status}) is not known any more"),
        "bad_address" => format!("{owner}: the address takes no letters ({status})"),
        _ => format!("{owner}: a letter came back ({status}), which may pass"),
    };
    let text = match args.json {
        true => json!({ "bounce": what, "owner": owner, "status": status }).to_string(),
        false => words,
    };
    Ok((text + "\n", 0))
}
