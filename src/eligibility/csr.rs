//! Cost-sharing reductions: the level of a person, and of a policy that several people share.
//!
//! Called by `determine`, and by the shop when it picks a plan's variant. It must never give a level above what a
//! band of the tables says.

use super::rounding::Ratio;
use super::tables::{CsrBand, CsrLevel, Tables};

/// The level of a person and the band it comes from. `credit`: is eligible for the premium tax credit.
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

/// What one person could have in their own policy, in each of three ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices {
    /// By income, silver only: 73, 87 or 94.
    pub by_income: Option<CsrLevel>,
    /// As a tribal member, at any income.
    pub limited: bool,
    /// As a tribal member at up to 300 %.
    pub zero: bool,
}

impl Choices {
    pub fn of(tables: &Tables, plan_year: i32, fpl: Option<Ratio>, credit: bool, tribal_member: bool) -> Choices {
        let band = |tribal| level(tables, plan_year, fpl, credit, tribal).map(|band| band.level);
        Choices {
            by_income: band(false),
            limited: tribal_member && band(true).is_some(),
            zero: tribal_member && band(true) == Some(CsrLevel::Zero),
        }
    }

    /// Whether this person would be eligible for a level of a shared policy.
    fn takes(self, level: CsrLevel) -> bool {
        match level {
            CsrLevel::None => true,
            CsrLevel::Limited => self.limited,
            CsrLevel::Zero => self.zero,
            // Someone with a more generous level by income may share a less generous one.
            by_income => self.by_income.is_some_and(|own| own >= by_income),
        }
    }
}

/// The level of one policy: the last in the list for which all are eligible (45 CFR 155.305(g)(3)). Together with
/// somebody who is not a tribal member, a tribal member's limited level does not apply to all.
pub fn together(people: &[Choices]) -> CsrLevel {
    const GENEROUS_FIRST: [CsrLevel; 5] =
        [CsrLevel::Zero, CsrLevel::Csr94, CsrLevel::Csr87, CsrLevel::Csr73, CsrLevel::Limited];
    let for_all = |level: &&CsrLevel| !people.is_empty() && people.iter().all(|p| p.takes(**level));
    GENEROUS_FIRST.iter().find(for_all).copied().unwrap_or(CsrLevel::None)
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
    fn a_shared_policy_has_the_last_level_for_which_all_are_eligible() {
        let income = |level| Choices { by_income: Some(level), ..Choices::default() };
        let tribal = |zero, by_income| Choices { by_income, limited: true, zero };
        let (csr73, csr87, csr94) = (CsrLevel::Csr73, CsrLevel::Csr87, CsrLevel::Csr94);
        assert_eq!(together(&[tribal(true, Some(csr87)), income(csr87)]), csr87);
        assert_eq!(together(&[tribal(false, None), income(csr73)]), CsrLevel::None);
        assert_eq!(together(&[tribal(true, Some(csr73)), tribal(false, None)]), CsrLevel::Limited);
        assert_eq!(together(&[tribal(true, None), tribal(true, Some(csr94))]), CsrLevel::Zero);
        assert_eq!(together(&[income(csr94), income(csr73)]), csr73);
        assert_eq!(together(&[income(csr94), Choices::default()]), CsrLevel::None);
        assert_eq!(together(&[]), CsrLevel::None);
    }
}
