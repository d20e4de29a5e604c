//! `GET /how`: how we worked this out, for the household in the address. Every step, number, rule and source.
//!
//! Called by the router. Printable, and only words about what the engine found: it must never decide anything. The
//! benchmark comes from the list's own statement (`market::tally`) and goes back into the engine, so the calculation
//! shown is the engine's own.

use askama::Template;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::eligibility::household::Household as EligibilityHousehold;
use crate::eligibility::rounding::{CreditRounding, Ratio, shown_cents};
use crate::eligibility::thresholds::thresholds;
use crate::eligibility::{ChipCategory, Determination, MedicaidDecision, PersonAnswer, TaxHouseholdAnswer, determine};
use crate::filing::codes::{Feature, Product, VariantKind};
use crate::quote::QuoteError;
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Facets;
use crate::quote::ask::money::Finances;
use crate::quote::ask::people::Relation;
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::policy::{self, Policy, TaxPart};
use crate::shop::open::{Instead, Open, Page, days, open};
use crate::shop::plan::Line;
use crate::shop::words::assumed;
use crate::shop::words::reasons::{Step, numbered, percent_words, steps};
use crate::shop::words::search as words;
use crate::shop::words::thresholds::{TurningPoint, changes};
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// One person: what they may get, and why.
struct PersonOutcome {
    name: String,
    outcomes: Vec<String>,
    steps: Vec<Step>,
}

/// The sum, when an income was given.
struct Worked {
    /// Nobody else is on the list: the page says "you".
    alone: bool,
    counted: Vec<String>,
    lines: Vec<Line>,
    /// How the credit follows from the lines, or why there is none.
    credit: String,
    /// The level's name and what it means.
    savings: (String, String),
    steps: Vec<Step>,
    people: Vec<PersonOutcome>,
    nearest: Vec<TurningPoint>,
    all: Vec<TurningPoint>,
    without: String,
}

#[derive(Template)]
#[template(path = "how.html")]
struct HowPage<'a> {
    cx: &'a Cx,
    who: String,
    notes: Vec<String>,
    warnings: Vec<String>,
    small_print: Vec<String>,
    worked: Option<Worked>,
    back: String,
    change: String,
    add_up: String,
}

/// `GET /how`, `GET /es/how`.
pub async fn how(cx: Cx) -> Result<Response, Instead> {
    let Open { search, catalogue, query, notes, caching, .. } = open(&cx, &Page::new("/how")).await?;
    let worked = match &search.finances {
        Some(money) => Some(worked(&cx, &catalogue, &search, money).await?),
        None => None,
    };
    // The credit follows from premiums; without an income no premium is shown.
    let (warnings, small_print) = match &worked {
        Some(_) => words::warnings_for(&cx, &catalogue, &search),
        None => (words::warnings_without_price(&cx, &catalogue), Vec::new()),
    };
    let template = HowPage {
        who: words::who(&cx, &search),
        notes,
        warnings,
        small_print,
        worked,
        back: cx.href(&format!("/plans?{query}")),
        change: cx.href(&format!("/?{query}")),
        add_up: cx.href(&format!("/income?{query}")),
        cx: &cx,
    };
    Ok(page::render(&cx, template, caching))
}

