//! From what was answered to what the hub is asked. Names go as they were typed; the hub's client fits them.
//!
//! Called by `check`. `None`: something that the question needs was not told, so that nobody can be asked.

use time::{Date, Month};

use super::case::{Case, TaxHousehold};
use super::facts;
use crate::application::kinds;
use crate::application::sheet::RowId;
use crate::hub::{
    DocumentKind, EsiAsk, IncomeAsk, Organization, OtherAsk, Person, Sex, SsaAsk, Ssn, TaxPerson, TaxRole, VlpAsk,
    VlpDocument,
};

/// Request numbers of the income service have at most nine digits.
const REQUEST_IDS: u32 = 999_999_999;

fn maybe(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_string)
}

fn suffix(case: &Case, row: RowId) -> Option<String> {
    maybe(case.text("suffix", row)).filter(|suffix| suffix != kinds::NONE)
}

fn person(case: &Case, row: RowId) -> Option<Person> {
    Some(Person {
        ssn: Ssn::parse(&facts::ssn(case, row)?)?,
        first: case.text("first_name", row).to_string(),
        middle: maybe(case.text("middle_name", row)),
        last: case.text("last_name", row).to_string(),
        suffix: suffix(case, row),
        born: kinds::day(case.text("birth_date", row))?,
    })
}

fn sex(case: &Case, row: RowId) -> Option<Sex> {
    match case.text("sex", row) {
        "female" => Some(Sex::Female),
        "male" => Some(Sex::Male),
        _ => None,
    }
}

pub fn ssa(case: &Case, row: RowId, citizenship: bool) -> Option<SsaAsk> {
    Some(SsaAsk {
        person: person(case, row)?,
        citizenship,
        incarceration: true,
        monthly_income: None,
        yearly_income: None,
        quarters: false,
    })
}

/// The document that was told, in the words of Homeland Security.
pub fn document(case: &Case, row: RowId) -> Option<VlpDocument> {
    let kind = match case.text("document", row) {
        "i551" => DocumentKind::I551,
        "temporary_i551" => DocumentKind::Temporary551,
        "i327" => DocumentKind::I327,
        "i571" => DocumentKind::I571,
        "i766" => DocumentKind::I766,
        "i94" => DocumentKind::I94,
        "foreign_passport" => DocumentKind::ForeignPassport,
        "i20" => DocumentKind::I20,
        "ds2019" => DocumentKind::Ds2019,
        "i797" => DocumentKind::OtherAlien,
        _ => return None,
    };
    let number = maybe(case.text("document_number", row));
    let mut document = VlpDocument::new(kind);
    document.alien_number = maybe(case.text("alien_number", row));
    document.country = maybe(case.text("document_country", row));
    document.expires = kinds::day(case.text("document_until", row));
    match kind {
        DocumentKind::I551 | DocumentKind::I766 => document.receipt_number = number,
        DocumentKind::I94 => document.i94_number = number,
        DocumentKind::ForeignPassport => document.passport_number = number,
        DocumentKind::I20 | DocumentKind::Ds2019 => document.sevis_id = number,
        DocumentKind::OtherAlien => document.description = Some("I-797".to_string()),
        _ => {}
    }
    document.unfit().is_none().then_some(document)
}

pub fn lawful_presence(case: &Case, row: RowId) -> Option<VlpAsk> {
    Some(VlpAsk {
        document: document(case, row)?,
        first: case.text("first_name", row).to_string(),
        middle: maybe(case.text("middle_name", row)),
        last: case.text("last_name", row).to_string(),
        born: kinds::day(case.text("birth_date", row))?,
        five_year_bar: true,
        sponsor: false,
        grant_date: true,
        comment: None,
    })
}

/// First and last day of the plan year.
pub fn coverage(case: &Case) -> Option<(Date, Date)> {
    let year = case.plan_year();
    let first = Date::from_calendar_date(year, Month::January, 1).ok()?;
    Some((first, Date::from_calendar_date(year, Month::December, 31).ok()?))
}

pub fn employer_coverage(case: &Case, row: RowId) -> Option<EsiAsk> {
    let (from, to) = coverage(case)?;
    Some(EsiAsk { person: person(case, row)?, sex: sex(case, row), state: case.state()?.to_string(), from, to })
}

pub fn other_coverage(case: &Case, row: RowId) -> Option<OtherAsk> {
    let (from, to) = coverage(case)?;
    let organizations = vec![
        Organization::Medicare,
        Organization::Medicaid,
        Organization::Chip,
        Organization::Tricare,
        Organization::Veterans,
        Organization::PeaceCorps,
        Organization::BasicHealth,
    ];
    let (person, sex, state) = (person(case, row)?, sex(case, row), case.state()?.to_string());
    Some(OtherAsk { person, sex, state, from, to, organizations })
}

/// The filers, and the dependents whose number is known.
pub fn income(case: &Case, tax: &TaxHousehold) -> Option<IncomeAsk> {
    let one = |row: RowId, role: TaxRole| {
        Some(TaxPerson {
            ssn: Ssn::parse(&facts::ssn(case, row)?)?,
            first: case.text("first_name", row).to_string(),
            middle: maybe(case.text("middle_name", row)),
            last: case.text("last_name", row).to_string(),
            suffix: suffix(case, row),
            role,
        })
    };
    let role = |at: usize| if at == 0 { TaxRole::Primary } else { TaxRole::Spouse };
    let filers: Option<Vec<TaxPerson>> = tax.filers.iter().enumerate().map(|(at, row)| one(*row, role(at))).collect();
    let mut people = filers.filter(|filers| !filers.is_empty())?;
    let dependents = tax.members.iter().filter(|row| !tax.filers.contains(row));
    people.extend(dependents.filter_map(|row| one(*row, TaxRole::Dependent)));
    let hash = super::id_of(&["income", case.id()]);
    let request_id = u32::from_str_radix(&hash[..8], 16).unwrap_or_default() % REQUEST_IDS;
    Some(IncomeAsk { request_id, people })
}
