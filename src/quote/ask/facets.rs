//! The filters of the shop: pairs from the address ⇄ [`Facets`] ⇄ the canonical address.
//!
//! Called by `ask::address`, and by pages that offer a search with one filter more or less. Reading never fails. Blank
//! values are dropped; unknown or bad ones become a [`Note`] that the page shows, so nobody relies on a filter that is not
//! applied. The grammar is a public contract (docs/addresses.md): add to it, never break it.

use crate::filing::codes::{Metal, Product};
use crate::quote::filters::{FILTERS, Facet, Filter, Rule};
use crate::types::{Cents, plain_characters};

/// Text search: longer than any plan's name, short enough for a heading on a phone.
pub const TEXT_CHARS_MAX: usize = 80;
/// Amounts in filters are whole dollars up to this.
pub const DOLLARS_MAX: u32 = 1_000_000;
/// Values of one filter: more than any county has insurers, and more than any closed set has members.
const TICKED_MAX: usize = 40;

/// A range in whole dollars. Both ends are inclusive, and either may be open: `200-450`, `-450`, `200-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub min: Option<u32>,
    pub max: Option<u32>,
}

impl Span {
    pub fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Both ends as amounts: "up to $450" includes $450.00 but not $450.01.
    pub fn cents(&self) -> (Option<Cents>, Option<Cents>) {
        let cents = |dollars: u32| Cents(i64::from(dollars) * 100);
        (self.min.map(cents), self.max.map(cents))
    }

    /// Whether an amount is in the range.
    pub fn holds(&self, amount: Cents) -> bool {
        let (min, max) = self.cents();
        min.is_none_or(|min| amount >= min) && max.is_none_or(|max| amount <= max)
    }

    /// The same range with one end moved just far enough to include an amount, in whole dollars.
    pub fn reaching(&self, amount: Cents) -> Span {
        let up = u32::try_from((amount.0 + 99) / 100).unwrap_or(u32::MAX);
        let down = u32::try_from(amount.0 / 100).unwrap_or(0);
        Span::of(self.min.map(|min| min.min(down)), self.max.map(|max| max.max(up)))
    }

    /// Swaps amounts typed in the wrong order, because nobody means an empty range; a minimum of zero is none.
    fn of(min: Option<u32>, max: Option<u32>) -> Span {
        let (min, max) = match (min, max) {
            (Some(low), Some(high)) if low > high => (Some(high), Some(low)),
            ends => ends,
        };
        Span { min: min.filter(|n| *n > 0), max }
    }

    fn write(&self) -> String {
        let end = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        format!("{}-{}", end(self.min), end(self.max))
    }
}

/// What was chosen for one filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Ticked values, sorted and unique; `YES` for a yes/no filter. Never empty.
    Codes(Vec<i64>),
    /// Never open at both ends.
    Range(Span),
    /// Never blank.
    Text(String),
}

/// The filters a visitor set, each with its wish, in the order of [`Facet`]. Unset filters leave nothing behind, so
/// each combination has exactly one value and one address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    set: Vec<(Facet, Wish)>,
}

/// Part of the address that we ignored, to be reported on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The parameter's name as typed (shortened).
    pub name: String,
    /// Its value as typed (shortened).
    pub value: String,
    pub kind: NoteKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// No such filter.
    UnknownName,
    /// The filter exists, but not this value.
    BadValue,
    /// Sealed answers (income, care …) that can no longer be opened.
    PrivateGone,
    /// Not a plan ID.
    UnknownPlan,
    /// More plans than can be shown side by side.
    TooManyPlans,
}

impl Note {
    pub fn new(name: &str, value: &str, kind: NoteKind) -> Note {
        let short = |text: &str| text.chars().take(40).collect();
        Note { name: short(name), value: short(value), kind }
    }

    pub fn key(&self) -> &'static str {
        match self.kind {
            NoteKind::UnknownName => "note.unknown_name",
            NoteKind::BadValue => "note.bad_value",
            NoteKind::PrivateGone => "note.private_gone",
            NoteKind::UnknownPlan => "compare.bad_plan",
            NoteKind::TooManyPlans => "compare.too_many",
        }
    }
}

