//! Reads the JSON of `windowshop estimate`: a plan's cost sharing in the words of its filing, and the people.
//!
//! Called by `command`. It must name the field of every fault (`people[1].age: …`) and how to mend it, and never take a
//! word it does not know for another. Use and sex are the exception that people may leave open: see `Doubt`.

use serde_json::{Map, Value};

use super::household::{Person, Use};
use super::plan::{Amounts, CostSharing, Limits, Share};
use super::service::Service;
use super::utilization::Sex;
use super::words::{Coinsurance, Copay};
use crate::types::Cents;

/// A fault of the input, with the path of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct Fault {
    pub path: String,
    pub fault: String,
}

/// Something about a person that was not given or not understood, and what is taken instead.
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
    pub people: Vec<Person>,
    pub monthly_premium: Cents,
    pub plan_year: Option<u16>,
    /// Asked for by the input; else the dated factor is taken.
    pub factor_thousandths: Option<u32>,
    pub doubts: Vec<Doubt>,
}

/// The oldest age that is read; the table's last band begins at 55.
const OLDEST: u64 = 120;

impl Question {
    /// # Errors
    /// The first `Fault` of the input.
    pub fn read(value: &Value) -> Result<Question, Fault> {
        let top = At::top(value);
        let fields = top.object(&["plan", "people", "monthly_premium", "plan_year", "price_factor"])?;
        let plan = plan(&top.field(fields, "plan").ok_or_else(|| top.fault("`plan` is missing"))?)?;
        let mut doubts = Vec::new();
        let list = top.field(fields, "people").ok_or_else(|| top.fault("`people` is missing"))?;
        let people = list.value.as_array().ok_or_else(|| list.fault("give a list of people"))?;
        let people: Vec<Person> = people
            .iter()
            .enumerate()
            .map(|(i, value)| person(&At { value, path: format!("people[{i}]") }, i, &mut doubts))
            .collect::<Result<_, _>>()?;
        if people.is_empty() {
            return Err(list.fault("give at least one person"));
        }
        let factor = top.field(fields, "price_factor").map(|at| at.within(0.1, 10.0)).transpose()?;
        let year = top.field(fields, "plan_year").map(|at| at.whole(9999)).transpose()?;
        Ok(Question {
            plan,
            people,
            monthly_premium: top.field(fields, "monthly_premium").map_or(Ok(Cents::ZERO), |at| at.money())?,
            plan_year: year.and_then(|y| u16::try_from(y).ok()),
            factor_thousandths: factor.map(|f| (f * 1000.0).round() as u32),
            doubts,
        })
    }
}

fn person(at: &At, i: usize, doubts: &mut Vec<Doubt>) -> Result<Person, Fault> {
    let fields = at.object(&["age", "sex", "use"])?;
    let age = at.field(fields, "age").ok_or_else(|| at.fault("`age` is missing"))?.whole(OLDEST)?;
    let text = |name| at.field(fields, name).map(|at| at.text().map(str::to_string)).transpose();
    let sex = match text("sex")? {
        None => {
            doubts.push(Doubt::NoSex { person: i });
            None
        }
        Some(given) => {
            let sex = Sex::parse(&given);
            if sex.is_none() {
                doubts.push(Doubt::UnknownSex { person: i, given });
            }
            sex
        }
    };
    let usage = match text("use")? {
        None => Use::Any,
        Some(given) => Use::parse(&given).unwrap_or_else(|| {
            doubts.push(Doubt::UnknownUse { person: i, given });
            Use::Any
        }),
    };
    Ok(Person { age: u8::try_from(age).unwrap_or(u8::MAX), sex, usage })
}

const PLAN: [&str; 7] = [
    "deductible",
    "maximum",
    "services",
    "free_primary_care_visits",
    "primary_care_copays_first",
    "inpatient_copay_days",
    "specialty_drug_cap",
];

fn plan(at: &At) -> Result<CostSharing, Fault> {
    let fields = at.object(&PLAN)?;
    let count = |name| at.field(fields, name).map_or(Ok(0), |at| at.whole(250)).map(|n| u8::try_from(n).unwrap_or(0));
    let limit = |name| at.field(fields, name).map_or(Ok(Limits::default()), |at| limits(&at));
    let mut plan = CostSharing {
        deductible: limit("deductible")?,
        maximum: limit("maximum")?,
        free_primary_care_visits: count("free_primary_care_visits")?,
        primary_care_copays_first: count("primary_care_copays_first")?,
        inpatient_copay_days: Some(count("inpatient_copay_days")?).filter(|days| *days > 0),
        specialty_drug_cap: at.field(fields, "specialty_drug_cap").map(|at| at.money()).transpose()?,
        ..CostSharing::default()
    };
    let Some(services) = at.field(fields, "services") else { return Ok(plan) };
    for (name, value) in services.map()? {
        let at = At { value, path: format!("{}.{name}", services.path) };
        let share = share(&at)?;
        if let Some(service) = Service::from_code(name).filter(|s| *s != Service::Other) {
            plan.shares[service as usize] = share;
        } else if !plan.file(name, share) {
            return Err(
                at.fault("no service of the model; take a code such as ip_fac or the benefit's name in the PUF")
            );
        }
    }
    Ok(plan)
}

