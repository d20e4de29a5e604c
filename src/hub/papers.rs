//! Immigration documents: which numbers the Department of Homeland Security needs of each kind, and in which form.
//!
//! Called by `vlp`, and by whoever has to know beforehand whether somebody can be asked about.

use serde_json::{Map, Value, json};
use time::Date;

use super::fault::HubFault;
use super::person::{self, unsent};

/// A document and the numbers on it, as typed. Which numbers a kind needs: [`VlpDocument::unfit`].
#[derive(Clone)]
pub struct VlpDocument {
    pub kind: DocumentKind,
    pub alien_number: Option<String>,
    pub i94_number: Option<String>,
    /// Of the card: three letters and ten digits.
    pub receipt_number: Option<String>,
    pub certificate_number: Option<String>,
    pub visa_number: Option<String>,
    pub passport_number: Option<String>,
    /// Three letters.
    pub country: Option<String>,
    pub sevis_id: Option<String>,
    pub expires: Option<Date>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DocumentKind {
    /// Reentry permit.
    I327,
    /// Permanent resident card.
    I551,
    /// Refugee travel document.
    I571,
    /// Employment authorization card.
    I766,
    CertificateOfCitizenship,
    NaturalizationCertificate,
    /// Machine-readable immigrant visa.
    MachineReadable551,
    /// Temporary I-551 stamp.
    Temporary551,
    /// Arrival record.
    I94,
    /// Arrival record in a foreign passport.
    I94InPassport,
    ForeignPassport,
    /// Student.
    I20,
    /// Exchange visitor.
    Ds2019,
    /// Anything else with an alien number.
    OtherAlien,
    /// Anything else with an I-94 number.
    OtherI94,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Alien,
    I94,
    Receipt,
    Citizenship,
    Naturalization,
    Visa,
    Passport,
    Country,
    /// Number and country, in an element of their own.
    PassportCountry,
    Sevis,
    Expires,
    Description,
}

use Field::{
    Alien, Citizenship, Country, Description, Expires, I94, Naturalization, Passport, PassportCountry, Receipt, Sevis,
    Visa,
};

/// Element, fields that must be there, fields that may be, as in `InitialVerification.xsd` version 37.
type Shape = (&'static str, &'static [Field], &'static [Field]);

impl DocumentKind {
    fn shape(self) -> Shape {
        match self {
            DocumentKind::I327 => ("i327DocumentID", &[Alien], &[Expires]),
            DocumentKind::I551 => ("i551DocumentID", &[Alien, Receipt], &[Expires]),
            DocumentKind::I571 => ("i571DocumentID", &[Alien], &[Expires]),
            DocumentKind::I766 => ("i766DocumentID", &[Alien, Receipt, Expires], &[]),
            DocumentKind::CertificateOfCitizenship => ("certOfCitDocumentID", &[Citizenship], &[Alien]),
            DocumentKind::NaturalizationCertificate => ("natrOfCertDocumentID", &[Naturalization], &[Alien]),
            DocumentKind::MachineReadable551 => {
                ("macReadI551DocumentID", &[Alien, Passport, Country], &[Visa, Expires])
            }
            DocumentKind::Temporary551 => ("tempI551DocumentID", &[Alien], &[PassportCountry, Expires]),
            DocumentKind::I94 => ("i94DocumentID", &[I94], &[Sevis, Expires]),
            DocumentKind::I94InPassport => {
                ("i94UnexpForeignPassportDocumentID", &[I94, Passport, Country, Expires], &[Visa, Sevis])
            }
            DocumentKind::ForeignPassport => {
                ("unexpForeignPassportDocumentID", &[Passport, Country, Expires], &[I94, Sevis])
            }
            DocumentKind::I20 => ("i20DocumentID", &[Sevis], &[I94, PassportCountry, Expires]),
            DocumentKind::Ds2019 => ("ds2019DocumentID", &[Sevis], &[I94, PassportCountry, Expires]),
            DocumentKind::OtherAlien => ("otherCase1DocumentID", &[Alien, Description], &[PassportCountry, Expires]),
            DocumentKind::OtherI94 => ("otherCase2DocumentID", &[I94, Description], &[PassportCountry, Sevis, Expires]),
        }
    }
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Alien => "alienNumber",
            I94 => "i94Number",
            Receipt => "receiptNumber",
            Citizenship => "citizenshipNumber",
            Naturalization => "naturalizationNumber",
            Visa => "visaNumber",
            Passport => "passportNumber",
            Country => "countryOfIssuance",
            PassportCountry => "passportCountry",
            Sevis => "sevisid",
            Expires => "docExpirationDate",
            Description => "docDescReq",
        }
    }
}

