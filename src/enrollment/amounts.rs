//! What a year of an enrollment costs, month by month: from what was signed and every change of it to the three columns of Form
//! 1095-A, Part III.
//!
//! Called by `tax_year` and the pages of coverage. Pure. It must never take a month for one that was in force when it was not.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use super::end_rules::Partial;
use crate::types::Cents;

/// Months of a year.
pub const MONTHS: usize = 12;

/// Amounts of a whole month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Monthly {
    /// What the plan costs, before any credit.
    pub premium: Cents,
    /// Of it what is for essential health benefits: what counts for the credit, and column A (26 CFR 1.36B-3(j)).
    pub essential: Cents,
    /// Paid in advance to the insurer: column C.
    pub credit: Cents,
    /// Second lowest cost silver plan of those who can have the credit: column B. `None`: nobody can, or it is not known.
    pub benchmark: Option<Cents>,
}

/// What happened to an enrollment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// These amounts from this day on, to the year's end or to the last day that was known before.
    From(Date, Monthly),
    /// This is the last day.
    Ended(Date),
    /// It never began.
    Cancelled,
    /// It goes on after it had ended, with these amounts from this day on.
    Reinstated(Date, Monthly),
}

/// Days with the same amounts, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Date,
    pub to: Date,
    pub monthly: Monthly,
}

/// One month as the form has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MonthLine {
    /// Days that were covered.
    pub days: u8,
    /// Column A.
    pub premium: Cents,
    /// Column B.
    pub benchmark: Option<Cents>,
    /// Column C.
    pub credit: Cents,
}

/// From what happened, in order, to days with the same amounts. `last`: the last day of the plan year.
pub fn spans(happened: &[Happened], last: Date) -> Vec<Span> {
    let (mut spans, mut end, mut cancelled) = (Vec::new(), last, false);
    for one in happened {
        match *one {
            // A change does not bring back what is over.
            Happened::From(..) if cancelled => {}
            Happened::From(from, monthly) => {
                cut(&mut spans, from.previous_day());
                push(&mut spans, Span { from, to: end, monthly });
            }
            Happened::Ended(day) => {
                end = end.min(day);
                cut(&mut spans, Some(day));
            }
            Happened::Cancelled => {
                cancelled = true;
                spans.clear();
            }
            Happened::Reinstated(from, monthly) => {
                (end, cancelled) = (last, false);
                cut(&mut spans, from.previous_day());
                push(&mut spans, Span { from, to: last, monthly });
            }
        }
    }
    spans
}

/// Nothing after this day.
fn cut(spans: &mut Vec<Span>, day: Option<Date>) {
    let Some(day) = day else { return spans.clear() };
    spans.retain(|span| span.from <= day);
    if let Some(span) = spans.last_mut() {
        span.to = span.to.min(day);
    }
}

fn push(spans: &mut Vec<Span>, span: Span) {
    if span.from <= span.to {
        spans.push(span);
    }
}

/// The months of a plan year. `unpaid`: the first day of the month in which somebody with a credit did not pay and lost the plan
/// (45 CFR 156.270(d)): the form has no premium and no benchmark for it, whatever was paid in advance (instructions for Form
/// 1095-A, Part III, columns A and B).
pub fn months(spans: &[Span], year: i32, partial: Partial, unpaid: Option<Date>) -> [MonthLine; MONTHS] {
    let mut lines = [MonthLine::default(); MONTHS];
    for (line, number) in lines.iter_mut().zip(1..) {
        let Ok(month) = Month::try_from(number) else { continue };
        *line = month_line(spans, (year, month), partial);
        let not_paid = unpaid.is_some_and(|day| (day.year(), day.month()) == (year, month));
        if not_paid {
            line.premium = Cents::ZERO;
            line.benchmark = line.benchmark.map(|_| Cents::ZERO);
        }
    }
    lines
}

fn month_line(spans: &[Span], (year, month): (i32, Month), partial: Partial) -> MonthLine {
    let of = month.length(year);
    let mut line = MonthLine::default();
    for span in spans {
        let days = days_in(span, (year, month));
        if days == 0 {
            continue;
        }
        let amount = |monthly: Cents| match partial {
            Partial::ByDay => prorated(monthly, days, of),
            // The amounts that the month began with.
            Partial::WholeMonth if line.days == 0 => monthly,
            Partial::WholeMonth => Cents::ZERO,
        };
        line.premium += amount(span.monthly.essential);
        line.credit += amount(span.monthly.credit);
        // Never by day: the benchmark of a whole month (26 CFR 1.36B-3(d)(1)(ii)). Who is enrolled for some days of a month, from
        // the first or from a birth, counts for it ((c)(2)): the one of the most people.
        line.benchmark = line.benchmark.max(span.monthly.benchmark);
        line.days += days;
    }
    line
}

