//! The yearly 1095-A report to the IRS (H41): one record a policy, twelve months, originals, corrections, voids.

use time::Date;

use super::policies::{Address, Reported, is_reportable, write_address, write_name};
use super::xml::Xml;
use crate::hub::fault::HubFault;
use crate::hub::person::{self, Ssn, unsent};
use crate::types::Cents;

#[derive(Clone)]
pub struct Form1095A {
    /// Of this record, unique in the year.
    pub sequence: u32,
    pub year: i32,
    pub kind: RecordKind,
    pub marketplace: String,
    pub policy: String,
    pub issuer: String,
    pub from: Date,
    pub to: Option<Date>,
    pub recipient: Reported,
    pub address: Address,
    pub spouse: Option<Reported>,
    pub covered: Vec<(Reported, Date, Date)>,
    /// January to December; zeros where nothing was in force.
    pub months: [MonthAmounts; 12],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    Original,
    /// Of this record.
    Corrected(u32),
    /// Of this record.
    Void(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonthAmounts {
    pub premium: Cents,
    pub slcsp: Cents,
    pub aptc: Cents,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Form1095A {
    /// Of the year.
    pub fn totals(&self) -> MonthAmounts {
        let sum = |of: fn(&MonthAmounts) -> Cents| Cents(self.months.iter().map(|month| of(month).0).sum());
        MonthAmounts { premium: sum(|m| m.premium), slcsp: sum(|m| m.slcsp), aptc: sum(|m| m.aptc) }
    }
}

/// # Errors
///
/// If the IRS would refuse it: a person without number and birth date, a name of which nothing is left, two records of one
/// sequence number.
pub fn write(forms: &[Form1095A]) -> Result<Vec<u8>, HubFault> {
    let mut seen = std::collections::HashSet::new();
    for form in forms {
        if !seen.insert(form.sequence) {
            return Err(unsent("RecordSequenceNum"));
        }
        let covered = form.covered.iter().map(|(person, ..)| person);
        let mut people = std::iter::once(&form.recipient).chain(&form.spouse).chain(covered);
        people.try_for_each(is_reportable)?;
    }
    let names = "xmlns:batchreq=\"urn:us:gov:treasury:irs:msg:form1095atransmissionupstreammessage\" \
                 xmlns:air=\"urn:us:gov:treasury:irs:ext:aca:air:ty22a\" \
                 xmlns:irs=\"urn:us:gov:treasury:irs:common\"";
    let mut xml = Xml::begin();
    xml.element("batchreq:Form1095ATransmissionUpstream", names, |xml| {
        for form in forms {
            xml.element("air:Form1095AUpstreamDetail", "recordType=\"\" lineNum=\"0\"", |xml| record(xml, form));
        }
    });
    Ok(xml.done())
}

fn record(xml: &mut Xml, form: &Form1095A) {
    let (corrected, void) = match form.kind {
        RecordKind::Original => (None, None),
        RecordKind::Corrected(of) => (Some(of.to_string()), None),
        RecordKind::Void(of) => (None, Some(of.to_string())),
    };
    let flag = |of: &Option<String>| if of.is_some() { "1" } else { "0" };
    xml.text("air:RecordSequenceNum", &form.sequence.to_string());
    xml.text("air:TaxYr", &form.year.to_string());
    xml.text("air:CorrectedInd", flag(&corrected));
    xml.maybe("air:CorrectedRecordSequenceNum", corrected.as_deref());
    xml.text("air:VoidInd", flag(&void));
    xml.maybe("air:VoidedRecordSequenceNum", void.as_deref());
    xml.text("air:MarketplaceId", &form.marketplace);
    xml.open("air:Policy", |xml| {
        xml.text("air:MarketPlacePolicyNum", &form.policy);
        xml.text("air:PolicyIssuerNm", &form.issuer);
        xml.text("air:PolicyStartDt", &person::day(form.from));
        xml.maybe("air:PolicyTerminationDt", form.to.map(person::day).as_deref());
    });
    xml.open("air:Recipient", |xml| {
        write_person(xml, &form.recipient);
        write_address(xml, &form.address, "air:");
    });
    if let Some(spouse) = &form.spouse {
        xml.open("air:RecipientSpouse", |xml| write_person(xml, spouse));
    }
    xml.open("air:CoverageHouseholdGrp", |xml| {
        for (person, from, to) in &form.covered {
            xml.open("air:CoveredIndividual", |xml| {
                xml.open("air:InsuredPerson", |xml| write_person(xml, person));
                xml.text("irs:CoverageStartDt", &person::day(*from));
                xml.text("irs:CoverageEndDt", &person::day(*to));
            });
        }
    });
    xml.open("air:RecipientPolicyInformation", |xml| write_amounts(xml, form));
}

fn write_amounts(xml: &mut Xml, form: &Form1095A) {
    for (name, of) in MONTHS.iter().zip(&form.months) {
        xml.open(&format!("air:{name}PremiumInformation"), |xml| {
            xml.text("air:MonthlyPremiumAmt", &of.premium.decimal());
            xml.text("air:MonthlyPremiumSLCSPAmt", &of.slcsp.decimal());
            xml.text("air:MonthlyAdvancedPTCAmt", &of.aptc.decimal());
        });
    }
    let year = form.totals();
    xml.open("air:AnnualPolicyTotalAmounts", |xml| {
        xml.text("air:AnnualPremiumAmt", &year.premium.decimal());
        xml.text("air:AnnualPremiumSLCSPAmt", &year.slcsp.decimal());
        xml.text("air:AnnualAdvancedPTCAmt", &year.aptc.decimal());
    });
}

fn write_person(xml: &mut Xml, of: &Reported) {
    xml.open("air:OtherCompletePersonName", |xml| write_name(xml, of, "air:"));
    xml.maybe("irs:SSN", of.ssn.as_ref().map(Ssn::digits));
    xml.maybe("air:BirthDt", of.born.map(person::day).as_deref());
}
