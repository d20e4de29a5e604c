//! The site's own files (style sheet, icon, small script): embedded, under hashed names.
//!
//! Called by `web::assets`, which serves them, and by pages, which need a file's URL and integrity hash. It must
//! never depend on a request.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use base64::Engine as _;
use sha2::{Digest as _, Sha256, Sha384};

use super::embedded;
use crate::types::hex;

pub struct File {
    pub content_type: &'static str,
    /// The first 12 hex digits of the content's SHA-256: in the URL and the ETag.
    pub hash: String,
    pub integrity: String,
    pub plain: &'static [u8],
    /// Worth compressing: all but pictures made of dots.
    pub squeezable: bool,
    /// Both made when somebody first asks for them, by `web::assets`; `None` if they would not be smaller.
    pub brotli: OnceLock<Option<Vec<u8>>>,
    pub gzip: OnceLock<Option<Vec<u8>>>,
}

/// Once per process: the content is the same for every `App` of this binary.
static FILES: LazyLock<HashMap<&'static str, File>> =
    LazyLock::new(|| embedded::ASSETS.iter().map(|&(name, plain)| (name, File::new(name, plain))).collect());

impl File {
    fn new(name: &str, plain: &'static [u8]) -> File {
        let content_type = match name.rsplit('.').next().unwrap_or("") {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml; charset=utf-8",
            "ico" => "image/x-icon",
            "png" => "image/png",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        let hash = hex(&Sha256::digest(plain)[..6]);
        let integrity = format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(Sha384::digest(plain)));
        let squeezable = !content_type.starts_with("image/") || content_type.starts_with("image/svg+xml");
        File { content_type, hash, integrity, plain, squeezable, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// `site.css` → `site.1a2b3c4d5e6f.css`.
    fn hashed_name(&self, name: &str) -> String {
        match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{}.{extension}", self.hash),
            None => format!("{name}.{}", self.hash),
        }
    }
}

/// The file with this plain name.
pub fn file(name: &str) -> Option<&'static File> {
    FILES.get(name)
}

/// The style sheet that stands in every page's head, without its comments, indents and line ends.
static STYLES: LazyLock<String> = LazyLock::new(|| joined_lines(&text("site.css")));

/// What the questions and the list have beside it.
static LIST_STYLES: LazyLock<String> = LazyLock::new(|| joined_lines(&text("list.css")));

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

/// What every page has in its `<style>`.
pub fn styles() -> &'static str {
    &STYLES
}

/// What questions and list have in a second one.
pub fn list_styles() -> &'static str {
    &LIST_STYLES
}

/// Both as the content security policy names them: `'sha256-…' 'sha256-…'`.
pub fn styles_sources() -> String {
    let source = |styles: &str| {
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(styles.as_bytes())))
    };
    format!("{} {}", source(styles()), source(list_styles()))
}

/// `data:image/svg+xml,…`
pub fn icon() -> &'static str {
    &ICON
}

/// URLs of this installation's assets. Built once at startup.
pub struct Assets {
    urls: HashMap<&'static str, String>,
}

impl Assets {
    /// `cdn_base` is empty (same origin) or a base URL without its trailing slash, `https://cdn.example.org`.
    pub fn new(cdn_base: &str) -> Assets {
        let url = |name, file: &File| format!("{cdn_base}/assets/{}", file.hashed_name(name));
        Assets { urls: FILES.iter().map(|(&name, file)| (name, url(name, file))).collect() }
    }

    /// The hashed URL, or the plain one for an unknown name (its 404 shows up in the log).
    pub fn url<'a>(&'a self, name: &'a str) -> &'a str {
        self.urls.get(name).map_or(name, String::as_str)
    }

    /// The `integrity=""` attribute: sha384. Empty for an unknown name.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inlined_styles_lose_their_comments_and_no_rule() {
        assert_eq!(
            joined_lines("/* a */\n:root {\n  --a: b;\n}\n/* c\n d */ p, a { x: y; }"),
            ":root {--a: b;}p, a { x: y; }"
        );
        let kept = |css: &str| css.matches('{').count() == css.matches('}').count() && !css.contains("/*");
        assert!(styles().len() > 3000 && list_styles().len() > 3000 && kept(styles()) && kept(list_styles()));
        for line in (text("site.css") + &text("list.css")).lines().filter(|line| !line.is_empty()) {
            let comment = line.starts_with("/*") || line.ends_with("*/");
            assert!(comment || line.ends_with(['{', '}', ';', ',']), "joined with the next line: {line}");
        }
        assert!(!styles().contains("</") && !list_styles().contains("</"), "nothing ends the element early");
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
