//! One page: what it needs to know about its request (`Cx`), how it is rendered, and how long others may keep it.
//!
//! Called by every handler that answers with HTML. Public pages depend on their URL, their language, the catalogue
//! and this build, and on nothing else: that makes their ETags strong and lets a CDN serve them. So a public page
//! must never look at a cookie, a clock or the request's ID. One thing about the date is allowed because it is part of
//! the version: whether another year's enrollment is open (`shop::season`).

use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use sha2::{Digest as _, Sha256};

use super::error::Failure;
use super::privacy::{self, Keep};
use super::sealed::{self, Arrival, Said};
use crate::app::App;
use crate::catalogue::{Catalogue, Catalogues};
pub use crate::surge::validators::{SURROGATE_KEY, etag_matches, joined};
use crate::telemetry::RequestId;
use crate::text::assets;
use crate::text::i18n::Lang;
use crate::types::hex;

/// Browsers ask again after a minute (and get a 304 of about 300 bytes). A shared cache keeps a page for five minutes
/// and may then serve it for ten more while it revalidates, so a new catalogue is visible everywhere within a quarter
/// of an hour. If the site is down the cache may serve what it has for a day: yesterday's prices, which are fixed for
/// the year, are better than no page.
const CACHE_PUBLIC: &str = "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400";
/// Where an address leads can change with the catalogue, so redirects are kept for a minute only.
const CACHE_REDIRECT: &str = "public, max-age=60";
const CACHE_MOVED: &str = "public, max-age=86400";
/// Room for a page before it is compressed. A list has 55 to 75 KB; a text that grows while it is written is copied each time.
const PAGE_BYTES: usize = 96 * 1024;
const CACHE_NEVER: &str = "no-store";
/// For an answer to incorrect input, and for a page whose address holds sealed answers: what it says of a household stays on
/// no disk (ASVS 5.0, 14.3.2). Back asks for it again, by an address that holds everything.
const CACHE_ANSWER: &str = "private, no-store";

/// What every page knows about its request. An extractor that cannot fail.
#[derive(Clone)]
pub struct Cx {
    pub app: Arc<App>,
    pub lang: Lang,
    /// Without `/es`; `/` for the home page.
    pub path: String,
    /// What the address (and a form's body) says, private answers readable; empty if nothing. Never write it anywhere
    /// as it is: `href` and `sealed` write addresses.
    pub query: String,
    /// How the private answers arrived, and whether something sealed did not open.
    pub said: Said,
    /// As received, for the ETag: sealed answers stay sealed.
    raw_query: String,
    /// For error pages and logs only, never on a public page.
    pub request_id: String,
    /// The catalogues at the moment the request arrived: the same ones for the whole answer.
    pub catalogues: Arc<Catalogues>,
    /// `If-None-Match` of a GET or HEAD.
    if_none_match: Option<String>,
    /// Private answers and what they were last sealed to: all links of a page carry the same.
    last_sealed: Arc<Mutex<Option<(String, String)>>>,
    /// Pages of the shop that the office answers for somebody it knows; `None` for everybody's.
    pub below: Option<Arc<Below>>,
}

/// Public pages a second time, below an address of the office: the same handlers, for one household that is not in the
/// address. Nobody keeps their answers ([`CachePolicy::Private`]).
pub struct Below {
    /// In this request's language: `/es/account/shop/1`.
    prefix: String,
    base: String,
    pages: &'static [&'static str],
    /// What those pages work with; only their room knows its type.
    pub of: Box<dyn Any + Send + Sync>,
}

impl Below {
    /// `base`: without language. `pages`: first parts of the addresses that are there too, as `/plans`; links to all
    /// others lead to the public page.
    pub fn new(lang: Lang, base: &str, pages: &'static [&'static str], of: Box<dyn Any + Send + Sync>) -> Below {
        Below { prefix: lang.localized(base), base: base.to_string(), pages, of }
    }

    /// An address below this one, without language; `None` if the page is not there. An empty query leaves no mark.
    fn at(&self, path_and_query: &str) -> Option<String> {
        let path = path_and_query.split(['?', '#']).next().unwrap_or_default();
        let is =
            |page: &&str| path.strip_prefix(*page).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']));
        let ours = self.pages.iter().any(is);
        ours.then(|| format!("{}{}", self.base, path_and_query.strip_suffix('?').unwrap_or(path_and_query)))
    }
}

