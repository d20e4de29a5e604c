//! The filters of the shop: pairs from the address ⇄ [`Facets`] ⇄ the canonical address.
//!
//! Reading never fails. What is blank is dropped; what is unknown or bad becomes a [`Note`] that the page
//! shows, so nobody believes in a filter that is not there. The grammar is a public contract
//! (docs/addresses.md): add to it, never break it.

use crate::filing::codes::{Feature, Metal, PlanType, Product, Program};
use crate::types::Cents;

/// Text search: longer than any plan's name, short enough for a phone's heading.
pub const TEXT_CHARS_MAX: usize = 80;
/// Amounts in filters are whole dollars up to this.
pub const DOLLARS_MAX: u32 = 1_000_000;
/// More insurers than any county has.
const ISSUERS_MAX: usize = 40;

/// A range in whole dollars, both ends included, either may be open: `200-450`, `-450`, `200-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub min: Option<u32>,
    pub max: Option<u32>,
}

impl Span {
    pub fn is_open(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Whether an amount lies in the range: "up to $450" takes in $450.00 and not $450.01.
    pub fn holds(&self, amount: Cents) -> bool {
        let cents = |dollars: u32| i64::from(dollars) * 100;
        self.min.is_none_or(|min| amount.0 >= cents(min)) && self.max.is_none_or(|max| amount.0 <= cents(max))
    }

    /// The same with the end that stands in the way moved just far enough for an amount, in whole dollars.
    pub fn reaching(&self, amount: Cents) -> Span {
        let up = u32::try_from((amount.0 + 99) / 100).unwrap_or(u32::MAX);
        let down = u32::try_from(amount.0 / 100).unwrap_or(0);
        Span { max: self.max.map(|max| max.max(up)), min: self.min.map(|min| min.min(down)).filter(|min| *min > 0) }
    }

    /// Amounts typed the wrong way round are turned: nobody means an empty range.
    fn of(min: Option<u32>, max: Option<u32>) -> Span {
        match (min, max) {
            (Some(low), Some(high)) if low > high => Span { min: Some(high), max: Some(low) },
            _ => Span { min: min.filter(|n| *n > 0), max },
        }
    }

    fn write(&self) -> String {
        let end = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        format!("{}-{}", end(self.min), end(self.max))
    }
}

/// What a visitor asked to see. Lists are sorted and without repeats, so one wish has one address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    pub metals: Vec<Metal>,
    pub types: Vec<PlanType>,
    /// HIOS issuer ids.
    pub issuers: Vec<u32>,
    /// Monthly premium as the visitor pays it (after credit), whole dollars.
    pub premium: Span,
    /// In-network deductible of the household, whole dollars.
    pub deductible: Span,
    /// In-network out-of-pocket maximum of the household, whole dollars.
    pub moop: Span,
    /// All of these must hold.
    pub features: Vec<Feature>,
    /// At least this many stars overall, 1–5.
    pub stars_min: Option<u8>,
    /// All of these programmes must be offered.
    pub programs: Vec<Program>,
    /// Words of a plan's or insurer's name, or a plan ID.
    pub text: Option<String>,
}

/// Something in the address that we did not follow, to be said on the page.
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
    /// We know no such filter.
    UnknownName,
    /// We know the filter and not this value.
    BadValue,
    /// Not a plan that we know.
    UnknownPlan,
    /// More plans than can stand side by side.
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
            NoteKind::UnknownPlan => "compare.bad_plan",
            NoteKind::TooManyPlans => "compare.too_many",
        }
    }
}

