//! What an operator should know of an office that would start: each part in a line, with what is missing and what to do.
//!
//! Called by `windowshop check` once there are no faults. Nothing in it keeps `serve` from starting, and it changes
//! nothing.

use std::fmt;

use time::OffsetDateTime;

use crate::account::breached::Breached;
use crate::account::retention::Schedule;
use crate::config::Config;
use crate::mail::dkim::Signer;
use crate::sealing::value::id_text;
use crate::store::schema::BINARY;
use crate::store::{Millis, Seen, Store, StoreAddress};
use crate::types::group_thousands;

const DAY: Millis = 24 * 3_600_000;
/// A backup that is older is named: what came since would be lost with the disk.
const BACKUP_DAYS: Millis = 1;

/// One part of the office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub what: &'static str,
    /// Nothing is to be done.
    pub good: bool,
    pub words: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.good { "good" } else { "look" };
        write!(f, "{mark}  {:<19} {}", self.what, self.words)
    }
}

fn line(what: &'static str, good: bool, words: impl Into<String>) -> Line {
    Line { what, good, words: words.into() }
}

/// Everything about the office, in the order in which it is set up.
pub async fn of(config: &Config, now: OffsetDateTime) -> Vec<Line> {
    let address = StoreAddress::of(&config.office);
    let there = address.file().is_none_or(std::path::Path::exists);
    let seen = if there { Store::look(&address).await } else { Ok(None) };
    let seen = match seen {
        Ok(seen) => seen,
        Err(fault) => return vec![line("store", false, fault.to_string())],
    };
    vec![
        store(&address, seen.as_ref()),
        keys(config),
        folders(config),
        backup(seen.as_ref()),
        letters(config),
        signed(config),
        hub(config),
        public_address(config),
        plain(config),
        passwords(config),
        retention(now),
    ]
}

fn store(address: &StoreAddress, seen: Option<&Seen>) -> Line {
    match seen {
        None => line("store", true, format!("{address}: the first start makes it")),
        Some(seen) if seen.schema < BINARY => {
            line("store", true, format!("{address}, schema {}: the next start makes it {BINARY}", seen.schema))
        }
        Some(seen) => line("store", true, format!("{address}, schema {}", seen.schema)),
    }
}

fn keys(config: &Config) -> Line {
    let Some(file) = config.office.key_path() else {
        return line("keys", false, "from WINDOWSHOP_KEYS, where other programs may see them: use --key-file");
    };
    let shown = file.display();
    match config.office.ring_if_there() {
        Err(fault) => line("keys", false, fault.to_string()),
        Ok(None) => line("keys", true, format!("{shown}: the first start makes it; keep a copy elsewhere")),
        Ok(Some(ring)) => {
            let ids: Vec<String> = ring.ids().map(id_text).collect();
            let seals = ids.first().cloned().unwrap_or_default();
            match ring.waiting() {
                Some(waits) => {
                    let waits = id_text(waits);
                    line("keys", false, format!("{shown}: {seals} seals and {waits} waits: windowshop keys rotate"))
                }
                None => {
                    line("keys", true, format!("{shown}: {seals} seals, {} more open; is a copy kept?", ids.len() - 1))
                }
            }
        }
    }
}

/// Who besides this program's user may look into folders, or write in them by its group.
fn folders(config: &Config) -> Line {
    let open: Vec<String> = super::folders(config)
        .into_iter()
        .filter(|(_, dir)| super::mode(dir) & 0o077 != 0)
        .map(|(flag, dir)| format!("--{flag} {} ({:o})", dir.display(), super::mode(dir) & 0o777))
        .collect();
    match open.is_empty() {
        true => line("folders", true, "opened by this program's user alone"),
        false => line("folders", false, format!("{}: others may look into it: chmod 700", open.join(", "))),
    }
}

