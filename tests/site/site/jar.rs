//! A browser's cookies, for pages that know their visitor: kept as browsers keep them, sent with every request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};

/// A clone is the same browser's.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<BTreeMap<String, (String, String)>>>);

impl Jar {
    /// The line that a browser sends; `None` if it has no cookie.
    pub fn line(&self) -> Option<String> {
        let cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = cookies.iter().map(|(name, (value, _))| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The value of a cookie and its attributes.
    pub fn cookie(&self, name: &str) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Sets and removes what an answer says. A cookie is removed only by a line with its own attributes, as browsers do
    /// with those of a `__Host-` name.
    pub fn keep(&self, headers: &HeaderMap) {
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("plain");
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a pair");
            let lasting: Vec<&str> =
                attributes.split(';').map(str::trim).filter(|one| !one.starts_with("Max-Age")).collect();
            let lasting = {
                let mut sorted = lasting;
                sorted.sort_unstable();
                sorted.join("; ")
            };
            match attributes.contains("Max-Age=0") {
                true => {
                    if let Some((_, set)) = cookies.get(name) {
                        assert_eq!(*set, lasting, "{name} is removed as it was set");
                    }
                    cookies.remove(name);
                }
                false => drop(cookies.insert(name.to_string(), (value.to_string(), lasting))),
            }
        }
        if headers.get("clear-site-data").is_some_and(|what| what.as_bytes().windows(7).any(|w| w == b"cookies")) {
            cookies.clear();
        }
    }
}
