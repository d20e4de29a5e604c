//! Facets: whatever is asked for, the one statement's counts match filtering by hand.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use strum::VariantArray as _;
use windowshop::filing::codes::{Feature, Metal, PlanType, Program, Sort};
use windowshop::quote::ask::address::Search;
use windowshop::quote::ask::facets::{Facets, Span, Wish};
use windowshop::quote::filters::{FILTERS, Facet, Rule, YES};
use windowshop::quote::market;
use windowshop::quote::offer::Offer;
use windowshop::types::Cents;

use crate::site::{PLACES, Site};

/// The rule of each filter, written a second time, plainly, for plans fetched without any filter.
fn fits(offer: &Offer, facets: &Facets) -> bool {
    let within = |amount: Option<Cents>, wish: &Wish| match wish {
        Wish::Range(span) => amount.is_some_and(|cents| {
            span.min.is_none_or(|min| cents.0 >= i64::from(min) * 100)
                && span.max.is_none_or(|max| cents.0 <= i64::from(max) * 100)
        }),
        _ => panic!("a range has two ends"),
    };
    let packed = offer.facts.packed;
    facets.iter().all(|(filter, wish)| {
        let codes = facets.codes(filter.facet);
        match filter.facet {
            Facet::Metal => codes.contains(&packed.metal()),
            Facet::Type => codes.contains(&packed.plan_type()),
            Facet::Issuer => codes.contains(&i64::from(offer.facts.issuer_id)),
            Facet::Premium => within(Some(offer.premium), wish),
            Facet::Deductible => within(offer.deductible, wish),
            Facet::Moop => within(offer.moop, wish),
            Facet::Hsa => packed.has(Feature::Hsa),
            Facet::NationalNetwork => packed.has(Feature::NationalNetwork),
            Facet::NoReferral => packed.has(Feature::NoReferral),
            Facet::StandardDesign => packed.has(Feature::StandardDesign),
            Facet::ChildDental => packed.has(Feature::ChildDental),
            Facet::AdultDental => packed.has(Feature::AdultDental),
            Facet::Stars => packed.stars() >= codes[0],
            Facet::Programs => codes.iter().all(|bit| packed.programs() & bit != 0),
            Facet::Text => panic!("text is not drawn at random"),
            // Any other yes/no filter: its row's counting, which is checked against its row's SQL on every plan
            // below.
            _ => match filter.rule {
                Rule::Holds { of, .. } => of(offer),
                _ => panic!("{:?} needs its rule here, too", filter.facet),
            },
        }
    })
}

fn any_facets() -> impl Strategy<Value = Facets> {
    let span = |most: u32| {
        (prop::option::of(1..most), prop::option::of(1..most)).prop_map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => Span { min: Some(a.min(b)), max: Some(a.max(b)) },
            (min, max) => Span { min, max },
        })
    };
    let yes_or_no = FILTERS.iter().filter(|filter| filter.yes_word().is_some()).map(|filter| filter.facet);
    let metals: Vec<i64> = Metal::ALL[..6].iter().map(|metal| metal.code()).collect();
    let types: Vec<i64> = PlanType::ALL.iter().map(|plan_type| plan_type.code()).collect();
    let programs: Vec<i64> = Program::ALL.iter().map(|program| program.bit()).collect();
    let spans = (span(1500), span(11_000), span(11_000));
    let lists = (
        prop::sample::subsequence(metals, 0..4),
        prop::sample::subsequence(types, 0..4),
        prop::sample::subsequence(vec![29276_i64, 33931, 41047, 50328, 64353, 77552], 0..4),
        prop::sample::subsequence(programs, 0..3),
        prop::sample::subsequence(yes_or_no.collect::<Vec<_>>(), 0..3),
    );
    // Most filters are open in most cases, or nothing would ever be found.
    let some = (any::<[bool; 9]>(), prop::option::of(1i64..=5));
    (spans, lists, some).prop_map(
        |((premium, deductible, moop), (metals, types, issuers, programs, yes), (on, stars))| {
            let mut facets = Facets::default();
            let lists = [
                (on[0], Facet::Metal, metals),
                (on[1], Facet::Type, types),
                (on[2], Facet::Issuer, issuers),
                (on[3], Facet::Programs, programs),
                (on[4], Facet::Stars, stars.into_iter().collect()),
            ];
            for (_, facet, codes) in lists.into_iter().filter(|(on, ..)| *on) {
                codes.into_iter().for_each(|code| facets.tick(facet, code));
            }
            for (_, facet, span) in
                [(on[5], Facet::Premium, premium), (on[6], Facet::Deductible, deductible), (on[7], Facet::Moop, moop)]
                    .into_iter()
                    .filter(|(on, ..)| *on)
            {
                facets.set_span(facet, span);
            }
            yes.into_iter().filter(|_| on[8]).for_each(|facet| facets.tick(facet, YES));
            facets
        },
    )
}

