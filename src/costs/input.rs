//! Reads the JSON of `windowshop estimate`: a plan's cost sharing in the words of its filing, and the people.
//!
//! Called by `cli::estimate`. It must name the field of every fault (`people[1].age: …`) and how to fix it, and never
//! mistake an unknown word for another. Only use and sex may be left open: see `Doubt`.

use std::collections::BTreeMap;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::member::{Member, Use};
use super::plan::{Amounts, CostSharing, Limits, Share};
use super::service::Service;
use super::utilization::Sex;
use super::words::{Coinsurance, Copay};
use crate::types::Cents;

/// A fault in the input, with the path of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct InputFault {
    pub path: String,
    pub fault: String,
}

/// Something about a person that was not given or not understood, and what is assumed instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    NoSex { person: usize },
    UnknownSex { person: usize, given: String },
    UnknownUse { person: usize, given: String },
}

/// One question: a plan, people, what the plan costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub plan: CostSharing,
    pub people: Vec<Member>,
    pub monthly_premium: Cents,
    pub plan_year: Option<u16>,
    /// If the input asks for it; otherwise the dated index is used.
    pub factor_millionths: Option<u32>,
    pub doubts: Vec<Doubt>,
}

impl Question {
    /// # Errors
    /// The first `InputFault` of the input.
    pub fn read(value: &Value) -> Result<Question, InputFault> {
        let written: Written = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            InputFault { path: if path == "." { "input".into() } else { path }, fault: error.into_inner().to_string() }
        })?;
        if written.people.is_empty() {
            return Err(InputFault { path: "people".into(), fault: "give at least one person".into() });
        }
        let mut doubts = Vec::new();
        let people = written.people.into_iter().enumerate();
        Ok(Question {
            plan: written.plan.read()?,
            people: people.map(|(i, person)| person.read(i, &mut doubts)).collect(),
            monthly_premium: written.monthly_premium.map_or(Cents::ZERO, |dollars| dollars.0),
            plan_year: written.plan_year.map(|year| year.0 as u16),
            factor_millionths: written.price_factor.map(|factor| (factor.0 * 1e6).round() as u32),
            doubts,
        })
    }
}