impl VlpDocument {
    pub fn new(kind: DocumentKind) -> VlpDocument {
        VlpDocument {
            kind,
            alien_number: None,
            i94_number: None,
            receipt_number: None,
            certificate_number: None,
            visa_number: None,
            passport_number: None,
            country: None,
            sevis_id: None,
            expires: None,
            description: None,
        }
    }

    /// The first number that this kind of document needs and does not have, or has in a form that would be refused:
    /// such a person cannot be asked about, and sends a document instead.
    pub fn unfit(&self) -> Option<&'static str> {
        let (_, needed, _) = self.kind.shape();
        needed.iter().find(|field| self.value(**field).is_none()).map(|field| field.name())
    }

    /// As the hub takes it; `None` if it is missing or would be refused.
    fn value(&self, field: Field) -> Option<Value> {
        let digits = |text: &Option<String>, many: usize| {
            let found: String = text.as_deref()?.chars().filter(char::is_ascii_digit).collect();
            (found.len() == many).then_some(found)
        };
        let signs = |text: &Option<String>, many: std::ops::RangeInclusive<usize>| {
            let found: String = text.as_deref()?.chars().filter(char::is_ascii_alphanumeric).collect();
            many.contains(&found.len()).then_some(found)
        };
        let receipt = |text: &Option<String>| {
            let found = signs(text, 13..=13)?.to_ascii_uppercase();
            let (letters, rest) = found.split_at(3);
            let fits = letters.bytes().all(|b| b.is_ascii_alphabetic()) && rest.bytes().all(|b| b.is_ascii_digit());
            fits.then_some(found)
        };
        let text = match field {
            // People write the letter in front, or leave out zeros at the beginning.
            Alien => {
                let typed: String = self.alien_number.as_deref()?.chars().filter(char::is_ascii_digit).collect();
                (7..=9).contains(&typed.len()).then(|| format!("{typed:0>9}"))
            }
            I94 => signs(&self.i94_number, 11..=11),
            Receipt => receipt(&self.receipt_number),
            Citizenship | Naturalization => signs(&self.certificate_number, 6..=12),
            Visa => signs(&self.visa_number, 8..=8),
            Passport => signs(&self.passport_number, 6..=12),
            Country => signs(&self.country, 3..=3).map(|code| code.to_ascii_uppercase()),
            Sevis => digits(&self.sevis_id, 10),
            Expires => self.expires.map(person::day),
            Description => self.description.as_deref().and_then(|text| person::line(text, takes_words, 35)),
            PassportCountry => {
                let (number, country) = (self.value(Passport)?, self.value(Country)?);
                return Some(json!({ "passportNumber": number, "countryOfIssuance": country }));
            }
        };
        text.map(Value::from)
    }

    pub(super) fn write(&self) -> Result<Value, HubFault> {
        let (element, needed, more) = self.kind.shape();
        let mut fields = Map::new();
        for field in needed {
            fields.insert(field.name().to_string(), self.value(*field).ok_or_else(|| unsent(field.name()))?);
        }
        for field in more {
            if let Some(value) = self.value(*field) {
                fields.insert(field.name().to_string(), value);
            }
        }
        Ok(json!({ element: fields }))
    }
}

pub(super) fn takes_words(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | '/')
}
