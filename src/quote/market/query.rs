//! [`build_query`]: the one function that writes the shop's SQL.
//!
//! The page, the total, every facet count, the plan page's price, the comparison and the CSV all come from here, so
//! there must never be a second WHERE anywhere. It only reads the immutable catalogue. SQL text comes from closed sets
//! (`filing::codes`, the rows of `filters`); values are always bound.
//!
//! How one statement answers everything ("drill-sideways"): each plan sold to this household comes back with its
//! [`Misses`]: how many filters it fails, and which one if it fails exactly one. A plan that fails none is a result and
//! counts for every filter; a plan that fails exactly one counts for that filter's own choices (choosing another value
//! there would show it); all others count nowhere. Its premium is added beside the statement (`premium`).
//!
//! This shape was measured (docs/performance.md): a county has about 130 plans, and moving them as rows and columns
//! costs three times the search. So each plan is one integer, and the county is one text of integers. What does not
//! depend on the household (metal, insurer, deductibles …) is held in memory, see `catalogue::variants`.

use crate::catalogue::readers::{Arg, Query};
use crate::filing::codes::{Metal, VariantKind};
use crate::filing::keys::{PLAN_PK_BITS, VARIANT_STEP};
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::{Span, Wish};
use crate::quote::filters::Rule;
use crate::quote::offer::Misses;
use crate::quote::policy::VariantKinds;
use crate::types::PlanId;

/// Writes the statement for a search: one row with one text, see [`read_sold`].
///
/// Flat on purpose: read it top to bottom as the list of what the shop requires of a plan.
pub fn build_query(search: &Search) -> Query {
    let mut q = Writer::default();
    let household = &search.policy.household;
    let (standard, catastrophic, silver) =
        (VariantKind::Standard.code(), Metal::Catastrophic.code(), Metal::Silver.code());

    // ---- The plan is sold to people of the household's county, for medical or dental care as asked.
    let county = q.int(i64::from(search.place.county.fips.number()));
    let product = q.int(search.product.code());
    let mut sold = vec![format!("s.county_fips = {county}"), format!("s.product = {product}")];
    // Sold in part of the county only: the ZIP must be one of those listed.
    let zip = q.int(i64::from(search.place.zip.number()));
    sold.push(format!(
        "(s.by_zip = 0 OR EXISTS (SELECT 1 FROM sold_zip z \
         WHERE z.county_fips = s.county_fips AND z.plan_pk = s.plan_pk AND z.zip = {zip}))"
    ));
    // Catastrophic plans: only if everyone on the policy may buy one.
    if !search.policy.catastrophic {
        sold.push(format!("s.metal <> {catastrophic}"));
    }
    // Child-only plans: only if everyone on the policy is a child.
    if !search.policy.children_only() {
        sold.push("s.child_only = 0".to_string());
    }

    // ---- The variant is the one the household would get: one kind for silver plans, one for all others.
    // Catastrophic plans have no reduced variants; a plan that should have one but filed none is not hidden. Only
    // amounts and features differ between variants. If no filter tests one, the standard variant gives the same
    // answer; what is shown comes from the household's own variant in memory either way (`market::offers`).
    let differs = search.facets.iter().any(|(filter, _)| filter.looks_at_variant());
    let variant = match if differs { search.variants() } else { VariantKinds::STANDARD } {
        VariantKinds::STANDARD => format!("s.plan_pk * {VARIANT_STEP} + {standard}"),
        variants => {
            let (of_silver, of_others) = (q.int(variants.silver.code()), q.int(variants.other.code()));
            format!(
                "coalesce((SELECT x.variant_pk FROM variant x WHERE x.variant_pk = s.plan_pk * {VARIANT_STEP} + \
                 CASE s.metal WHEN {catastrophic} THEN {standard} WHEN {silver} THEN {of_silver} \
                 ELSE {of_others} END), s.plan_pk * {VARIANT_STEP} + {standard})"
            )
        }
    };

    // ---- The filters that are set, each with its row in `filters::FILTERS`.
    // A plan that fails one is not dropped; it comes back with that miss. A condition that is NULL (not filed) is a
    // miss: we cannot show that it is met.
    let mut misses = vec!["0".to_string()];
    for (filter, wish) in search.facets.iter() {
        let condition = match (&filter.rule, wish) {
            // Any of the values ticked.
            (Rule::AnyOf { column, .. }, Wish::Codes(codes)) => q.one_of(column, codes),
            // All of the values ticked: the plan's bits under the mask equal the whole mask.
            (Rule::AllOf { column, .. }, Wish::Codes(bits)) => {
                let mask = q.int(bits.iter().sum());
                format!("({column} & {mask}) = {mask}")
            }
            // At least this many.
            (Rule::AtLeast { column, .. }, Wish::Codes(least)) => {
                format!("{column} >= {}", q.int(least.iter().copied().sum()))
            }
            // One person is tested on individual amounts, two or more on the family's (per group).
            (Rule::Within { one, .. }, Wish::Range(span)) if !household.is_family() => q.within(one, span),
            (Rule::Within { family, .. }, Wish::Range(span)) => q.within(family, span),
            // The price after the credit: `Tally::new` adds this miss, from the same row, once the credit is known.
            (Rule::WithinAfterCredit { .. }, _) => continue,
            (Rule::Holds { condition, .. }, _) => (*condition).to_string(),
            (Rule::Names { .. }, Wish::Text(text)) => q.text_search(text),
            // `Facets` never produces this; no plan meets a wish that cannot be evaluated.
            _ => "0".to_string(),
        };
        misses.push(format!("(({condition}) IS NOT TRUE) * {}", Misses::weight(filter.facet.number())));
    }

    // ---- The price is not decided here: `market::offers` adds up the rates filed for the household's rating area, which
    // are in memory, and leaves out a plan without a price there. Its filter follows after the credit (see above).

    // ---- The statement: plan and misses of each plan as one integer, all of them as one text.
    // `sold` is read in key order; CROSS JOIN keeps SQLite from reversing the join. Without a filter nothing asks for the
    // variant, so it is not looked up. The parentheses are needed: SQLite gives << and | the same precedence.
    let join = match misses.len() {
        1 => String::new(),
        _ => format!("CROSS JOIN variant v ON v.variant_pk = {variant}\n"),
    };
    let (misses, sold) = (misses.join(" + "), sold.join("\n  AND "));
    let sql = format!("SELECT group_concat((s.plan_pk << {PLAN_SHIFT}) | ({misses}))\nFROM sold s\n{join}WHERE {sold}");
    Query { sql, args: q.args }
}

