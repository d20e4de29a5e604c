//! One type per table under `data/rules/`: a row as an analyst wrote it.
//!
//! Read by `tables::read`, served by `Tables`. Rows about income and tax returns are in `income_rows`, those about
//! marketplaces and the calendar in `market_rows`. A row must never decide anything.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use time::Date;

use super::super::rounding::Pct;
use super::super::state::{Area, State};
use crate::types::Cents;

/// The law or source of a row, shared by every answer that cites it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    pub text: Arc<str>,
}

impl Serialize for Citation {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Citation {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Citation, D::Error> {
        Ok(Citation { text: String::deserialize(from)?.into() })
    }
}

/// Whether the cited text was read against the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Verified,
    Unverified,
}

time::serde::format_description!(pub day, Date, "[year]-[month]-[day]");

pub(super) fn whole_dollars<'de, D: Deserializer<'de>>(from: D) -> Result<Cents, D::Error> {
    let dollars = u32::deserialize(from)?;
    Ok(Cents(i64::from(dollars) * 100))
}

pub(super) fn optional_pct<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Pct>, D::Error> {
    match String::deserialize(from)?.as_str() {
        "" => Ok(None),
        text => Pct::parse(text)
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a percentage with at most two decimals"))),
    }
}

pub(super) fn optional_dollars<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cents>, D::Error> {
    Ok(Option::<u32>::deserialize(from)?.map(|dollars| Cents(i64::from(dollars) * 100)))
}

pub(super) fn yes_no<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match String::deserialize(from)?.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        text => Err(serde::de::Error::custom(format!("`{text}` is neither yes nor no"))),
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Guideline {
    pub guideline_year: i32,
    pub area: Area,
    #[serde(deserialize_with = "whole_dollars")]
    pub first_person: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub each_further: Cents,
    pub citation: Citation,
    pub status: Status,
}