/// The filters after a tick in the form: one more value if all must hold, else this one alone.
fn ticked(facets: &Facets, facet: Facet, code: i64) -> Facets {
    let mut other = facets.clone();
    if !matches!(facet.filter().rule, Rule::AllOf { .. }) {
        other.clear(facet);
    }
    other.tick(facet, code);
    other
}

#[test]
fn counts_are_those_of_filtering_by_hand() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let site = runtime.block_on(Site::open());
    let catalogue = site.catalogue();
    let open = site.search("zip=45202&people=27");
    let all = runtime.block_on(market::tally(&catalogue, &open)).expect("a tally");
    let all: Vec<Offer> = all.results(Sort::Premium).into_iter().copied().collect();
    assert_eq!(all.len(), 130);
    let found = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any_facets(), |facets| {
        let search = Search { facets: facets.clone(), ..open.clone() };
        let tally = runtime.block_on(market::tally(&catalogue, &search)).expect("a tally");
        let fitting = |facets: &Facets| all.iter().filter(|offer| fits(offer, facets)).count();
        prop_assert_eq!(tally.total(), fitting(&facets));
        found.set(found.get() + usize::from(tally.total() > 0));
        for facet in Facet::VARIANTS.iter().copied() {
            let counted = tally.choices(facet, facets.codes(facet));
            for (code, count) in &counted {
                prop_assert_eq!(*count, fitting(&ticked(&facets, facet, *code)), "{:?} {}", facet, code);
            }
            // A value that is not among the choices would show nothing.
            let every: Vec<i64> = match facet {
                Facet::Metal => all.iter().map(|offer| offer.facts.packed.metal()).collect(),
                Facet::Type => all.iter().map(|offer| offer.facts.packed.plan_type()).collect(),
                Facet::Issuer => all.iter().map(|offer| i64::from(offer.facts.issuer_id)).collect(),
                Facet::Programs => Program::ALL.iter().map(|program| program.bit()).collect(),
                _ => Vec::new(),
            };
            for code in every.iter().filter(|code| !counted.iter().any(|(other, _)| other == *code)) {
                prop_assert_eq!(fitting(&ticked(&facets, facet, *code)), 0, "{:?} {}", facet, code);
            }
            // The range is that of the plans that meet every other filter.
            let mut without = facets.clone();
            without.clear(facet);
            let amounts = || {
                let amount = |offer: &&Offer| match facet {
                    Facet::Premium => Some(offer.premium),
                    Facet::Deductible => offer.deductible,
                    Facet::Moop => offer.moop,
                    _ => None,
                };
                let amounts: Vec<Cents> = all.iter().filter(|o| fits(o, &without)).filter_map(|o| amount(&o)).collect();
                amounts
            };
            prop_assert_eq!(tally.range(facet), amounts().iter().copied().min().zip(amounts().iter().copied().max()));
        }
        Ok(())
    });
    outcome.expect("every count agrees");
    // This property means nothing if no filter ever finds a plan.
    assert!(found.get() > 40, "only {} of 200 random filters found anything", found.get());
}

