//! The sum on paper: every amount of a year, line by line, adds up to the figure in the list.

use windowshop::types::Cents;

use super::doctored::{self, OUTSIDE, RICH, UNCOVERED};
use super::{OHIO, REDUCED};
use crate::site::page::{cells, inside, words_of};
use crate::site::{Page, Row, Site, cents};

fn money(text: &str) -> i64 {
    let amount = text.trim().strip_prefix('$').and_then(Cents::parse);
    amount.unwrap_or_else(|| panic!("{text} is no amount")).0
}

/// To the dollar, in cents.
fn rounded(cents: i64) -> i64 {
    (cents + 50) / 100 * 100
}

/// The table with every line of one person's year.
const PERSON: &str = "table.sum:not(.three)";
/// The three years side by side, on the plan's own page.
const SHORT: &str = "table.sum.three";

/// Deductible, copays, coinsurance, not covered.
type Paid = [i64; 4];

fn add(sum: Paid, paid: Paid) -> Paid {
    std::array::from_fn(|i| sum[i] + paid[i])
}

/// What a page with every line says.
struct Year {
    premium: i64,
    paid: Paid,
    total: i64,
    /// The full price of all lines.
    allowed: i64,
    people: usize,
}

/// Reads a page with every line; all its sums have to be right.
fn year(shown: &Page) -> Year {
    let page = &shown.address;
    let sum = inside(shown.select("dl.lines")[0], "dd");
    let sum: Vec<i64> = sum.into_iter().map(|amount| money(&words_of(amount))).collect();
    let [premium, deductible, copays, coinsurance, uncovered, total] = sum[..] else { panic!("{page}: {sum:?}") };
    let paid = [deductible, copays, coinsurance, uncovered];
    let (mut all, mut allowed) = ([0; 4], 0);
    let people = shown.select(PERSON);
    for person in &people {
        let rows = cells(*person);
        let (last, lines) = rows.split_last().expect("rows");
        let amounts = |cells: &[String]| -> Paid { std::array::from_fn(|i| money(&cells[i + 2])) };
        let mut sum = [0; 4];
        for cells in lines {
            let (paid, price) = (amounts(cells), money(&cells[1]));
            assert_eq!(paid.iter().sum::<i64>(), money(&cells[6]), "{page}: {cells:?}");
            // A cent of rounding may move from one line to another.
            assert!(paid.iter().all(|part| *part >= 0) && money(&cells[6]) <= price + 1, "{page}: {cells:?}");
            sum = add(sum, paid);
            allowed += price;
        }
        assert!(!lines.is_empty());
        assert_eq!(sum, amounts(last), "{page}: the lines of a person");
        assert_eq!(sum.iter().sum::<i64>(), money(&last[6]), "{page}: a person");
        all = add(all, sum);
    }
    assert_eq!(all, paid, "{page}: the people");
    assert_eq!(premium + paid.iter().sum::<i64>(), total, "{page}: the whole");
    Year { premium, paid, total, allowed, people: people.len() }
}

const CASES: [(&str, &str); 3] = [("&case=good", "cost_good"), ("", "cost_average"), ("&case=bad", "cost_bad")];

/// Tries every page of one plan for one household. Returns the three years.
async fn try_plan(site: &Site, row: &Row, who: &str, covered: usize) -> Vec<Year> {
    let plan = &row["plan_id"];
    let short = site.visit(&format!("/plans/{plan}?{who}")).await;
    let short = cells(*short.select(SHORT).first().expect("the short sum"));
    let rows: Vec<Vec<i64>> = short.iter().map(|row| row.iter().map(|cell| money(cell)).collect()).collect();
    let mut years = Vec::new();
    for (i, (case, column)) in CASES.into_iter().enumerate() {
        let uri = format!("/plans/{plan}/costs?{who}{case}");
        let page = site.visit(&uri).await;
        let of = year(&page);
        assert_eq!(of.total, cents(row, column), "{uri}: as in the list");
        assert_eq!(of.premium, 12 * cents(row, "premium_after_credit"), "{uri}");
        assert_eq!(of.people, covered, "{uri}: those who are covered");
        // The short sum, in whole dollars: premiums and care add up to the whole; then the price of that care.
        let [premium, care, total, allowed] = [0, 1, 2, 3].map(|row| rows[row][i]);
        assert_eq!([premium, total, allowed], [of.premium, of.total, of.allowed].map(rounded), "{uri}");
        assert_eq!(premium + care, total, "{uri}: as anybody adds them");
        assert!((care - of.paid.iter().sum::<i64>()).abs() <= 100, "{uri}: a dollar of rounding at most");
        let spanish = site.in_spanish().visit(&uri).await;
        let amounts = |page: &Page| page.select("td").into_iter().map(words_of).collect::<Vec<_>>();
        assert_eq!(amounts(&spanish), amounts(&page), "{uri}");
        years.push(of);
    }
    years
}

#[tokio::test]
async fn every_line_adds_up_to_the_figure_of_the_list() {
    let site = Site::open().await;
    for (who, covered) in [
        (format!("{OHIO}&people=40"), 1),
        (format!("{OHIO}&people=40,38n,9,5&sex=f,m,f&care=low,,asthma"), 3),
        (format!("{OHIO}&people=61,60,30p,24,12&sex=m,f&care=diabetes,high&income=140000"), 5),
        (REDUCED.to_string(), 1),
    ] {
        let rows = site.rows(&who).await;
        for row in rows.iter().step_by(23) {
            for year in try_plan(&site, row, &who, covered).await {
                assert_eq!(year.paid[3], 0, "the sample files nothing as not covered");
                assert!(year.total - year.premium <= cents(row, "moop"), "{row:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_covered_or_does_not_count_stands_outside_the_maximum() {
    let site = doctored::shop().await;
    let who = format!("{OHIO}&people=60,58&sex=f,m");
    let rows = site.rows(&who).await;
    for plan in [UNCOVERED, OUTSIDE, RICH] {
        let row = rows.iter().find(|row| row["plan_id"] == plan).expect("it is sold");
        let years = try_plan(&site, row, &who, 2).await;
        let (bad, moop) = (&years[2], cents(row, "moop"));
        let care = bad.total - bad.premium;
        assert_eq!(bad.paid[3] > 0, plan == UNCOVERED, "{plan}");
        match plan {
            UNCOVERED => {
                assert!(care > moop && (moop - 2..=moop + 1).contains(&(care - bad.paid[3])), "{care} {moop}");
                let words = site.visit(&format!("/plans/{plan}/costs?{who}&case=bad")).await.words();
                assert_eq!(words.matches("Generic drugs (not covered)").count(), 2, "{words}");
            }
            OUTSIDE => assert!(care > moop, "the emergency room goes on costing: {care} {moop}"),
            _ => assert!(care <= moop + 1, "{care} {moop}"),
        }
    }
}