async fn worked(cx: &Cx, catalogue: &Catalogue, search: &Search, money: &Finances) -> Result<Worked, Failure> {
    // The credit is for medical plans, and filters do not change it.
    let medical = Search { product: Product::Medical, facets: Facets::default(), ..search.clone() };
    let tally = market::tally(catalogue, &medical).await?;
    let today = days(cx, search.state()).own;
    let household =
        policy::eligibility_household(search.year, &search.place, &search.household, (money, search.policy.rules.ages));
    let thresholds = thresholds(&household, &cx.app.tables, today).map_err(QuoteError::refused)?;
    let household =
        EligibilityHousehold { benchmark_monthly: tally.benchmark.map(|benchmark| benchmark.monthly), ..household };
    let found = determine(&household, &cx.app.tables, today).map_err(QuoteError::refused)?;
    let benchmark = benchmark_name(catalogue, &medical.policy, &tally);
    let tax = found.tax_households.first();
    let (nearest, all) = changes(cx, &thresholds, search.household.people().len());
    let fpl = tax.map(|tax| tax.fpl_percent);
    let alone = search.household.people().len() == 1;
    let people = found.people.iter().enumerate().map(|(i, person)| PersonOutcome {
        name: words::person_at(cx, search, i),
        outcomes: outcomes(cx, person),
        steps: steps(cx, &person.reasons, fpl, alone),
    });
    let level = medical.level().word();
    Ok(Worked {
        alone,
        counted: counted(cx, search, &found).into_iter().chain(assumed::words(cx, search)).collect(),
        lines: tax.map(|tax| lines(cx, money, tax, (benchmark, alone))).unwrap_or_default(),
        credit: credit_words(cx, tax),
        savings: (cx.t(&format!("csr.{level}")).to_string(), cx.t(&format!("how.savings_{level}")).to_string()),
        steps: tax.map(|tax| steps(cx, &tax.reasons, fpl, alone)).unwrap_or_default(),
        people: people.collect(),
        nearest,
        all,
        without: cx.href(&format!("/plans?{}", search.with(Search::forget_private))),
    })
}

/// The plan whose premium is the benchmark, if a single plan sets it: not if a dental plan's part was added.
fn benchmark_name(catalogue: &Catalogue, policy: &Policy, tally: &Tally<'_>) -> Option<String> {
    let eligible = &policy.credit.as_ref()?.terms()?.eligible;
    let plan_pk = tally.benchmark?.plan_pk;
    let plan = catalogue.variants.plan(plan_pk)?;
    let dental = catalogue.variants.variant(plan_pk, VariantKind::Standard)?.packed.has(Feature::ChildDental);
    let child = eligible.covered().any(|person| person.age < policy.rules.rating.dental_under_age);
    (dental || !child).then(|| format!("{} ({})", plan.name, plan.plan_id))
}

/// Each person with how we counted them: as the visitor said, or derived from the ages.
fn counted(cx: &Cx, search: &Search, found: &Determination) -> Vec<String> {
    let members = found.tax_households.first().map(|tax| &tax.member_indexes[..]).unwrap_or_default();
    let parts = policy::tax_parts(&search.household, search.policy.rules.ages);
    let parts_known = parts.len();
    let people = search.household.people().iter().zip(parts).enumerate();
    people
        .map(|(i, (person, part))| {
            let key = match part {
                _ if !members.contains(&i) => "how.relation_outside",
                TaxPart::Files if parts_known == 1 => "how.relation_alone",
                TaxPart::Files => "how.relation_self",
                TaxPart::Spouse => "how.relation_spouse",
                TaxPart::Child => "how.relation_child",
                TaxPart::OtherDependent => "how.relation_other",
                TaxPart::OwnReturn => "how.relation_outside",
            };
            if key == "how.relation_alone" {
                return cx.t(key).to_string();
            }
            let mut words = format!("{}: {}", words::person_at(cx, search, i), cx.t(key));
            if i > 0 && person.relation == Relation::Unsaid {
                words.push(' ');
                words.push_str(cx.t("how.relation_taken"));
            }
            words
        })
        .collect()
}

