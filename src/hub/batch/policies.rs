//! The monthly policy report to the IRS (EPD, H36): per tax household and month who is covered by what, premium, second
//! lowest cost silver plan, advance credit; the year to date each time.

use time::Date;

use super::xml::Xml;
use crate::hub::fault::HubFault;
use crate::hub::person::{self, Ssn, unsent};
use crate::types::Cents;

/// A person of the report.
#[derive(Clone)]
pub struct Reported {
    pub first: String,
    pub middle: Option<String>,
    pub last: String,
    pub suffix: Option<String>,
    /// One of the two must be there.
    pub ssn: Option<Ssn>,
    pub born: Option<Date>,
}

#[derive(Clone)]
pub struct Address {
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub state: String,
    pub zip: String,
}

#[derive(Clone)]
pub struct PolicyReport {
    pub year: i32,
    pub month: u8,
    pub coverage_year: i32,
    /// `02.OH*.SBE.001.001`
    pub exchange: String,
    pub groups: Vec<Group>,
}

/// One tax household and its policies.
#[derive(Clone)]
pub struct Group {
    pub id: String,
    pub months: Vec<HouseholdMonth>,
    pub coverage: Vec<CoverageMonth>,
}

#[derive(Clone)]
pub struct HouseholdMonth {
    pub month: u8,
    pub primary: Reported,
    pub address: Address,
    pub spouse: Option<Reported>,
    pub dependents: Vec<Reported>,
    pub policies: Vec<HouseholdPolicy>,
}

/// The household's part of a policy.
#[derive(Clone)]
pub struct HouseholdPolicy {
    pub number: String,
    pub issuer_ein: String,
    pub slcsp: Cents,
    pub aptc: Cents,
    pub premium: Cents,
}

#[derive(Clone)]
pub struct CoverageMonth {
    pub month: u8,
    pub number: String,
    pub issuer_ein: String,
    pub issuer: String,
    pub from: Date,
    pub to: Date,
    pub premium: Cents,
    pub aptc: Cents,
    pub slcsp: Option<Cents>,
    pub covered: Vec<(Reported, Date, Date)>,
}

/// # Errors
///
/// If the IRS would refuse it: a month that is none, a person without number and birth date, a name of which nothing is
/// left.
pub fn write(report: &PolicyReport) -> Result<Vec<u8>, HubFault> {
    check(report)?;
    let names = "xmlns:n1=\"urn:us:gov:treasury:irs:msg:monthlyexchangeperiodicdata\" \
                 xmlns:irs=\"urn:us:gov:treasury:irs:common\"";
    let mut xml = Xml::begin();
    xml.element("n1:HealthExchange", names, |xml| {
        xml.text("irs:SubmissionYr", &report.year.to_string());
        xml.text("irs:SubmissionMonthNum", &report.month.to_string());
        xml.text("irs:ApplicableCoverageYr", &report.coverage_year.to_string());
        xml.open("irs:IndividualExchange", |xml| {
            xml.text("irs:HealthExchangeId", &report.exchange);
            for group in &report.groups {
                xml.open("irs:IRSHouseholdGrp", |xml| write_group(xml, group));
            }
        });
    });
    Ok(xml.done())
}

fn check(report: &PolicyReport) -> Result<(), HubFault> {
    let month = |month: u8| (1..=12).contains(&month).then_some(()).ok_or_else(|| unsent("ApplicableCoverageMonthNum"));
    month(report.month)?;
    for group in &report.groups {
        for of in &group.months {
            month(of.month)?;
            let mut people = std::iter::once(&of.primary).chain(&of.spouse).chain(&of.dependents);
            people.try_for_each(is_reportable)?;
        }
        for of in &group.coverage {
            month(of.month)?;
            of.covered.iter().try_for_each(|(person, ..)| is_reportable(person))?;
        }
    }
    Ok(())
}

pub(super) fn is_reportable(of: &Reported) -> Result<(), HubFault> {
    person::name(&of.first, "PersonFirstNm")?;
    person::name(&of.last, "PersonLastNm")?;
    if of.ssn.is_none() && of.born.is_none() { Err(unsent("BirthDt")) } else { Ok(()) }
}

