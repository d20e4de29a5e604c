//! What a page of the desk works with: who is there, what was sent, and what it may answer instead of itself.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

use super::{Desk, view};
use crate::account::guessing::{Bucket, Counted, Right, Try};
use crate::account::password::Busy;
use crate::app::App;
use crate::floor::wire::Wire;
use crate::sealing::{SealFault, Secret};
use crate::staff::people::Role;
use crate::staff::session::{self, Seat, Seen, Stage};
use crate::store::{Change, Millis, Reading, StoreError};
use crate::telemetry::Cause;
use crate::web::admission::forwarded;
use crate::web::sealed::FORM;

/// Everything at hand. An extractor.
pub struct Here {
    pub app: Arc<App>,
    pub desk: Arc<Desk>,
    pub seat: Option<Seat>,
    /// The store's time when the request came.
    pub now: Millis,
    pub query: Vec<(String, String)>,
    client: IpAddr,
    form: Vec<(String, Zeroizing<String>)>,
}

/// What a page is answered with instead.
pub enum Instead {
    Answer(Box<Response>),
    Away(StoreError),
    Crowded,
    Fault(anyhow::Error),
}

pub type Answer = Result<Response, Instead>;

impl From<Response> for Instead {
    fn from(response: Response) -> Instead {
        Instead::Answer(Box::new(response))
    }
}

impl From<StoreError> for Instead {
    fn from(error: StoreError) -> Instead {
        match error {
            StoreError::Away(_) | StoreError::Busy(_) | StoreError::Stale => Instead::Away(error),
            other => Instead::Fault(other.into()),
        }
    }
}

impl From<SealFault> for Instead {
    fn from(fault: SealFault) -> Instead {
        Instead::Fault(fault.into())
    }
}

impl From<anyhow::Error> for Instead {
    fn from(error: anyhow::Error) -> Instead {
        Instead::Fault(error)
    }
}

impl From<Busy> for Instead {
    fn from(Busy: Busy) -> Instead {
        Instead::Crowded
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        let (mut response, cause) = match self {
            Instead::Answer(response) => return *response,
            Instead::Away(error) => {
                let words = "The store does not answer. Nothing was decided twice, and what you decided before is kept. Wait a \
                             minute, go back, and look at the page again before you press a button again.";
                (view::later("The store is away", words), Cause::new(&error))
            }
            Instead::Crowded => {
                let words = "Too many people sign in right now. Try again in a minute.";
                let cause = Cause::new(&"no place in the line for a hash");
                (view::later("One moment", words), cause)
            }
            Instead::Fault(error) => {
                let words = "Something went wrong here, and it is in the log. Go back to the line and try again.";
                let cause = Cause::new(&format!("{error:#}"));
                (view::words(StatusCode::INTERNAL_SERVER_ERROR, "Our fault", words), cause)
            }
        };
        response.extensions_mut().insert(cause);
        response
    }
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-k" } else { "k" }
}

/// The line that sets the session's cookie, or removes it with the same attributes.
pub fn cookie(secure: bool, token: Option<&str>) -> Option<HeaderValue> {
    let (name, tls) = (cookie_name(secure), if secure { " Secure;" } else { "" });
    let (value, end) = token.map_or(("", "; Max-Age=0"), |token| (token, ""));
    HeaderValue::try_from(format!("{name}={value}; HttpOnly; SameSite=Strict;{tls} Path=/{end}")).ok()
}

fn token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == cookie_name(secure)).map(|(_, value)| value)
}

impl FromRequest<Arc<App>> for Here {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Here, Response> {
        let (parts, body) = request.into_parts();
        let Some(desk) = parts.extensions.get::<Arc<Desk>>().cloned() else {
            return Err(Instead::Fault(anyhow::anyhow!("a page of the desk without a desk")).into_response());
        };
        let form = match parts.method {
            Method::POST => form(app, &parts.headers, body).await?,
            _ => Vec::new(),
        };
        let wire = parts.extensions.get::<Wire>();
        let client = wire.map(|wire| wire.client(forwarded(&parts.headers), &app.config.trusted_proxies));
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let mut here = Here {
            app: Arc::clone(app),
            seat: None,
            now: 0,
            query,
            client: client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            form,
            desk,
        };
        let token = token(&parts.headers, here.desk.secure);
        here.sit(token).await.map_err(IntoResponse::into_response)?;
        Ok(here)
    }
}