impl Facets {
    /// Takes one pair. Returns `false` if the name is not a filter's.
    pub fn take(&mut self, name: &str, value: &str, notes: &mut Vec<Note>) -> bool {
        let mut known = false;
        let mut bad = |value: &str| notes.push(Note::new(name, value, NoteKind::BadValue));
        // Yes/no filters share a name, so a value is bad only if it belongs to none of them.
        let named: Vec<&Filter> = FILTERS.iter().filter(|filter| filter.name == name).collect();
        match named.first().map(|filter| &filter.rule) {
            None => {}
            Some(Rule::AnyOf { .. } | Rule::AllOf { .. } | Rule::Holds { .. }) => {
                known = true;
                for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                    let meant = named.iter().find_map(|filter| Some((filter.facet, filter.code(word)?)));
                    match meant {
                        Some((facet, code)) if self.codes(facet).len() < TICKED_MAX => self.tick(facet, code),
                        _ => bad(word),
                    }
                }
            }
            Some(Rule::AtLeast { .. }) => {
                known = true;
                match named[0].code(value.trim()) {
                    _ if value.trim().is_empty() => {}
                    Some(code) => self.set(named[0].facet, Wish::Codes(vec![code])),
                    None => bad(value),
                }
            }
            Some(Rule::Within { .. } | Rule::WithinAfterCredit { .. }) => {
                known = true;
                match read_span(value) {
                    Some(span) => self.set_span(named[0].facet, span),
                    None => bad(value),
                }
            }
            Some(Rule::Names { .. }) => {
                known = true;
                self.set_text(named[0].facet, value);
            }
        }
        // A range as plain form fields: `premium_min`, `premium_max`.
        for filter in FILTERS.iter().filter(|filter| filter.is_range()) {
            let end = name.strip_prefix(filter.name).filter(|end| matches!(*end, "_min" | "_max"));
            let Some(end) = end else { continue };
            known = true;
            let span = self.span(filter.facet);
            match read_dollars(value) {
                Some(min) if end == "_min" => self.set_span(filter.facet, Span { min, ..span }),
                Some(max) => self.set_span(filter.facet, Span { max, ..span }),
                None => bad(value),
            }
        }
        known
    }

    /// Call once after the last pair: puts ranges that came as two fields in order, and drops filters of the other
    /// product, with a note.
    pub fn settle(&mut self, product: Product, notes: &mut Vec<Note>) {
        for filter in FILTERS.iter().filter(|filter| filter.is_range()) {
            let Span { min, max } = self.span(filter.facet);
            self.set_span(filter.facet, Span::of(min, max));
        }
        let other = |code: &i64| Metal::from_code(*code).is_some_and(|metal| metal.product() != product);
        let foreign: Vec<i64> = self.codes(Facet::Metal).iter().copied().filter(other).collect();
        for code in foreign {
            let metal = Facet::Metal.filter();
            notes.push(Note::new(metal.name, &metal.word(code), NoteKind::BadValue));
            self.untick(Facet::Metal, code);
        }
    }

    /// The filters that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Filter, &Wish)> {
        self.set.iter().map(|(facet, wish)| (facet.filter(), wish))
    }

    /// The ticked values, or the one chosen.
    pub fn codes(&self, facet: Facet) -> &[i64] {
        match self.wish(facet) {
            Some(Wish::Codes(codes)) => codes,
            _ => &[],
        }
    }

    /// The range; open if none is set.
    pub fn span(&self, facet: Facet) -> Span {
        match self.wish(facet) {
            Some(Wish::Range(span)) => *span,
            _ => Span::default(),
        }
    }

    /// The words to search for.
    pub fn text(&self) -> &str {
        match self.wish(Facet::Text) {
            Some(Wish::Text(text)) => text,
            _ => "",
        }
    }

    pub fn tick(&mut self, facet: Facet, code: i64) {
        let mut codes = self.codes(facet).to_vec();
        if let Err(at) = codes.binary_search(&code) {
            codes.insert(at, code);
            self.set(facet, Wish::Codes(codes));
        }
    }

    pub fn untick(&mut self, facet: Facet, code: i64) {
        let codes: Vec<i64> = self.codes(facet).iter().copied().filter(|other| *other != code).collect();
        match codes.is_empty() {
            true => self.clear(facet),
            false => self.set(facet, Wish::Codes(codes)),
        }
    }

    pub fn set_span(&mut self, facet: Facet, span: Span) {
        match span.is_open() {
            true => self.clear(facet),
            false => self.set(facet, Wish::Range(span)),
        }
    }

    fn set_text(&mut self, facet: Facet, typed: &str) {
        // A page may not hold a control character, and nobody searches for one.
        let words = typed.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let text = words.collect::<Vec<_>>().join(" ");
        match text.is_empty() {
            true => self.clear(facet),
            false => self.set(facet, Wish::Text(text.chars().take(TEXT_CHARS_MAX).collect())),
        }
    }

    /// Removes one filter.
    pub fn clear(&mut self, facet: Facet) {
        self.set.retain(|(other, _)| *other != facet);
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    fn wish(&self, facet: Facet) -> Option<&Wish> {
        self.set.iter().find_map(|(other, wish)| (*other == facet).then_some(wish))
    }

    fn set(&mut self, facet: Facet, wish: Wish) {
        match self.set.binary_search_by_key(&facet, |(other, _)| *other) {
            Ok(at) => self.set[at].1 = wish,
            Err(at) => self.set.insert(at, (facet, wish)),
        }
    }

    /// The pairs of the canonical address, in fixed order, defaults left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        for (filter, wish) in self.iter() {
            let value = match wish {
                Wish::Codes(codes) => codes.iter().map(|code| filter.word(*code)).collect::<Vec<_>>().join(","),
                Wish::Range(span) => span.write(),
                Wish::Text(text) => text.clone(),
            };
            match pairs.last_mut().filter(|(name, _)| *name == filter.name) {
                // Yes/no filters share one list.
                Some((_, values)) => *values += &format!(",{value}"),
                None => pairs.push((filter.name, value)),
            }
        }
        pairs
    }
}

