//! [`build_query`]: the one function that writes the shop's SQL.
//!
//! The page, the total, every facet count, the plan page's price, the comparison and the CSV all come from here, so
//! there is no second WHERE anywhere. It reads the immutable catalogue only. Words in the SQL come from closed sets
//! (`codes.rs`, `premium.rs`); values are always bound.
//!
//! How one statement answers everything ("drill-sideways"): each plan sold to this household comes back with its
//! premium and with `miss`, a bit for every filter whose condition it fails. A plan with `miss = 0` is a result and
//! counts for every filter; a plan that fails exactly one filter counts for that filter's own choices (choosing another
//! value there would show it); all others count nowhere.
//!
//! Why it looks as it does was measured (docs/performance.md): a county has some 130 plans, and as rows and columns
//! their transport costs three times the search. So each plan is one integer, and the county one text of integers.
//! What does not depend on the household (metal, insurer, deductibles …) is in memory, see `catalogue::variants`.

use crate::filing::codes::{Feature, Metal};
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Span;
use crate::quote::market::premium::Charge;
use crate::types::{Cents, PREMIUM_CENTS_MAX};

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    Int(i64),
    Text(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub sql: String,
    pub args: Vec<Arg>,
}

/// The filters, each with its bit in `miss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    Metal = 0,
    Type = 1,
    Issuer = 2,
    Premium = 3,
    Deductible = 4,
    Moop = 5,
    Stars = 6,
    Programs = 7,
    Text = 8,
    Hsa = 9,
    NationalNetwork = 10,
    NoReferral = 11,
    StandardDesign = 12,
    ChildDental = 13,
    AdultDental = 14,
    NewPlan = 15,
}

impl Facet {
    pub const ALL: [Facet; 16] = [
        Facet::Metal,
        Facet::Type,
        Facet::Issuer,
        Facet::Premium,
        Facet::Deductible,
        Facet::Moop,
        Facet::Stars,
        Facet::Programs,
        Facet::Text,
        Facet::Hsa,
        Facet::NationalNetwork,
        Facet::NoReferral,
        Facet::StandardDesign,
        Facet::ChildDental,
        Facet::AdultDental,
        Facet::NewPlan,
    ];

    pub fn bit(self) -> i64 {
        1 << (self as i64)
    }

    pub fn of_feature(feature: Feature) -> Facet {
        match feature {
            Feature::Hsa => Facet::Hsa,
            Feature::NationalNetwork => Facet::NationalNetwork,
            Feature::NoReferral => Facet::NoReferral,
            Feature::StandardDesign => Facet::StandardDesign,
            Feature::ChildDental => Facet::ChildDental,
            Feature::AdultDental => Facet::AdultDental,
            Feature::NewPlan => Facet::NewPlan,
        }
    }
}

/// Writes the statement for a search: one row, one text, see [`read_offers`]. Flat on purpose: read it from top to bottom.
pub fn build_query(search: &Search) -> Query {
    let mut q = Writer::default();
    // One person looks at the individual amounts, two or more at the family's (per group).
    let household = &search.policy.household;
    let (deductible, moop) = match household.is_family() {
        false => ("v.deductible_individual", "v.moop_individual"),
        true => ("v.deductible_family", "v.moop_family"),
    };
    let premium = Charge::of(household).sql();
    let miss = misses(&mut q, search, deductible, moop);

    // ---- What comes back: plan_pk, premium and miss of each plan as one integer, all of them as one text.
    // A plan without a premium (a family tier not filed) is NULL, and group_concat leaves it out.
    // Parentheses are needed: SQLite gives << and | the same rank.
    q.sql = format!("SELECT group_concat((s.plan_pk << {PLAN_SHIFT}) | (({premium}) << {PREMIUM_SHIFT}) | ({miss}))\n");

    // ---- Where it comes from: plans sold in the county, the variant that the household would get, their rates in the
    // rating area. `sold` is read in the order of its key; CROSS JOIN keeps SQLite from turning that round.
    q.sql += "FROM sold s\nCROSS JOIN variant v ON v.variant_pk = ";
    // Only amounts and features can differ between variants. Where no filter asks for one, the standard variant tells as
    // much, and what is shown comes from the household's own variant in memory either way (tally.rs).
    let facets = &search.facets;
    let differs = !facets.deductible.is_open() || !facets.moop.is_open() || !facets.features.is_empty();
    match if differs { search.variants() } else { Variants::STANDARD } {
        Variants::STANDARD => q.sql += "s.plan_pk * 8 + 1",
        Variants { silver, other } => {
            // Catastrophic plans have no reduced variants; a plan that should have one and filed none is not hidden.
            q.sql += "coalesce((SELECT x.variant_pk FROM variant x WHERE x.variant_pk = s.plan_pk * 8 + \
                      CASE s.metal WHEN 1 THEN 1 WHEN 4 THEN ";
            q.bind_after(silver);
            q.sql += " ELSE ";
            q.bind_after(other);
            q.sql += " END), s.plan_pk * 8 + 1)";
        }
    }
    q.sql += "\nCROSS JOIN rate r ON r.rate_pk = s.plan_pk + ";
    q.bind_after(search.place.rating_area_pk.unwrap_or(-1) * RATING_AREA_STEP);

    // ---- Which plans the household may buy here at all. These are not filters: nobody can switch them off.
    q.sql += "\nWHERE s.county_fips = ";
    q.bind_after(i64::from(search.place.county.fips.number()));
    q.sql += " AND s.product = ";
    q.bind_after(search.product.code());
    // Sold in part of the county only: the ZIP must be one of those listed.
    q.sql += "\n  AND (s.by_zip = 0 OR EXISTS (SELECT 1 FROM sold_zip z WHERE z.county_fips = s.county_fips \
              AND z.plan_pk = s.plan_pk AND z.zip = ";
    q.bind_after(i64::from(search.place.zip.number()));
    q.sql += "))";
    if !search.policy.catastrophic {
        q.sql += "\n  AND s.metal <> 1";
    }
    if !household.children_only() {
        q.sql += "\n  AND v.child_only = 0";
    }
    q.finish()
}

