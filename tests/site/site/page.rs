//! What an answer says, found the way a person finds it: by heading, label, words of a link.
//!
//! Class names that no visible word can replace are the constants here, and nowhere else.

use std::cell::OnceCell;

use axum::http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html, Node, Selector};

use super::form::Typed;
use super::{Row, Site};

/// A plan's yearly cost in words, on its card: the average year, and the ends of its drawing.
const COST: &str = ".cost, .ends";
/// The note that another plan matches or beats this one.
const BETTER: &str = ".better";
/// Elements that do not start a new word.
const INLINE: [&str; 14] =
    ["a", "abbr", "b", "cite", "code", "em", "i", "label", "mark", "small", "span", "strong", "sub", "sup"];
/// Characters of a plan's ID.
const PLAN_ID: usize = 14;

pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body as text; HTML as it was sent.
    pub text: String,
    /// Where it is, after redirects.
    pub address: String,
    pub(super) site: Site,
    html: OnceCell<Html>,
    /// What has been typed and ticked on it so far.
    pub(super) typed: Typed,
}

/// A link with the words it is read out with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub words: String,
    pub href: String,
}

/// One plan of a list.
#[derive(Debug, Clone)]
pub struct Card {
    pub id: String,
    pub words: String,
    /// Its yearly cost in words; empty if there is none.
    pub cost: String,
    /// The plan that its note names, and the note's words.
    pub better: Option<(String, String)>,
}

pub fn css(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|fault| panic!("{selector}: {fault}"))
}

/// The elements inside one that match a selector.
pub fn inside<'p>(element: ElementRef<'p>, selector: &str) -> Vec<ElementRef<'p>> {
    element.select(&css(selector)).collect()
}

/// The words of an element, spaces collapsed. A block starts a new word, as it does on the screen; `<b>` does not.
pub fn words_of(element: ElementRef) -> String {
    fn gather(element: ElementRef, all: &mut String) {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => all.push_str(text),
                Node::Element(_) => {
                    let child = ElementRef::wrap(child).expect("an element");
                    let name = child.value().name();
                    if matches!(name, "script" | "style" | "svg") {
                        continue;
                    }
                    let space = if INLINE.contains(&name) { "" } else { " " };
                    all.push_str(space);
                    gather(child, all);
                    all.push_str(space);
                }
                _ => {}
            }
        }
    }
    let mut all = String::new();
    gather(element, &mut all);
    folded(&all)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The plan whose page this address is.
fn plan_of(href: &str) -> Option<String> {
    let (_, rest) = href.split_once("/plans/")?;
    let id = rest.split(['?', '/', '#']).next()?;
    (id.len() == PLAN_ID).then(|| id.to_string())
}

/// The note inside an element that another plan matches or beats this one.
fn better_in(element: ElementRef) -> Option<(String, String)> {
    let note = element.select(&css(BETTER)).next()?;
    let link = note.select(&css("a[href]")).find_map(|link| plan_of(link.attr("href")?));
    Some((link.expect("the note leads to the plan"), words_of(note)))
}

impl Page {
    pub(super) fn new(site: Site, address: &str, (status, headers): (StatusCode, HeaderMap), body: Vec<u8>) -> Page {
        let text = String::from_utf8_lossy(&body).into_owned();
        let address = address.to_string();
        let (html, typed) = (OnceCell::new(), Typed::default());
        Page { status: status.as_u16(), headers, body, text, address, site, html, typed }
    }

