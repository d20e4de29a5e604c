//! The site's own files (style sheet, icon, small script): embedded, compressed once, served under hashed names.
//!
//! Called by the router (`serve`, `root_file`) and by pages, which ask for an asset's URL and integrity. A name with
//! its content's hash never changes its meaning, so browsers and the CDN may keep it for ever.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use base64::Engine as _;
use sha2::{Digest as _, Sha256, Sha384};

use super::coding::{Coding, Effort};
use super::error::Failure;
use super::page;
use crate::app::App;

/// A year, the longest that caches are asked to honour.
const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Files at fixed addresses (`/robots.txt`) may change with a release: a day.
const CACHE_A_DAY: &str = "public, max-age=86400";
/// Files that other programs look for at the root, under their plain names.
const AT_THE_ROOT: [&str; 3] = ["robots.txt", "favicon.ico", "favicon.svg"];

struct File {
    content_type: &'static str,
    /// The first 12 hex digits of the content's SHA-256: in the URL and the ETag.
    hash: String,
    integrity: String,
    plain: &'static [u8],
    /// Present only where smaller than `plain`.
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

/// Compressed at first use and once for the process: the content is the same for every `App` of this binary.
static FILES: LazyLock<HashMap<&'static str, File>> = LazyLock::new(|| {
    crate::text::embedded::ASSETS.iter().map(|&(name, plain)| (name, File::new(name, plain))).collect()
});

impl File {
    fn new(name: &str, plain: &'static [u8]) -> File {
        let content_type = match name.rsplit('.').next().unwrap_or("") {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "ico" => "image/x-icon",
            "png" => "image/png",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        let hash = Sha256::digest(plain).iter().take(6).map(|b| format!("{b:02x}")).collect();
        let integrity = format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(plain)));
        let squeezable = !content_type.starts_with("image/") || content_type == "image/svg+xml";
        // Once for the process, so time does not matter.
        let squeezed = |coding: Coding| squeezable.then(|| coding.compress(plain, Effort::Strong)).flatten();
        let (brotli, gzip) = (squeezed(Coding::Brotli), squeezed(Coding::Gzip));
        File { content_type, hash, integrity, plain, brotli, gzip }
    }

    /// `site.css` → `site.1a2b3c4d5e6f.css`.
    fn hashed_name(&self, name: &str) -> String {
        match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{}.{extension}", self.hash),
            None => format!("{name}.{}", self.hash),
        }
    }

    fn response(&self, headers: &HeaderMap, cache: &'static str) -> Response<Body> {
        let (coding, suffix, body) = match (Coding::chosen(headers), &self.brotli, &self.gzip) {
            (Coding::Brotli, Some(bytes), _) => (Some("br"), "-br", bytes.clone()),
            (Coding::Gzip, _, Some(bytes)) => (Some("gzip"), "-gz", bytes.clone()),
            _ => (None, "", Bytes::from_static(self.plain)),
        };
        let etag = format!("\"{}{suffix}\"", self.hash);
        let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
        let unchanged = known.is_some_and(|known| page::etag_matches(known, &self.hash).is_some());
        let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(body) });
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let out = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| out.insert(name, HeaderValue::from_static(value));
        set(header::CACHE_CONTROL, cache);
        set(header::VARY, "accept-encoding");
        // Assets may come from another host than pages (a CDN), and integrity is checked only on CORS answers.
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
        if !unchanged {
            set(header::CONTENT_TYPE, self.content_type);
            coding.map(|coding| set(header::CONTENT_ENCODING, coding));
        }
        if let Ok(etag) = HeaderValue::try_from(etag) {
            out.insert(header::ETAG, etag);
        }
        response
    }
}

/// URLs of this installation's assets. Made once at start.
pub struct Assets {
    urls: HashMap<&'static str, String>,
}

impl Assets {
    /// `cdn_base` is empty (same origin) or a base without its last slash, `https://cdn.example.org`.
    pub fn new(cdn_base: &str) -> Assets {
        let url = |name, file: &File| format!("{cdn_base}/assets/{}", file.hashed_name(name));
        Assets { urls: FILES.iter().map(|(&name, file)| (name, url(name, file))).collect() }
    }

    /// The hashed URL; the plain one for a name that is not there (its 404 shows in the log).
    pub fn url<'a>(&'a self, name: &'a str) -> &'a str {
        self.urls.get(name).map_or(name, String::as_str)
    }

    /// The `integrity=""` attribute: sha384. Empty for a name that is not there.
    pub fn integrity(&self, name: &str) -> &'static str {
        FILES.get(name).map_or("", |file| &file.integrity)
    }

    /// All names, sorted. For tests.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.urls.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

/// `GET /assets/{file}`: only under the name with the present hash; any other is not found.
pub async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Result<Response<Body>, Failure> {
    let mut parts = file.rsplitn(3, '.');
    let (extension, hash, stem) = (parts.next(), parts.next(), parts.next());
    let (Some(extension), Some(hash), Some(stem)) = (extension, hash, stem) else { return Err(Failure::NotFound) };
    match FILES.get(format!("{stem}.{extension}").as_str()) {
        Some(file) if file.hash == hash => Ok(file.response(&headers, CACHE_FOR_EVER)),
        _ => Err(Failure::NotFound),
    }
}

/// `GET /robots.txt` and the like: the few files that others ask for by a fixed name at the root.
pub async fn root_file(State(_): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Result<Response<Body>, Failure> {
    let name = uri.path().trim_start_matches('/');
    let file = AT_THE_ROOT.contains(&name).then(|| FILES.get(name)).flatten().ok_or(Failure::NotFound)?;
    Ok(file.response(&headers, CACHE_A_DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_carry_the_base_and_the_hash() {
        let assets = Assets::new("https://cdn.example.org");
        let url = assets.url("site.css");
        assert!(url.starts_with("https://cdn.example.org/assets/site.") && url.ends_with(".css"), "{url}");
        assert!(assets.integrity("site.css").starts_with("sha384-"));
    }
}