impl Guideline {
    /// The yearly poverty line of a family; a family of none is read as one.
    pub fn amount(&self, family_size: usize) -> Cents {
        let further = i64::try_from(family_size.saturating_sub(1)).unwrap_or(0);
        self.first_person + self.each_further * further
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuidelineProgram {
    Credit,
    Medicaid,
}

#[derive(Debug, Clone, Deserialize)]
pub struct GuidelineUse {
    pub program: GuidelineProgram,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub guideline_year: i32,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ApplicableBand {
    pub plan_year: i32,
    pub fpl_from: Pct,
    #[serde(deserialize_with = "optional_pct")]
    pub fpl_to: Option<Pct>,
    pub initial_percent: Pct,
    pub final_percent: Pct,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CreditLimits {
    pub plan_year: i32,
    pub minimum_fpl: Pct,
    #[serde(deserialize_with = "optional_pct")]
    pub maximum_fpl: Option<Pct>,
    #[serde(deserialize_with = "yes_no")]
    pub below_minimum_if_barred_from_medicaid: bool,
    pub citation: Citation,
    pub status: Status,
}

/// A cost-sharing level, least generous first, as 45 CFR 155.305(g)(3) orders them for a policy shared by several people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CsrLevel {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "limited")]
    Limited,
    #[serde(rename = "73")]
    Csr73,
    #[serde(rename = "87")]
    Csr87,
    #[serde(rename = "94")]
    Csr94,
    #[serde(rename = "zero")]
    Zero,
}

impl CsrLevel {
    /// Its word in tables, JSON and message keys.
    pub fn word(self) -> &'static str {
        match self {
            CsrLevel::None => "none",
            CsrLevel::Limited => "limited",
            CsrLevel::Csr73 => "73",
            CsrLevel::Csr87 => "87",
            CsrLevel::Csr94 => "94",
            CsrLevel::Zero => "zero",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct CsrBand {
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    #[serde(deserialize_with = "yes_no")]
    pub tribal: bool,
    pub level: CsrLevel,
    pub fpl_over: Pct,
    #[serde(deserialize_with = "optional_pct")]
    pub fpl_to: Option<Pct>,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EsiAffordability {
    pub plan_year: i32,
    pub percent: Pct,
    pub citation: Citation,
    pub status: Status,
}

/// A group of Medicaid, CHIP or the Basic Health Program that has an income limit in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Infant,
    #[serde(rename = "child_1_5")]
    Child1To5,
    #[serde(rename = "child_6_18")]
    Child6To18,
    Pregnant,
    Parent,
    Adult,
    YoungAdult,
    ChipChild,
    ChipPregnant,
    ChipUnborn,
    BasicHealth,
    /// Children who have other insurance, where part of the group is paid by CHIP.
    InfantInsured,
    #[serde(rename = "child_1_5_insured")]
    Child1To5Insured,
    #[serde(rename = "child_6_18_insured")]
    Child6To18Insured,
}

impl Group {
    pub const COUNT: usize = Group::ALL.len();
    pub const ALL: [Group; 14] = [
        Group::Infant,
        Group::Child1To5,
        Group::Child6To18,
        Group::Pregnant,
        Group::Parent,
        Group::Adult,
        Group::YoungAdult,
        Group::ChipChild,
        Group::ChipPregnant,
        Group::ChipUnborn,
        Group::BasicHealth,
        Group::InfantInsured,
        Group::Child1To5Insured,
        Group::Child6To18Insured,
    ];
}

#[derive(Debug, Clone, Deserialize)]
pub struct MedicaidLimit {
    pub state: State,
    pub group: Group,
    pub limit_fpl: Pct,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub citation: Citation,
    pub status: Status,
}

/// A choice that federal rules leave to states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateChoice {
    AdultExpansion,
    LawfullyResidingChildren,
    LawfullyResidingPregnant,
    DacaMarketplaceBlocked,
    MarketplaceDecidesMedicaid,
    StudentChildAge,
    DependentChildAge,
    PregnancyCountsForOthers,
    ChipWaitingDays,
    WorkQuartersForResidents,
    CommunityEngagementEarly,
    AdultGroupProvesHours,
}

impl StateChoice {
    pub const COUNT: usize = 12;
}

#[derive(Debug, Clone, Deserialize)]
pub struct StateOption {
    pub state: State,
    pub option: StateChoice,
    pub value: String,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImmigrationProgram {
    Marketplace,
    Credit,
    Medicaid,
    LawfullyResiding,
}

/// Citizenship and immigration statuses, named as the application names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImmigrationStatus {
    #[default]
    UsCitizen,
    LawfulPermanentResident,
    Refugee,
    Asylee,
    WithholdingOfRemoval,
    CubanHaitianEntrant,
    Amerasian,
    TraffickingVictim,
    ConditionalEntrant,
    ParoleeOneYear,
    BatteredNoncitizen,
    CompactOfFreeAssociation,
    TemporaryProtectedStatus,
    DeferredAction,
    Nonimmigrant,
    SpecialImmigrantJuvenileApplicant,
    PendingAsylum,
    OtherLawfullyPresent,
    Daca,
    NotLawfullyPresent,
}

impl ImmigrationStatus {
    pub const COUNT: usize = 20;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImmigrationAnswer {
    Yes,
    No,
    FiveYearBar,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ImmigrationRule {
    pub program: ImmigrationProgram,
    pub immigration_status: ImmigrationStatus,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub answer: ImmigrationAnswer,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlocksWhen {
    Eligible,
    Enrolled,
    Never,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CoverageKind {
    pub kind: String,
    pub blocks_credit_when: BlocksWhen,
    #[serde(deserialize_with = "yes_no")]
    pub counts_as_insured: bool,
    pub bars_adult_group_when: BlocksWhen,
    pub citation: Citation,
    pub status: Status,
}

/// A limit for parents and caretakers in dollars a month, for one size of household.
#[derive(Debug, Clone, Deserialize)]
pub struct ParentStandard {
    pub state: State,
    pub size: usize,
    #[serde(deserialize_with = "whole_dollars")]
    pub monthly: Cents,
    /// 5 % of the poverty line is added.
    #[serde(deserialize_with = "yes_no")]
    pub plus_disregard: bool,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub citation: Citation,
    pub status: Status,
}

/// The states that a ZIP code, or all with the same first three digits, reach into.
#[derive(Debug, Clone, Deserialize)]
pub struct ZipStates {
    pub zip: String,
    pub states: String,
    pub citation: Citation,
    pub status: Status,
}

/// What an answer took for granted, in words, and the field that settles it.
#[derive(Debug, Clone, Deserialize)]
pub struct AssumptionText {
    pub code: super::super::assumptions::Code,
    pub about: String,
    pub settled_by: String,
    pub citation: Citation,
    pub status: Status,
}

/// A number of law that has no table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberCode {
    ChildUnderAge,
    YoungAdultUnderAge,
    AdultGroupMinimumAge,
    AdultGroupUnderAge,
    FormerFosterUnderAge,
    FormerFosterLeftAtLeast,
    DependentChildUnderAge,
    CatastrophicUnderAge,
    CatastrophicIfNoCreditByIncome,
    FiveYearBarYears,
    RatedChildrenAtMost,
    RatedChildrenUnderAge,
    PediatricDentalUnderAge,
    RefusedReconcilingYears,
    CommunityEngagementHours,
    CommunityEngagementChildAtMost,
    MedicaidDenialDays,
    FamilyOfferUsesFamilyPremium,
    FederalMinimumWageCents,
    CommunityEngagementDisabledAnyAge,
    FormerFosterAnyState,
    MedicareAge,
    MedicareFreePartAQuarters,
    TribalNoncitizenNoBar,
    TribalNoncitizenAnyStatus,
    QualifyingChildUnderAge,
    StudentChildUnderAge,
    AdultFromAge,
    TierDependentUnderAge,
    ChildOnlyUnderAge,
    CommunityEngagementInForce,
    MagiDisregardPercent,
    YoungestPaidAge,
}

impl NumberCode {
    pub const COUNT: usize = 33;
}

#[derive(Debug, Clone, Deserialize)]
pub struct DatedNumber {
    pub code: NumberCode,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub value: i64,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct RuleText {
    pub code: super::super::reasons::Rule,
    pub about: String,
    pub citation: Citation,
    pub status: Status,
}