/// A row of the table has its condition in SQL and its counting in memory: they must agree on every plan of every
/// county of the sample.
#[tokio::test]
async fn each_filter_finds_as_many_plans_as_it_counts() {
    let site = Site::open().await;
    let catalogue = site.catalogue();
    for (zip, county) in PLACES {
        for people in ["27", "40,38t,5"] {
            let open = site.search(&format!("zip={zip}&county={county}&people={people}"));
            let tally = market::tally(&catalogue, &open).await.expect("a tally");
            for facet in Facet::VARIANTS.iter().copied() {
                for (code, counted) in tally.choices(facet, &[]) {
                    let mut search = open.clone();
                    search.facets.tick(facet, code);
                    let found = market::tally(&catalogue, &search).await.expect("a tally").total();
                    assert_eq!(found, counted, "{zip} {people} {facet:?} {code}");
                }
            }
        }
    }
}

#[tokio::test]
async fn text_finds_names_insurers_and_plan_ids() {
    let site = Site::open().await;
    let total = async |q: &str| site.total(&format!("zip=45202&people=40&q={q}")).await;
    assert_eq!(total("oscar").await, 16);
    assert_eq!(total("OSCAR+class").await, total("class+oscar").await);
    assert!(total("oscar+class").await > 0);
    let plan = &site.rows("zip=45202&people=40").await[0]["plan_id"];
    assert_eq!(total(plan).await, 1, "{plan}");
    assert_eq!(total(&plan.to_lowercase()).await, 1, "{plan}");
    // With its variant, as a letter from the insurer has it; without the apostrophe, as people type.
    assert_eq!(total(&format!("{plan}-01")).await, 1, "{plan}");
    assert_eq!(total("oscars").await, 0);
    // A control character is a space, and text that looks like FTS5 syntax is just words.
    assert_eq!(total("oscar%00class").await, total("oscar+class").await);
    for odd in ["%22", "*", "NOT", "a%20OR%20b", "name:oscar", "(", "-", "%F0%9F%98%80"] {
        assert!(total(odd).await < 130, "{odd}");
    }
}

#[tokio::test]
async fn an_empty_list_says_which_filter_to_relax_and_by_how_much() {
    let site = Site::open().await;
    let answer = site.visit("/plans?zip=45202&people=40&metal=gold&premium=-100").await;
    assert_eq!(answer.status, 200);
    let words = answer.words();
    assert!(words.contains("No plan fits all of these filters"), "{words}");
    // The cheapest gold plan, as the list without the limit says it.
    let cheapest = (site.cheapest("zip=45202&people=40&metal=gold").await.0 + 99) / 100;
    assert!(words.contains(&format!("Change to “Monthly premium up to ${cheapest}”: 1 plan")), "{cheapest}: {words}");
    // Following that way out shows at least one plan.
    answer.click("Change to").await.says_nothing_of("No plan fits");
}

#[tokio::test]
async fn lists_come_in_the_order_they_say() {
    let site = Site::open().await;
    for sort in ["premium", "deductible", "moop", "stars"] {
        let rows = site.rows(&format!("zip=45202&people=40&sort={sort}")).await;
        let values: Vec<f64> = rows.iter().map(|row| row[sort].parse().unwrap_or(f64::NAN)).collect();
        assert_eq!(values.len(), 130);
        // What is not filed comes last.
        let filed: Vec<f64> = values.iter().copied().take_while(|value| !value.is_nan()).collect();
        assert!(values[filed.len()..].iter().all(|value| value.is_nan()), "{sort}");
        let sign = if sort == "stars" { -1.0 } else { 1.0 };
        assert!(filed.windows(2).all(|pair| sign * pair[0] <= sign * pair[1]), "{sort}: {filed:?}");
    }
}
