//! What an answer of the hub means for a person. Pure: answers in, verdicts out.
//!
//! Called by `check`. "No" is an open question and never a denial; nothing is made of an answer that did not come.

use serde_json::json;
use time::Date;

use super::case::TaxHousehold;
use super::rules::{IncomeRule, Subject, Without};
use super::settle::{Found, Verdict};
use crate::application::sheet::RowId;
use crate::hub::ifsv::ReturnSaid;
use crate::hub::{
    CaseNumber, Death, EsiAnswer, Incarceration, IncomeAnswer, Organization, OtherAnswer, Said, SsaAnswer, VlpAnswer,
};
use crate::types::Cents;

fn found(person: RowId, subject: Subject, verdict: Verdict, because: &str) -> Found {
    Found { person, subject, verdict, basis: json!({ "because": because }) }
}

/// What Social Security's answer means for each subject that it was asked about.
pub fn ssa(answer: &SsaAnswer, person: RowId, asked: &[Subject]) -> Vec<Found> {
    let one = |subject: Subject| match answer {
        // Nothing else that came may be used.
        SsaAnswer::NotFound | SsaAnswer::SsnUnmatched => match subject {
            Subject::Ssn | Subject::Citizenship => found(person, subject, Verdict::Inconsistent, "ssn_unmatched"),
            _ => found(person, subject, Verdict::Withdrawn, "ssn_unmatched"),
        },
        SsaAnswer::Matched(record) => {
            let (as_told, other) = match subject {
                Subject::Citizenship => (record.citizen == Some(true), "not_citizen_there"),
                Subject::Incarceration => {
                    (!matches!(record.incarceration, Some(Incarceration::Incarcerated { .. })), "in_custody_there")
                }
                Subject::Death => (record.death != Some(Death::Confirmed), "dead_there"),
                _ => (true, ""),
            };
            match as_told {
                true => found(person, subject, Verdict::Verified, "source"),
                false => found(person, subject, Verdict::Inconsistent, other),
            }
        }
    };
    asked.iter().map(|subject| one(*subject)).collect()
}

/// What Homeland Security's answer means, and the number of a case that is still open there.
pub fn lawful_presence(answer: &VlpAnswer, person: RowId) -> (Found, Option<CaseNumber>) {
    let subject = Subject::LawfulPresence;
    let VlpAnswer::Case(case) = answer else {
        return (found(person, subject, Verdict::Inconsistent, "not_found"), None);
    };
    let found = match (case.lawful, case.citizen) {
        (Said::Yes | Said::NotApplicable, _) | (_, Some(Said::Yes)) => {
            found(person, subject, Verdict::Verified, "source")
        }
        (Said::Pending, _) => {
            let basis = json!({ "because": "pending", "case": case.case });
            return (Found { person, subject, verdict: Verdict::Pending, basis }, case.case.clone());
        }
        (Said::No, _) => found(person, subject, Verdict::Inconsistent, "not_lawful_there"),
    };
    (found, case.case.clone())
}

/// What employers' answers mean. An offer that was told is judged by its cost; being insured, or an offer that was not told, is evidence.
pub fn employer_coverage(answer: &EsiAnswer, person: RowId, offer_told: bool) -> Found {
    let subject = Subject::EmployerCoverage;
    match answer {
        EsiAnswer::Found(record) if record.insured == Some(true) || (record.eligible == Some(true) && !offer_told) => {
            let basis = json!({ "because": "covered_there", "kinds": ["employer"] });
            Found { person, subject, verdict: Verdict::Inconsistent, basis }
        }
        _ => found(person, subject, Verdict::Verified, "source"),
    }
}

/// What public programs' answers mean on the first day of coverage. `None`: somebody who has to be asked again did not answer, and
/// nobody who did knows of coverage.
pub fn other_coverage(answer: &OtherAnswer, person: RowId, day: Date) -> Option<Found> {
    let subject = Subject::OtherCoverage;
    let kinds: Vec<&str> = answer.covering(day).into_iter().map(kind_of).collect();
    if !kinds.is_empty() {
        let basis = json!({ "because": "covered_there", "kinds": kinds });
        return Some(Found { person, subject, verdict: Verdict::Inconsistent, basis });
    }
    answer.away().is_empty().then(|| found(person, subject, Verdict::Verified, "source"))
}

/// A kind of `coverage_kinds.csv`.
fn kind_of(organization: Organization) -> &'static str {
    match organization {
        Organization::Medicare => "medicare_part_a_free",
        Organization::Medicaid => "medicaid",
        Organization::Chip => "chip",
        Organization::Tricare => "tricare",
        Organization::Veterans => "veterans",
        Organization::PeaceCorps => "peace_corps",
        Organization::BasicHealth => "basic_health",
    }
}

/// What tax data says of a household's year; `None`: not of all of its filers. The filers are the first people asked about.
fn tax_data(answer: &IncomeAnswer, filers: usize) -> Option<Cents> {
    let IncomeAnswer::Told(record) = answer else { return None };
    let returns: Vec<_> = record.returns.iter().filter(|one| matches!(one.said, ReturnSaid::Return(_))).collect();
    let has = |filer: usize| returns.iter().any(|one| one.person == filer || one.spouse == Some(filer));
    if !(0..filers).all(has) {
        return None;
    }
    let counted = |said: &ReturnSaid| match said {
        ReturnSaid::Return(own) => own.counted(),
        ReturnSaid::NoData(_) => None,
    };
    let sum = || returns.iter().map(|one| counted(&one.said)).sum::<Option<Cents>>();
    record.total.or_else(sum)
}

/// What the Internal Revenue Service's answer means: income is accepted at or above the data, and a little below (45 CFR
/// 155.320(c)(3)). The amount is kept only where it will decide.
pub fn income(answer: &IncomeAnswer, tax: &TaxHousehold, rule: &IncomeRule) -> Found {
    let (subject, person) = (Subject::Income, tax.filers.first().copied().unwrap_or_default());
    match tax_data(answer, tax.filers.len()) {
        None if rule.no_data == Without::Accept => found(person, subject, Verdict::Verified, "no_data"),
        None => found(person, subject, Verdict::Inconsistent, "no_data"),
        Some(data) if rule.must_be_proved(Cents(tax.magi), data) => {
            let basis = json!({ "because": "income_lower", "data_cents": data.0 });
            Found { person, subject, verdict: Verdict::Inconsistent, basis }
        }
        Some(_) => found(person, subject, Verdict::Verified, "source"),
    }
}
