//! [`build_query`]: the one function that writes the shop's SQL.
//!
//! The page, the total, every facet count, the comparison and the CSV all come from here, so there is no
//! second WHERE anywhere. It reads the immutable catalogue only. Words in the SQL come from closed sets
//! (`codes.rs`, `premium.rs`); values are always bound.
//!
//! How one statement answers everything ("drill-sideways"): each plan sold to this household comes back
//! with `miss`, a bit for every filter whose condition it fails. A plan with `miss = 0` is a result and
//! counts for every filter; a plan that fails exactly one filter counts for that filter's own choices
//! (choosing another value there would show it); all others count nowhere.

use super::address::Search;
use super::codes::Feature;
use super::facets::Span;
use super::premium::Charge;
use crate::types::Cents;

/// What the statement is to return.
#[derive(Debug, Clone, Copy)]
pub enum Want<'a> {
    /// One row, one text: every plan sold to the household as `plan_pk,premium,…;…` (see [`Offer`]).
    /// A county has some 130 plans; as rows and columns, their transport would cost more than the search.
    Tally,
    /// Display columns of these plans (see `view::Card`), one row each, in no order.
    Rows(&'a [i64]),
}

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

/// Writes the statement for a search. Flat on purpose: read it from top to bottom.
pub fn build_query(search: &Search, want: Want) -> Query {
    let mut q = Writer::default();
    // One person looks at the individual amounts, two or more at the family's (per group).
    let (deductible, moop) = match search.household.is_family() {
        false => ("v.deductible_individual", "v.moop_individual"),
        true => ("v.deductible_family", "v.moop_family"),
    };
    let premium = Charge::of(&search.household).sql();

    let miss = misses(&mut q, search, &premium, deductible, moop);

    // ---- What comes back.
    match want {
        Want::Tally => {
            q.sql = format!(
                "SELECT group_concat(s.plan_pk || ',' || ({premium}) || ',' || ({miss}) || ',' || v.packed || ',' || \
                 v.issuer_id || ',' || ifnull({deductible}, '') || ',' || ifnull({moop}, ''), ';')\n"
            );
        }
        Want::Rows(_) => {
            q.sql = format!(
                "SELECT s.plan_pk, ({premium}) AS premium, {deductible} AS deductible, {moop} AS moop,\n  {ROWS}\n"
            );
        }
    }

    // ---- Where it comes from: plans sold in the county, their variant, their rates in the rating area.
    // `sold` is read in the order of its key; the CROSS JOINs keep SQLite from turning that round.
    q.sql += "FROM sold s\n\
              CROSS JOIN variant v ON v.plan_pk = s.plan_pk AND v.variant_code = 1\n\
              CROSS JOIN rate r ON r.rating_area_pk = ";
    q.bind_after(search.place.rating_area_pk.unwrap_or(-1));
    q.sql += " AND r.plan_pk = s.plan_pk\n";
    if let Want::Rows(_) = want {
        q.sql += ROWS_JOINS;
    }

    // ---- Which plans the household may buy here at all. These are not filters: nobody can switch them off.
    q.sql += "WHERE s.county_fips = ";
    q.bind_after(i64::from(search.place.county.fips.number()));
    q.sql += " AND s.product = ";
    q.bind_after(search.product.code());
    // Sold in part of the county only: the ZIP must be one of those listed.
    q.sql += " AND (s.by_zip = 0 OR EXISTS (SELECT 1 FROM sold_zip z WHERE z.county_fips = s.county_fips \
              AND z.plan_pk = s.plan_pk AND z.zip = ";
    q.bind_after(i64::from(search.place.zip.number()));
    q.sql += "))";
    if !search.household.may_buy_catastrophic() {
        q.sql += " AND v.metal <> 1";
    }
    if !search.household.children_only() {
        q.sql += " AND v.child_only = 0";
    }
    if let Want::Rows(plans) = want {
        let chosen = q.one_of("s.plan_pk", plans.iter().copied());
        q.sql += " AND ";
        q.sql += &chosen;
    }
    q.finish()
}