impl FromRequestParts<Arc<App>> for Cx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Cx, Infallible> {
        // The layer around pages has made one already (`sealed::forms`): a sealed address is opened once.
        if let Some(cx) = parts.extensions.remove::<Cx>() {
            return Ok(cx);
        }
        // Inside `nest` axum shortens the URI; the original still has the language.
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let id = parts.extensions.get::<RequestId>().map_or("", RequestId::as_str);
        let body = parts.extensions.get::<sealed::Body>().map(|body| &*body.0);
        let mut cx = Cx::with_body(app, uri, body, id);
        if matches!(parts.method, Method::GET | Method::HEAD) {
            cx.if_none_match = joined(&parts.headers, header::IF_NONE_MATCH);
        }
        Ok(cx)
    }
}

impl Cx {
    pub fn new(app: &Arc<App>, uri: &Uri, request_id: &str) -> Cx {
        Cx::with_body(app, uri, None, request_id)
    }

    /// `body`: of a form submitted to this page.
    pub fn with_body(app: &Arc<App>, uri: &Uri, body: Option<&str>, request_id: &str) -> Cx {
        let raw_query = uri.query().unwrap_or("").to_string();
        let said = Said::read(&raw_query, body, &app.sealer, legal_day(app));
        let (lang, path) = app.messages.of_path(uri.path());
        Cx {
            app: Arc::clone(app),
            lang,
            path: path.to_string(),
            query: said.query.clone(),
            said,
            raw_query,
            request_id: request_id.to_string(),
            catalogues: app.catalogues.current(),
            if_none_match: None,
            last_sealed: Arc::default(),
            below: None,
        }
    }

    /// Today, by the only clock. For what depends on a date by law; a public page must not look.
    ///
    /// Hawaii's date, where the last day of a deadline ends last: nobody is told too early that it is over.
    pub fn today(&self) -> time::Date {
        legal_day(&self.app)
    }

    /// Whether the address carries this mark: `again=1`.
    pub fn is_marked(&self, mark: &str) -> bool {
        self.query.split('&').any(|pair| pair == mark)
    }

    /// What the address says of a name, as it is spelled there.
    pub fn said_of(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// The message with this key, in this page's language.
    pub fn t(&self, key: &str) -> &str {
        self.app.messages.t(self.lang, key)
    }

    /// The message, for a key that comes from data (a benefit's name, for example) and may have none.
    pub fn known(&self, key: &str) -> Option<&str> {
        self.app.messages.get(self.lang, key)
    }

    /// The message with its `{name}`s replaced.
    pub fn tf(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.app.messages.tf(self.lang, key, values)
    }

    /// `November 3, 2026`, `3 de noviembre de 2026`.
    pub fn date(&self, date: time::Date) -> String {
        self.app.messages.date(self.lang, date)
    }

    /// The message for a number: `key.one` or `key.other`, with `{n}` grouped.
    pub fn n(&self, key: &str, n: i64) -> String {
        self.app.messages.n(self.lang, key, n)
    }

    /// "Ana, Ben and Cai".
    pub fn list(&self, items: &[String]) -> String {
        self.app.messages.list(self.lang, items)
    }

    /// The attribute of words that insurers filed, which are English whatever language the page speaks.
    pub fn filed(&self) -> &'static str {
        if self.lang.code() == "en" { "" } else { " lang=\"en\"" }
    }

    /// A link to a page of this site in this page's language: `/plans?…` → `/es/plans?…`.
    ///
    /// Private pairs of the query are sealed.
    pub fn href(&self, path_and_query: &str) -> String {
        self.localized(self.lang, path_and_query)
    }

