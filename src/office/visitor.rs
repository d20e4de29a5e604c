//! Who is at the door: the session's row as it stands, the browser's own cookie, the network.
//!
//! Made by the gate, once a request.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest as _, Sha256};
use tower_sessions::SessionStore as _;
use tower_sessions::session::Id;

use super::Office;
use crate::account::session::{self, Session, State};
use crate::app::App;
use crate::floor::wire::Wire;
use crate::store::{Millis, StoreError};
use crate::types::hex;
use crate::web::admission::forwarded;

/// A session's `seen_at` is renewed when it is older than this.
const SEEN_EVERY: Millis = 60_000;
/// How long a browser stays known: the longest that browsers allow.
const KNOWN_SECONDS: u32 = 400 * 24 * 3600;

/// Who the session says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// `guest:ID`
    Guest(String),
    /// `account:ID`
    Account(String),
}

/// A session that opens nothing any more, and whose it was.
pub struct Over {
    pub session: Session,
    pub hash: Vec<u8>,
}

pub struct Visitor {
    pub who: Who,
    /// Of the session that the cookie names; `None` if there is none, or it has ended.
    pub session: Option<Session>,
    /// The session's hash; empty if there is none.
    pub hash: Vec<u8>,
    pub locked: bool,
    /// When it locks; `None` for guests on a computer of their own.
    pub locks_at: Option<Millis>,
    /// A session of this browser that is over, for whoever it was: a guest's that has locked, anybody's that has ended.
    pub over: Option<Over>,
    /// The store's time; zero if there is no session.
    pub now: Millis,
    /// The hash of the browser's own cookie.
    pub device: Option<Vec<u8>>,
    pub client: IpAddr,
    /// What the browser calls itself, shortened.
    pub browser: String,
}

impl Visitor {
    /// # Errors
    ///
    /// If the store is away.
    pub async fn of(app: &App, office: &Office, parts: &Parts) -> Result<Visitor, StoreError> {
        let client = parts
            .extensions
            .get::<Wire>()
            .map(|wire| wire.client(forwarded(&parts.headers), &app.config.trusted_proxies));
        let device = cookie(&parts.headers, device_cookie(office.cookie.is_secure()));
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let mut visitor = Visitor {
            who: Who::Nobody,
            session: None,
            hash: Vec::new(),
            locked: false,
            locks_at: None,
            over: None,
            now: 0,
            device: device.map(token_hash),
            client: client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            browser: browser_words(agent),
        };
        let id = cookie(&parts.headers, office.cookie.name()).and_then(|text| text.parse::<Id>().ok());
        if let Some(id) = id {
            visitor.read_session(office, id).await?;
        }
        Ok(visitor)
    }

    async fn read_session(&mut self, office: &Office, id: Id) -> Result<(), StoreError> {
        let hash = session::id_hash(&id);
        let Some((session, now)) = session::find(&office.store, &hash).await? else { return Ok(()) };
        self.now = now;
        match session.state(now) {
            State::Locked if session.authenticated_at.is_some() => self.locked = true,
            State::Locked | State::Ended => {
                let known = !session.owner.is_empty() && now < session.expires_at + session::REMEMBERED;
                self.over = known.then_some(Over { session, hash });
                return Ok(());
            }
            State::Open { .. } => {
                if now - session.seen_at > SEEN_EVERY {
                    // Loading is what renews it.
                    let loaded = office.sessions.load(&id).await;
                    loaded.map_err(|error| StoreError::Away(error.to_string()))?;
                }
                self.locks_at = session.locks_at(now).map(|at| at.min(session.expires_at));
            }
        }
        self.who = match session.owner.split_once(':') {
            Some(("guest", _)) => Who::Guest(session.owner.clone()),
            Some(("account", _)) if session.authenticated_at.is_some() => Who::Account(session.owner.clone()),
            _ => Who::Nobody,
        };
        self.hash = hash;
        self.session = Some(session);
        Ok(())
    }

    /// The session's hash as the audit and mailed codes know it.
    pub fn session_text(&self) -> String {
        hex(&self.hash)
    }

    pub fn is_shared(&self) -> bool {
        let over = self.over.as_ref().map(|over| &over.session);
        self.session.as_ref().or(over).is_some_and(|session| session.shared)
    }

    pub fn guest(&self) -> Option<&str> {
        match &self.who {
            Who::Guest(owner) => Some(owner),
            _ => None,
        }
    }
}

pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A cookie's value; `None` if there is none of this name.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}

/// The browser's own cookie: it says that a second step was taken here, and opens nothing by itself.
fn device_cookie(secure: bool) -> &'static str {
    if secure { "__Host-d" } else { "d" }
}

/// The line that sets it, or removes it with the same attributes.
pub fn set_device(secure: bool, token: Option<&str>) -> Option<HeaderValue> {
    let (name, tls) = (device_cookie(secure), if secure { " Secure;" } else { "" });
    let (value, seconds) = token.map_or(("", 0), |token| (token, KNOWN_SECONDS));
    HeaderValue::try_from(format!("{name}={value}; HttpOnly; SameSite=Lax;{tls} Path=/; Max-Age={seconds}")).ok()
}

/// `Firefox, Windows`: names that a person knows, nothing that could tell two of them apart.
fn browser_words(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, n)| *n);
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        let words = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser_words(words), "Edge, Windows");
        assert_eq!(
            browser_words("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1"),
            "Safari, iPhone"
        );
        assert_eq!(browser_words("curl/8"), "");
    }

    #[test]
    fn cookies_are_found_by_their_whole_name_and_removed_as_they_were_set() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("xw=1; w=2;d=3"));
        assert_eq!((cookie(&headers, "w"), cookie(&headers, "d"), cookie(&headers, "x")), (Some("2"), Some("3"), None));
        let text =
            |token| set_device(true, token).and_then(|v| v.to_str().ok().map(str::to_string)).unwrap_or_default();
        let attributes =
            |line: &str| line.split_once(';').map(|(_, rest)| rest.replace("34560000", "0")).unwrap_or_default();
        assert_eq!(attributes(&text(Some("t"))), attributes(&text(None)));
        assert_eq!(unhex(&hex(&[0, 171, 255])), Some(vec![0, 171, 255]));
        assert_eq!((unhex("0"), unhex("zz")), (None, None));
    }
}