fn limits(at: &At) -> Result<Limits, Fault> {
    let fields = at.object(&["medical", "drug", "combined"])?;
    let amounts = |name| {
        let Some(at) = at.field(fields, name) else { return Ok(Amounts::default()) };
        let fields = at.object(&["individual", "person", "family"])?;
        let amount = |name| at.field(fields, name).map(|at| at.money()).transpose();
        Ok(Amounts { individual: amount("individual")?, person: amount("person")?, family: amount("family")? })
    };
    Ok(Limits { medical: amounts("medical")?, drug: amounts("drug")?, combined: amounts("combined")? })
}

fn share(at: &At) -> Result<Share, Fault> {
    if let Some(text) = at.value.as_str() {
        let covered = !text.eq_ignore_ascii_case("not covered");
        return if covered {
            Err(at.fault("write \"not covered\" or give copay and coinsurance"))
        } else {
            Ok(Share::NotCovered)
        };
    }
    let fields = at.object(&["copay", "coinsurance", "outside_maximum"])?;
    let copay = at.field(fields, "copay").map_or(Ok(Copay::NotApplicable), |at| {
        Copay::parse(at.text()?)
            .ok_or_else(|| at.fault("not the words of a copay, such as \"$30.00 Copay after deductible\""))
    })?;
    let coinsurance = at.field(fields, "coinsurance").map_or(Ok(Coinsurance::NotApplicable), |at| {
        Coinsurance::parse(at.text()?)
            .ok_or_else(|| at.fault("not the words of a coinsurance, such as \"20% Coinsurance after deductible\""))
    })?;
    let outside = at
        .field(fields, "outside_maximum")
        .map_or(Ok(false), |at| at.value.as_bool().ok_or_else(|| at.fault("write true or false")))?;
    Ok(Share::Covered { copay, coinsurance, outside_maximum: outside })
}

/// A value and where it stands.
struct At<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    fn top(value: &'a Value) -> At<'a> {
        At { value, path: "input".to_string() }
    }

    fn fault(&self, fault: impl Into<String>) -> Fault {
        Fault { path: self.path.clone(), fault: fault.into() }
    }

    fn map(&self) -> Result<&'a Map<String, Value>, Fault> {
        self.value.as_object().ok_or_else(|| self.fault("give an object { … }"))
    }

    /// The object's fields, all of them known.
    fn object(&self, known: &[&str]) -> Result<&'a Map<String, Value>, Fault> {
        let fields = self.map()?;
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.fault(format!("unknown field `{name}`; known are {}", known.join(", ")))),
            None => Ok(fields),
        }
    }

    /// A field that is there and not null.
    fn field(&self, fields: &'a Map<String, Value>, name: &str) -> Option<At<'a>> {
        let path = if self.path == "input" { name.to_string() } else { format!("{}.{name}", self.path) };
        fields.get(name).filter(|value| !value.is_null()).map(|value| At { value, path })
    }

    fn text(&self) -> Result<&'a str, Fault> {
        self.value.as_str().ok_or_else(|| self.fault("give a text in quotes"))
    }

    /// A whole number from 0 to `most`.
    fn whole(&self, most: u64) -> Result<u64, Fault> {
        let n = self.value.as_u64().filter(|n| *n <= most);
        n.ok_or_else(|| self.fault(format!("give a whole number from 0 to {most}")))
    }

    fn within(&self, least: f64, most: f64) -> Result<f64, Fault> {
        let n = self.value.as_f64().filter(|n| (least..=most).contains(n));
        n.ok_or_else(|| self.fault(format!("give a number from {least} to {most}")))
    }

    /// Dollars as a number or text, never negative, with at most two decimals.
    fn money(&self) -> Result<Cents, Fault> {
        let text = match self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        Cents::parse(&text).ok_or_else(|| self.fault("give dollars with at most two decimals, such as 1500 or 312.45"))
    }
}
