//! What a person's citizenship or immigration status opens, by date.
//!
//! Reads only `data/rules/immigration.csv` and the state options; called by `determine` and `medicaid`. A status
//! never makes anyone liable here: it only opens or shuts a program.

use time::Date;

use super::family::{Family, Member};
use super::household::NotProved;
use super::reasons::{Outcome, Reason, Rule, Value};
use super::tables::{
    ImmigrationAnswer, ImmigrationProgram, ImmigrationStatus, NumberCode, StateChoice, Tables, plan_year_days,
};

fn word(member: &Member<'_>) -> Value {
    let status = member.said.immigration.status;
    Value::Text(serde_json::to_value(status).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default())
}

/// The day that marketplace and credit rules read: the day of the determination, but within the time of coverage.
pub fn coverage_day(family: &Family<'_>) -> Date {
    let last = plan_year_days(family.said.plan_year).map_or(family.coverage_start, |(_, last)| last);
    family.as_of.max(family.coverage_start).min(last)
}

/// Whether nothing about who the person is stayed open past its time.
fn is_proved(tables: &Tables, member: &Member<'_>, reasons: &mut Vec<Reason>) -> bool {
    let proved = !member.said.not_proved.contains(&NotProved::Status);
    if !proved && reasons.iter().all(|reason| reason.rule != Rule::StatusProved) {
        reasons.push(Reason::new(tables, Rule::StatusProved, Outcome::NotMet));
    }
    proved
}

/// Whether a status lets a person use the marketplace or have the credit.
pub fn opens(
    family: &Family<'_>,
    tables: &Tables,
    i: usize,
    program: ImmigrationProgram,
    reasons: &mut Vec<Reason>,
) -> bool {
    let member = &family.members[i];
    if !is_proved(tables, member, reasons) {
        return false;
    }
    let status = member.said.immigration.status;
    let day = coverage_day(family);
    let rule =
        if program == ImmigrationProgram::Credit { Rule::CreditImmigration } else { Rule::MarketplaceImmigration };
    let Some(row) = tables.immigration(program, status, day) else {
        reasons.push(Reason::new(tables, rule, Outcome::NotMet).input("as_of", Value::Day(day)));
        return false;
    };
    let blocked = tables
        .option(member.state, StateChoice::DacaMarketplaceBlocked, family.as_of)
        .filter(|option| status == ImmigrationStatus::Daca && option.value == "yes");
    let met = row.answer == ImmigrationAnswer::Yes && blocked.is_none();
    if status != ImmigrationStatus::UsCitizen {
        let (citation, read) = blocked.map_or((&row.citation, row.status), |o| (&o.citation, o.status));
        let reason = Reason::test(tables, rule, met).cite(citation, read);
        reasons.push(reason.input("status", word(member)).input("coverage_day", Value::Day(day)));
    }
    met
}

/// Whether status lets a person have Medicaid or CHIP on the day of the determination: as a qualified person, or
/// as a lawfully residing child or pregnant person where the state covers them.
pub fn opens_medicaid(family: &Family<'_>, tables: &Tables, i: usize, reasons: &mut Vec<Reason>) -> bool {
    let member = &family.members[i];
    let said = &member.said.immigration;
    if !is_proved(tables, member, reasons) {
        return false;
    }
    if said.status == ImmigrationStatus::UsCitizen {
        return true;
    }
    let day = family.as_of;
    let row = tables.immigration(ImmigrationProgram::Medicaid, said.status, day);
    let years = tables.number(NumberCode::FiveYearBarYears, day).map_or(0, |n| n.value);
    let qualified = match row.map(|r| r.answer) {
        Some(ImmigrationAnswer::Yes) => true,
        Some(ImmigrationAnswer::FiveYearBar) => {
            said.veteran_or_active_duty
                || tribal(member, tables, NumberCode::TribalNoncitizenNoBar, day, reasons)
                || exempt_by_former_status(said.adjusted_from)
                || (said.since.is_some_and(|since| anniversary(since, years).is_some_and(|end| end <= day))
                    && worked_enough(member, tables, day, reasons))
        }
        Some(ImmigrationAnswer::No) => tribal(member, tables, NumberCode::TribalNoncitizenAnyStatus, day, reasons),
        None => false,
    };
    if let Some(row) = row {
        let mut reason = Reason::test(tables, Rule::MedicaidImmigration, qualified).cite(&row.citation, row.status);
        reason = reason.input("status", word(member));
        if row.answer == ImmigrationAnswer::FiveYearBar {
            reason = reason.input("five_year_bar_years", Value::Number(years));
            if let Some(since) = said.since {
                reason = reason.input("since", Value::Day(since));
            }
        }
        reasons.push(reason);
    }
    qualified || lawfully_residing(family, tables, i, reasons)
}

