//! Private answers in addresses: typed in form bodies, carried sealed as `my=…`, never readable.
//!
//! Called by [`Cx`](super::page::Cx), which opens `my` into plain pairs when a request arrives and seals them again in
//! every link, and by the router, as a layer around pages. Handlers must never see `my`, nor an address outside show what
//! is in it.
//!
//! An address has two parts. The public one (place, ages, filters, order) is readable by everybody, so it can be shared
//! and cached. What could reveal a household's income, health or affiliations is in `my` (`sealing::address`), so a
//! history, a proxy, a log or a CDN sees nothing.
//!
//! Old readable addresses are understood and redirect, uncached, to the sealed one; spreadsheets for programs (`.csv`)
//! answer them directly (docs/addresses.md).

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::Failure;
use super::page::{self, Cx};
use crate::app::App;
use crate::sealing::{AddressFault, AddressSealer};
use crate::types::MONEY_NAMES;

/// The name of the sealed part of an address.
pub const NAME: &str = "my";
/// Inside the sealed part: letters of [`PRIVATE_LETTERS`] for each person of `people`, by position.
const LETTERS: &str = "letters";
/// Pairs that are entirely private, besides amounts.
const PRIVATE: [&str; 4] = ["event", "sex", "care", LETTERS];
/// Fields of one person or one money row: pregnant, tribal member, other coverage, buys Medicare Part A, immigration, sex,
/// care; kind, amount, frequency, hours.
const PRIVATE_ROWS: [&str; 11] = ["p", "m", "c", "b", "g", "x", "u", "k", "a", "f", "h"];
/// Fields that say when something happened in somebody's life, and to which event it belongs: `month_birth`.
const PRIVATE_STARTS: [&str; 4] = ["month_", "day_", "year_", "had_"];
/// Letters after an age that are private: pregnant, tribal member, other coverage, buys Medicare Part A, immigration.
const PRIVATE_LETTERS: &str = "pmcbglz";
/// All letters, in the order an address writes them.
const LETTER_ORDER: &str = "tpmnsdocbglz";

/// How a request's private answers arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// None came.
    None,
    /// In `my`.
    Sealed,
    /// Readable in the address.
    Readable,
    /// In a form's body.
    Form,
}

/// The pairs in a request's address and body, private ones opened.
#[derive(Debug, Clone)]
pub struct Said {
    /// All pairs, readable: what handlers read.
    pub query: String,
    pub arrival: Arrival,
    /// `my` was present but does not open.
    pub fault: Option<AddressFault>,
    /// The public pairs as received, and the private ones as sealed: for comparing addresses.
    public: String,
    private: String,
}

/// A form's body, on its way from [`forms`] to [`Said`].
#[derive(Clone)]
pub struct Body(pub Arc<str>);

impl Said {
    pub fn read(raw: &str, body: Option<&str>, sealer: &AddressSealer, today: time::Date) -> Said {
        let joined;
        let given = match body {
            None => raw,
            Some(body) => {
                joined = join(raw, body);
                &joined
            }
        };
        let readable = pairs(given).any(is_private);
        let sealed = pairs(given).find(|pair| name_of(pair) == NAME).and_then(|pair| pair.split_once('='));
        let sealed = sealed.map(|(_, value)| value).filter(|value| !value.is_empty());
        let mut said = Said {
            query: given.to_string(),
            arrival: match (body, readable, sealed) {
                (Some(_), ..) => Arrival::Form,
                (None, true, _) => Arrival::Readable,
                (None, false, Some(_)) => Arrival::Sealed,
                (None, false, None) => Arrival::None,
            },
            fault: None,
            public: String::new(),
            private: String::new(),
        };
        let Some(sealed) = sealed else {
            said.public = said.query.clone();
            return said;
        };
        said.public = pairs(given).filter(|pair| name_of(pair) != NAME).collect::<Vec<_>>().join("&");
        match sealer.open(sealed, today) {
            Ok(private) => said.private = private,
            Err(fault) => said.fault = Some(fault),
        }
        // What was just typed comes last and wins.
        said.query = merge(&said.public, &said.private);
        said
    }

