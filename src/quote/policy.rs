//! What help a household may get while it browses: the shop's side of `eligibility::determine`.
//!
//! Called by `settle`. Turns the address into the engine's household, and the engine's answer into what prices need: who
//! buys a plan, which variant they would get, and the terms of their credit. It must never decide eligibility itself. The
//! benchmark comes from the same statement as the list (`query::build_query`), so a price and its credit always agree.

use std::cmp::Reverse;
use std::sync::Arc;

use time::Date;

use crate::catalogue::places::Place;
use crate::eligibility::ages::AgeRules;
use crate::eligibility::household::{
    CoverageState, EmployerOffer, Frequency, Household as EligibilityHousehold, HraKind, HraOffer,
    Immigration as EligibilityImmigration, OtherCoverage, Person as EligibilityPerson, Relationship,
};
use crate::eligibility::rating::RatingRules;
use crate::eligibility::tables::{CsrLevel, ImmigrationStatus, plan_year_days};
use crate::eligibility::{Determination, FieldError, Tables, TaxHouseholdAnswer, determine};
use crate::filing::codes::{Metal, VariantKind};
use crate::quote::ask::money::Finances;
use crate::quote::ask::people::{Household, Immigration, Person, Relation};
use crate::quote::fixed::FixedCredit;
use crate::quote::only::Only;

/// Adults no further apart in age than this are assumed to be a couple if nothing else is said. The page says so.
const COUPLE_AGE_GAP: u8 = 20;

/// The numbers of law that a search reads, as of its plan year's first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedRules {
    pub rating: RatingRules,
    pub ages: AgeRules,
}

impl DatedRules {
    /// Of a plan year; `None` if the tables do not cover it.
    pub fn of_year(tables: &Tables, year: u16) -> Option<DatedRules> {
        let (first, _) = plan_year_days(i32::from(year))?;
        Some(DatedRules { rating: RatingRules::on(tables, first)?, ages: AgeRules::on(tables, first)? })
    }
}

/// Who is on the policy and on what terms. Without an income: everyone who needs coverage, at full price.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The people who buy; the others are kept as not needing coverage.
    pub household: Household,
    /// Cost-sharing reductions: these decide the variant of each plan.
    pub level: CsrLevel,
    /// The rules by which they are charged, and the ages by which tax parts and Medicare are guessed.
    pub rules: DatedRules,
    pub catastrophic: bool,
    /// `None`: no income given, or nobody is eligible for a credit.
    pub credit: Option<Credit>,
    /// The health plans that they can have, of those sold to them; `None`: any.
    pub only: Option<Arc<Only>>,
}

/// Where a credit comes from.
#[derive(Debug, Clone)]
pub enum Credit {
    /// Worked out from the benchmark among the list's own plans: while somebody browses.
    OfBenchmark(Arc<CreditTerms>),
    /// Determined, in cents: after an application.
    Fixed(Arc<FixedCredit>),
}

impl Credit {
    /// `None`: the amount is fixed.
    pub fn terms(&self) -> Option<&CreditTerms> {
        match self {
            Credit::OfBenchmark(terms) => Some(terms),
            Credit::Fixed(_) => None,
        }
    }
}

/// What turns a benchmark premium into a credit.
#[derive(Debug)]
pub struct CreditTerms {
    /// The members whose premiums the credit helps pay, without tobacco (26 USC 36B(b)(3)(C)).
    pub eligible: Household,
    /// Whether these are exactly the people on the policy and none uses tobacco: then the list's own premiums are the
    /// benchmark's.
    pub same_as_policy: bool,
    pub answer: TaxHouseholdAnswer,
}

/// The engine's answer for the household of an address.
#[derive(Debug, Clone)]
pub struct Help {
    pub determination: Arc<Determination>,
}

impl Policy {
    /// Full prices. A household of tribal members only gets limited cost sharing at any income (45 CFR 155.350(b)).
    pub fn at_full_price(household: &Household, rules: DatedRules) -> Policy {
        let tribal = household.covered().all(|person| person.tribal_member);
        let level = if tribal { CsrLevel::Limited } else { CsrLevel::None };
        // Under 30 on the first day of the plan year, or with an exemption that only the Marketplace can grant
        // (45 CFR 155.305(h), 156.155). All on the policy must qualify.
        let catastrophic = household.covered().all(|person| person.age < rules.rating.catastrophic_under_age);
        Policy { household: household.clone(), level, rules, catastrophic, credit: None, only: None }
    }

    pub fn variants(&self) -> VariantKinds {
        VariantKinds::of_level(self.level)
    }

