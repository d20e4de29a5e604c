//! A document as an answer: to be saved, of one of four types, and nothing in it may run.
//!
//! Called by its owner's page and by the desk. It must never let a browser show a document, keep it, or guess what it is.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use zeroize::Zeroizing;

use super::kinds::Kind;
use super::name::disposition;
use super::stored::Document;

/// What a browser may do with it: nothing but save it.
const SANDBOX: &str = "default-src 'none'; sandbox";

/// # Errors
///
/// If a name cannot be written in a header: a fault of ours.
pub fn attachment(document: &Document, body: &Zeroizing<Vec<u8>>) -> anyhow::Result<Response> {
    let kind = document.kind.unwrap_or(Kind::Pdf);
    let mut response = Response::new(Body::from(body.to_vec()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(disposition(&document.name, kind))?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.content_type()));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    Ok(response)
}
