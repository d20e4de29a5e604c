//! Lets requests in, or asks clients to come back later (`floor::admission` decides).
//!
//! Called by the router, outside of compression, because compression is work too. A refusal is a page prepared at
//! startup.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Body as _;

use super::error::Failure;
use super::refusal::Refusals;
use crate::app::App;
use crate::floor::admission::{Class, Refused};
use crate::floor::wire::Wire;
use crate::surge::coding::Codings;

/// Memory of a queued request beyond its address and headers.
const REQUEST_BYTES: usize = 4 << 10;
/// A streamed answer (a compressed one) is completed while its place is held, up to this size.
const WHOLE_BYTES_MAX: usize = 4 << 20;

pub async fn admit<F: Future<Output = Response>>(
    house: &House,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let House { app, refusals } = house;
    let admission = match Class::of(request.uri().path()) {
        Class::Always => return next(request).await,
        Class::Browse => &app.admission,
        Class::Office => &app.office_admission,
    };
    let path_bytes = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let client = request
        .extensions()
        .get::<Wire>()
        .map(|wire| wire.client(forwarded(request.headers()), &app.config.trusted_proxies));
    let (lang, coding) = (app.messages.of_path(request.uri().path()).0, Codings::of(request.headers()).fresh);
    let room = match app.floor.has_room_for_an_answer() {
        true => admission.place(REQUEST_BYTES + path_bytes + header_bytes, client).await,
        false => Err(admission.refuse(Refused::Bytes)),
    };
    match room {
        Ok(_place) => {
            // Most pages are made from memory, without waiting for anything: without this a request would never hold a place
            // while others arrive, and the line of all of them would be the runtime's own, in which health checks stand too.
            tokio::task::yield_now().await;
            whole(next(request).await).await
        }
        Err(why) => refusals.answer(lang, coding, why).await,
    }
}

/// What [`admit`] needs.
pub struct House {
    pub app: Arc<App>,
    pub refusals: Refusals,
}

impl House {
    pub fn new(app: &Arc<App>) -> House {
        House { app: Arc::clone(app), refusals: Refusals::new(app) }
    }
}

/// `X-Forwarded-For` from the end: nearest first.
pub fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    lines.into_iter().rev().flat_map(|line| line.rsplit(','))
}

/// The answer with its body complete: the work happens while the place is held, and the length is known.
async fn whole(response: Response) -> Response {
    if response.body().is_end_stream() || response.body().size_hint().exact().is_some() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    match to_bytes(body, WHOLE_BYTES_MAX).await {
        Ok(bytes) => {
            parts.headers.remove(axum::http::header::TRANSFER_ENCODING);
            Response::from_parts(parts, Body::from(bytes))
        }
        Err(error) => {
            Failure::internal(anyhow::Error::new(error).context("an answer could not be made whole")).into_response()
        }
    }
}
