//! How far a new catalogue may differ from yesterday's before a person has to look. Called by `rotate`. Each limit is
//! a flag and an environment variable; `docs/rotation.md` says how the defaults were chosen.

use std::fmt;
use std::str::FromStr;

/// A share in hundredths of a percent: `2.5` on the command line is 250 here. Never a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub i64);

/// The greatest limit that can be set; beyond it a limit is meaningless.
const MOST: i64 = 1_000 * 100;

impl Percent {
    /// `part` of `whole`, rounded up so that a limit of 0 stops at the first; 0 of 0 is 0.
    pub fn of(part: i64, whole: i64) -> Percent {
        if part == 0 { Percent(0) } else { Percent((part * 10_000 + whole.max(1) - 1) / whole.max(1)) }
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Percent, String> {
        let wrong = || format!("{text:?} is no percentage from 0 to 1000 with at most two decimals, such as 2.5");
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 2 {
            return Err(wrong());
        }
        let number = format!("{whole}{part:0<2}").parse().map_err(|_| wrong())?;
        if number > MOST { Err(wrong()) } else { Ok(Percent(number)) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.abs() / 100, self.0.abs() % 100);
        match part {
            0 => write!(f, "{sign}{whole}"),
            part if part % 10 == 0 => write!(f, "{sign}{whole}.{}", part / 10),
            part => write!(f, "{sign}{whole}.{part:02}"),
        }
    }
}

/// What may change from one catalogue of a plan year to the next without a person looking.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// Insurers that may stop selling
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_INSURERS_GONE", value_name = "N", default_value_t = 0)]
    pub max_insurers_gone: i64,
    /// Percent of a state's plans on sale that may disappear
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_PLANS_GONE", value_name = "PERCENT", default_value = "5")]
    pub max_plans_gone: Percent,
    /// Counties that had plans and may have none
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_COUNTIES_EMPTIED", value_name = "N", default_value_t = 0)]
    pub max_counties_emptied: i64,
    /// Percent of a state's offers (a plan in a county) that may disappear
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_OFFERS_GONE", value_name = "PERCENT", default_value = "5")]
    pub max_offers_gone: Percent,
    /// A premium that changes by more than this percentage, at any age, is a jump
    #[arg(long, env = "WINDOWSHOP_ROTATE_JUMP", value_name = "PERCENT", default_value = "10")]
    pub jump: Percent,
    /// Percent of a state's premiums (a plan in a rating area) that may jump
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_JUMPS", value_name = "PERCENT", default_value = "1")]
    pub max_jumps: Percent,
    /// Percent by which a state's premiums at age 40 may change on average, up or down
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_STATE_CHANGE", value_name = "PERCENT", default_value = "2")]
    pub max_state_change: Percent,
    /// Percent of a state's plan variants that may have a different deductible or out-of-pocket maximum
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_AMOUNTS_CHANGED", value_name = "PERCENT", default_value = "5")]
    pub max_amounts_changed: Percent,
    /// Percent of its rows that a table may lose
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_ROWS_LOST", value_name = "PERCENT", default_value = "5")]
    pub max_rows_lost: Percent,
    /// Percent of its rows that a table may gain
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_ROWS_GAINED", value_name = "PERCENT", default_value = "25")]
    pub max_rows_gained: Percent,
    /// Rows of CMS's files that may be skipped because of a fault
    #[arg(long, env = "WINDOWSHOP_ROTATE_MAX_FAULTY_ROWS", value_name = "N", default_value_t = 100)]
    pub max_faulty_rows: i64,
    /// Publish a plan year even if there is no catalogue to compare it with
    #[arg(long)]
    pub first: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_read_and_written_the_same_way() {
        for (text, hundredths) in [("0", 0), ("2.5", 250), ("2.05", 205), ("100", 10_000), ("1000", 100_000)] {
            assert_eq!(text.parse::<Percent>(), Ok(Percent(hundredths)));
            assert_eq!(Percent(hundredths).to_string(), text);
        }
        assert_eq!(Percent(-1_250).to_string(), "-12.5");
        for bad in ["", "-1", "1.234", "1000.01", "5%", "1e2", ".5", "5."] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_is_rounded_up() {
        assert_eq!([Percent::of(0, 0), Percent::of(1, 3), Percent::of(1, 1_000_000)].map(|p| p.0), [0, 3334, 1]);
    }
}