fn backup(seen: Option<&Seen>) -> Line {
    let Some(seen) = seen else { return line("newest backup", true, "there is nothing to copy yet") };
    let Some(at) = seen.backed_up_at else {
        return line("newest backup", false, "none is on record: windowshop backup --to NAME, every night");
    };
    let days = (seen.now - at) / DAY;
    let at = crate::operator::clock_text(at);
    match days {
        ..=BACKUP_DAYS => line("newest backup", true, format!("{at} UTC")),
        _ => {
            line("newest backup", false, format!("{at} UTC, {days} days ago: windowshop backup --to NAME, every night"))
        }
    }
}

fn letters(config: &Config) -> Line {
    let Some(url) = &config.mail_server else {
        let words = "no mail server (--mail-server): letters are only laid into the folder outbox, and nobody gets one";
        return line("letters", false, words);
    };
    // The text may hold a password.
    let server = url::Url::parse(url.expose()).ok();
    let host = server.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    line("letters", true, format!("from {} by {host}", config.mail_from))
}

/// With the record to publish: what is signed and not published is worse than not signed.
fn signed(config: &Config) -> Line {
    match config.dkim.as_ref().map(Signer::open) {
        None => line("letters signed", true, "by the mail server, if it has a DKIM key (here: --dkim-key)"),
        Some(Ok(signer)) => {
            let (name, record) = signer.record();
            line("letters signed", true, format!("here (DKIM); in DNS there must be: {name} TXT \"{record}\""))
        }
        Some(Err(fault)) => line("letters signed", false, fault),
    }
}

/// Without it applications are taken all the same, and what is to be checked waits.
fn hub(config: &Config) -> Line {
    let Some(url) = &config.hub.url else {
        return line("federal hub", false, "none (--hub-url): what people said is not checked, and waits");
    };
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_string)).unwrap_or_default();
    match (url.starts_with("https://"), config.hub.contact_phone.is_empty()) {
        (false, _) => line("federal hub", false, format!("{url} without TLS: a simulator on this machine")),
        (true, true) => {
            line("federal hub", false, format!("{host}; no --hub-contact-phone: lawful presence cannot be asked about"))
        }
        (true, false) => line("federal hub", true, host),
    }
}

fn public_address(config: &Config) -> Line {
    match &config.public_url {
        Some(url) if url.starts_with("https://") => line("public address", true, url.as_str()),
        Some(url) => line("public address", false, format!("{url} without TLS: for this machine alone")),
        None if config.behind_tls => {
            line("public address", false, "behind TLS, but without --public-url: forms are taken by the name in Host")
        }
        None => line(
            "public address",
            false,
            "none (--public-url https://…): cookies are not Secure, so browsers would send them readable",
        ),
    }
}

/// What leaves this machine without TLS, which somebody has allowed in a setting.
fn plain(config: &Config) -> Line {
    let mut readable = Vec::new();
    for (flag, address) in [("--listen", Some(config.listen)), ("--metrics-listen", config.metrics_listen)] {
        readable.extend(address.filter(|address| !address.ip().is_loopback()).map(|at| format!("{flag} {at}")));
    }
    if config.office.database_is_plain() {
        readable.push("--database-url with sslmode=disable".to_string());
    }
    match readable.is_empty() {
        true => line("plain connections", true, "none leaves this machine"),
        false => {
            let which = readable.join(", ");
            line("plain connections", false, format!("{which}: only in a network that is encrypted itself"))
        }
    }
}

fn passwords(config: &Config) -> Line {
    let Some(file) = &config.breached_passwords else {
        let words = "no file (--breached-passwords): only the words that everybody tries are refused";
        return line("breached passwords", false, words);
    };
    match Breached::open(file) {
        Ok(breached) => {
            let many = group_thousands(i64::try_from(breached.records()).unwrap_or(i64::MAX));
            line("breached passwords", true, format!("{}: {many}", file.display()))
        }
        Err(fault) => line("breached passwords", false, fault),
    }
}

fn retention(now: OffsetDateTime) -> Line {
    match Schedule::on(now.date()) {
        Ok(_) => line("retention", true, "the schedule is whole; serve carries it out once a day"),
        Err(error) => line("retention", false, format!("nothing is deleted: {error}")),
    }
}
