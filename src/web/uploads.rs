//! Files that are sent to a page: which requests may carry them, how large and how slow they may be, and how many at once.
//!
//! Called by `guard`, whose other limits are for forms, by the office's gate, which leaves such a body unread, and by the page
//! that reads it. It must never look into a file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All files of one form, and what a browser puts around them.
pub const BODY_BYTES_MAX: usize = 64 << 20;
/// Longest time for one form: all of it over a slow phone line.
pub const TIME: Duration = Duration::from_secs(600);
/// A line that brings nothing for this long is given up.
pub const SILENT: Duration = Duration::from_secs(30);
/// Forms with files that are read at once, and so files in memory.
const AT_ONCE: usize = 8;
/// Of one owner: two tabs.
const OF_ONE: usize = 2;
/// How long a form waits for its turn; what it sends waits in the network meanwhile.
const TURN: Duration = Duration::from_secs(10);
/// How long the rest of a form that is not taken is read and dropped, so that its browser can read why.
pub const DRAIN: Duration = Duration::from_secs(20);
/// The pages that take files, behind a language's prefix.
const BELOW: &str = "/account/proof/";
const MULTIPART: &str = "multipart/form-data";

/// Whether a request is a form with files, to a page that takes them.
pub fn is_upload(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let multipart = kind.get(..MULTIPART.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(MULTIPART.as_bytes()));
    let below = path.find(BELOW).is_some_and(|at| !path[..at].trim_start_matches('/').contains('/'));
    *method == Method::POST && multipart && below
}

/// The same of a whole request.
pub fn carries_files(request: &Request) -> bool {
    is_upload(request.method(), request.uri().path(), request.headers())
}

/// Reads what is left of a body and drops it: a browser that is still sending shows the answer only then.
pub async fn drain(body: Body) {
    let mut rest = body.into_data_stream();
    let mut left = BODY_BYTES_MAX;
    let reading = async {
        while let Some(Ok(part)) = rest.next().await {
            left = left.saturating_sub(Bytes::len(&part));
            if left == 0 {
                return;
            }
        }
    };
    // Whoever is slower than this has to do without the page.
    let _ = tokio::time::timeout(DRAIN, reading).await;
}

/// Turns at reading a form with files. A clone is the same line.
#[derive(Clone)]
pub struct Turns {
    places: Arc<Semaphore>,
    owners: Arc<Mutex<HashMap<String, usize>>>,
}

impl Default for Turns {
    fn default() -> Turns {
        Turns { places: Arc::new(Semaphore::new(AT_ONCE)), owners: Arc::default() }
    }
}

/// A turn, until it is dropped.
pub struct Turn {
    _place: OwnedSemaphorePermit,
    _one: One,
}

/// One of an owner's turns.
struct One {
    owner: String,
    owners: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for One {
    fn drop(&mut self) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = owners.get_mut(&self.owner) {
            *held -= 1;
            if *held == 0 {
                owners.remove(&self.owner);
            }
        }
    }
}

impl Turns {
    /// `None`: too many others send files now, or this owner does so twice already.
    pub async fn take(&self, owner: &str) -> Option<Turn> {
        self.take_within(owner, TURN).await
    }

    async fn take_within(&self, owner: &str, time: Duration) -> Option<Turn> {
        let one = self.one(owner)?;
        let place = tokio::time::timeout(time, Arc::clone(&self.places).acquire_owned()).await;
        Some(Turn { _place: place.ok()?.ok()?, _one: one })
    }

    fn one(&self, owner: &str) -> Option<One> {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let held = owners.entry(owner.to_string()).or_insert(0);
        if *held >= OF_ONE {
            return None;
        }
        *held += 1;
        Some(One { owner: owner.to_string(), owners: Arc::clone(&self.owners) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn only_a_page_for_files_takes_files() {
        let mut headers = HeaderMap::new();
        let post = Method::POST;
        assert!(!is_upload(&post, "/account/proof/1", &headers));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("Multipart/Form-Data; boundary=x"));
        for (path, is) in [
            ("/account/proof/1", true),
            ("/es/account/proof/1", true),
            ("/account/proof", false),
            ("/account/sign-in", false),
            ("/x/y/account/proof/1", false),
            ("/", false),
        ] {
            assert_eq!(is_upload(&post, path, &headers), is, "{path}");
        }
        assert!(!is_upload(&Method::GET, "/account/proof/1", &headers));
    }

    #[tokio::test]
    async fn turns_are_bounded_for_one_and_for_all() {
        let turns = Turns::default();
        let own = [turns.take("a").await, turns.take("a").await];
        assert!(own.iter().all(Option::is_some) && turns.take("a").await.is_none(), "two tabs and no more");
        let mut others = Vec::new();
        for other in 0..AT_ONCE - 2 {
            others.push(turns.take(&other.to_string()).await.expect("a turn"));
        }
        assert!(turns.take_within("late", Duration::from_millis(50)).await.is_none(), "after a while");
        drop(own);
        assert!(turns.take("late").await.is_some() && turns.take("a").await.is_some());
    }
}