    /// The places of those who are charged (45 CFR 147.102(c)(1)); of children of one age those who use tobacco, then the first.
    pub fn charged(&self) -> Vec<usize> {
        let people = self.household.people().iter().enumerate().filter(|(_, person)| person.needs_cover);
        let members = people.map(|(i, person)| (person.age, (person.tobacco, Reverse(i))));
        self.rules.rating.charged(members).into_iter().map(|(_, (_, Reverse(i)))| i).collect()
    }

    /// Whether a plan filed as child-only may be sold to them (45 CFR 156.200(c)(2)).
    pub fn children_only(&self) -> bool {
        self.household.covered().all(|person| person.age < self.rules.rating.child_only_under_age)
    }

    pub fn with_help(household: &Household, rules: DatedRules, determination: &Determination) -> Policy {
        let DatedRules { rating, ages } = rules;
        // Whoever files a return of their own buys here too; their help is worked out with that return, not here.
        let own: Vec<bool> = tax_parts(household, ages).iter().map(|part| *part == TaxPart::OwnReturn).collect();
        let bought = household.people().iter().zip(&own).zip(&determination.people);
        let shops: Vec<bool> =
            bought.map(|((person, own), answer)| answer.shops() || (*own && person.needs_cover)).collect();
        // Everyone is eligible for Medicaid or CHIP: they can still look, at full price.
        if !shops.contains(&true) {
            return Policy::at_full_price(household, rules);
        }
        let buyers = household.only(|i| shops.get(i).copied().unwrap_or(false));
        let answer = determination.tax_households.first();
        // The last category that all on the policy are eligible for (45 CFR 155.305(g)(3)); theirs is not known here.
        let known = !own.iter().zip(&shops).any(|(own, shops)| *own && *shops);
        let level = answer.filter(|_| known).map_or(CsrLevel::None, |answer| answer.csr_together);
        let credit = answer.filter(|answer| !answer.eligible_indexes.is_empty() && answer.applicable.is_some());
        let credit = credit.map(|answer| {
            let eligible = household.only(|i| answer.eligible_indexes.contains(&i)).without_tobacco();
            let same_as_policy = eligible == buyers;
            Credit::OfBenchmark(Arc::new(CreditTerms { eligible, same_as_policy, answer: answer.clone() }))
        });
        let young = |i: usize| household.people().get(i).is_some_and(|p| p.age < rating.catastrophic_under_age);
        let may = |i: usize| determination.people.get(i).is_some_and(|p| p.catastrophic) || (own[i] && young(i));
        let catastrophic = shops.iter().enumerate().all(|(i, shops)| !*shops || may(i));
        Policy { household: buyers, level, rules, catastrophic, credit, only: None }
    }
}

/// Which variant of a plan a household would be enrolled in: one kind for silver plans, one for all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantKinds {
    pub silver: VariantKind,
    pub other: VariantKind,
}

impl VariantKinds {
    pub const STANDARD: VariantKinds = VariantKinds::both(VariantKind::Standard);

    const fn both(kind: VariantKind) -> VariantKinds {
        VariantKinds { silver: kind, other: kind }
    }

    /// 45 CFR 155.305(g), 155.350, 156.420: tribal members get reductions at every metal level, others at silver
    /// only.
    pub fn of_level(level: CsrLevel) -> VariantKinds {
        let silver_only = |silver| VariantKinds { silver, ..VariantKinds::STANDARD };
        match level {
            CsrLevel::None => VariantKinds::STANDARD,
            CsrLevel::Zero => VariantKinds::both(VariantKind::ZeroCostSharing),
            CsrLevel::Limited => VariantKinds::both(VariantKind::LimitedCostSharing),
            CsrLevel::Csr73 => silver_only(VariantKind::Silver73),
            CsrLevel::Csr87 => silver_only(VariantKind::Silver87),
            CsrLevel::Csr94 => silver_only(VariantKind::Silver94),
        }
    }

    /// Catastrophic and dental plans have no reduced variants.
    pub fn of_metal(self, metal: Option<Metal>) -> VariantKind {
        match metal {
            Some(Metal::Silver) => self.silver,
            Some(Metal::Catastrophic | Metal::Low | Metal::High) => VariantKind::Standard,
            _ => self.other,
        }
    }
}

/// What a person has, or could have, beside a plan of the marketplace, as the engine names it.
fn other_coverage(person: &Person, ages: AgeRules) -> Vec<OtherCoverage> {
    // Any coverage that rules out the credit simply by being held; which kind does not matter here.
    let had = person.other_coverage.then_some(("other_full_benefit", CoverageState::Enrolled));
    let medicare = match person.no_free_part_a {
        true => Some("medicare_none"),
        false => person.may_have_medicare(ages).then_some("medicare_part_a_free"),
    };
    let kinds = had.into_iter().chain(medicare.map(|kind| (kind, CoverageState::Eligible)));
    kinds.map(|(kind, state)| OtherCoverage { kind: kind.into(), state, ends: None }).collect()
}