impl Facets {
    /// Takes one pair. `false` where the name is none of ours.
    pub fn take(&mut self, name: &str, value: &str, notes: &mut Vec<Note>) -> bool {
        let mut bad = |value: &str| notes.push(Note::new(name, value, NoteKind::BadValue));
        let words = || value.split(',').map(str::trim).filter(|word| !word.is_empty());
        match name {
            "metal" => words().for_each(|word| match Metal::from_key(word) {
                Some(metal) => insert(&mut self.metals, metal),
                None => bad(word),
            }),
            "type" => words().for_each(|word| match PlanType::from_key(word) {
                Some(plan_type) => insert(&mut self.types, plan_type),
                None => bad(word),
            }),
            "issuer" => words().for_each(|word| match word.parse::<u32>() {
                Ok(id) if id <= 99_999 && self.issuers.len() < ISSUERS_MAX => insert(&mut self.issuers, id),
                _ => bad(word),
            }),
            "with" => words().for_each(|word| match Feature::from_key(word) {
                Some(feature) => insert(&mut self.features, feature),
                None => bad(word),
            }),
            "programs" => words().for_each(|word| match Program::from_key(word) {
                Some(program) => insert(&mut self.programs, program),
                None => bad(word),
            }),
            "stars" => match value.trim().parse::<u8>() {
                _ if value.trim().is_empty() => {}
                Ok(stars @ 1..=5) => self.stars_min = Some(stars),
                _ => bad(value),
            },
            "premium" | "deductible" | "moop" => match read_span(value) {
                Some(span) => *self.span_mut(name) = span,
                None => bad(value),
            },
            "premium_min" | "deductible_min" | "moop_min" | "premium_max" | "deductible_max" | "moop_max" => {
                // The same wish as plain form fields.
                let (span_name, end) = name.rsplit_once('_').unwrap_or((name, "min"));
                match read_dollars(value) {
                    Some(amount) => {
                        let span = self.span_mut(span_name);
                        let (min, max) = if end == "min" { (amount, span.max) } else { (span.min, amount) };
                        *span = Span { min, max };
                    }
                    None => bad(value),
                }
            }
            "q" => {
                let text: String = value.split_whitespace().collect::<Vec<_>>().join(" ");
                self.text = (!text.is_empty()).then(|| text.chars().take(TEXT_CHARS_MAX).collect());
            }
            _ => return false,
        }
        true
    }

    /// To be called once after the last pair: ranges that came as two fields are put in order, and what
    /// belongs to the other product is dropped with a note.
    pub fn settle(&mut self, product: Product, notes: &mut Vec<Note>) {
        for name in ["premium", "deductible", "moop"] {
            let span = self.span_mut(name);
            *span = Span::of(span.min, span.max);
        }
        self.metals.retain(|metal| {
            let fits = metal.product() == product;
            if !fits {
                notes.push(Note::new("metal", metal.key(), NoteKind::BadValue));
            }
            fits
        });
    }

    fn span_mut(&mut self, name: &str) -> &mut Span {
        match name {
            "deductible" => &mut self.deductible,
            "moop" => &mut self.moop,
            _ => &mut self.premium,
        }
    }

    /// The pairs of the canonical address, in their fixed order, defaults left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut push = |name, value: String| {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        };
        let join = |words: Vec<&'static str>| words.join(",");
        push("metal", join(self.metals.iter().map(|m| m.key()).collect()));
        push("type", join(self.types.iter().map(|t| t.key()).collect()));
        push("issuer", self.issuers.iter().map(u32::to_string).collect::<Vec<_>>().join(","));
        for (name, span) in [("premium", &self.premium), ("deductible", &self.deductible), ("moop", &self.moop)] {
            push(name, if span.is_open() { String::new() } else { span.write() });
        }
        push("with", join(self.features.iter().map(|f| f.key()).collect()));
        push("stars", self.stars_min.map(|n| n.to_string()).unwrap_or_default());
        push("programs", join(self.programs.iter().map(|p| p.key()).collect()));
        push("q", self.text.clone().unwrap_or_default());
        pairs
    }

    pub fn is_empty(&self) -> bool {
        *self == Facets::default()
    }
}

/// Keeps a list sorted and free of repeats.
pub fn insert<T: Ord + Copy>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// `$1,200` and `1200` and `1200.00` are the same wish; blank is no wish (`Some(None)`); else `None`.
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
    fn ranges_turned_round_are_put_right_and_zero_minimums_dropped() {
        assert_eq!(read("premium=450-100").0.premium, Span { min: Some(100), max: Some(450) });
        assert_eq!(read("premium_max=100&premium_min=450").0.premium, Span { min: Some(100), max: Some(450) });
        assert_eq!(read("deductible=0-").0.deductible, Span::default());
        assert_eq!(read("deductible=-0").0.deductible, Span { min: None, max: Some(0) });
    }

    #[test]
    fn what_we_do_not_follow_is_noted_with_the_value_typed() {
        let (facets, notes) = read("metal=tin,gold&stars=9&premium=cheap&metal=low");
        assert_eq!(facets.metals, [Metal::Gold]);
        let noted: Vec<&str> = notes.iter().map(|note| note.value.as_str()).collect();
        assert_eq!(noted, ["tin", "9", "cheap", "low"]);
    }
}