/// How many days of a month are in a span.
fn days_in(span: &Span, (year, month): (i32, Month)) -> u8 {
    let first = Date::from_calendar_date(year, month, 1);
    let last = Date::from_calendar_date(year, month, month.length(year));
    let (Ok(first), Ok(last)) = (first, last) else { return 0 };
    let (from, to) = (span.from.max(first), span.to.min(last));
    if from > to { 0 } else { to.day() - from.day() + 1 }
}

/// The part of a month's amount that so many of its days cost, rounded half up to the cent (45 CFR 155.240(e)(1), 155.340(i)): the
/// only place of this rounding.
pub fn prorated(monthly: Cents, days: u8, of: u8) -> Cents {
    if days >= of || of == 0 {
        return monthly;
    }
    let (days, of) = (i64::from(days), i64::from(of));
    Cents((monthly.0.saturating_mul(days) * 2 + of).div_euclid(of * 2))
}

/// The year's totals: premium, benchmark, credit (line 33 of the form).
pub fn totals(lines: &[MonthLine; MONTHS]) -> MonthLine {
    let mut total = MonthLine::default();
    for line in lines {
        total.premium += line.premium;
        total.credit += line.credit;
        total.benchmark = match (total.benchmark, line.benchmark) {
            (None, own) => own,
            (sum, None) => sum,
            (Some(sum), Some(own)) => Some(sum + own),
        };
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    const LAST: Date = date!(2027 - 12 - 31);

    fn monthly(premium: i64, credit: i64, benchmark: i64) -> Monthly {
        Monthly {
            premium: Cents(premium),
            essential: Cents(premium),
            credit: Cents(credit),
            benchmark: Some(Cents(benchmark)),
        }
    }

    fn year(happened: &[Happened]) -> [MonthLine; MONTHS] {
        months(&spans(happened, LAST), 2027, Partial::ByDay, None)
    }

    fn columns(line: MonthLine) -> (i64, Option<i64>, i64) {
        (line.premium.0, line.benchmark.map(|cents| cents.0), line.credit.0)
    }

    #[test]
    fn a_whole_year_is_twelve_equal_months() {
        let lines = year(&[Happened::From(date!(2027 - 01 - 01), monthly(45_000, 30_000, 47_000))]);
        assert!(lines.iter().all(|line| columns(*line) == (45_000, Some(47_000), 30_000)));
        assert_eq!(columns(totals(&lines)), (540_000, Some(564_000), 360_000));
        assert_eq!(lines[1].days, 28);
    }

    #[test]
    fn only_what_is_for_essential_benefits_is_in_column_a() {
        let signed = Monthly { essential: Cents(44_550), ..monthly(45_000, 30_000, 47_000) };
        assert_eq!(year(&[Happened::From(date!(2027 - 01 - 01), signed)])[0].premium, Cents(44_550));
    }

    #[test]
    fn a_credit_that_changes_in_the_middle_of_the_year_changes_from_its_day() {
        let lines = year(&[
            Happened::From(date!(2027 - 01 - 01), monthly(45_000, 30_000, 47_000)),
            Happened::From(date!(2027 - 07 - 01), monthly(45_000, 12_500, 47_000)),
        ]);
        assert_eq!(columns(lines[5]), (45_000, Some(47_000), 30_000));
        assert_eq!(columns(lines[6]), (45_000, Some(47_000), 12_500));
        assert_eq!(totals(&lines).credit, Cents(6 * 30_000 + 6 * 12_500));
    }

    /// 45 CFR 155.240(e)(1): a month's premium by its days; the benchmark is the whole month's.
    #[test]
    fn the_month_in_which_it_ends_costs_its_days() {
        let lines = year(&[
            Happened::From(date!(2027 - 01 - 01), monthly(45_000, 30_000, 47_000)),
            Happened::Ended(date!(2027 - 04 - 10)),
        ]);
        assert_eq!(columns(lines[2]), (45_000, Some(47_000), 30_000));
        assert_eq!(columns(lines[3]), (15_000, Some(47_000), 10_000), "ten days of thirty");
        assert_eq!((lines[3].days, lines[4]), (10, MonthLine::default()));
        let odd = months(
            &spans(&[Happened::From(date!(2027 - 01 - 31), monthly(10_001, 0, 1))], LAST),
            2027,
            Partial::ByDay,
            None,
        );
        assert_eq!(odd[0].premium, Cents(323), "322.61 rounded to the cent");
    }

    /// A baby's premium begins on the day of birth; in that month the benchmark is that of those who are covered then.
    #[test]
    fn a_birth_in_the_middle_of_a_month_costs_its_days() {
        let lines = year(&[
            Happened::From(date!(2027 - 01 - 01), monthly(30_000, 20_000, 32_000)),
            Happened::From(date!(2027 - 06 - 16), monthly(48_000, 20_000, 50_000)),
        ]);
        assert_eq!(columns(lines[4]), (30_000, Some(32_000), 20_000));
        assert_eq!(columns(lines[5]), (39_000, Some(50_000), 20_000));
        assert_eq!(columns(lines[6]), (48_000, Some(50_000), 20_000));
        let whole = months(
            &spans(
                &[
                    Happened::From(date!(2027 - 01 - 01), monthly(30_000, 20_000, 32_000)),
                    Happened::From(date!(2027 - 06 - 16), monthly(48_000, 20_000, 50_000)),
                ],
                LAST,
            ),
            2027,
            Partial::WholeMonth,
            None,
        );
        assert_eq!(columns(whole[5]), (30_000, Some(50_000), 20_000), "as the month began");
    }

    #[test]
    fn what_never_began_has_no_month_and_what_is_reinstated_has_no_gap() {
        let first = Happened::From(date!(2027 - 01 - 01), monthly(45_000, 30_000, 47_000));
        assert_eq!(year(&[first, Happened::Cancelled]), [MonthLine::default(); MONTHS]);
        let back = [
            first,
            Happened::Ended(date!(2027 - 03 - 31)),
            Happened::Reinstated(date!(2027 - 04 - 01), monthly(45_000, 30_000, 47_000)),
        ];
        assert_eq!(year(&back), year(&[first]));
        let after_a_change =
            [first, Happened::Ended(date!(2027 - 03 - 31)), Happened::From(date!(2027 - 02 - 01), monthly(1, 0, 0))];
        assert_eq!(year(&after_a_change)[3], MonthLine::default(), "a change does not bring it back");
        let later =
            [first, Happened::Ended(date!(2027 - 03 - 31)), Happened::From(date!(2027 - 05 - 01), monthly(1, 0, 0))];
        assert_eq!(year(&later)[4], MonthLine::default());
        let cancelled = [first, Happened::Cancelled, Happened::From(date!(2027 - 05 - 01), monthly(1, 0, 0))];
        assert_eq!(year(&cancelled), [MonthLine::default(); MONTHS]);
    }

    /// Instructions for Form 1095-A: the month that was not paid has zeros in A and B, and what was paid in advance in C.
    #[test]
    fn the_first_month_of_grace_has_only_the_credit() {
        let happened = [
            Happened::From(date!(2027 - 01 - 01), monthly(45_000, 30_000, 47_000)),
            Happened::Ended(date!(2027 - 05 - 31)),
        ];
        let lines = months(&spans(&happened, LAST), 2027, Partial::ByDay, Some(date!(2027 - 05 - 01)));
        assert_eq!(columns(lines[3]), (45_000, Some(47_000), 30_000));
        assert_eq!(columns(lines[4]), (0, Some(0), 30_000));
    }

    proptest! {
        #[test]
        fn days_of_a_month_never_cost_more_than_the_month(amount in 0i64..10_000_000, first in 0u8..32, of in 28u8..32) {
            let first = first.min(of);
            let (a, b) = (prorated(Cents(amount), first, of), prorated(Cents(amount), of - first, of));
            prop_assert!((a.0 + b.0 - amount).abs() <= 1);
            prop_assert!(a.0 <= amount && a.0 >= 0);
        }

        /// Nothing is lost or doubled, whatever happens in whatever order.
        #[test]
        fn spans_never_overlap(days in proptest::collection::vec((0u8..4, 1u16..366), 0..8)) {
            let happened: Vec<Happened> = days.iter().map(|&(kind, day)| {
                let day = Date::from_ordinal_date(2027, day).expect("a day");
                match kind {
                    0 => Happened::From(day, monthly(1, 0, 1)),
                    1 => Happened::Ended(day),
                    2 => Happened::Cancelled,
                    _ => Happened::Reinstated(day, monthly(2, 0, 2)),
                }
            }).collect();
            let spans = spans(&happened, LAST);
            prop_assert!(spans.iter().all(|span| span.from <= span.to && span.to <= LAST));
            prop_assert!(spans.windows(2).all(|two| two[0].to < two[1].from));
        }
    }
}
