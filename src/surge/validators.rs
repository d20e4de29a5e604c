//! ETags and conditional requests: which forms of a page's tag mean the same page.
//!
//! Called by the page cache, and by `web` for every page and asset.

use axum::http::{HeaderMap, HeaderValue, header};

use super::coding::{Coding, Effort};

/// Tells a CDN what an answer was made from.
pub const SURROGATE_KEY: header::HeaderName = header::HeaderName::from_static("surrogate-key");

/// All values of a list-valued header.
pub fn joined(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Suffixes of a tag: none for plain text, else the coding and how hard it is compressed.
const CODED: [&str; 7] = ["", "-br", "-gz", "-br2", "-gz2", "-br3", "-gz3"];

/// The ETag of a page's bytes. A strong one identifies bytes, so each coding and effort has its own: `"x"` becomes `"x-br"`
/// fresh, `"x-br2"` kept, `"x-br3"` strong.
pub fn etag(tag: &str, coding: Coding, effort: Effort) -> Option<HeaderValue> {
    let coding = match coding {
        Coding::Identity => return HeaderValue::try_from(format!("\"{tag}\"")).ok(),
        Coding::Brotli => "br",
        Coding::Gzip => "gz",
    };
    let effort = match effort {
        Effort::Fresh => "",
        Effort::Kept => "2",
        Effort::Strong => "3",
    };
    HeaderValue::try_from(format!("\"{tag}-{coding}{effort}\"")).ok()
}

/// Looks for `"tag"`, `"tag-br"` or another of [`CODED`] (also marked weak, as some proxies do) in `If-None-Match`;
/// returns the tag in the form the client has. `*` matches nothing: it asks whether there is a page at all, which is
/// known only once it has been made, and then it may as well be sent.
pub fn etag_matches(if_none_match: &str, tag: &str) -> Option<String> {
    if_none_match.split(',').map(str::trim).find_map(|item| {
        let inner = item.strip_prefix("W/").unwrap_or(item).strip_prefix('"')?.strip_suffix('"')?;
        let ours = CODED.contains(&inner.strip_prefix(tag)?);
        ours.then(|| inner.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_each_coding_and_no_other_form() {
        assert_eq!(etag_matches("\"x\", W/\"abc-br\"", "abc").as_deref(), Some("abc-br"));
        assert_eq!(etag_matches("\"abc\"", "abc").as_deref(), Some("abc"));
        for other in ["*", "\"abcd\"", "abc", "\"ab\"", "\"abc-zz\"", ""] {
            assert_eq!(etag_matches(other, "abc"), None, "{other}");
        }
    }
}