/// Places of the three numbers in a plan's integer: 23 bits of plan_pk, 24 of premium ($167,772.15 a month), 16 of miss.
const PLAN_SHIFT: u32 = 40;
const PREMIUM_SHIFT: u32 = 16;
const _: () = assert!(PREMIUM_CENTS_MAX == (1 << (PLAN_SHIFT - PREMIUM_SHIFT)) - 1);
/// `rate.rate_pk` is `rating_area_pk` times this plus `plan_pk` (sql/catalogue/schema.sql).
const RATING_AREA_STEP: i64 = 1 << 20;

/// Which variant of a plan a household would be enrolled in: one for silver plans, one for all others
/// (45 CFR 156.420: 01 without reductions, 02 and 03 for tribal members, 04, 05, 06 silver only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variants {
    pub silver: i64,
    pub other: i64,
}

impl Variants {
    /// Dental plans have no reduced variants either.
    pub const STANDARD: Variants = Variants { silver: 1, other: 1 };

    pub fn of_metal(self, metal: i64) -> i64 {
        match Metal::from_code(metal) {
            Some(Metal::Silver) => self.silver,
            Some(Metal::Catastrophic) => 1,
            _ => self.other,
        }
    }
}

/// The filters: each adds one bit to `miss`. NULL (not filed) fails a range: it cannot be shown to meet it.
fn misses(q: &mut Writer, search: &Search, deductible: &str, moop: &str) -> String {
    let facets = &search.facets;
    let mut miss = Misses::default();
    if !facets.metals.is_empty() {
        miss.add(Facet::Metal, q.one_of("v.metal", facets.metals.iter().map(|m| m.code())));
    }
    if !facets.types.is_empty() {
        miss.add(Facet::Type, q.one_of("v.plan_type", facets.types.iter().map(|t| t.code())));
    }
    if !facets.issuers.is_empty() {
        miss.add(Facet::Issuer, q.one_of("v.issuer_id", facets.issuers.iter().map(|id| i64::from(*id))));
    }
    // The premium's own bit is set by `tally.rs`: people filter by what they would pay, and the credit hangs on the
    // county's second-lowest silver plan, which only this statement's answer tells.
    for (facet, column, span) in
        [(Facet::Deductible, deductible, &facets.deductible), (Facet::Moop, moop, &facets.moop)]
    {
        if !span.is_open() {
            miss.add(facet, q.within(column, span));
        }
    }
    if let Some(stars) = facets.stars_min {
        miss.add(Facet::Stars, q.compare("v.stars >= ", i64::from(stars)));
    }
    if !facets.programs.is_empty() {
        // All programmes asked for: the plan's bits, masked, are the whole mask.
        let mask = facets.programs.iter().map(|p| p.bit()).sum();
        let bits = q.compare("(v.programs & ", mask);
        miss.add(Facet::Programs, q.compare(&format!("{bits}) = "), mask));
    }
    for feature in &facets.features {
        miss.add(Facet::of_feature(*feature), format!("{} = 1", feature.column()));
    }
    if let Some(text) = &facets.text {
        miss.add(Facet::Text, q.text_search(text));
    }
    miss.sql()
}

