//! Pages that only contain words: prices, yearly costs, accessibility, privacy, glossary. Called by the router; all
//! text comes from messages.

use askama::Template;
use axum::response::Response;

use super::page::{self, CachePolicy, Cx};

struct Section {
    title: String,
    paragraphs: Vec<String>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct WordsPage<'a> {
    cx: &'a Cx,
    title: &'a str,
    lead: &'a str,
    sections: Vec<Section>,
}

struct Entry<'a> {
    slug: &'a str,
    term: &'a str,
    short: &'a str,
    long: &'a str,
}

#[derive(Template)]
#[template(path = "glossary.html")]
struct GlossaryPage<'a> {
    cx: &'a Cx,
    entries: Vec<Entry<'a>>,
}

pub async fn about_prices(cx: Cx) -> Response {
    words(&cx, "about_prices")
}

pub async fn about_costs(cx: Cx) -> Response {
    words(&cx, "estimates")
}

pub async fn accessibility(cx: Cx) -> Response {
    words(&cx, "accessibility")
}

pub async fn privacy(cx: Cx) -> Response {
    words(&cx, "privacy")
}

/// What a cache in front of this site shows for a page it never had while this site is down.
pub async fn away(cx: Cx) -> Response {
    words(&cx, "away")
}

/// `page.title`, `.lead`, then `.s1_title`, `.s1_p1`, `.s1_p2` … for as long as they exist.
fn words(cx: &Cx, page: &str) -> Response {
    let section = |n: usize| {
        let title = cx.known(&format!("{page}.s{n}_title"))?.to_string();
        let paragraph = |p: usize| cx.known(&format!("{page}.s{n}_p{p}")).map(str::to_string);
        Some(Section { title, paragraphs: (1..).map_while(paragraph).collect() })
    };
    let template = WordsPage {
        cx,
        title: cx.t(&format!("{page}.title")),
        lead: cx.t(&format!("{page}.lead")),
        sections: (1..).map_while(section).collect(),
    };
    page::render(cx, template, CachePolicy::of_all(&cx.catalogues))
}

/// Every term, sorted by the rules of the page's language.
pub async fn glossary(cx: Cx) -> Response {
    let keys = cx.app.messages.keys();
    let slugs = keys.iter().filter_map(|key| key.strip_prefix("glossary.")?.strip_suffix(".term"));
    let entry = |slug| Entry {
        slug,
        term: cx.t(&format!("glossary.{slug}.term")),
        short: cx.t(&format!("glossary.{slug}.short")),
        long: cx.t(&format!("glossary.{slug}.long")),
    };
    let mut entries: Vec<Entry> = slugs.map(entry).collect();
    entries.sort_by_key(|entry| entry.term.to_lowercase());
    let template = GlossaryPage { cx: &cx, entries };
    page::render(&cx, template, CachePolicy::of_all(&cx.catalogues))
}
