//! The addresses on one page of a search: who and where is written out once, each link adds its own preferences.
//!
//! Called by every page with links to other lists. A list has about thirty links that all start the same. A link must
//! never differ from [`Search::canonical`] of the changed search; a test compares the two.

use crate::filing::codes::{Product, Sort};
use crate::quote::ask::address::{Search, add_pairs, wishes};
use crate::quote::ask::facets::Facets;
use crate::text::i18n::Lang;
use crate::web::page::Cx;

/// A search as the hidden fields of a form that leads to where it is kept for another day.
pub fn kept(search: &Search) -> Vec<(String, String)> {
    form_urlencoded::parse(search.canonical().as_bytes()).into_owned().collect()
}

/// What can differ from link to link.
#[derive(Debug, Clone)]
pub struct Wishes {
    pub product: Product,
    pub facets: Facets,
    pub sort: Sort,
    pub dominated_notes: bool,
    pub grouped: bool,
    pub page: u32,
}

/// Made once per page.
pub struct Links<'a> {
    lang: Lang,
    /// Where the office answers the shop's addresses, with its language; empty for everybody's shop.
    below: &'a str,
    pub search: &'a Search,
    /// Who and where, written out.
    pub who: &'a str,
}

impl<'a> Links<'a> {
    /// `who` is the search's [`Search::who_query`].
    pub fn new(lang: Lang, search: &'a Search, who: &'a str) -> Links<'a> {
        Links { lang, below: "", search, who }
    }

    /// The same for the page of a request.
    pub fn of(cx: &'a Cx, search: &'a Search, who: &'a str) -> Links<'a> {
        let below = if cx.below.is_some() { cx.shop() } else { "" };
        Links { below, ..Links::new(cx.lang, search, who) }
    }

    fn who_at(&self, path: &str) -> String {
        let mut address = match self.below {
            "" => self.lang.localized(path),
            below => [below, path].concat(),
        };
        // Leave room for preferences too.
        address.reserve(self.who.len() + 80);
        address.push('?');
        address.push_str(self.who);
        address
    }

    /// Another page for the same search, with its basket and its page of the list: `/how?…`.
    pub fn all_at(&self, path: &str) -> String {
        self.at(path, |wishes| wishes.page = self.search.page)
    }

    /// All results, regardless of the page of the list and of what is ticked on it: `/plans.csv?…`.
    pub fn results_at(&self, path: &str) -> String {
        let Search { product, facets, sort, dominated_notes, .. } = self.search;
        let mut address = self.who_at(path);
        add_pairs(&mut address, &wishes(*product, facets, *sort, (*dominated_notes, true)));
        whole(address)
    }

    /// The list after a change, back on its first page.
    pub fn list(&self, change: impl FnOnce(&mut Wishes)) -> String {
        self.at("/plans", change)
    }

    fn at(&self, path: &str, change: impl FnOnce(&mut Wishes)) -> String {
        let Search { product, sort, dominated_notes, grouped, .. } = *self.search;
        let facets = self.search.facets.clone();
        let mut wished = Wishes { product, facets, sort, dominated_notes, grouped, page: 1 };
        change(&mut wished);
        let Wishes { product, facets, sort, dominated_notes, grouped, page } = wished;
        let mut address = self.who_at(path);
        add_pairs(&mut address, &wishes(product, &facets, sort, (dominated_notes, grouped)));
        add_pairs(&mut address, &self.search.ticked());
        if page > 1 {
            add_pairs(&mut address, &[("page", page.to_string())]);
        }
        whole(address)
    }
}

/// An address whose query turned out empty loses its mark.
fn whole(mut address: String) -> String {
    if address.ends_with('?') {
        address.pop();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filing::codes::Metal;
    use crate::quote::ask::address::tests::search_of;
    use crate::quote::ask::facets::Span;
    use crate::quote::filters::Facet;
    use crate::text::i18n::Messages;

    const UP_TO_450: Span = Span { min: None, max: Some(450) };

    /// The same change applied to a search and to the preferences of a link.
    type Change = (fn(&mut Search), fn(&mut Wishes));

    const CHANGES: [Change; 9] = [
        (|_| {}, |_| {}),
        (|search| search.page = 3, |wishes| wishes.page = 3),
        (|search| search.sort = Sort::Stars, |wishes| wishes.sort = Sort::Stars),
        (|search| search.sort = Sort::Premium, |wishes| wishes.sort = Sort::Premium),
        (|search| search.facets = Facets::default(), |wishes| wishes.facets = Facets::default()),
        (
            |search| search.facets.tick(Facet::Metal, Metal::Gold.code()),
            |wishes| wishes.facets.tick(Facet::Metal, Metal::Gold.code()),
        ),
        (
            |search| search.facets.set_span(Facet::Premium, UP_TO_450),
            |wishes| wishes.facets.set_span(Facet::Premium, UP_TO_450),
        ),
        (|search| search.dominated_notes = false, |wishes| wishes.dominated_notes = false),
        (|search| search.grouped = false, |wishes| wishes.grouped = false),
    ];

    #[test]
    fn a_link_says_what_the_changed_search_would_say() {
        let messages = Messages::load().expect("whole messages");
        let [en, es] = ["en", "es"].map(|code| messages.of_code(code).expect("a language"));
        for query in [
            "people=40",
            "people=40,38t,5p&sex=f&income=37650.50&monthly=3000",
            "people=40&metal=silver,gold&with=hsa&premium=200-450&stars=3&sort=deductible&page=4",
            "people=40&plan=33931OH0070006&plan=29341OH0100024&group=off&page=2",
            "people=40&q=a+%26+b,+c%252Cd%20%C3%A9+100%25&product=dental&dominated=off",
        ] {
            let search = search_of(query);
            let who = search.who_query();
            let links = Links::new(en, &search, &who);
            for (of_search, of_wishes) in CHANGES {
                assert_eq!(links.list(of_wishes), format!("/plans?{}", search.with(of_search)));
            }
            let all = search.canonical();
            assert_eq!(links.all_at("/how"), format!("/how?{all}"));
            assert_eq!(Links::new(es, &search, &who).all_at("/"), format!("/es?{all}"));
            let results = search.with(|search| (search.grouped, search.basket) = (true, Vec::new()));
            assert_eq!(links.results_at("/plans.csv"), format!("/plans.csv?{results}"));
        }
    }

    #[test]
    fn addresses_are_written_as_forms_write_them() {
        let value = " ~/?#[]@!$&'()*+;=%2C,é\u{1F600}-._";
        let written: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let mut query = String::from("year=2026");
        add_pairs(&mut query, &[("q", value.to_string()), ("plan", String::new())]);
        assert_eq!(query, format!("year=2026&q={}&plan=", written.replace("%2C", ",")));
    }
}