fn write_group(xml: &mut Xml, group: &Group) {
    xml.text("irs:IRSGroupIdentificationNum", &group.id);
    xml.open("irs:TaxHousehold", |xml| {
        for of in &group.months {
            xml.open("irs:TaxHouseholdCoverage", |xml| {
                xml.text("irs:ApplicableCoverageMonthNum", &of.month.to_string());
                xml.open("irs:Household", |xml| write_household(xml, of));
            });
        }
    });
    xml.open("irs:InsurancePolicy", |xml| {
        for of in &group.coverage {
            xml.open("irs:InsuranceCoverage", |xml| write_coverage(xml, of));
        }
    });
}

fn write_household(xml: &mut Xml, of: &HouseholdMonth) {
    xml.open("irs:PrimaryGrp", |xml| {
        xml.open("irs:Primary", |xml| {
            write_person(xml, &of.primary);
            xml.open("irs:PersonAddressGrp", |xml| write_address(xml, &of.address, "irs:"));
        });
    });
    if let Some(spouse) = &of.spouse {
        xml.open("irs:SpouseGrp", |xml| xml.open("irs:Spouse", |xml| write_person(xml, spouse)));
    }
    for dependent in &of.dependents {
        xml.open("irs:DependentGrp", |xml| xml.open("irs:DependentPerson", |xml| write_person(xml, dependent)));
    }
    for policy in &of.policies {
        xml.open("irs:AssociatedPolicy", |xml| {
            xml.text("irs:QHPPolicyNum", &policy.number);
            xml.text("irs:QHPIssuerEIN", &policy.issuer_ein);
            xml.text("irs:SLCSPAdjMonthlyPremiumAmt", &policy.slcsp.decimal());
            xml.text("irs:HouseholdAPTCAmt", &policy.aptc.decimal());
            xml.text("irs:TotalHsldMonthlyPremiumAmt", &policy.premium.decimal());
        });
    }
}

fn write_coverage(xml: &mut Xml, of: &CoverageMonth) {
    xml.text("irs:ApplicableCoverageMonthNum", &of.month.to_string());
    xml.text("irs:QHPPolicyNum", &of.number);
    xml.text("irs:QHPIssuerEIN", &of.issuer_ein);
    xml.text("irs:IssuerNm", &of.issuer);
    xml.text("irs:PolicyCoverageStartDt", &person::day(of.from));
    xml.text("irs:PolicyCoverageEndDt", &person::day(of.to));
    xml.text("irs:TotalQHPMonthlyPremiumAmt", &of.premium.decimal());
    xml.text("irs:APTCPaymentAmt", &of.aptc.decimal());
    for (person, from, to) in &of.covered {
        xml.open("irs:CoveredIndividual", |xml| {
            xml.open("irs:InsuredPerson", |xml| write_person(xml, person));
            xml.text("irs:CoverageStartDt", &person::day(*from));
            xml.text("irs:CoverageEndDt", &person::day(*to));
        });
    }
    xml.maybe("irs:SLCSPMonthlyPremiumAmt", of.slcsp.map(Cents::decimal).as_deref());
}

fn write_person(xml: &mut Xml, of: &Reported) {
    xml.open("irs:CompletePersonName", |xml| write_name(xml, of, "irs:"));
    xml.maybe("irs:SSN", of.ssn.as_ref().map(Ssn::digits));
    xml.maybe("irs:BirthDt", of.born.map(person::day).as_deref());
}

/// Names that [`is_reportable`] has seen.
pub(super) fn write_name(xml: &mut Xml, of: &Reported, prefix: &str) {
    let mut write = |name: &str, text: Option<String>| xml.maybe(&format!("{prefix}{name}"), text.as_deref());
    write("PersonFirstNm", person::maybe_name(Some(&of.first)));
    write("PersonMiddleNm", person::maybe_name(of.middle.as_deref()));
    write("PersonLastNm", person::maybe_name(Some(&of.last)));
    write("SuffixNm", person::suffix(of.suffix.as_deref()));
}

pub(super) fn write_address(xml: &mut Xml, of: &Address, prefix: &str) {
    xml.open(&format!("{prefix}USAddressGrp"), |xml| {
        xml.text(&format!("{prefix}AddressLine1Txt"), &of.line1);
        xml.maybe(&format!("{prefix}AddressLine2Txt"), of.line2.as_deref());
        xml.text("irs:CityNm", &of.city);
        xml.text(&format!("{prefix}USStateCd"), &of.state);
        xml.text("irs:USZIPCd", &of.zip);
    });
}