/// The bits of `miss`, written as one sum. A condition that is false or NULL sets its bit.
#[derive(Default)]
struct Misses(Vec<String>);

impl Misses {
    fn add(&mut self, facet: Facet, condition: String) {
        self.0.push(format!("(({condition}) IS NOT TRUE) * {}", facet.bit()));
    }

    fn sql(&self) -> String {
        if self.0.is_empty() { "0".to_string() } else { self.0.join(" + ") }
    }
}

/// Collects text and bound values. Placeholders are numbered, so a condition may be placed anywhere.
#[derive(Default)]
struct Writer {
    sql: String,
    args: Vec<Arg>,
}

impl Writer {
    fn bind(&mut self, arg: Arg) -> String {
        self.args.push(arg);
        format!("?{}", self.args.len())
    }

    /// Binds a number and writes its placeholder at the end of the text.
    fn bind_after(&mut self, n: i64) {
        let placeholder = self.bind(Arg::Int(n));
        self.sql += &placeholder;
    }

    fn compare(&mut self, left: &str, n: i64) -> String {
        format!("{left}{}", self.bind(Arg::Int(n)))
    }

    fn one_of(&mut self, column: &str, codes: impl Iterator<Item = i64>) -> String {
        let places: Vec<String> = codes.map(|code| self.bind(Arg::Int(code))).collect();
        format!("{column} IN ({})", places.join(", "))
    }

    /// Whole dollars against cents: "up to $450" takes in $450.00 and not $450.01.
    fn within(&mut self, column: &str, span: &Span) -> String {
        let cents = |dollars: u32| i64::from(dollars) * 100;
        let min = span.min.map(|min| self.compare(&format!("({column}) >= "), cents(min)));
        let max = span.max.map(|max| self.compare(&format!("({column}) <= "), cents(max)));
        min.into_iter().chain(max).collect::<Vec<_>>().join(" AND ")
    }

    /// Every word must begin a word of the plan's or insurer's name; or the text is (the start of) a plan ID.
    fn text_search(&mut self, text: &str) -> String {
        // Quoted, so that nothing typed is FTS5 syntax.
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| format!("\"{word}\"*"))
            .collect();
        let start: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        if start.is_empty() {
            // Nothing that a name or an ID could begin with.
            return "0".to_string();
        }
        let id = self.bind(Arg::Text(format!("{}*", start.to_ascii_uppercase())));
        let by_id = format!("(SELECT x.plan_id FROM plan x WHERE x.plan_pk = s.plan_pk) GLOB {id}");
        if words.is_empty() {
            return by_id;
        }
        let words = self.bind(Arg::Text(words.join(" ")));
        format!("s.plan_pk IN (SELECT rowid FROM plan_fts WHERE plan_fts MATCH {words}) OR {by_id}")
    }

    fn finish(self) -> Query {
        Query { sql: self.sql, args: self.args }
    }
}

/// One plan sold to the household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub plan_pk: i64,
    /// Monthly premium of the policy.
    pub premium: Cents,
    /// Bits of [`Facet`] that the plan fails.
    pub miss: i64,
}

/// Reads the text that the statement returns. `None` if it is not in its form: the two are one thing.
pub fn read_offers(text: &str) -> Option<Vec<Offer>> {
    let offer = |number: &str| {
        let packed: i64 = number.parse().ok()?;
        Some(Offer {
            plan_pk: packed >> PLAN_SHIFT,
            premium: Cents((packed >> PREMIUM_SHIFT) & ((1 << (PLAN_SHIFT - PREMIUM_SHIFT)) - 1)),
            miss: packed & ((1 << PREMIUM_SHIFT) - 1),
        })
    };
    text.split(',').filter(|number| !number.is_empty()).map(offer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_travel_in_one() {
        let packed = 8_388_607_i64 << PLAN_SHIFT | 16_777_215 << PREMIUM_SHIFT | 65_535;
        let offers =
            read_offers(&format!("{packed},{}", 5_i64 << PLAN_SHIFT | 35_585 << PREMIUM_SHIFT)).expect("offers");
        assert_eq!(offers[0], Offer { plan_pk: 8_388_607, premium: Cents(16_777_215), miss: 65_535 });
        assert_eq!(offers[1], Offer { plan_pk: 5, premium: Cents(35_585), miss: 0 });
        assert_eq!(read_offers(""), Some(vec![]));
        assert_eq!(read_offers("12,x"), None);
        assert!(Facet::ALL.iter().all(|facet| facet.bit() < 1 << PREMIUM_SHIFT));
    }
}