    /// Whether the request came by this address (path without language, readable query), with everything sealed as
    /// required.
    pub fn is_at(&self, query: &str) -> bool {
        match self.arrival {
            Arrival::Form | Arrival::Readable => false,
            Arrival::None => self.public == query,
            Arrival::Sealed => {
                let (public, private) = split(query);
                self.public == public && self.private == private
            }
        }
    }
}

fn join(a: &str, b: &str) -> String {
    let parts: Vec<&str> = [a, b].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("&")
}

fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

fn name_of(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

fn value_of(pair: &str) -> &str {
    pair.split_once('=').map_or("", |(_, value)| value)
}

/// Whether a pair of an address says something private. An empty field says nothing.
fn is_private(pair: &str) -> bool {
    let (name, value) = (name_of(pair), value_of(pair));
    if value.is_empty() {
        return false;
    }
    // A name may be percent-encoded.
    let name: Cow<str> = match name.contains(['%', '+']) {
        true => form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(name), |(name, _)| name),
        false => Cow::Borrowed(name),
    };
    let row = name.trim_end_matches(|c: char| c.is_ascii_digit());
    is_private_name(&name)
        || PRIVATE_STARTS.iter().any(|start| name.starts_with(start))
        || (row.len() < name.len() && PRIVATE_ROWS.contains(&row))
        || (name == "people" && value.contains(|c| PRIVATE_LETTERS.contains(c)))
}

/// Whether whatever a pair of this name says is private.
pub fn is_private_name(name: &str) -> bool {
    MONEY_NAMES.contains(&name) || PRIVATE.contains(&name)
}

/// An age and letters that an address has. Anything else cannot be put together again from two parts, and what was typed
/// must come back as it was: it is sealed whole.
fn is_regular(person: &str) -> bool {
    let letters = person.trim_start_matches(|c: char| c.is_ascii_digit());
    letters.len() < person.len() && letters.chars().all(|c| LETTER_ORDER.contains(c))
}

/// Splits a readable query: what everybody may read, and what must be sealed (empty if there is nothing).
fn split(query: &str) -> (String, String) {
    let (mut public, mut private, mut letters) = (Vec::new(), Vec::new(), None);
    for pair in pairs(query) {
        if !is_private(pair) {
            public.push(Cow::Borrowed(pair));
        } else if name_of(pair) == "people" && value_of(pair).split(',').all(is_regular) {
            let people: Vec<&str> = value_of(pair).split(',').collect();
            let only = |keep: fn(char) -> bool| {
                let of = |person: &&str| person.chars().filter(|c| keep(*c)).collect::<String>();
                people.iter().map(of).collect::<Vec<_>>().join(",")
            };
            public.push(Cow::Owned(format!("people={}", only(|c| !PRIVATE_LETTERS.contains(c)))));
            letters = Some(only(|c| PRIVATE_LETTERS.contains(c)));
        } else {
            private.push(Cow::Borrowed(pair));
        }
    }
    // Last, wherever `people` stood: `merge` moves it, and the same answers must seal to the same text.
    private.extend(letters.map(|letters| Cow::Owned(format!("{LETTERS}={}", letters.trim_end_matches(',')))));
    (public.join("&"), private.join("&"))
}

/// Joins the two parts again. The private part comes first, so whatever else a form says wins.
fn merge(public: &str, private: &str) -> String {
    let letters = pairs(private).find(|pair| name_of(pair) == LETTERS).map_or("", value_of);
    let mut merged: Vec<Cow<str>> = pairs(private).filter(|p| name_of(p) != LETTERS).map(Cow::Borrowed).collect();
    for pair in pairs(public) {
        if name_of(pair) == "people" && !letters.is_empty() {
            let mut letters = letters.split(',');
            let people = value_of(pair).split(',').map(|person| with_letters(person, letters.next().unwrap_or("")));
            merged.push(Cow::Owned(format!("people={}", people.collect::<Vec<_>>().join(","))));
        } else {
            merged.push(Cow::Borrowed(pair));
        }
    }
    merged.join("&")
}