async fn form(
    app: &App,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Vec<(String, Zeroizing<String>)>, Response> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or(FORM);
    let no_form =
        || view::words(StatusCode::BAD_REQUEST, "Not a form", "This page takes its own form and nothing else.");
    if !kind.to_ascii_lowercase().starts_with(FORM) {
        return Err(no_form());
    }
    let bytes = to_bytes(body, app.config.max_body_bytes).await.map_err(|_| no_form())?;
    let bytes = Zeroizing::new(bytes.to_vec());
    let pairs = form_urlencoded::parse(&bytes);
    Ok(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect())
}

impl Here {
    async fn sit(&mut self, token: Option<&str>) -> Result<(), Instead> {
        let Some(token) = token.filter(|token| token.len() == 64) else { return Ok(()) };
        self.now = self.desk.room.store.now().await?;
        let mut connection = self.read().await?;
        let seat = session::seat(&mut connection, token, self.now).await?;
        drop(connection);
        if let Some(seat) = seat.as_ref().filter(|seat| seat.stale) {
            self.write(Seen { hash: seat.hash.clone() }).await?;
        }
        self.seat = seat;
        Ok(())
    }

    pub async fn read(&self) -> Result<Reading, Instead> {
        Ok(self.desk.room.store.read().await?)
    }

    pub async fn write<C: Change>(&self, change: C) -> Result<C::Done, Instead> {
        Ok(self.desk.room.store.begin_write(change).await?)
    }

    /// Who is signed in, with password and app; or the way to the page that signs in.
    pub fn signed_in(&self) -> Result<&Seat, Instead> {
        let seat = self.seat.as_ref().filter(|seat| seat.stage == Stage::Open);
        seat.ok_or_else(|| view::go("/desk/sign-in").into())
    }

    /// The same, if it is a supervisor.
    pub fn supervisor(&self) -> Result<&Seat, Instead> {
        let seat = self.signed_in()?;
        match seat.person.role {
            Role::Supervisor => Ok(seat),
            Role::Reviewer => {
                let words = "Only supervisors can open this page.";
                Err(view::words(StatusCode::FORBIDDEN, "Not for reviewers", words).into())
            }
        }
    }

    /// A field, spaces around it cut off; empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.form.iter().rev().find(|(own, _)| own == name).map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field, as ticked boxes of one name send them; empty ones left out.
    pub fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let own = self.form.iter().filter(move |(own, _)| own == name);
        own.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A password, exactly as typed.
    pub fn secret(&self, name: &str) -> Secret<String> {
        let found = self.form.iter().rev().find(|(own, _)| own == name);
        Secret::new(found.map(|(_, value)| value.to_string()).unwrap_or_default())
    }

    /// The counters of whoever tries to be this login.
    pub fn buckets(&self, login: &str) -> Vec<Bucket> {
        let of = format!("desk {login}");
        vec![self.desk.buckets.network(self.client), self.desk.buckets.strangers(of.as_bytes())]
    }

    /// Counts a try before it is judged; until when the door is closed, if it is.
    pub async fn count(&self, buckets: &[Bucket]) -> Result<Option<Millis>, Instead> {
        match self.write(Try { buckets: buckets.to_vec() }).await? {
            Counted::Allowed => Ok(None),
            Counted::ClosedUntil(until) => Ok(Some(until)),
        }
    }

    pub async fn was_right(&self, buckets: Vec<Bucket>) -> Result<(), Instead> {
        self.write(Right { buckets }).await
    }
}