    fn localized(&self, lang: Lang, path_and_query: &str) -> String {
        let below = self.below.as_deref().and_then(|below| below.at(path_and_query));
        let path_and_query = below.as_deref().unwrap_or(path_and_query);
        let Some((path, rest)) = path_and_query.split_once('?') else { return lang.localized(path_and_query) };
        let (query, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
        match self.sealed(query) {
            Cow::Borrowed(_) => lang.localized(path_and_query),
            Cow::Owned(query) => lang.localized(&format!("{path}?{query}{fragment}")),
        }
    }

    /// The same request for a page of the shop below an address of the office. `path`: of that page, without language.
    pub fn within(self, path: &str, below: Below) -> Cx {
        Cx { path: path.to_string(), below: Some(Arc::new(below)), ..self }
    }

    /// What stands before the addresses of the shop: the language, and where the office answers them.
    pub fn shop(&self) -> &str {
        self.below.as_deref().map_or(self.lang.prefix(), |below| &below.prefix)
    }

    /// A readable query in the form allowed in an address.
    pub fn sealed<'q>(&self, query: &'q str) -> Cow<'q, str> {
        sealed::seal_query(query, |private| {
            let mut last = self.last_sealed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, sealed)) = last.as_ref().filter(|(of, _)| of == private) {
                return Some(sealed.clone());
            }
            let sealed = self.app.sealer.seal(private, self.today())?;
            *last = Some((private.to_string(), sealed.clone()));
            Some(sealed)
        })
    }

    /// The hidden fields of a form that carries these pairs along.
    pub fn sealed_pairs<N: AsRef<str>>(&self, pairs: &[(N, String)]) -> Vec<(String, String)> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.iter().map(|(name, value)| (name.as_ref(), value)));
        let query = query.finish().replace("%2C", ",");
        form_urlencoded::parse(self.sealed(&query).as_bytes()).into_owned().collect()
    }

    /// The site's other languages.
    pub fn other_languages(&self) -> impl Iterator<Item = Lang> {
        self.app.messages.languages().filter(|lang| *lang != self.lang)
    }

    /// This page, with the same answers, in another language.
    pub fn href_in(&self, lang: &Lang) -> String {
        self.localized(*lang, &self.path_and_query())
    }

    /// This page's path and query without its language: `/plans?zip=45202`.
    pub fn path_and_query(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// This page's full URL, for `rel="canonical"`; `None` without `--public-url`.
    pub fn canonical_url(&self) -> Option<String> {
        self.absolute(self.lang)
    }

    /// This page's full URL in a language, for `hreflang`; `None` without `--public-url`.
    pub fn absolute(&self, lang: Lang) -> Option<String> {
        let base = self.app.config.public_url.as_deref()?;
        Some(format!("{base}{}", self.localized(lang, &self.path_and_query())))
    }

    /// The URL of an asset, `site.css` → `/assets/site.1a2b3c4d5e6f.css`.
    pub fn asset<'a>(&'a self, name: &'a str) -> &'a str {
        self.app.assets.url(name)
    }

    /// What stands in every page's `<style>`.
    pub fn styles(&self) -> &'static str {
        assets::styles()
    }

    /// What stands in a second `<style>` of the questions and the list.
    pub fn list_styles(&self) -> &'static str {
        assets::list_styles()
    }

    /// The icon's address, which holds the icon.
    pub fn icon(&self) -> &'static str {
        assets::icon()
    }

    /// The asset's `integrity=""`.
    pub fn integrity(&self, name: &str) -> &'static str {
        self.app.assets.integrity(name)
    }

    /// The strong validator of this URL at a version, without quotes or coding.
    fn tag(&self, version: &str) -> String {
        let parts = [self.app.build, version, self.lang.code(), &self.path, &self.raw_query];
        let mut hash = Sha256::new();
        if privacy::who_may_keep(&self.query) == Keep::Browser {
            hash.update(privacy::tag_key());
        }
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hex(&hash.finalize()[..12])
    }
}

/// The date that decides deadlines and sealed addresses: Hawaii's, where a day ends last.
pub fn legal_day(app: &App) -> time::Date {
    (app.clock)().to_offset(time::macros::offset!(-10)).date()
}

/// In a version: what follows changes the page, but is no catalogue.
pub const NOT_OF_DATA: char = '~';

/// Who may keep a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachePolicy {
    /// Anyone, until the version changes. `version` identifies all data that went into the page.
    Public { version: String },
    /// Only the browser that asked: pages whose address says more about a household than its ages (an income).
    Own { version: String },
    /// Nobody: pages that know a person.
    Private,
}

impl CachePolicy {
    /// For a page made from one catalogue.
    pub fn of(catalogue: &Catalogue) -> CachePolicy {
        CachePolicy::Public { version: catalogue.version.clone() }
    }

    /// For a page that is not about one plan year, or shows several.
    pub fn of_all(catalogues: &Catalogues) -> CachePolicy {
        CachePolicy::Public { version: catalogues.version() }
    }
}

/// The 304 for this request, if the client already has the page: lets a handler skip all work.
pub fn not_modified(cx: &Cx, policy: &CachePolicy) -> Option<Response<Body>> {
    let (CachePolicy::Public { version } | CachePolicy::Own { version }) = policy else { return None };
    let matched = etag_matches(cx.if_none_match.as_deref()?, &cx.tag(version))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    set_caching(&mut response, policy, &matched);
    Some(response)
}

