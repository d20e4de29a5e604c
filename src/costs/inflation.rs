//! The dated factor from the utilization table's 2014 prices to a plan year's prices.
//!
//! Read by the shop and the `estimate` command; data and sources are in `data/utilization/inflation.csv`. It must
//! never extrapolate: a year uses the last row that begins at or before it.

use std::sync::LazyLock;

/// A factor and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflation {
    pub from_year: u16,
    /// 1000 = the table's own prices.
    pub factor_thousandths: u32,
    pub source: String,
    pub reason: String,
}

static ROWS: LazyLock<Vec<Inflation>> = LazyLock::new(|| {
    let text = include_str!("../../data/utilization/inflation.csv");
    read(text).expect("the factors are compiled in, and a test reads all of them")
});

/// The factor for a plan year; the oldest row for earlier years.
pub fn inflation(year: u16) -> &'static Inflation {
    ROWS.iter().rev().find(|row| row.from_year <= year).unwrap_or(&ROWS[0])
}

fn read(text: &str) -> Result<Vec<Inflation>, String> {
    let mut rows = Vec::new();
    for (line, record) in csv::Reader::from_reader(text.as_bytes()).records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let field = |i: usize| record.get(i).unwrap_or_default().to_string();
        let wrong = |_| format!("inflation.csv line {}: no number", line + 2);
        rows.push(Inflation {
            from_year: field(0).parse().map_err(wrong)?,
            factor_thousandths: field(1).parse().map_err(wrong)?,
            source: field(2),
            reason: field(3),
        });
    }
    if rows.is_empty() { Err("inflation.csv has no rows".to_string()) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_year_takes_the_last_row_before_it() {
        assert_eq!(inflation(2016).factor_thousandths, 1138);
        assert_eq!(inflation(2026).factor_thousandths, 1000);
        assert!(ROWS.iter().all(|row| !row.source.is_empty() && !row.reason.is_empty()));
        assert!(read("from_year,factor_thousandths,source,reason\nx,1,,\n").is_err_and(|e| e.contains("line 2")));
    }
}
