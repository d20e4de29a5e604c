//! The layers around private pages: the session's cookie, and who may send a form.
//!
//! Called by the router. tower-sessions 0.15.0 sends the cookie that removes another without `Secure` and `HttpOnly`;
//! browsers then refuse to touch a `__Host-` cookie, and a person who has signed out is still signed in. So a layer of
//! ours rewrites it, and a test holds both cookies to the same attributes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use super::session::Sessions;

/// A name without meaning. With TLS browsers take it from this host alone, for all its paths.
const NAME: &str = "__Host-w";
/// Browsers refuse the other one without TLS.
const NAME_WITHOUT_TLS: &str = "w";

/// How the session's cookie is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    secure: bool,
}

impl Cookie {
    /// `public_url`: what people know the site by; not the request, which a proxy may have changed. `behind_tls`: a proxy
    /// in front speaks TLS, whatever the site is called.
    pub fn of(public_url: Option<&str>, behind_tls: bool) -> Cookie {
        Cookie { secure: behind_tls || public_url.is_some_and(|url| url.starts_with("https://")) }
    }

    pub fn name(self) -> &'static str {
        if self.secure { NAME } else { NAME_WITHOUT_TLS }
    }

    pub fn is_secure(self) -> bool {
        self.secure
    }

    /// The line that sets it, as tower-sessions writes it: for a session that goes on under a new ID.
    pub fn set(self, id: &str) -> Option<HeaderValue> {
        let tls = if self.secure { " Secure;" } else { "" };
        HeaderValue::try_from(format!("{}={id}; HttpOnly; SameSite=Lax;{tls} Path=/", self.name())).ok()
    }

    /// tower-sessions' layer. The cookie lasts as long as the browser; the session's row decides how long it is good.
    pub fn sessions(self, sessions: Sessions) -> SessionManagerLayer<Sessions> {
        SessionManagerLayer::new(sessions)
            .with_name(self.name())
            .with_secure(self.secure)
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_path("/")
            .with_expiry(Expiry::OnSessionEnd)
    }

    /// The cookie that removes the session's.
    fn removal(self) -> HeaderValue {
        HeaderValue::from_static(match self.secure {
            true => "__Host-w=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0",
            false => "w=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0",
        })
    }
}

/// The layer outside of tower-sessions' own: writes its removal cookie again.
pub async fn removal(State(cookie): State<Cookie>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    rewrite(cookie, response.headers_mut());
    response
}

fn rewrite(cookie: Cookie, headers: &mut HeaderMap) {
    let removes = |value: &HeaderValue| {
        let text = value.as_bytes().to_ascii_lowercase();
        let ours = [cookie.name(), "="].concat().to_ascii_lowercase();
        text.starts_with(ours.as_bytes()) && text.windows(9).any(|part| part == b"max-age=0")
    };
    if !headers.get_all(header::SET_COOKIE).iter().any(removes) {
        return;
    }
    let rewritten: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| if removes(value) { cookie.removal() } else { value.clone() })
        .collect();
    headers.remove(header::SET_COOKIE);
    for value in rewritten {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Refuses forms that another site sends in a person's name, by `Sec-Fetch-Site`, else by `Origin`.
///
/// # Errors
///
/// If the public URL is no origin that a browser sends.
pub fn own_forms(public_url: Option<&str>) -> anyhow::Result<CsrfLayer> {
    let layer = CsrfLayer::new();
    // A proxy may rewrite Host, so what people know the site by is said here.
    let Some(origin) = public_url.and_then(|url| url::Url::parse(url).ok()) else { return Ok(layer) };
    Ok(layer.add_trusted_origin(origin.origin().ascii_serialization())?)
}

/// Private pages are kept by nobody, and sent as they are.
pub async fn unkept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // What a layer has refused without a word gets its page further out, which says so itself.
    let silent = response.status().is_client_error() && !response.headers().contains_key(header::CONTENT_TYPE);
    if !silent {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// What a shared computer is told at the end: forget this site's cookies, pages and storage.
pub fn clear_site_data(headers: &mut HeaderMap) {
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"cookies\", \"storage\""));
}

/// All layers of private pages, the outermost last.
///
/// # Errors
///
/// As [`own_forms`].
pub fn layers<S: Send + Sync + 'static>(
    routes: axum::Router<Arc<S>>,
    (sessions, cookie): (Sessions, Cookie),
    public_url: Option<&str>,
) -> anyhow::Result<axum::Router<Arc<S>>> {
    Ok(routes
        .layer(cookie.sessions(sessions))
        .layer(axum::middleware::from_fn_with_state(cookie, removal))
        .layer(own_forms(public_url)?)
        .layer(axum::middleware::from_fn(unkept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_decides_and_only_our_removal_is_rewritten() {
        let of = |public_url| Cookie::of(public_url, false);
        let (tls, plain) = (of(Some("https://plans.example.org")), of(Some("http://localhost:8080")));
        assert_eq!((tls.name(), plain.name(), of(None).name()), ("__Host-w", "w", "w"));
        assert_eq!(Cookie::of(None, true), tls, "a proxy speaks TLS");
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, HeaderValue::from_static("__Host-w=; Path=/; Max-Age=0; Expires=x"));
        headers.append(header::SET_COOKIE, HeaderValue::from_static("other=; Max-Age=0"));
        rewrite(tls, &mut headers);
        let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok()).collect();
        assert_eq!(cookies, ["__Host-w=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0", "other=; Max-Age=0"]);
        let mut headers = HeaderMap::new();
        headers.append(header::SET_COOKIE, HeaderValue::from_static("__Host-w=abc; Secure; Path=/"));
        let before = headers.clone();
        rewrite(tls, &mut headers);
        assert_eq!(headers, before, "a cookie that is set stays as it is");
    }
}