/// The status that stands for what was said: the five-year bar of a green card, a status that opens the marketplace and not
/// Medicaid, none.
fn immigration(said: Immigration) -> EligibilityImmigration {
    let status = match said {
        Immigration::Unsaid => ImmigrationStatus::UsCitizen,
        Immigration::RecentGreenCard => ImmigrationStatus::LawfulPermanentResident,
        Immigration::OtherLawful => ImmigrationStatus::OtherLawfullyPresent,
        Immigration::NotLawful => ImmigrationStatus::NotLawfullyPresent,
    };
    EligibilityImmigration { status, ..EligibilityImmigration::default() }
}

/// The engine's household for an address.
pub fn eligibility_household(
    year: u16,
    place: &Place,
    household: &Household,
    (money, ages): (&Finances, AgeRules),
) -> EligibilityHousehold {
    let parts = tax_parts(household, ages);
    let filer = parts.iter().position(|part| *part == TaxPart::Files).unwrap_or(0);
    let relations = relations(&parts, household.people()[filer].age >= ages.adult_from);
    let together = household.people().iter().zip(&relations).zip(&parts);
    let people = together.map(|((person, relationship), part)| EligibilityPerson {
        age: Some(i32::from(person.age)),
        relationship: Some(*relationship),
        // Said outright, so that the page and the engine cannot take different things for granted.
        claimed_by: Some(match part {
            TaxPart::Files | TaxPart::Spouse | TaxPart::OwnReturn => "nobody".to_string(),
            TaxPart::Child | TaxPart::OtherDependent => (filer + 1).to_string(),
        }),
        applying: person.needs_cover && *part != TaxPart::OwnReturn,
        files_taxes: (*part == TaxPart::OwnReturn).then_some(true),
        immigration: immigration(person.immigration),
        pregnant: person.pregnant,
        uses_tobacco: person.tobacco,
        tribal_member: person.tribal_member,
        other_coverage: other_coverage(person, ages),
        ..EligibilityPerson::default()
    });
    let ids: Vec<String> = (1..=household.people().len()).map(|n| n.to_string()).collect();
    let offers = [(1, money.job_offer, money.family_offer), (2, money.offer2, money.offer2_family)];
    let offers = offers.into_iter().filter_map(|(employee, self_only, family)| {
        let employee = ids.get(employee - 1)?.clone();
        Some(EmployerOffer {
            covers: if family.is_some() { ids.clone() } else { vec![employee.clone()] },
            employee,
            enrolled: Vec::new(),
            self_only_premium: Some(self_only?),
            family_premium: family,
            premium_frequency: Frequency::Monthly,
            starts: None,
            waiting_days: 0,
            ends: None,
            minimum_value: true,
            family_minimum_value: None,
        })
    });
    EligibilityHousehold {
        plan_year: i32::from(year),
        state: place.county.state.clone(),
        // The catalogue vouches for the place; the engine's own table of ZIP codes may be older than it.
        county_fips: Some(place.county.fips.to_string()),
        people: people.collect(),
        household_income: Some(money.income),
        household_income_monthly: money.monthly,
        employer_offers: offers.collect(),
        hra_offers: hra_offers(&ids, money),
        ..EligibilityHousehold::default()
    }
}

/// What employers pay toward a plan of the first person's own (26 CFR 1.36B-2(c)(5); 26 USC 36B(c)(4)). Without a silver plan
/// to judge them by they are left out: nothing is sold there.
fn hra_offers(ids: &[String], money: &Finances) -> Vec<HraOffer> {
    let Some(silver) = money.silver_alone else { return Vec::new() };
    let offers = [(HraKind::Ichra, money.hra, money.hra_family), (HraKind::Qsehra, money.qsehra, None)];
    let told = offers.into_iter().filter_map(|(kind, alone, family)| {
        Some(HraOffer {
            kind,
            employee: ids[0].clone(),
            covers: if family.is_some() { ids.to_vec() } else { ids[..1].to_vec() },
            self_only_monthly: alone?,
            family_monthly: family,
            accepted: false,
            lowest_silver_self_only_monthly: silver.judging(kind),
        })
    });
    told.collect()
}

/// A person's part on the tax return that the household is taken to file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxPart {
    Files,
    Spouse,
    Child,
    OtherDependent,
    OwnReturn,
}