/// `38t` and `p` → `38tp`, in address order.
fn with_letters(person: &str, letters: &str) -> String {
    let at = person.find(|c: char| LETTER_ORDER.contains(c)).unwrap_or(person.len());
    let (age, own) = person.split_at(at);
    let has = |c: char| own.contains(c) || letters.contains(c);
    age.chars().chain(LETTER_ORDER.chars().filter(|c| has(*c))).collect()
}

/// A readable query in the form allowed in an address: private pairs sealed into `my`, at the end.
pub fn seal_query(query: &str, seal: impl FnOnce(&str) -> Option<String>) -> Cow<'_, str> {
    if !pairs(query).any(is_private) {
        return Cow::Borrowed(query);
    }
    let (public, private) = split(query);
    match seal(&private) {
        Some(sealed) => Cow::Owned(join(&public, &format!("{NAME}={sealed}"))),
        // Longer than any real answers: dropping them is better than leaving them readable.
        None => Cow::Owned(public),
    }
}

/// The layer around pages: reads a form's body, and redirects a readable private address to its sealed form.
pub async fn forms(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let request = match request.method() {
        &Method::POST => match take_body(&app, request).await {
            Ok(request) => request,
            Err(failure) => return failure.into_response(),
        },
        _ => request,
    };
    let (mut parts, body) = request.into_parts();
    let Ok(cx) = Cx::from_request_parts(&mut parts, &app).await;
    if cx.said.arrival == Arrival::Readable && !cx.path.ends_with(".csv") {
        return page::redirect_unkept(&cx, &cx.path_and_query());
    }
    let of_a_form = (cx.said.arrival == Arrival::Form).then(|| cx.clone());
    parts.extensions.insert(cx);
    let response = next.run(Request::from_parts(parts, body)).await;
    // A page that answers a form gets its own address, so Back, reload and the language link work as everywhere else.
    // A page that reports faults stays: it holds everything typed, however long that is.
    if let Some(cx) = of_a_form
        && response.status() == StatusCode::OK
        && cx.query.len() <= app.config.max_url_bytes / 2
    {
        return page::redirect_unkept(&cx, &cx.path_and_query());
    }
    response
}

async fn take_body(app: &App, request: Request) -> Result<Request, Failure> {
    let (mut parts, body) = request.into_parts();
    // Without a content type there is no form: the handler of the address decides whether it accepts any.
    let Some(kind) = parts.headers.get(header::CONTENT_TYPE) else {
        return Ok(Request::from_parts(parts, axum::body::Body::empty()));
    };
    let text = form_text(kind.to_str().unwrap_or(""), body, app.config.max_body_bytes).await?;
    parts.extensions.insert(Body(text.into()));
    Ok(Request::from_parts(parts, axum::body::Body::empty()))
}

