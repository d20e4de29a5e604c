//! Reasons: what rule was asked, what it read, what it compared, what it decided, and the law that says so.
//!
//! Every module of this room writes them while it decides; pages and `windowshop determine` print them. A reason
//! never changes an outcome.

use serde::Serialize;
use serde::ser::Serializer;
use time::Date;

use super::rounding::Pct;
use super::tables::{Citation, Status, Tables};
use crate::types::Cents;

/// The rules that a reason can name. The codes are stable: pages, tests and outside readers rely on them.
/// What each asks and its citation: `data/rules/rules.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    NotApplying,
    MarketplaceImmigration,
    MarketplaceIncarceration,
    MarketplaceResidency,
    FamilySize,
    HouseholdIncome,
    DependentIncome,
    FplPercent,
    CreditIncomeRange,
    BelowPovertyException,
    MustFile,
    MarriedFilingSeparately,
    ClaimedBySomeoneElse,
    Reconciliation,
    CreditImmigration,
    ApplicablePercentage,
    ExpectedContribution,
    Benchmark,
    MonthlyCredit,
    OtherCoverage,
    EmployerOffer,
    HraOffer,
    QsehraReduces,
    EmployerOfferNotClaimed,
    EmployerOfferTime,
    MedicareByAge,
    DeductionLimit,
    LossLimit,
    MedicaidOrChipInstead,
    CsrIncome,
    CsrTribal,
    Catastrophic,
    MedicaidHousehold,
    MedicaidIncome,
    MedicaidImmigration,
    LawfullyResidingOption,
    MedicaidSsi,
    MedicaidLimit,
    FormerFosterCare,
    DependentChildCovered,
    CommunityEngagement,
    MedicaidDenied,
    MedicaidResidency,
    GapFilling,
    BasicHealth,
    ChipLimit,
    ChipInsured,
    ChipWaiting,
    Unborn,
    EmergencyMedicaid,
    CoverageGap,
    NonMagiReferral,
    ChildInsured,
    TribalNoncitizen,
    MedicaidWorkQuarters,
    StatusProved,
    IncomeProved,
}

impl Rule {
    pub const ALL: [Rule; 57] = [
        Rule::NotApplying,
        Rule::MarketplaceImmigration,
        Rule::MarketplaceIncarceration,
        Rule::MarketplaceResidency,
        Rule::FamilySize,
        Rule::HouseholdIncome,
        Rule::DependentIncome,
        Rule::FplPercent,
        Rule::CreditIncomeRange,
        Rule::BelowPovertyException,
        Rule::MustFile,
        Rule::MarriedFilingSeparately,
        Rule::ClaimedBySomeoneElse,
        Rule::Reconciliation,
        Rule::CreditImmigration,
        Rule::ApplicablePercentage,
        Rule::ExpectedContribution,
        Rule::Benchmark,
        Rule::MonthlyCredit,
        Rule::OtherCoverage,
        Rule::EmployerOffer,
        Rule::HraOffer,
        Rule::QsehraReduces,
        Rule::EmployerOfferNotClaimed,
        Rule::EmployerOfferTime,
        Rule::MedicareByAge,
        Rule::DeductionLimit,
        Rule::LossLimit,
        Rule::MedicaidOrChipInstead,
        Rule::CsrIncome,
        Rule::CsrTribal,
        Rule::Catastrophic,
        Rule::MedicaidHousehold,
        Rule::MedicaidIncome,
        Rule::MedicaidImmigration,
        Rule::LawfullyResidingOption,
        Rule::MedicaidSsi,
        Rule::MedicaidLimit,
        Rule::FormerFosterCare,
        Rule::DependentChildCovered,
        Rule::CommunityEngagement,
        Rule::MedicaidDenied,
        Rule::MedicaidResidency,
        Rule::GapFilling,
        Rule::BasicHealth,
        Rule::ChipLimit,
        Rule::ChipInsured,
        Rule::ChipWaiting,
        Rule::Unborn,
        Rule::EmergencyMedicaid,
        Rule::CoverageGap,
        Rule::NonMagiReferral,
        Rule::ChildInsured,
        Rule::TribalNoncitizen,
        Rule::MedicaidWorkQuarters,
        Rule::StatusProved,
        Rule::IncomeProved,
    ];

    /// The stable code, `credit_income_range`.
    pub fn code(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
    }
}

/// What a rule decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Met,
    NotMet,
    /// A step of the sum, or something to know: it neither opens nor shuts a door.
    Noted,
}

/// A value that a rule read or compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Money(Cents),
    /// A percentage rounded half up to 0.01 for reading.
    Percent(Pct),
    Number(i64),
    YesNo(bool),
    Word(&'static str),
    Text(String),
    Day(Date),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Money(c) => to.serialize_f64(c.0 as f64 / 100.0),
            Value::Percent(p) => p.serialize(to),
            Value::Number(n) => to.serialize_i64(*n),
            Value::YesNo(b) => to.serialize_bool(*b),
            Value::Word(w) => to.serialize_str(w),
            Value::Text(t) => to.serialize_str(t),
            Value::Day(d) => to.collect_str(d),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    pub name: &'static str,
    pub value: Value,
}

/// `amount` was held against `limit`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub amount: Value,
    /// `at_most`, `at_least`, `less_than`, `under_age`, …
    pub relation: &'static str,
    pub limit: Value,
}

/// One step of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    pub rule: Rule,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    pub citation: Citation,
    /// Whether the cited text was read against the number.
    pub status: Status,
}

impl Reason {
    /// A reason that cites the rule's own law.
    pub fn new(tables: &Tables, rule: Rule, outcome: Outcome) -> Reason {
        let text = tables.rule(rule);
        Reason {
            rule,
            outcome,
            inputs: Vec::new(),
            compared: None,
            citation: text.citation.clone(),
            status: text.status,
        }
    }

    /// `met` or `not met` from a test.
    pub fn test(tables: &Tables, rule: Rule, met: bool) -> Reason {
        Reason::new(tables, rule, if met { Outcome::Met } else { Outcome::NotMet })
    }

    /// Cites a table's row instead of the rule.
    pub fn cite(mut self, citation: &Citation, status: Status) -> Reason {
        self.citation = citation.clone();
        self.status = status;
        self
    }

    pub fn input(mut self, name: &'static str, value: Value) -> Reason {
        self.inputs.push(Input { name, value });
        self
    }

    pub fn compare(mut self, amount: Value, relation: &'static str, limit: Value) -> Reason {
        self.compared = Some(Compared { amount, relation, limit });
        self
    }
}