/// The sum, line by line.
fn lines(cx: &Cx, money: &Finances, tax: &TaxHouseholdAnswer, (benchmark, alone): (Option<String>, bool)) -> Vec<Line> {
    let line = |key: &str, words: String, slug| Line::new(cx.t(key), words, slug);
    let month = money.monthly.map_or_else(
        || {
            let twelfth = shown_cents(Ratio { num: i128::from(money.income.0), den: 12 });
            cx.tf("how.month_twelfth", &[("amount", &twelfth.dollars_cents())])
        },
        Cents::dollars_cents,
    );
    let size = tax.family_size.to_string();
    let poverty = cx.tf("how.poverty_line", &[("n", &size), ("year", &tax.guideline_year.to_string())]);
    let mut lines = vec![
        line("how.income", tax.magi.dollars_cents(), Some("magi")),
        line("how.income_month", month, None),
        line("how.family_size", size, None),
        Line::new(&poverty, tax.guideline.dollars(), Some("federal-poverty-level")),
        line("how.fpl", percent_words(cx, tax.fpl_percent), None),
    ];
    if tax.eligible_indexes.is_empty() {
        return lines;
    }
    if let Some(percentage) = tax.applicable_percentage {
        lines.push(line("how.applicable", percent_words(cx, percentage), None));
    }
    if let Some(amount) = tax.contribution_monthly {
        lines.push(line("how.contribution", amount.dollars_cents(), None));
    }
    if let Some(amount) = tax.benchmark_monthly {
        let covers: Vec<String> = tax.credit_eligible.iter().map(|id| numbered(cx, id, alone)).collect();
        lines.push(line("how.credit_people", covers.join(", "), None));
        if let Some(name) = benchmark {
            lines.push(line("how.benchmark_plan", name, None));
        }
        lines.push(line("how.benchmark", amount.dollars_cents(), Some("benchmark-plan")));
    }
    if let Some(amount) = tax.credit_monthly {
        lines.push(line("how.credit", amount.dollars_cents(), Some("tax-credit")));
    }
    lines
}

fn credit_words(cx: &Cx, tax: Option<&TaxHouseholdAnswer>) -> String {
    let Some(tax) = tax.filter(|tax| !tax.eligible_indexes.is_empty()) else {
        return cx.t("how.credit_nobody").to_string();
    };
    let (Some(benchmark), Some(contribution), Some(credit)) =
        (tax.benchmark_monthly, tax.contribution_monthly, tax.credit_monthly)
    else {
        return cx.t("help.no_benchmark").to_string();
    };
    let key = match (credit, tax.rounding) {
        (Cents::ZERO, _) => "how.credit_zero",
        (_, CreditRounding::UpToDollar) => "how.credit_up_to_dollar",
        (_, CreditRounding::NearestCent) => "how.credit_nearest_cent",
    };
    let values = [benchmark, contribution, credit].map(Cents::dollars_cents);
    cx.tf(key, &[("benchmark", &values[0]), ("contribution", &values[1]), ("credit", &values[2])])
}

/// What a person may get, most certain first.
pub fn outcomes(cx: &Cx, person: &PersonAnswer) -> Vec<String> {
    if !person.applying {
        return vec![cx.t("how.outcome_not_applying").to_string()];
    }
    let mut keys = Vec::new();
    if person.medicaid.is_some() {
        keys.push("how.outcome_medicaid");
    }
    match person.chip {
        Some(ChipCategory::Child | ChipCategory::Pregnant) => keys.push("how.outcome_chip"),
        Some(ChipCategory::Unborn) => keys.push("how.outcome_unborn"),
        None => {}
    }
    if person.basic_health {
        keys.push("how.outcome_basic_health");
    }
    if person.public_coverage() {
        keys.push(match person.medicaid_decision {
            MedicaidDecision::Marketplace => "how.decides_marketplace",
            MedicaidDecision::StateAgency => "how.decides_agency",
            MedicaidDecision::StateMarketplace => "how.decides_state_marketplace",
        });
    }
    if person.shops() {
        keys.push(if person.credit { "how.outcome_credit" } else { "how.outcome_full_price" });
    }
    for (set, key) in [
        (person.coverage_gap, "how.outcome_gap"),
        (person.emergency_medicaid, "how.outcome_emergency"),
        (person.non_magi_referral, "how.outcome_referral"),
        (person.shops() && person.catastrophic, "how.outcome_catastrophic"),
    ] {
        if set {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        keys.push("how.outcome_nothing");
    }
    keys.into_iter().map(|key| cx.t(key).to_string()).collect()
}
