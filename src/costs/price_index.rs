//! From the utilization table's spending of 2014 to that of a plan year: the index by which HHS raises the yearly limits
//! on cost sharing, so that care, deductibles and maximums keep the proportion that the model was made with.
//!
//! Read by the shop, the catalogue and the `estimate` command; rows and sources are in
//! `data/utilization/spending_index.csv`. It must never extrapolate: a year without a row takes the nearest before it.

use std::sync::LazyLock;

use crate::types::Cents;

/// A year's index with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceIndex {
    pub plan_year: u16,
    /// 1,000,000 = the table's own prices of 2014.
    pub millionths: u32,
    /// The annual limit on cost sharing that HHS drew with it, for one person.
    pub annual_limit: Cents,
    pub citation: String,
    pub verified: bool,
}

/// The table's own prices.
pub const AS_THEY_ARE: u32 = 1_000_000;

static ROWS: LazyLock<Vec<PriceIndex>> = LazyLock::new(|| {
    let text = include_str!("../../data/utilization/spending_index.csv");
    read(text).expect("the index is compiled in, and a test reads all of it")
});

/// The index of a plan year; the oldest row for years before it.
pub fn price_index(year: u16) -> &'static PriceIndex {
    ROWS.iter().rev().find(|row| row.plan_year <= year).unwrap_or(&ROWS[0])
}

fn read(text: &str) -> Result<Vec<PriceIndex>, String> {
    let mut rows = Vec::new();
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |i: usize| record.get(i).unwrap_or_default();
        let wrong = || format!("spending_index.csv line {line}: no number");
        rows.push(PriceIndex {
            plan_year: field(0).parse().map_err(|_| wrong())?,
            millionths: millionths(field(1)).ok_or_else(wrong)?,
            annual_limit: Cents::parse(field(2)).ok_or_else(wrong)?,
            citation: field(3).to_string(),
            verified: field(4) == "verified",
        });
    }
    if rows.is_empty() { Err("spending_index.csv has no rows".to_string()) } else { Ok(rows) }
}

/// `1.6726771319` to the nearest millionth.
fn millionths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seven: u64 = format!("{whole}{:0<7}", fraction.get(..7).unwrap_or(fraction)).parse().ok()?;
    u32::try_from((seven + 5) / 10).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_year_has_its_row_and_it_draws_the_annual_limit_of_that_year() {
        assert_eq!(price_index(2026).millionths, 1_672_677);
        assert_eq!(price_index(2027).millionths, 1_891_622);
        assert_eq!((price_index(2013).plan_year, price_index(2031).plan_year), (2014, 2027));
        for (i, row) in ROWS.iter().enumerate() {
            assert_eq!(usize::from(row.plan_year), 2014 + i);
            // 45 CFR 156.130(e): 6,350 dollars times the index, down to a multiple of 50.
            let limit = 6_350 * u64::from(row.millionths) / 1_000_000 / 50 * 50;
            assert_eq!(row.annual_limit, Cents(limit as i64 * 100), "{}", row.plan_year);
            assert!(!row.citation.is_empty());
        }
        assert_eq!(price_index(2014).millionths, AS_THEY_ARE);
        assert!(
            read("plan_year,index,annual_limit,citation,status\nx,1,6350,a,verified\n")
                .is_err_and(|e| e.contains("line 2"))
        );
    }

    #[test]
    fn an_index_is_read_to_the_nearest_millionth() {
        assert_eq!(
            ["1", "1.0421", "1.6726771319", "1.8916224814", "0.1"].map(|t| millionths(t).unwrap()),
            [1_000_000, 1_042_100, 1_672_677, 1_891_622, 100_000]
        );
        assert_eq!(millionths("x"), None);
    }
}
