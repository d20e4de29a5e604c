//! A covered person: age, sex, how much care is expected, and the row of the table lived through in a year.
//!
//! Made by the shop and `windowshop estimate`; read by everything in this room. It must know nothing about plans.

use super::utilization::{AgeBand, BAD, CareRow, Condition, DECILES, GOOD, Level, Sex, YearKind, condition, row};

/// How much care a person expects to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Use {
    /// Not said: any year is possible.
    #[default]
    Any,
    Low,
    Medium,
    High,
    /// 1 to 10; rows for analysts.
    Decile(u8),
    Condition(Condition),
}

impl Use {
    /// Parses `low`, `medium`, `high`, `any`, `decile-7`, `maternity`, …; `None` for anything else.
    pub fn parse(text: &str) -> Option<Use> {
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "any" => return Some(Use::Any),
            "low" => return Some(Use::Low),
            "medium" => return Some(Use::Medium),
            "high" => return Some(Use::High),
            _ => {}
        }
        if let Some(decile) = text.strip_prefix("decile-") {
            return decile.parse().ok().filter(|d| DECILES.contains(d)).map(Use::Decile);
        }
        Condition::ALL.into_iter().find(|c| c.word() == text).map(Use::Condition)
    }

    /// The inverse of [`Use::parse`].
    pub fn word(self) -> String {
        match self {
            Use::Any => "any".to_string(),
            Use::Low => "low".to_string(),
            Use::Medium => "medium".to_string(),
            Use::High => "high".to_string(),
            Use::Decile(decile) => format!("decile-{decile}"),
            Use::Condition(condition) => condition.word().to_string(),
        }
    }

    /// Whether the average year runs over all deciles of this person.
    pub(super) fn varies(self) -> bool {
        matches!(self, Use::Any) || matches!(self, Use::Condition(c) if !c.is_whole_year())
    }
}

/// A covered person. If the sex is not given, the mean of both rows is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub age: u8,
    pub sex: Option<Sex>,
    pub usage: Use,
}

impl Member {
    /// The row of this person in one year; `decile` matters in an average year if use was not said.
    pub fn row(&self, year: YearKind, decile: u8) -> CareRow {
        let band = AgeBand::of(self.age);
        match self.sex {
            Some(sex) => self.row_of(band, sex, year, decile),
            None => {
                let male = self.row_of(band, Sex::Male, year, decile);
                self.row_of(band, Sex::Female, year, decile).blend(0.5, &male, 0.5)
            }
        }
    }

    fn row_of(&self, band: AgeBand, sex: Sex, year: YearKind, decile: u8) -> CareRow {
        let ordinary = |level: Level| *row(band, sex, level);
        let any = match year {
            YearKind::Good => Level::Decile(GOOD),
            YearKind::Average => Level::Decile(decile),
            YearKind::Bad => Level::Decile(BAD),
        };
        match (self.usage, year) {
            (Use::Condition(c), _) => match condition(band, sex, c, year) {
                Ok(whole) => *whole,
                Err(care) => ordinary(any).blend(1.0, care, 1.0),
            },
            (Use::Low, YearKind::Average) => ordinary(Level::Decile(GOOD)),
            (Use::Medium, YearKind::Average) => ordinary(Level::Median),
            (Use::High, YearKind::Average) => ordinary(Level::Decile(BAD)),
            (Use::Decile(d), YearKind::Average) => ordinary(Level::Decile(d)),
            (Use::Decile(d), YearKind::Good) => ordinary(Level::Decile(d.min(GOOD))),
            _ => ordinary(any),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(usage: Use) -> Member {
        Member { age: 40, sex: Some(Sex::Female), usage }
    }

    #[test]
    fn without_a_sex_the_mean_of_both_is_taken() {
        let of = |sex| Member { sex, ..person(Use::Low) }.row(YearKind::Average, 0).allowed();
        let mean = (of(Some(Sex::Female)) + of(Some(Sex::Male))) / 2.0;
        assert!((of(None) - mean).abs() < 1e-9);
    }

    #[test]
    fn uses_are_read_and_unknown_ones_refused() {
        assert_eq!(Use::parse(" High "), Some(Use::High));
        assert_eq!(Use::parse("decile-7"), Some(Use::Decile(7)));
        for word in ["any", "low", "medium", "high", "decile-7", "hiv"] {
            assert_eq!(Use::parse(word).map(Use::word).as_deref(), Some(word));
        }
        assert_eq!(Use::parse("multiple-sclerosis"), Some(Use::Condition(Condition::MultipleSclerosis)));
        assert!(["", "extreme", "decile-11", "decile-0", "decile-x"].iter().all(|u| Use::parse(u).is_none()));
    }
}