/// The filters: each adds one bit to `miss`. NULL (not filed) fails a range: it cannot be shown to meet it.
fn misses(q: &mut Writer, search: &Search, premium: &str, deductible: &str, moop: &str) -> String {
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
    for (facet, column, span) in [
        (Facet::Premium, premium, &facets.premium),
        (Facet::Deductible, deductible, &facets.deductible),
        (Facet::Moop, moop, &facets.moop),
    ] {
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

/// Display columns of a plan in a list, a comparison or the CSV; `view::Card::read` takes them by name.
const ROWS: &str = "p.plan_id, p.name, p.issuer_id, i.name AS issuer, v.packed, v.stars, p.stars_overall, p.design,
  v.drug_deductible_individual, v.drug_deductible_family, v.deductible_individual, v.deductible_family,
  v.moop_individual, v.moop_family, d.plan_variant_id, d.sbc_url, p.state,
  c1.covered AS primary_covered, c1.copay_tier1_kind AS primary_copay_kind, c1.copay_tier1_amount AS primary_copay,
  c1.coins_tier1_kind AS primary_coins_kind, c1.coins_tier1_amount AS primary_coins,
  c2.covered AS specialist_covered, c2.copay_tier1_kind AS specialist_copay_kind,
  c2.copay_tier1_amount AS specialist_copay, c2.coins_tier1_kind AS specialist_coins_kind,
  c2.coins_tier1_amount AS specialist_coins,
  c3.covered AS generic_covered, c3.copay_tier1_kind AS generic_copay_kind, c3.copay_tier1_amount AS generic_copay,
  c3.coins_tier1_kind AS generic_coins_kind, c3.coins_tier1_amount AS generic_coins,
  c4.covered AS emergency_covered, c4.copay_tier1_kind AS emergency_copay_kind,
  c4.copay_tier1_amount AS emergency_copay, c4.coins_tier1_kind AS emergency_coins_kind,
  c4.coins_tier1_amount AS emergency_coins";

/// Where those columns come from. The four services on every card, by the name CMS gave each.
const ROWS_JOINS: &str = "CROSS JOIN plan p ON p.plan_pk = s.plan_pk
CROSS JOIN issuer i ON i.issuer_id = p.issuer_id
LEFT JOIN variant_detail d ON d.plan_pk = v.plan_pk AND d.variant_code = v.variant_code
LEFT JOIN cost_sharing c1 ON c1.plan_pk = v.plan_pk AND c1.variant_code = v.variant_code AND c1.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'primary-care-visit-to-treat-an-injury-or-illness')
LEFT JOIN cost_sharing c2 ON c2.plan_pk = v.plan_pk AND c2.variant_code = v.variant_code AND c2.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'specialist-visit')
LEFT JOIN cost_sharing c3 ON c3.plan_pk = v.plan_pk AND c3.variant_code = v.variant_code AND c3.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'generic-drugs')
LEFT JOIN cost_sharing c4 ON c4.plan_pk = v.plan_pk AND c4.variant_code = v.variant_code AND c4.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'emergency-room-services')
";

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
        let id = self.bind(Arg::Text(format!("{}*", text.replace(['*', '?', '['], "").to_ascii_uppercase())));
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

/// One plan sold to the household: one record of [`Want::Tally`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub plan_pk: i64,
    /// Monthly premium of the policy.
    pub premium: Cents,
    /// Bits of [`Facet`] that the plan fails.
    pub miss: i64,
    pub packed: super::codes::Packed,
    pub issuer_id: u32,
    pub deductible: Option<Cents>,
    pub moop: Option<Cents>,
}

/// Reads the text of [`Want::Tally`]. `None` if it is not in its form: the statement and this are one thing.
pub fn read_tally(text: &str) -> Option<Vec<Offer>> {
    text.split(';').filter(|record| !record.is_empty()).map(read_offer).collect()
}

fn read_offer(record: &str) -> Option<Offer> {
    let mut fields = record.split(',');
    let mut next = || fields.next();
    let offer = Offer {
        plan_pk: next()?.parse().ok()?,
        premium: Cents(next()?.parse().ok()?),
        miss: next()?.parse().ok()?,
        packed: super::codes::Packed(next()?.parse().ok()?),
        issuer_id: next()?.parse().ok()?,
        deductible: optional(next()?)?,
        moop: optional(next()?)?,
    };
    next().is_none().then_some(offer)
}

/// Blank is "not filed"; anything else must be a number.
fn optional(field: &str) -> Option<Option<Cents>> {
    if field.is_empty() { Some(None) } else { Some(Some(Cents(field.parse().ok()?))) }
}