/// `$1,200`, `1200` and `1200.00` mean the same; blank means no limit (`Some(None)`); anything else is `None`.
fn read_dollars(text: &str) -> Option<Option<u32>> {
    if text.trim().is_empty() {
        return Some(None);
    }
    let cents = Cents::parse(text)?.0;
    let dollars = u32::try_from(cents / 100).ok()?;
    (dollars <= DOLLARS_MAX).then_some(Some(dollars))
}

fn read_span(text: &str) -> Option<Span> {
    if text.trim().is_empty() {
        return Some(Span::default());
    }
    // A dash of any length, digits of any width.
    let text = plain_characters(text);
    let (min, max) = text.split_once('-')?;
    Some(Span::of(read_dollars(min)?, read_dollars(max)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> (Facets, Vec<Note>) {
        let (mut facets, mut notes) = (Facets::default(), Vec::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            assert!(facets.take(&name, &value, &mut notes), "{name} is ours");
        }
        facets.settle(Product::Medical, &mut notes);
        (facets, notes)
    }

    #[test]
    fn form_fields_and_short_forms_are_one_wish() {
        let (short, notes) = read("metal=gold,silver&premium=100-450&with=hsa,national&programs=diabetes");
        let (long, _) = read(
            "metal=silver&metal=gold&metal=silver&premium_min=$100&premium_max=450.00&with=national&with=hsa&programs=diabetes&stars=&q=+",
        );
        assert_eq!(short, long);
        assert!(notes.is_empty());
    }

    #[test]
    fn reversed_ranges_are_swapped_and_zero_minimums_dropped() {
        let span = |query: &str, facet| read(query).0.span(facet);
        assert_eq!(span("premium=450-100", Facet::Premium), Span { min: Some(100), max: Some(450) });
        assert_eq!(span("premium_max=100&premium_min=450", Facet::Premium), Span { min: Some(100), max: Some(450) });
        for typed in ["450–100", "$100 — $450", "１００-４５０", "100.00-450"] {
            let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
            assert_eq!(span(&format!("premium={typed}"), Facet::Premium), Span { min: Some(100), max: Some(450) });
        }
        assert_eq!(span("premium=1-0", Facet::Premium), Span { min: None, max: Some(1) });
        assert_eq!(span("deductible=-0", Facet::Deductible), Span { min: None, max: Some(0) });
        assert!(read("deductible=0-").0.is_empty());
    }

    #[test]
    fn control_characters_are_no_words() {
        assert_eq!(read("q=a%00b%07%20").0, read("q=a+b").0);
        assert!(read("q=%00").0.is_empty());
    }

    #[test]
    fn ignored_values_are_noted_as_typed() {
        let (facets, notes) = read("metal=tin,gold&stars=9&premium=cheap&metal=low");
        assert_eq!(facets.codes(Facet::Metal), [Metal::Gold.code()]);
        let noted: Vec<&str> = notes.iter().map(|note| note.value.as_str()).collect();
        assert_eq!(noted, ["tin", "9", "cheap", "low"]);
    }
}
