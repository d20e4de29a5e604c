//! One error type for all handlers, and its page: what happened, what became of your answers, what to do next.
//!
//! Called by every handler, which returns `Failure`; the response then carries it as an extension, and the function `pages`,
//! which knows the request's language, writes the page. So layers that don't know the language (limits, timeouts, panics)
//! fail the same way. The cause must never reach the page: it stays in an extension (`telemetry::Cause`), from which the
//! request log takes it.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::page::{self, CachePolicy, Cx};
use crate::app::App;
use crate::telemetry::{Cause, RequestId};
use crate::text::i18n::Lang;

/// How soon a client may retry after a 429 or 503, in seconds.
const RETRY_AFTER_SECONDS: u16 = 30;

/// Why a request was not answered as asked. The text of a cause is for the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// 400: says what was wrong, without repeating what the person typed.
    #[error("bad request: {0}")]
    BadRequest(String),
    /// 403: a form that another site sent in a person's name.
    #[error("a form from elsewhere")]
    Forbidden,
    #[error("not found")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 408: the request did not arrive in time.
    #[error("the request did not arrive in time")]
    RequestTimeout,
    #[error("the body is over the limit")]
    TooLarge,
    #[error("the address is over the limit")]
    UriTooLong,
    #[error("too many requests")]
    TooManyRequests,
    #[error("the headers are over the limit")]
    HeadersTooLarge,
    /// 500: our own fault.
    #[error("{}", chain(.0))]
    Internal(Arc<anyhow::Error>),
    /// 503: too busy, or a part does not respond; worth retrying.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// `what: because: because`, on one line.
fn chain(error: &anyhow::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}

impl Failure {
    pub fn internal(error: impl Into<anyhow::Error>) -> Failure {
        Failure::Internal(Arc::new(error.into()))
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Failure::BadRequest(_) => StatusCode::BAD_REQUEST,
            Failure::Forbidden => StatusCode::FORBIDDEN,
            Failure::NotFound => StatusCode::NOT_FOUND,
            Failure::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Failure::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::UriTooLong => StatusCode::URI_TOO_LONG,
            Failure::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Failure::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Failure::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What axum itself refused, by status; `None` for a status that is never sent without a page.
    fn of_status(status: StatusCode) -> Option<Failure> {
        Some(match status {
            StatusCode::FORBIDDEN => Failure::Forbidden,
            StatusCode::NOT_FOUND => Failure::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Failure::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Failure::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge,
            StatusCode::URI_TOO_LONG => Failure::UriTooLong,
            StatusCode::SERVICE_UNAVAILABLE => Failure::Unavailable("refused by a layer".to_string()),
            other if other.is_client_error() => Failure::BadRequest(format!("refused before the handler: {other}")),
            other if other.is_server_error() => Failure::internal(anyhow::anyhow!("an answer without words: {other}")),
            _ => return None,
        })
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        // A typed failure that passed through `?` in an anyhow function keeps its status.
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => Failure::internal(error),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        match error {
            sqlx::Error::PoolTimedOut => Failure::Unavailable("no database connection was free in time".to_string()),
            other => Failure::internal(other),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    cx: &'a Cx,
    title: &'a str,
    what: &'a str,
    answers: &'a str,
    next: &'a str,
    reference: String,
}

/// Gives every failure its page, in the language of the address. This includes failures from axum or
/// another layer that come without a page: our own answers always say how they may be cached, theirs do not.
pub async fn pages<F: Future<Output = Response>>(
    app: &Arc<App>,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let uri = request.uri().clone();
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next(request).await;
    let failure = match response.extensions_mut().remove::<Failure>() {
        Some(failure) => failure,
        None if response.headers().contains_key(header::CACHE_CONTROL) => return response,
        None => match Failure::of_status(response.status()) {
            Some(failure) => failure,
            None => return response,
        },
    };
    let cx = Cx::new(app, &uri, id.as_ref().map_or("", RequestId::as_str));
    let mut page = error_page(&cx, failure.status());
    if let Some(allow) = response.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allow.clone());
    }
    if matches!(failure, Failure::TooManyRequests | Failure::Unavailable(_)) {
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    page.extensions_mut().insert(Cause::new(&failure));
    page
}

fn error_page(cx: &Cx, status: StatusCode) -> Response {
    let keys = ["title", "what", "answers", "next"].map(|part| format!("error.{}.{part}", status.as_u16()));
    let [title, what, answers, next] = keys.each_ref().map(|key| cx.t(key));
    // Private answers are never in an address: what was saved before is saved.
    let answers = if below_account(&cx.path) { cx.t("error.account_answers") } else { answers };
    let reference = cx.tf("error.reference", &[("id", &cx.request_id)]);
    let mut page =
        page::render_status(cx, status, ErrorPage { cx, title, what, answers, next, reference }, CachePolicy::Private);
    if page.extensions_mut().remove::<Failure>().is_some() {
        // The error page's own template failed: answer without a template.
        *page.status_mut() = status;
        *page.body_mut() = Body::from(format!("{status}\n{}\n", cx.request_id));
        page.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    page
}

fn below_account(path: &str) -> bool {
    path == "/account" || path.starts_with("/account/")
}

/// The 503 page in the form sent to many clients at once (`web::refusal`): no address and no request ID.
pub fn busy_page(app: &Arc<App>, lang: Lang) -> String {
    let home = lang.localized("/").parse().unwrap_or_default();
    let cx = Cx::new(app, &home, "");
    let [title, what, answers, next] =
        ["error.503.title", "error.503.what", "error.503.answers", "error.503.next"].map(|key| cx.t(key));
    let page = ErrorPage { cx: &cx, title, what, answers, next, reference: String::new() };
    page.render().unwrap_or_else(|_| format!("{title}\n\n{what}\n\n{next}\n"))
}

/// The router's fallback. An address that ends in `/` redirects to the one without, where there may be a page.
pub async fn not_found(cx: Cx) -> Response {
    match cx.path.strip_suffix('/') {
        Some(shorter) if !shorter.is_empty() && !cx.path.contains("//") => {
            let query = if cx.query.is_empty() { String::new() } else { format!("?{}", cx.query) };
            page::moved(&cx, &format!("{shorter}{query}"))
        }
        // `/es/`
        Some("") if !cx.lang.prefix().is_empty() => page::moved(&cx, &cx.path_and_query()),
        _ => Failure::NotFound.into_response(),
    }
}
