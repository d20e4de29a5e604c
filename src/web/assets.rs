//! Serves the site's own files (`text::assets`) under hashed names.
//!
//! Called by the router. A name that contains its content's hash never changes meaning, so browsers and the CDN may
//! keep it forever.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};

use super::error::Failure;
use super::page;
use crate::app::App;
use crate::surge::coding::{Coding, Codings, Effort};
use crate::surge::validators::etag;
use crate::text::assets::{self, File};

/// A year, the longest that caches are expected to honor.
const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Files at fixed addresses (`/robots.txt`) can change with a release: a day.
const CACHE_A_DAY: &str = "public, max-age=86400";
/// Files that other programs expect at the root, under their plain names.
const AT_THE_ROOT: [&str; 3] = ["robots.txt", "favicon.ico", "favicon.svg"];

fn response(file: &'static File, headers: &HeaderMap, cache: &'static str) -> Response<Body> {
    let wanted = Codings::of(headers).kept;
    let (coding, body) = coded(file, wanted).map_or((Coding::Identity, file.plain), |body| (wanted, body));
    let body = Bytes::from_static(body);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let unchanged = known.is_some_and(|known| page::etag_matches(known, &file.hash).is_some());
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(body) });
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| out.insert(name, HeaderValue::from_static(value));
    set(header::CACHE_CONTROL, cache);
    set(header::VARY, "accept-encoding");
    // Assets may come from a different host than pages (a CDN), and integrity is checked only on CORS responses.
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    if !unchanged {
        set(header::CONTENT_TYPE, file.content_type);
        coding.name().map(|name| set(header::CONTENT_ENCODING, name));
    }
    if let Some(etag) = etag(&file.hash, coding, Effort::Strong) {
        out.insert(header::ETAG, etag);
    }
    response
}

/// The file in a coding, compressed once for the process, as hard as what never changes deserves.
fn coded(file: &'static File, coding: Coding) -> Option<&'static [u8]> {
    let made = match coding {
        Coding::Identity => return None,
        Coding::Brotli => &file.brotli,
        Coding::Gzip => &file.gzip,
    };
    let make = || file.squeezable.then(|| coding.compress(file.plain, Effort::Strong)).flatten();
    made.get_or_init(|| make().map(Vec::from)).as_deref()
}

/// `GET /assets/{file}`: only under the name with the current hash; anything else is not found.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Result<Response<Body>, Failure> {
    let mut parts = file.rsplitn(3, '.');
    let (extension, hash, stem) = (parts.next(), parts.next(), parts.next());
    let (Some(extension), Some(hash), Some(stem)) = (extension, hash, stem) else { return Err(Failure::NotFound) };
    match assets::file(&format!("{stem}.{extension}")) {
        Some(file) if file.hash == hash => Ok(response(file, &headers, CACHE_FOR_EVER)),
        _ => Err(Failure::NotFound),
    }
}

/// `GET /robots.txt` and the like: the few files that are requested at the root by a fixed name.
pub async fn root_file(State(_): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response<Body>, Failure> {
    let name = uri.path().trim_start_matches('/');
    let file = AT_THE_ROOT.contains(&name).then(|| assets::file(name)).flatten().ok_or(Failure::NotFound)?;
    Ok(response(file, &headers, CACHE_A_DAY))
}
