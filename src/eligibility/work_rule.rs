//! The work rule for the adult group from 2027 (P.L. 119-21 s. 71119, 42 USC 1396a(xx)): who it applies to, who is
//! exempt, and what meets it: hours, school, or income.
//!
//! Called by `medicaid` for people whose income fits the adult group. It must never fail people who have not said:
//! they pass with a note, because the state asks, not we.

use super::family::Family;
use super::household::{CommunityEngagement, Incarceration};
use super::tables::{NumberCode, StateChoice, Tables};
use crate::types::Cents;

/// The rule was applied.
pub struct WorkTest {
    pub passes: bool,
    /// Monthly income that is enough by itself: the hours times the federal minimum wage ((xx)(2)(F)).
    pub by_income: Option<Cents>,
    /// A state asked for the hours by its own waiver, before the federal rule.
    pub by_state_alone: bool,
}

/// `None`: not applied (not in force, or exempt). It applies to adults covered by expansion or by a waiver that gives
/// minimum essential coverage ((xx)(9)(A)(i)): whoever comes here, so Wisconsin's adults too.
pub fn test(family: &Family<'_>, tables: &Tables, i: usize, own_month_x12: Cents) -> Option<WorkTest> {
    let hours = tables.number(NumberCode::CommunityEngagementHours, family.as_of)?.value;
    let member = &family.members[i];
    let chose = |choice| tables.chose(member.state, choice, family.as_of);
    let by_state_alone = chose(StateChoice::AdultGroupProvesHours);
    let in_force = tables.number(NumberCode::CommunityEngagementInForce, family.as_of).is_some()
        || chose(StateChoice::CommunityEngagementEarly);
    if !by_state_alone && (!in_force || exempt(family, tables, i)) {
        return None;
    }
    let wage = tables.number(NumberCode::FederalMinimumWageCents, family.as_of).map(|n| Cents(n.value) * hours);
    let by_income = wage.filter(|wage| !by_state_alone && own_month_x12 >= *wage * 12);
    let said = member.said;
    let by_school = said.half_time_student || said.full_time_student;
    let by_hours = match said.community_engagement {
        Some(CommunityEngagement::DoesNotMeet) => false,
        Some(CommunityEngagement::Meets) => true,
        Some(CommunityEngagement::Exempt) | None => !by_state_alone,
    };
    Some(WorkTest { passes: by_hours || by_income.is_some() || by_school, by_income, by_state_alone })
}

/// (xx)(3) and (9)(A)(ii). Pregnant people are in a separate group that comes before this.
fn exempt(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let said = family.members[i].said;
    said.postpartum
        || said.blind_or_disabled
        || said.needs_long_term_care
        || said.tribal_member
        || said.immigration.tribal_born_abroad
        || said.former_foster_care.is_some()
        || said.incarcerated != Incarceration::No
        || !said.community_engagement_exemptions.is_empty()
        || said.community_engagement == Some(CommunityEngagement::Exempt)
        || cares_for_somebody(family, tables, i)
}

/// Parent, guardian, caretaker relative or family caregiver of a child aged 13 or younger, or of a disabled person of
/// any age.
fn cares_for_somebody(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let at_most = tables.number(NumberCode::CommunityEngagementChildAtMost, family.as_of).map_or(-1, |n| n.value);
    let disabled_too = tables.number(NumberCode::CommunityEngagementDisabledAnyAge, family.as_of).is_some();
    (0..family.members.len()).any(|k| {
        let other = &family.members[k];
        let young = i64::from(other.age_now) <= at_most;
        let disabled = disabled_too && (other.said.blind_or_disabled || other.said.needs_long_term_care);
        let named = family.members[i].said.caretaker_of.contains(&other.id);
        k != i && (young || disabled) && family.live_together(i, k) && (named || family.is_parent_of(i, k))
    })
}