/// Everybody's part, as said or else as is most likely; the page says what we assumed. The order of the people matters
/// only if a letter refers to the first of them. Otherwise the oldest adult files, another adult of about that age is the
/// spouse, and the others are dependents. Among children alone the oldest files, and is nobody's parent.
pub fn tax_parts(household: &Household, ages: AgeRules) -> Vec<TaxPart> {
    let people = household.people();
    let grown = |i: usize| people[i].age >= ages.adult_from;
    let first_is_grown = grown(0);
    // A letter that nobody can mean (a spouse who is a child, or of a child) is ignored.
    let said = |i: usize| match people[i].relation {
        Relation::Spouse if !grown(i) => Relation::Unsaid,
        relation if first_is_grown => relation,
        _ => Relation::Unsaid,
    };
    // `o` refers to nobody else; of the first person it says nothing new.
    let own = |i: usize| i > 0 && people[i].relation == Relation::OwnReturn && grown(i);
    let letters = (1..people.len()).any(|i| matches!(said(i), Relation::Spouse | Relation::Dependent));
    let oldest = |of: &dyn Fn(usize) -> bool| {
        (0..people.len()).filter(|&i| of(i)).min_by_key(|&i| (std::cmp::Reverse(people[i].age), i))
    };
    let filer = match letters {
        true => 0,
        false => oldest(&|i| grown(i) && !own(i)).or_else(|| oldest(&|i| !own(i))).unwrap_or(0),
    };
    let likely = |i: usize| {
        i != filer
            && !own(i)
            && grown(i)
            && said(i) == Relation::Unsaid
            && people[i].age.abs_diff(people[filer].age) <= COUPLE_AGE_GAP
    };
    let spouse = (1..people.len()).find(|&i| said(i) == Relation::Spouse);
    let spouse = spouse.or_else(|| oldest(&likely).filter(|_| grown(filer)));
    let part = |i: usize| {
        if i == filer {
            TaxPart::Files
        } else if own(i) {
            TaxPart::OwnReturn
        } else if Some(i) == spouse {
            TaxPart::Spouse
        } else if grown(filer) && people[i].age < people[filer].age {
            TaxPart::Child
        } else {
            TaxPart::OtherDependent
        }
    };
    (0..people.len()).map(part).collect()
}

/// The same as relationships to the first person, which is how the engine reads them.
fn relations(parts: &[TaxPart], filer_is_grown: bool) -> Vec<Relationship> {
    let first_is_child = matches!(parts[0], TaxPart::Child | TaxPart::OtherDependent);
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| match (part, first_is_child) {
            _ if i == 0 => Relationship::Applicant,
            (TaxPart::Files, _) if !filer_is_grown => Relationship::OtherRelative,
            (TaxPart::Files | TaxPart::Spouse, true) => Relationship::Parent,
            (TaxPart::Files | TaxPart::Spouse, false) => Relationship::Spouse,
            (TaxPart::Child, true) => Relationship::Sibling,
            (TaxPart::Child, false) => Relationship::Child,
            (TaxPart::OtherDependent, _) => Relationship::OtherRelative,
            (TaxPart::OwnReturn, _) => Relationship::Unrelated,
        })
        .collect()
}

pub fn determine_help(tables: &Tables, household: &EligibilityHousehold, as_of: Date) -> Result<Help, Vec<FieldError>> {
    determine(household, tables, as_of).map(|determination| Help { determination: Arc::new(determination) })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The rules of 2026, from the tables.
    pub fn rules() -> DatedRules {
        static RULES: std::sync::LazyLock<DatedRules> = std::sync::LazyLock::new(|| {
            let tables = Tables::load().expect("the tables");
            DatedRules::of_year(&tables, 2026).expect("rules of 2026")
        });
        *RULES
    }

    proptest::proptest! {
        /// 26 USC 152(c): who files follows from ages, not from the place in the list (public reports, F1).
        #[test]
        fn the_order_of_people_never_changes_anybodys_part(
            ages in proptest::collection::vec(0_u8..100, 1..8),
            order in proptest::strategy::Strategy::prop_shuffle(proptest::strategy::Just((0_usize..8).collect::<Vec<_>>())),
        ) {
            let parts = |ages: &[u8]| {
                let text = ages.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
                let household = Household::parse(&text).expect("a household");
                let mut parts: Vec<_> = ages.iter().zip(tax_parts(&household, rules().ages)).map(|(a, p)| (*a, format!("{p:?}"))).collect();
                parts.sort();
                parts
            };
            let shuffled: Vec<u8> = order.iter().filter_map(|&i| ages.get(i).copied()).collect();
            proptest::prop_assert_eq!(parts(&shuffled), parts(&ages));
        }
    }

    #[test]
    fn catastrophic_and_child_only_plans_follow_the_dated_ages() {
        let policy = |people: &str| Policy::at_full_price(&Household::parse(people).expect("a household"), rules());
        assert!(policy("29,40n").catastrophic && !policy("29,30").catastrophic);
        assert!(policy("20,3").children_only() && !policy("21").children_only());
        assert_eq!(policy("40m").level, CsrLevel::Limited);
        assert_eq!(policy("40m,38").level, CsrLevel::None);
    }
}
