//! Cost-sharing reductions: the level of a person, and of a policy that several people share.
//!
//! Called by `determine` and by the shop when it picks a plan's variant.

use super::rounding::Ratio;
use super::tables::{CsrBand, CsrLevel, Tables};

/// The level of a person and the band that gives it. `credit` = may have the premium tax credit.
pub fn level(
    tables: &Tables,
    plan_year: i32,
    fpl: Option<Ratio>,
    credit: bool,
    tribal_member: bool,
) -> Option<&CsrBand> {
    let fits = |band: &&CsrBand| {
        fpl.is_some_and(|fpl| !fpl.at_most(band.fpl_over) || band.fpl_over.0 == 0)
            && band.fpl_to.is_none_or(|to| fpl.is_some_and(|fpl| fpl.at_most(to)))
    };
    let of = |tribal: bool| tables.csr_bands(plan_year).filter(move |b| b.tribal == tribal);
    if tribal_member {
        // Without a credit a tribal member still has the limited level, at any income.
        let zero = of(true).find(|b| b.level == CsrLevel::Zero && credit && fits(b));
        return zero.or_else(|| of(true).find(|b| b.level == CsrLevel::Limited));
    }
    if credit { of(false).find(fits) } else { None }
}

/// The level of one policy for people with these levels: the least generous (45 CFR 155.305(g)(3)).
pub fn together(levels: impl IntoIterator<Item = CsrLevel>) -> CsrLevel {
    levels.into_iter().min().unwrap_or(CsrLevel::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Cents;

    fn at(cents: i64, credit: bool, tribal: bool) -> CsrLevel {
        let tables = Tables::load().unwrap();
        let fpl = Ratio::percent_of(Cents(cents), Cents(1_000_000));
        level(&tables, 2026, Some(fpl), credit, tribal).map_or(CsrLevel::None, |b| b.level)
    }

    #[test]
    fn bands_include_their_top() {
        assert_eq!(at(1_500_000, true, false), CsrLevel::Csr94);
        assert_eq!(at(1_500_001, true, false), CsrLevel::Csr87);
        assert_eq!(at(2_000_000, true, false), CsrLevel::Csr87);
        assert_eq!(at(2_500_000, true, false), CsrLevel::Csr73);
        assert_eq!(at(2_500_001, true, false), CsrLevel::None);
        assert_eq!(at(1_400_000, false, false), CsrLevel::None);
    }

    #[test]
    fn tribal_members_have_zero_up_to_300_and_limited_at_any_income() {
        assert_eq!(at(3_000_000, true, true), CsrLevel::Zero);
        assert_eq!(at(3_000_001, true, true), CsrLevel::Limited);
        assert_eq!(at(9_000_000, false, true), CsrLevel::Limited);
    }

    #[test]
    fn a_shared_policy_has_the_least_generous_level() {
        assert_eq!(together([CsrLevel::Zero, CsrLevel::Csr87]), CsrLevel::Csr87);
        assert_eq!(together([CsrLevel::Limited, CsrLevel::Csr73]), CsrLevel::Limited);
        assert_eq!(together([]), CsrLevel::None);
    }
}
