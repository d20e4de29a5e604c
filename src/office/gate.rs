//! The gate before every private page: reads the form once, finds out who is there, stops at a lock without losing what
//! was sent, and makes the page when the store is away or too many sign in at once.
//!
//! Called by the routes, as a layer inside of the session's own ([`gate`]) and one around it ([`held`]).

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{Extensions, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use zeroize::Zeroizing;

use super::form::Form;
use super::trouble::{self, Trouble};
use super::visitor::Visitor;
use super::{Office, over, unlock};
use crate::app::App;
use crate::store::StoreError;
use crate::store::wait::{self, WAIT};
use crate::telemetry::RequestId;
use crate::web::error::Failure;
use crate::web::guard::Uncompressed;
use crate::web::page::Cx;
use crate::web::sealed::{FORM, form_text};
use crate::web::uploads;

pub struct Gate {
    pub app: Arc<App>,
    pub office: Arc<Office>,
}

/// What was sent, and who came as soon as that is known, for [`held`].
struct Arrived {
    cx: Cx,
    form: Arc<Form>,
    visitor: OnceLock<Arc<Visitor>>,
}

impl Arrived {
    fn new(cx: Cx, form: Arc<Form>) -> Arrived {
        Arrived { cx, form, visitor: OnceLock::new() }
    }

    /// The page that holds what was typed.
    fn trouble(&self, why: StoreError) -> Response {
        let visitor = self.visitor.get().map(Arc::as_ref);
        let mut response = trouble::page(&self.cx, visitor, &Trouble::Away(why), &self.form);
        response.extensions_mut().insert(Uncompressed);
        response
    }
}

/// Pages that a locked session may still use.
const OPEN_WHILE_LOCKED: [&str; 5] =
    ["/account/unlock", "/account/sign-out", "/account/reset", "/account/reset/code", "/account/reset/done"];

/// Pages for whoever comes next, or comes back: those that begin something, and the ways in and out.
const OPEN_WHEN_OVER: [&str; 15] = [
    "/account",
    "/account/save",
    "/account/resume",
    "/account/sign-up",
    "/account/sign-in",
    "/account/step",
    "/account/step/again",
    "/account/sign-out",
    "/account/out",
    "/account/reset",
    "/account/reset/code",
    "/account/reset/done",
    "/account/unlock",
    "/account/gone",
    "/account/apply/begin",
];

pub async fn gate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let mut response = match pass(&gate, request, next).await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    };
    response.extensions_mut().insert(Uncompressed);
    response
}

/// Around all else, the session's own layer too: the page that holds what was typed takes the place of an answer that
/// waits for the store too long, and of the empty 500 with which that layer says that it cannot write a session.
pub async fn held(mut request: Request, next: Next) -> Response {
    let arrived: Arc<OnceLock<Arrived>> = Arc::default();
    request.extensions_mut().insert(Arc::clone(&arrived));
    let files =
        uploads::is_upload(request.method(), uri_of(request.extensions(), request.uri()).path(), request.headers());
    let answer = next.run(request);
    let answer = match files {
        // What is still coming has to be read, or nobody sees an answer: the page that reads files gives up by itself.
        true => Ok(answer.await),
        false => wait::within(WAIT, answer).await,
    };
    let response = match (answer, arrived.get()) {
        (Ok(response), _) => response,
        (Err(silent), Some(arrived)) => return arrived.trouble(silent),
        (Err(silent), None) => return Failure::Unavailable(silent.to_string()).into_response(),
    };
    let ours =
        response.extensions().get::<Failure>().is_some() || response.headers().contains_key(header::CONTENT_TYPE);
    match arrived.get() {
        Some(arrived) if response.status() == StatusCode::INTERNAL_SERVER_ERROR && !ours => {
            arrived.trouble(StoreError::Away("the session could not be written".to_string()))
        }
        _ => response,
    }
}

async fn pass(gate: &Gate, request: Request, next: Next) -> Result<Response, Failure> {
    let (mut parts, body) = request.into_parts();
    let files = uploads::is_upload(&parts.method, uri_of(&parts.extensions, &parts.uri).path(), &parts.headers);
    let (form, body) = match parts.method {
        // The page reads it, file by file.
        Method::POST if files => (Arc::new(Form::of_files()), Some(body)),
        Method::POST => (Arc::new(read(gate, &parts.headers, body).await?), None),
        _ => (Arc::default(), None),
    };
    let uri = uri_of(&parts.extensions, &parts.uri);
    let id = parts.extensions.get::<RequestId>().map_or("", RequestId::as_str);
    let cx = Cx::new(&gate.app, uri, id);
    let arrived = parts.extensions.get::<Arc<OnceLock<Arrived>>>();
    let arrived = arrived.map(|held| held.get_or_init(|| Arrived::new(cx.clone(), Arc::clone(&form))));
    let visitor = Visitor::of(&gate.app, &gate.office, &parts);
    let visitor = match files {
        true => wait::within(WAIT, visitor).await.flatten(),
        false => visitor.await,
    };
    let visitor = match visitor {
        Ok(visitor) => Arc::new(visitor),
        Err(error) => {
            drained(body).await;
            return Ok(trouble::page(&cx, None, &Trouble::Away(error), &form));
        }
    };
    if let Some(arrived) = arrived {
        let _ = arrived.visitor.set(Arc::clone(&visitor));
    }
    if visitor.locked && !OPEN_WHILE_LOCKED.contains(&cx.path.as_str()) {
        drained(body).await;
        let asked = unlock::ask(&cx, &gate.office, &visitor, &form).await;
        return Ok(match asked {
            Ok(response) => response,
            Err(instead) => answered(&cx, &visitor, &form, instead.into_response()),
        });
    }
    if visitor.over.is_some() && !OPEN_WHEN_OVER.contains(&cx.path.as_str()) {
        drained(body).await;
        let asked = over::ask(&cx, &gate.office, &visitor, &form).await;
        return Ok(match asked {
            Ok(response) => response,
            Err(instead) => answered(&cx, &visitor, &form, instead.into_response()),
        });
    }
    parts.extensions.insert(Arc::clone(&gate.office));
    parts.extensions.insert(Arc::clone(&visitor));
    parts.extensions.insert(Arc::clone(&form));
    let response = next.run(Request::from_parts(parts, body.unwrap_or_default())).await;
    Ok(answered(&cx, &visitor, &form, response))
}

/// As it came, with its language.
fn uri_of<'r>(extensions: &'r Extensions, uri: &'r Uri) -> &'r Uri {
    extensions.get::<OriginalUri>().map_or(uri, |original| &original.0)
}

/// Files that nobody reads: dropped, so that the answer is seen.
async fn drained(body: Option<Body>) {
    if let Some(body) = body {
        uploads::drain(body).await;
    }
}

/// A page that ran into trouble gets one that holds what was typed.
fn answered(cx: &Cx, visitor: &Visitor, form: &Form, mut response: Response) -> Response {
    match response.extensions_mut().remove::<Trouble>() {
        Some(trouble) => trouble::page(cx, Some(visitor), &trouble, form),
        None => response,
    }
}

async fn read(gate: &Gate, headers: &axum::http::HeaderMap, body: Body) -> Result<Form, Failure> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // A button that sends nothing may leave it out.
    let kind = if kind.is_empty() { FORM } else { kind };
    Ok(Form::of(Zeroizing::new(form_text(kind, body, gate.app.config.max_body_bytes).await?)))
}
