//! Which checks an application needs: by the rules, of whom, and which of them need no source to be asked.
//!
//! Called by `plan`, once an application. Nobody who does not apply is asked about citizenship or a number.

use time::Date;

use super::asks;
use super::case::Case;
use super::rules::{Rules, Subject, Who, Without};
use crate::application::kinds;
use crate::application::sheet::RowId;
use crate::eligibility::Tables;

/// How a check begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A source is asked.
    Ask,
    /// There is nobody to ask, or nothing to ask with: documents. Why, as a word of `verify.basis.…`.
    Prove(&'static str),
    /// What was told is taken as it is.
    Accept(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub person: RowId,
    pub subject: Subject,
    pub service: String,
    pub start: Start,
}

/// Every check of an application that was sent on a day.
pub fn checks(case: &Case, tables: &Tables, rules: &Rules, day: Date) -> Vec<Check> {
    let mut found = Vec::new();
    for row in rules.subjects(day) {
        for person in people(case, row.who) {
            let start = match row.service.as_str() {
                "" => Some(Start::Prove("no_source")),
                _ => start(case, tables, rules, (row.subject, person, day)),
            };
            let (subject, service) = (row.subject, row.service.clone());
            found.extend(start.map(|start| Check { person, subject, service, start }));
        }
    }
    found
}

fn people(case: &Case, who: Who) -> Vec<RowId> {
    let applicants = case.applicants();
    let of = |keep: &dyn Fn(RowId) -> bool| applicants.iter().copied().filter(|row| keep(*row)).collect();
    match who {
        Who::Applicants => applicants,
        Who::Citizens => of(&|row| !case.said("citizen", row, "no")),
        // Somebody who said that there is no status that opens coverage has nothing to be checked.
        Who::Noncitizens => {
            of(&|row| case.said("citizen", row, "no") && !case.said("status", row, "not_lawfully_present"))
        }
        Who::AtLiberty => of(&|row| !case.among("in_custody", row)),
        Who::Tribal => of(&|row| case.among("tribal", row)),
        Who::WithCredit => {
            let eligible: Vec<RowId> = case.tax_households().into_iter().flat_map(|tax| tax.eligible).collect();
            of(&|row| eligible.contains(&row))
        }
        Who::TaxHouseholds => {
            let helped = case.tax_households().into_iter().filter(|tax| !tax.eligible.is_empty());
            helped.filter_map(|tax| tax.filers.first().copied()).collect()
        }
    }
}

/// A Social Security number as nine digits; `None` if none was given.
pub fn ssn(case: &Case, person: RowId) -> Option<String> {
    kinds::ssn(case.text("ssn", person))
}

/// `None`: not checked.
fn start(case: &Case, tables: &Tables, rules: &Rules, (subject, person, day): (Subject, RowId, Date)) -> Option<Start> {
    let has_number = ssn(case, person).is_some();
    match subject {
        Subject::Ssn if !has_number => {
            let prove = rules.must_prove_no_ssn(case.text("no_ssn_why", person), day);
            Some(if prove { Start::Prove("no_ssn") } else { Start::Accept("no_ssn_excused") })
        }
        // Social Security looks people up by their number alone.
        Subject::Citizenship if !has_number => Some(Start::Prove("no_ssn")),
        Subject::Incarceration | Subject::Death | Subject::EmployerCoverage | Subject::OtherCoverage if !has_number => {
            None
        }
        Subject::LawfulPresence => {
            // Without the numbers that its kind of document has, nobody can be looked up.
            let can_be_asked = asks::lawful_presence(case, person).is_some();
            Some(if can_be_asked { Start::Ask } else { Start::Prove("no_document") })
        }
        Subject::Income => {
            let household = case.tax_households().into_iter().find(|tax| tax.filers.first() == Some(&person))?;
            if household.filers.iter().all(|filer| ssn(case, *filer).is_some()) {
                return Some(Start::Ask);
            }
            let rule = rules.income(case.marketplace(tables)?, case.plan_year())?;
            Some(match rule.not_asked {
                Without::Accept => Start::Accept("not_asked"),
                Without::Prove => Start::Prove("not_asked"),
            })
        }
        _ => Some(Start::Ask),
    }
}