/// What browsers call a form's body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The body of a form as text.
///
/// # Errors
///
/// If the content type is another, or the body is too large or no text.
pub async fn form_text(kind: &str, body: axum::body::Body, bytes_max: usize) -> Result<String, Failure> {
    if !kind.to_ascii_lowercase().starts_with(FORM) {
        return Err(Failure::BadRequest("the body is not a form's".to_string()));
    }
    let bytes = axum::body::to_bytes(body, bytes_max).await.map_err(|_| Failure::TooLarge)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Failure::BadRequest("the form's body is not UTF-8".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::KeyRing;
    use proptest::prelude::*;

    #[test]
    fn ages_that_are_none_come_back_as_typed() {
        for people in ["abc,200", "bc", "38tp,9", "40c,x,9", "c40"] {
            let (public, private) = split(&format!("zip=4520&people={people}"));
            assert!(merge(&public, &private).split('&').any(|pair| pair == format!("people={people}")), "{people}");
            let readable = public.split('&').find_map(|pair| pair.strip_prefix("people=")).unwrap_or("");
            assert!(!readable.contains(|c| PRIVATE_LETTERS.contains(c)), "{people}");
        }
    }
    use time::macros::date;

    const TODAY: time::Date = date!(2026 - 11 - 26);

    fn sealer() -> AddressSealer {
        AddressSealer::new(&KeyRing::in_memory().expect("a key"))
    }

    #[test]
    fn nothing_private_stays_readable() {
        let sealer = sealer();
        let query = "year=2026&zip=45202&people=40tp,38m,5&sex=f,m&care=hiv&income=37650&metal=gold";
        let sealed = seal_query(query, |private| sealer.seal(private, TODAY));
        assert!(sealed.starts_with("year=2026&zip=45202&people=40t,38,5&metal=gold&my="), "{sealed}");
        let said = Said::read(&sealed, None, &sealer, TODAY);
        assert_eq!((said.arrival, said.fault), (Arrival::Sealed, None));
        assert!(said.is_at(query));
        assert!(!said.is_at(&query.replace("37650", "37651")));
        assert!(!said.is_at(&query.replace("gold", "silver")));
        assert!(said.query.contains("people=40tp,38m,5"), "{}", said.query);
        let seal = |query| seal_query(query, |private| sealer.seal(private, TODAY));
        assert_eq!(seal(&said.query), sealed, "opened and sealed again it is the same text");
        assert_eq!(seal("zip=45202&income=&people=40"), "zip=45202&income=&people=40");
    }

    #[test]
    fn what_a_form_says_wins_over_what_was_sealed() {
        let sealer = sealer();
        let sealed = seal_query("zip=45202&people=40p&income=37650", |private| sealer.seal(private, TODAY));
        let said = Said::read("", Some(&format!("{sealed}&income=50000")), &sealer, TODAY);
        assert_eq!(said.arrival, Arrival::Form);
        let last = form_urlencoded::parse(said.query.as_bytes()).filter(|(name, _)| name == "income").last();
        assert_eq!(last.map(|(_, value)| value.into_owned()).as_deref(), Some("50000"));
        assert!(said.query.contains("people=40p"));
    }

    #[test]
    fn a_seal_that_does_not_open_loses_only_its_contents() {
        let (ours, theirs) = (sealer(), sealer());
        let sealed = seal_query("zip=45202&people=40&income=37650", |private| theirs.seal(private, TODAY)).into_owned();
        let said = Said::read(&sealed, None, &ours, TODAY);
        assert_eq!(said.fault, Some(AddressFault::KeyGone));
        assert_eq!(said.query, "zip=45202&people=40");
    }

    #[test]
    fn a_shared_cache_never_keeps_anything_sealed() {
        for row in PRIVATE_ROWS {
            assert!(is_private(&format!("{row}1=1")));
        }
        for pair in [
            "%69ncome=5",
            "income=5",
            "people=40c",
            "people=40,5m",
            "people=66b",
            "people=40z",
            "h1=40",
            "g1=z",
            "offer2=9",
            "hra=400",
            "qsehra=5",
            "event=domestic_abuse_or_abandonment.2026-11-03",
            "month_birth=11",
            "had_moved=yes",
        ] {
            assert!(is_private(pair), "{pair}");
        }
        for pair in [
            "age1=40",
            "t1=1",
            "n2=1",
            "people=40ts,38n",
            "metal=gold",
            "income=",
            "page=2",
            "plan=1",
            "each=1",
            "group=off",
        ] {
            assert!(!is_private(pair), "{pair}");
        }
    }

    proptest! {
        #[test]
        fn every_search_comes_back_from_its_seal(
            people in prop::collection::vec(("[0-9]{1,2}", "t?p?m?n?s?o?c?b?g?"), 1..5),
            income in prop::option::of(0_u32..1_000_000),
            care in prop::option::of("(low)?(,hiv)?"),
        ) {
            let sealer = sealer();
            let people: Vec<String> = people.into_iter().map(|(age, letters)| age + &letters).collect();
            let mut query = format!("zip=45202&people={}", people.join(","));
            if let Some(care) = care.filter(|care| !care.is_empty()) {
                query += &format!("&care={care}");
            }
            if let Some(income) = income {
                query += &format!("&income={income}");
            }
            query += "&metal=gold";
            let sealed = seal_query(&query, |private| sealer.seal(private, TODAY));
            let said = Said::read(&sealed, None, &sealer, TODAY);
            prop_assert!(said.is_at(&query), "{sealed} {said:?}");
        }
    }
}