/// The page as an answer with status 200, or a 304.
pub fn render(cx: &Cx, template: impl askama::Template, policy: CachePolicy) -> Response<Body> {
    if let Some(response) = not_modified(cx, &policy) {
        return response;
    }
    render_status(cx, StatusCode::OK, template, policy)
}

/// The page with another status. Only status 200 is ever public, whatever the policy says.
pub fn render_status(
    cx: &Cx,
    status: StatusCode,
    template: impl askama::Template,
    policy: CachePolicy,
) -> Response<Body> {
    let mut html = String::with_capacity(PAGE_BYTES);
    match template.render_into(&mut html) {
        Ok(()) => send(cx, status, "text/html; charset=utf-8", html, policy),
        Err(error) => Failure::internal(anyhow::Error::new(error).context("a template did not render")).into_response(),
    }
}

/// Any other generated text (CSV, JSON) under the same caching rules.
pub fn send(
    cx: &Cx,
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Body>,
    policy: CachePolicy,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(cx.lang.code()));
    match &policy {
        CachePolicy::Public { version } | CachePolicy::Own { version } if status == StatusCode::OK => {
            let tag = cx.tag(version);
            set_caching(&mut response, &policy, &tag);
        }
        CachePolicy::Private => set_caching(&mut response, &policy, ""),
        // For example a question asked again: nobody keeps it, but it holds no secrets, so it may be compressed.
        _ => {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_ANSWER));
        }
    }
    response
}

/// Lets a CDN purge everything of ours, or everything made from one catalogue (docs/cdn).
fn surrogate_key(version: &str) -> Option<HeaderValue> {
    let mut keys = "windowshop".to_string();
    let version = version.split(NOT_OF_DATA).next().unwrap_or_default();
    version.split('+').for_each(|version| keys.extend([" catalogue-", version]));
    HeaderValue::try_from(keys).ok()
}

fn set_caching(response: &mut Response<Body>, policy: &CachePolicy, tag: &str) {
    let headers = response.headers_mut();
    match policy {
        CachePolicy::Public { .. } | CachePolicy::Own { .. } => {
            let own = matches!(policy, CachePolicy::Own { .. });
            let caching = if own { CACHE_ANSWER } else { CACHE_PUBLIC };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            if let Ok(etag) = HeaderValue::try_from(format!("\"{tag}\"")) {
                headers.insert(header::ETAG, etag);
            }
            if let CachePolicy::Public { version } = policy {
                headers.extend(surrogate_key(version).map(|keys| (SURROGATE_KEY, keys)));
            }
        }
        CachePolicy::Private => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_NEVER));
        }
    }
}

/// 303 to a page of this site (path and query without language), e.g. from form fields to the canonical URL.
pub fn redirect(cx: &Cx, to: &str) -> Response<Body> {
    let private = cx.said.arrival != Arrival::None || cx.below.is_some();
    redirect_as(StatusCode::SEE_OTHER, &cx.href(to), if private { CACHE_NEVER } else { CACHE_REDIRECT })
}

/// 303 that nobody keeps: away from an address that says something private.
pub fn redirect_unkept(cx: &Cx, to: &str) -> Response<Body> {
    redirect_as(StatusCode::SEE_OTHER, &cx.href(to), CACHE_NEVER)
}

/// The same to a page in another language.
pub fn redirect_in(cx: &Cx, lang: Lang, to: &str) -> Response<Body> {
    redirect_as(StatusCode::SEE_OTHER, &cx.localized(lang, to), CACHE_NEVER)
}

/// 308: the page has permanently moved to this address.
pub fn moved(cx: &Cx, to: &str) -> Response<Body> {
    redirect_as(StatusCode::PERMANENT_REDIRECT, &cx.href(to), CACHE_MOVED)
}

fn redirect_as(status: StatusCode, to: &str, cache: &'static str) -> Response<Body> {
    // Browsers read `//host/…` and `/\host` as other sites: never redirect there.
    let ours = to.starts_with('/') && !to[1..].starts_with(['/', '\\']);
    let Some(location) = ours.then(|| HeaderValue::try_from(to).ok()).flatten() else {
        return Failure::internal(anyhow::anyhow!("a redirect's target is not a path of this site")).into_response();
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_this_site() {
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\nb"] {
            let status = redirect_as(StatusCode::SEE_OTHER, bad, CACHE_REDIRECT).status();
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{bad}");
        }
        assert_eq!(redirect_as(StatusCode::SEE_OTHER, "/es/plans?a=b", CACHE_REDIRECT).status(), StatusCode::SEE_OTHER);
    }
}