    /// Empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("plain"))
    }

    pub fn html(&self) -> &Html {
        self.html.get_or_init(|| Html::parse_document(&self.text))
    }

    pub fn select(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.html().select(&css(selector)).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.select(selector).len()
    }

    /// The value of an attribute of the first element that has it.
    pub fn attr(&self, selector: &str, name: &str) -> Option<String> {
        self.select(selector).iter().find_map(|element| element.attr(name)).map(str::to_string)
    }

    // ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// All words of the page, spaces collapsed.
    pub fn words(&self) -> String {
        match self.header("content-type").starts_with("text/html") {
            true => self.select("body").first().map(|body| words_of(*body)).unwrap_or_default(),
            false => folded(&self.text),
        }
    }

    /// The one `<h1>`.
    #[track_caller]
    pub fn heading(&self) -> String {
        let headings = self.select("h1");
        assert_eq!(headings.len(), 1, "one h1 on {}: {}", self.address, self.words());
        words_of(headings[0])
    }

    pub fn title(&self) -> String {
        self.select("head > title").first().map(|title| words_of(*title)).unwrap_or_default()
    }

    #[track_caller]
    pub fn says(&self, said: &str) -> &Page {
        let words = self.words();
        assert!(words.contains(said), "{} does not say “{said}”: {words}", self.address);
        self
    }

    #[track_caller]
    pub fn says_all(&self, said: &[&str]) -> &Page {
        said.iter().for_each(|one| {
            self.says(one);
        });
        self
    }

    #[track_caller]
    pub fn says_nothing_of(&self, said: &str) -> &Page {
        let words = self.words();
        assert!(!words.contains(said), "{} says “{said}”: {words}", self.address);
        self
    }

    /// The summary of what was typed wrong: the field that each line links to, and its words. Every line must link to
    /// an existing field. Empty if nothing is wrong.
    #[track_caller]
    pub fn error_summary(&self) -> Vec<(String, String)> {
        let links = self.select("[role=alert] a[href^='#']");
        let lines = links.into_iter().map(|link| {
            let field = link.attr("href").unwrap_or_default().trim_start_matches('#').to_string();
            assert_eq!(self.count(&format!("[id='{field}']")), 1, "{}: #{field} is a field", self.address);
            (field, words_of(link))
        });
        lines.collect()
    }

    // ── Links ────────────────────────────────────────────────────────────────────────────────────────────────────

    pub fn links(&self) -> Vec<Link> {
        let links = self.select("a[href]").into_iter();
        links.map(|a| Link { words: words_of(a), href: a.attr("href").unwrap_or_default().to_string() }).collect()
    }

    /// Where the link with exactly these words leads; if there is none, the single address that links containing
    /// these words lead to.
    #[track_caller]
    pub fn link(&self, words: &str) -> String {
        let links = self.links();
        let exact: Vec<&Link> = links.iter().filter(|link| link.words == words).collect();
        let mut found: Vec<&str> = match exact.is_empty() {
            true => links.iter().filter(|link| link.words.contains(words)).map(|link| link.href.as_str()).collect(),
            false => exact.iter().map(|link| link.href.as_str()).collect(),
        };
        found.dedup();
        let [href] = found[..] else { panic!("“{words}” on {} leads to {found:?}, of {links:#?}", self.address) };
        href.to_string()
    }

    /// Follows a link by its words.
    pub async fn click(&self, words: &str) -> Page {
        let href = self.link(words);
        let path = self.address.split(['?', '#']).next().unwrap_or_default();
        let address = match href.split('#').next().unwrap_or_default() {
            "" => self.address.clone(),
            query if query.starts_with('?') => format!("{path}{query}"),
            address if address.starts_with('/') => address.to_string(),
            away => panic!("“{words}” leads away, to {away}"),
        };
        let first = self.site.send("GET", &address, &[], axum::body::Body::empty()).await;
        self.site.follow(first).await
    }

    /// Whether a button leads to this page of the list.
    pub fn turns_to(&self, number: usize) -> bool {
        self.count(&format!("button[name=page][value='{number}']")) > 0
    }

    // ── Pieces ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// The plans of a list, in order.
    pub fn cards(&self) -> Vec<Card> {
        let articles = self.select("main article").into_iter();
        let cards = articles.filter_map(|article| {
            let link = article.select(&css("a[href]")).find_map(|link| plan_of(link.attr("href")?));
            Some(Card {
                id: link?,
                words: words_of(article),
                cost: inside(article, COST).into_iter().map(words_of).collect::<Vec<_>>().join(" "),
                better: better_in(article),
            })
        });
        cards.collect()
    }

    /// The note on a plan's own page that another plan matches or beats it.
    pub fn better(&self) -> Option<(String, String)> {
        better_in(self.html().root_element())
    }

    /// The rows of a spreadsheet.
    #[track_caller]
    pub fn rows(&self) -> Vec<Row> {
        assert!(self.header("content-type").starts_with("text/csv"), "{} {}", self.status, self.address);
        let mut reader = csv::Reader::from_reader(self.text.as_bytes());
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }
}

/// The data cells of a table's body, row by row.
pub fn cells(table: ElementRef) -> Vec<Vec<String>> {
    let rows = inside(table, "tbody tr, tfoot tr").into_iter();
    rows.map(|row| inside(row, "td").into_iter().map(words_of).collect()).collect()
}