/// The question as written; `null` is the same as leaving the field out.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object { … }")]
struct Written {
    plan: WrittenPlan,
    people: Vec<WrittenPerson>,
    monthly_premium: Option<Dollars>,
    plan_year: Option<Whole<9999>>,
    price_factor: Option<Factor>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object { … }")]
struct WrittenPerson {
    /// The table's last band begins at 55.
    age: Whole<120>,
    #[serde(default, deserialize_with = "text")]
    sex: Option<String>,
    #[serde(default, rename = "use", deserialize_with = "text")]
    usage: Option<String>,
}

impl WrittenPerson {
    fn read(self, person: usize, doubts: &mut Vec<Doubt>) -> Member {
        let sex = self.sex.as_deref().and_then(Sex::parse);
        match self.sex {
            None => doubts.push(Doubt::NoSex { person }),
            Some(given) if sex.is_none() => doubts.push(Doubt::UnknownSex { person, given }),
            Some(_) => {}
        }
        let usage = self.usage.as_deref().map_or(Some(Use::Any), Use::parse);
        if let (None, Some(given)) = (usage, self.usage) {
            doubts.push(Doubt::UnknownUse { person, given });
        }
        Member { age: self.age.0 as u8, sex, usage: usage.unwrap_or(Use::Any) }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object { … }")]
struct WrittenPlan {
    deductible: Option<WrittenLimits>,
    maximum: Option<WrittenLimits>,
    services: Option<BTreeMap<String, Share>>,
    free_primary_care_visits: Option<Whole<250>>,
    primary_care_copays_first: Option<Whole<250>>,
    inpatient_copay_days: Option<Whole<250>>,
    specialty_drug_cap: Option<Dollars>,
}

impl WrittenPlan {
    fn read(self) -> Result<CostSharing, InputFault> {
        let count = |number: Option<Whole<250>>| number.map_or(0, |n| n.0 as u8);
        let limits = |written: Option<WrittenLimits>| written.unwrap_or_default().read();
        let mut plan = CostSharing {
            deductible: limits(self.deductible),
            maximum: limits(self.maximum),
            free_primary_care_visits: count(self.free_primary_care_visits),
            primary_care_copays_first: count(self.primary_care_copays_first),
            inpatient_copay_days: Some(count(self.inpatient_copay_days)).filter(|days| *days > 0),
            specialty_drug_cap: self.specialty_drug_cap.map(|dollars| dollars.0),
            ..CostSharing::default()
        };
        for (name, share) in self.services.unwrap_or_default() {
            if let Some(service) = Service::from_code(&name).filter(|s| *s != Service::Other) {
                plan.shares[service as usize] = share;
            } else if !plan.file(&name, share) {
                let fault = "no service of the model; take a code such as ip_fac or the benefit's name in the PUF";
                return Err(InputFault { path: format!("plan.services.{name}"), fault: fault.into() });
            }
        }
        Ok(plan)
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object { … }")]
struct WrittenLimits {
    medical: Option<WrittenAmounts>,
    drug: Option<WrittenAmounts>,
    combined: Option<WrittenAmounts>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object { … }")]
struct WrittenAmounts {
    individual: Option<Dollars>,
    person: Option<Dollars>,
    family: Option<Dollars>,
}

impl WrittenLimits {
    fn read(self) -> Limits {
        let amounts = |written: Option<WrittenAmounts>| {
            let WrittenAmounts { individual, person, family } = written.unwrap_or_default();
            let [individual, person, family] = [individual, person, family].map(|d| d.map(|dollars| dollars.0));
            Amounts { individual, person, family }
        };
        Limits { medical: amounts(self.medical), drug: amounts(self.drug), combined: amounts(self.combined) }
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenShare {
    #[serde(default = "no_copay", deserialize_with = "copay")]
    copay: Copay,
    #[serde(default = "no_coinsurance", deserialize_with = "coinsurance")]
    coinsurance: Coinsurance,
    #[serde(default, deserialize_with = "yes_no")]
    outside_maximum: bool,
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Share, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Share;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("\"not covered\" or an object with copay and coinsurance")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
                if text.eq_ignore_ascii_case("not covered") {
                    return Ok(Share::NotCovered);
                }
                Err(E::custom("write \"not covered\" or give copay and coinsurance"))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Share, A::Error> {
                let WrittenShare { copay, coinsurance, outside_maximum } =
                    Deserialize::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Share::Covered { copay, coinsurance, outside_maximum })
            }
        }
        from.deserialize_any(Words)
    }
}

fn no_copay() -> Copay {
    Copay::NotApplicable
}

fn no_coinsurance() -> Coinsurance {
    Coinsurance::NotApplicable
}

fn copay<'de, D: Deserializer<'de>>(from: D) -> Result<Copay, D::Error> {
    let fault = "not the words of a copay, such as \"$30.00 Copay after deductible\"";
    text(from)?.map_or(Ok(no_copay()), |words| Copay::parse(&words).ok_or_else(|| D::Error::custom(fault)))
}

fn coinsurance<'de, D: Deserializer<'de>>(from: D) -> Result<Coinsurance, D::Error> {
    let fault = "not the words of a coinsurance, such as \"20% Coinsurance after deductible\"";
    text(from)?.map_or(Ok(no_coinsurance()), |words| Coinsurance::parse(&words).ok_or_else(|| D::Error::custom(fault)))
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(D::Error::custom("give a text in quotes")),
    }
}

fn yes_no<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match Value::deserialize(from)? {
        Value::Null => Ok(false),
        Value::Bool(said) => Ok(said),
        _ => Err(D::Error::custom("write true or false")),
    }
}

/// A whole number from 0 to `MOST`.
struct Whole<const MOST: u64>(u64);

impl<'de, const MOST: u64> Deserialize<'de> for Whole<MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = Value::deserialize(from)?.as_u64().filter(|n| *n <= MOST);
        number.map(Whole).ok_or_else(|| D::Error::custom(format!("give a whole number from 0 to {MOST}")))
    }
}

/// Dollars as a number or text, never negative, with at most two decimals.
struct Dollars(Cents);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(from)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let cents = Cents::parse(&text).map(Dollars);
        cents.ok_or_else(|| D::Error::custom("give dollars with at most two decimals, such as 1500 or 312.45"))
    }
}

struct Factor(f64);

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = Value::deserialize(from)?.as_f64().filter(|n| (0.1..=10.0).contains(n));
        number.map(Factor).ok_or_else(|| D::Error::custom("give a number from 0.1 to 10"))
    }
}
