//! Who may keep an answer: one function that looks at the raw query and nothing else.
//!
//! Called by the router (the layer [`keep`]), the page cache and the ETags of pages. An address may reveal a household's
//! income, health or affiliations. An answer to such an address (page, redirect, 304 or error alike) must never be kept by
//! a shared cache, whichever handler made it. So the rule is not left to handlers: the layer wraps all of them and
//! downgrades what says too much. It works from a list of what is known to be harmless. A name that is not listed here, or
//! a value in an unknown form, is treated as private.

use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

/// Who may keep the answer to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Anyone,
    /// At most the browser that asked.
    Browser,
}

/// Longest value of a public name: room for a comparison's three plans and for every insurer.
const VALUE_BYTES_MAX: usize = 400;
/// Names whose words, codes, numbers or ranges may be public: where, which year, which plans, in which order.
const PUBLIC: [&str; 21] = [
    "bom",
    "case",
    "county",
    "deductible",
    "dominated",
    "each",
    "group",
    "issuer",
    "lang",
    "metal",
    "moop",
    "only",
    "page",
    "plan",
    "premium",
    "product",
    "sort",
    "stars",
    "type",
    "with",
    "year",
];
/// Private fields that forms submit even if nobody has filled them in.
const LEFT_EMPTY: [&str; 11] =
    ["add", "care", "income", "monthly", "offer", "offer2", "offer2_family", "offer_family", "programs", "q", "sex"];
/// Letters allowed after an age: tobacco, no coverage needed, spouse, dependent, own return. Pregnancy (`p`), tribe
/// (`m`), other coverage (`c`), a bought Medicare Part A (`b`) and immigration (`g`, `l`, `z`) are not.
const PUBLIC_LETTERS: &[u8] = b"tnsdo";

/// The rule. `query` is everything after `?`, as sent.
pub fn who_may_keep(query: &str) -> Keep {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    match pairs.all(|(name, value)| is_public(&name, &value)) {
        true => Keep::Anyone,
        false => Keep::Browser,
    }
}

fn is_public(name: &str, value: &str) -> bool {
    if value.len() > VALUE_BYTES_MAX {
        return false;
    }
    let public_name = || PUBLIC.binary_search(&name).is_ok();
    match name {
        "zip" => value.bytes().all(|b| b.is_ascii_digit() || b == b'-') && value.len() <= 10,
        "people" => value.split(',').all(is_public_person),
        // Rows of the plain form: age1, and the letters of person 1 as checkboxes; r1 is one of the relationships.
        _ if row_of(name).is_some() => match row_of(name) {
            Some("age") => value.bytes().all(|b| b.is_ascii_digit()) && value.len() <= 3,
            Some("t" | "n") => matches!(value, "" | "1" | "on"),
            Some("r") => matches!(value, "" | "s" | "d" | "o"),
            _ => value.is_empty(),
        },
        // An empty field says nothing, but an unknown name may be anything.
        _ if value.is_empty() => public_name() || LEFT_EMPTY.contains(&name),
        _ => public_name() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b",-_.".contains(&b)),
    }
}

/// `38t` → an age of at most three digits, then letters that may be public.
fn is_public_person(person: &str) -> bool {
    let letters = person.trim_start_matches(|c: char| c.is_ascii_digit());
    person.len() - letters.len() <= 3 && letters.bytes().all(|letter| PUBLIC_LETTERS.contains(&letter))
}

/// `age12` → `age`, if it is a field of one person.
fn row_of(name: &str) -> Option<&str> {
    let field = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (field.len() < name.len() && matches!(field, "age" | "t" | "n" | "r" | "p" | "m" | "c" | "b" | "g" | "x" | "u"))
        .then_some(field)
}

/// The layer: an answer says `public` only to a GET or HEAD, only with a status that is stable, and only if the
/// address holds nothing private.
pub async fn keep(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let anyone = reads && who_may_keep(request.uri().query().unwrap_or("")) == Keep::Anyone;
    let mut response = next.run(request).await;
    let lasting = matches!(
        response.status(),
        StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::SEE_OTHER | StatusCode::PERMANENT_REDIRECT
    );
    if !(anyone && lasting) {
        take_back(response.status(), response.headers_mut());
    }
    response
}

fn take_back(status: StatusCode, headers: &mut HeaderMap) {
    let Some(said) = headers.get(header::CACHE_CONTROL) else { return };
    let shared = said.as_bytes().split(|b| *b == b',').any(|part| {
        let part = part.trim_ascii();
        part.eq_ignore_ascii_case(b"public") || part.to_ascii_lowercase().starts_with(b"s-maxage")
    });
    if shared {
        // A page may return to the tab it came from; redirects are requested again.
        let page = matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED);
        let own = if page { "private, max-age=60" } else { "private, no-store" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(own));
        headers.remove("surrogate-control");
        headers.remove("surrogate-key");
    }
}

/// Part of the ETag of a page whose address is private: without it, somebody could test a list of incomes against the
/// tag, which proxies log. Random per process: at worst another host, or this one after a restart, sends the page
/// again.
pub fn tag_key() -> &'static [u8; 16] {
    static KEY: LazyLock<[u8; 16]> = LazyLock::new(|| {
        use std::hash::{BuildHasher as _, RandomState};
        let mut key = [0; 16];
        if getrandom::fill(&mut key).is_err() {
            // Without the system's randomness no key file is made either; what the standard library has is the next best.
            let (a, b) = (RandomState::new().hash_one(0_u8), RandomState::new().hash_one(1_u8));
            key = (u128::from(a) << 64 | u128::from(b)).to_be_bytes();
        }
        key
    });
    &KEY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anyone_may_know() {
        assert!(PUBLIC.is_sorted());
        for query in [
            "",
            "year=2026&zip=45202&county=39061&people=40,38t,5&metal=silver,gold&premium=200-450&sort=premium&page=2",
            "zip=45202&age1=40&t1=1&age2=&income=&offer=&care=&sex=",
            "people=40s,38nd&plan=29341OH0100058&plan=31981OH0020010&only=differences",
        ] {
            assert_eq!(who_may_keep(query), Keep::Anyone, "{query}");
        }
    }

    #[test]
    fn private_addresses_are_kept_by_the_browser_only() {
        for query in [
            "income=37650",
            "care=hiv",
            "people=40p",
            "people=40&people=38m",
            "people=40c",
            "people=66b",
            "b1=1",
            "g1=l",
            "people=40,30z",
            "offer2=120",
            "hra=400",
            "h1=37.5",
            "p1=1",
            "m1=on",
            "c2=1",
            "x1=f",
            "u1=maternity",
            "offer=100",
            "my=AAAA",
            "event=birth.2026-11-03",
            "programs=pregnancy",
            "q=hiv",
            "%69ncome=1",
            "zip=income",
            "year=2026;income=5",
            "unheard_of=1",
            "income37650=",
            "sort=a b",
            "age1=forty",
            "a b=",
        ] {
            assert_eq!(who_may_keep(query), Keep::Browser, "{query}");
        }
        assert_eq!(who_may_keep(&format!("plan={}", "1".repeat(500))), Keep::Browser);
    }
}