/// Where the plan's number begins in a plan's integer, above its misses.
const PLAN_SHIFT: u32 = Misses::BITS;
/// The sign bit stays free.
const _: () = assert!(PLAN_SHIFT + PLAN_PK_BITS < i64::BITS);

/// Collects bound values. Placeholders are numbered, so a condition can be placed anywhere.
#[derive(Default)]
struct Writer {
    args: Vec<Arg>,
}

impl Writer {
    fn bind(&mut self, arg: Arg) -> String {
        self.args.push(arg);
        format!("?{}", self.args.len())
    }

    fn int(&mut self, n: i64) -> String {
        self.bind(Arg::Int(n))
    }

    fn one_of(&mut self, column: &str, codes: &[i64]) -> String {
        let places: Vec<String> = codes.iter().map(|code| self.int(*code)).collect();
        format!("{column} IN ({})", places.join(", "))
    }

    /// Whole dollars against cents: "up to $450" includes $450.00 but not $450.01.
    fn within(&mut self, column: &str, span: &Span) -> String {
        let (min, max) = span.cents();
        let min = min.map(|min| format!("{column} >= {}", self.int(min.0)));
        let max = max.map(|max| format!("{column} <= {}", self.int(max.0)));
        min.into_iter().chain(max).collect::<Vec<_>>().join(" AND ")
    }

    /// Every word must begin a word of the plan's or insurer's name, or the text is (the start of) a plan ID.
    fn text_search(&mut self, text: &str) -> String {
        // Quoted, so nothing typed is read as FTS5 syntax.
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| match word.strip_suffix(['s', 'S']).filter(|stem| stem.len() > 2) {
                // "womens" finds "Women's", which is indexed as two words.
                Some(stem) => format!("(\"{word}\"* OR \"{stem} s\")"),
                None => format!("\"{word}\"*"),
            })
            .collect();
        // A whole ID may come with its variant: `29341OH0100024-01`.
        let whole = PlanId::parse(text.trim()).map(|id| id.to_string());
        let start = whole.unwrap_or_else(|| text.chars().filter(char::is_ascii_alphanumeric).collect());
        if start.is_empty() {
            // Contains nothing that a name or an ID could begin with.
            return "0".to_string();
        }
        let id = self.bind(Arg::Text(format!("{}*", start.to_ascii_uppercase())));
        let by_id = format!("(SELECT x.plan_id FROM plan x WHERE x.plan_pk = s.plan_pk) GLOB {id}");
        if words.is_empty() {
            return by_id;
        }
        let words = self.bind(Arg::Text(words.join(" AND ")));
        format!("s.plan_pk IN (SELECT rowid FROM plan_fts WHERE plan_fts MATCH {words}) OR {by_id}")
    }
}

/// Reads the text that the statement returns: each plan sold to the household, and its misses. `None` if it is malformed,
/// which would mean that statement and reader no longer match.
pub fn read_sold(text: &str) -> Option<Vec<(i64, Misses)>> {
    let digit = |n: i64, byte: &u8| match byte {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add(i64::from(byte - b'0')),
        _ => None,
    };
    let sold = |number: &[u8]| {
        // By hand, a quarter of the time of `parse`: a county is two thousand digits.
        let packed = number.iter().try_fold(0, digit)?;
        Some((packed >> PLAN_SHIFT, Misses::of_sum(packed & ((1 << PLAN_SHIFT) - 1))))
    };
    text.as_bytes().split(|byte| *byte == b',').filter(|number| !number.is_empty()).map(sold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_travel_in_one() {
        let (plan, misses) = ((1_i64 << PLAN_PK_BITS) - 1, (1 << PLAN_SHIFT) - 1);
        let text = format!("{},{}", plan << PLAN_SHIFT | misses, 5_i64 << PLAN_SHIFT);
        let sold = [(plan, Misses::of_sum(misses)), (5, Misses::default())];
        assert_eq!(read_sold(&text).as_deref(), Some(&sold[..]));
        assert_eq!(read_sold(""), Some(vec![]));
        assert_eq!(read_sold("12,x"), None);
    }
}