/// A member of an Indian tribe who is no citizen, or an American Indian born in Canada.
fn tribal(member: &Member<'_>, tables: &Tables, rule: NumberCode, day: Date, reasons: &mut Vec<Reason>) -> bool {
    let said = member.said;
    let row = tables.number(rule, day).filter(|_| said.tribal_member || said.immigration.tribal_born_abroad);
    if let Some(row) = row {
        reasons.push(Reason::new(tables, Rule::TribalNoncitizen, Outcome::Met).cite(&row.citation, row.status));
    }
    row.is_some()
}

/// Whether a permanent resident after the five years has the quarters of work that some states ask for besides, their own
/// or a spouse's or parent's (8 USC 1612(b)(2)(B), 1645). If nothing was said, they are assumed to be missing.
fn worked_enough(member: &Member<'_>, tables: &Tables, day: Date, reasons: &mut Vec<Reason>) -> bool {
    let Some(row) = tables.option(member.state, StateChoice::WorkQuartersForResidents, day) else { return true };
    let needed: i64 = row.value.parse().unwrap_or(0);
    let own = member.said.work_quarters.map_or(0, i64::from);
    let reason = Reason::test(tables, Rule::MedicaidWorkQuarters, own >= needed).cite(&row.citation, row.status);
    reasons.push(reason.compare(Value::Number(own), "at_least", Value::Number(needed)));
    own >= needed
}

/// Statuses whose former holders have no five-year bar after adjusting to permanent residence (8 USC 1613(b)).
fn exempt_by_former_status(former: Option<ImmigrationStatus>) -> bool {
    matches!(
        former,
        Some(
            ImmigrationStatus::Refugee
                | ImmigrationStatus::Asylee
                | ImmigrationStatus::WithholdingOfRemoval
                | ImmigrationStatus::CubanHaitianEntrant
                | ImmigrationStatus::Amerasian
                | ImmigrationStatus::TraffickingVictim
        )
    )
}

fn anniversary(since: Date, years: i64) -> Option<Date> {
    let year = i32::try_from(i64::from(since.year()) + years).ok()?;
    // 29 February completes its years on 1 March.
    since.replace_year(year).ok().or_else(|| Date::from_calendar_date(year, time::Month::March, 1).ok())
}

fn lawfully_residing(family: &Family<'_>, tables: &Tables, i: usize, reasons: &mut Vec<Reason>) -> bool {
    let member = &family.members[i];
    let day = family.as_of;
    let under = tables.number(NumberCode::YoungAdultUnderAge, day).map_or(0, |n| n.value);
    let choice = if i64::from(member.age_now) < under {
        StateChoice::LawfullyResidingChildren
    } else if member.said.pregnant || member.said.postpartum {
        StateChoice::LawfullyResidingPregnant
    } else {
        return false;
    };
    let pregnant_too = (member.said.pregnant || member.said.postpartum)
        && tables.chose(member.state, StateChoice::LawfullyResidingPregnant, day);
    let state_covers = tables.chose(member.state, choice, day) || pregnant_too;
    let resides = tables
        .immigration(ImmigrationProgram::LawfullyResiding, member.said.immigration.status, day)
        .is_some_and(|row| row.answer == ImmigrationAnswer::Yes);
    let reason = Reason::test(tables, Rule::LawfullyResidingOption, state_covers && resides);
    reasons.push(reason.input("state_covers", Value::YesNo(state_covers)).input("status", word(member)));
    state_covers && resides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_years_are_counted_by_the_calendar() {
        let since = Date::from_calendar_date(2020, time::Month::February, 29).unwrap();
        assert_eq!(anniversary(since, 5).unwrap().to_string(), "2025-03-01");
    }
}
