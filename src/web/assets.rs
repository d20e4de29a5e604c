//! The site's own files (style sheet, icon, small script): embedded, compressed once, served under hashed names.
//!
//! Called by the router (`serve`, `root_file`) and by pages, which ask for an asset's URL and integrity. A name with
//! its content's hash never changes its meaning, so browsers and the CDN may keep it for ever.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use base64::Engine as _;
use sha2::{Digest as _, Sha256, Sha384};

use super::error::Failure;
use super::page;
use crate::app::App;

/// A year, the longest that caches are asked to honour.
const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Files at fixed addresses (`/robots.txt`) may change with a release: a day.
const CACHE_A_DAY: &str = "public, max-age=86400";
/// Files that other programs look for at the root, under their plain names.
const AT_THE_ROOT: [&str; 3] = ["robots.txt", "favicon.ico", "favicon.svg"];

/// The style sheet that stands in every page's head, without its comments, indents and line ends.
static STYLES: LazyLock<String> = LazyLock::new(|| joined_lines(&text("site.css")));

/// The icon as an address of its own content, so that no browser asks for it.
static ICON: LazyLock<String> = LazyLock::new(|| {
    let escaped = |c: char| match c {
        '<' | '>' | '#' | '%' | '"' | ' ' => format!("%{:02X}", u32::from(c)),
        other => other.to_string(),
    };
    let svg: String = text("favicon.svg").trim().replace('"', "'").chars().map(escaped).collect();
    format!("data:image/svg+xml,{svg}")
});

/// An embedded file as text; empty for a name that is not there, which a test would see.
fn text(name: &str) -> String {
    FILES.get(name).map(|file| String::from_utf8_lossy(file.plain).into_owned()).unwrap_or_default()
}

/// Drops comments, and joins lines. Every line of our style sheet ends where nothing has to stand between it and the
/// next (a test holds this).
fn joined_lines(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("/*") {
        kept.push_str(&rest[..at]);
        rest = rest[at..].find("*/").map_or("", |end| &rest[at + end + 2..]);
    }
    kept.push_str(rest);
    kept.lines().map(str::trim).collect()
}

/// What every page has in its one `<style>`.
pub fn styles() -> &'static str {
    &STYLES
}

/// That style sheet as the content security policy names it: `'sha256-…'`.
pub fn styles_source() -> String {
    let hash = Sha256::digest(STYLES.as_bytes());
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(hash))
}

/// `data:image/svg+xml,…`
pub fn icon() -> &'static str {
    &ICON
}

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
        let smaller = |bytes: Vec<u8>| (bytes.len() < plain.len()).then(|| Bytes::from(bytes));
        let squeezable = !content_type.starts_with("image/") || content_type == "image/svg+xml";
        let brotli = squeezable.then(|| smaller(brotli(plain))).flatten();
        let gzip = squeezable.then(|| smaller(gzip(plain))).flatten();
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
        let accepts = |coding| accepts_coding(headers, coding);
        let (coding, suffix, body) = match (&self.brotli, &self.gzip) {
            (Some(bytes), _) if accepts("br") => (Some("br"), "-br", bytes.clone()),
            (_, Some(bytes)) if accepts("gzip") => (Some("gzip"), "-gz", bytes.clone()),
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

/// Brotli at its best (11): once per process, so time does not matter.
fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    match brotli::BrotliCompress(&mut &plain[..], &mut out, &params) {
        Ok(_) => out,
        Err(_) => plain.to_vec(), // not smaller, so it is not used
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(out) => out,
        Err(_) => plain.to_vec(), // not smaller, so it is not used
    }
}

/// Whether `Accept-Encoding` names this coding with a quality above zero.
fn accepts_coding(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
        named && !refused
    })
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
    fn a_coding_is_used_only_where_accepted() {
        let accept =
            |value: &'static str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        assert!(accepts_coding(&accept("gzip, deflate, BR;q=0.5"), "br"));
        assert!(!accepts_coding(&accept("gzip, br;q=0"), "br"));
        assert!(!accepts_coding(&HeaderMap::new(), "br"));
    }

    #[test]
    fn the_inlined_styles_lose_their_comments_and_no_rule() {
        assert_eq!(
            joined_lines("/* a */\n:root {\n  --a: b;\n}\n/* c\n d */ p, a { x: y; }"),
            ":root {--a: b;}p, a { x: y; }"
        );
        let kept = |css: &str| css.matches('{').count() == css.matches('}').count() && !css.contains("/*");
        assert!(styles().len() > 5000 && kept(styles()));
        for line in text("site.css").lines().filter(|line| !line.is_empty()) {
            let comment = line.starts_with("/*") || line.ends_with("*/");
            assert!(comment || line.ends_with(['{', '}', ';', ',']), "joined with the next line: {line}");
        }
        assert!(!styles().contains("</"), "nothing ends the element early");
        assert!(icon().starts_with("data:image/svg+xml,%3Csvg") && !icon().contains(['"', ' ']), "{}", icon());
    }

    #[test]
    fn urls_carry_the_base_and_the_hash() {
        let assets = Assets::new("https://cdn.example.org");
        let url = assets.url("site.css");
        assert!(url.starts_with("https://cdn.example.org/assets/site.") && url.ends_with(".css"), "{url}");
        assert!(assets.integrity("site.css").starts_with("sha384-"));
    }
}
