//! Facets: whatever is asked for, the one statement's counts are those of filtering by hand.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use windowshop::filing::codes::{Feature, Metal, PlanType, Program};
use windowshop::quote::ask::address::Search;
use windowshop::quote::ask::facets::{Facets, Span};
use windowshop::quote::market;
use windowshop::quote::market::tally::Offer;
use windowshop::types::Cents;

use crate::site::Site;

/// The rule of each filter, written a second time and plainly, over plans fetched without any filter.
fn fits(offer: &Offer, facets: &Facets) -> bool {
    let within = |amount: Option<Cents>, span: &Span| {
        span.is_open()
            || amount.is_some_and(|cents| {
                span.min.is_none_or(|min| cents.0 >= i64::from(min) * 100)
                    && span.max.is_none_or(|max| cents.0 <= i64::from(max) * 100)
            })
    };
    let one_of = |list: &[i64], code: i64| list.is_empty() || list.contains(&code);
    let metals: Vec<i64> = facets.metals.iter().map(|m| m.code()).collect();
    let types: Vec<i64> = facets.types.iter().map(|t| t.code()).collect();
    let issuers: Vec<i64> = facets.issuers.iter().map(|id| i64::from(*id)).collect();
    one_of(&metals, offer.facts.packed.metal())
        && one_of(&types, offer.facts.packed.plan_type())
        && one_of(&issuers, i64::from(offer.facts.issuer_id))
        && within(Some(offer.premium), &facets.premium)
        && within(offer.deductible, &facets.deductible)
        && within(offer.moop, &facets.moop)
        && facets.features.iter().all(|feature| offer.facts.packed.has(*feature))
        && facets.stars_min.is_none_or(|stars| offer.facts.packed.stars() >= i64::from(stars))
        && facets.programs.iter().all(|program| offer.facts.packed.programs() & program.bit() != 0)
}

fn any_facets() -> impl Strategy<Value = Facets> {
    let span = |most: u32| {
        (prop::option::of(1..most), prop::option::of(1..most)).prop_map(|(a, b)| match (a, b) {
            (Some(a), Some(b)) => Span { min: Some(a.min(b)), max: Some(a.max(b)) },
            (min, max) => Span { min, max },
        })
    };
    let spans = (span(1500), span(11_000), span(11_000));
    let lists = (
        prop::sample::subsequence(Metal::ALL[..6].to_vec(), 0..4),
        prop::sample::subsequence(PlanType::ALL.to_vec(), 0..4),
        prop::sample::subsequence(vec![29276u32, 33931, 41047, 50328, 64353, 77552], 0..4),
        prop::sample::subsequence(Feature::ALL.to_vec(), 0..3),
        prop::sample::subsequence(Program::ALL.to_vec(), 0..3),
    );
    // Most filters open in most cases, or nothing would ever be found.
    let some = (any::<[bool; 9]>(), prop::option::of(1u8..=5));
    (spans, lists, some).prop_map(
        |((premium, deductible, moop), (metals, types, issuers, features, programs), (on, stars))| {
            let keep = |on: bool, span: Span| if on { span } else { Span::default() };
            Facets {
                metals: if on[0] { metals } else { vec![] },
                types: if on[1] { types } else { vec![] },
                issuers: if on[2] { issuers } else { vec![] },
                premium: keep(on[3], premium),
                deductible: keep(on[4], deductible),
                moop: keep(on[5], moop),
                features: if on[6] { features } else { vec![] },
                stars_min: stars.filter(|_| on[7]),
                programs: if on[8] { programs } else { vec![] },
                text: None,
            }
        },
    )
}

#[test]
fn counts_are_those_of_filtering_by_hand() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let site = runtime.block_on(Site::open());
    let catalogue = site.catalogue();
    let open = site.search("zip=45202&people=27");
    let all = runtime.block_on(market::tally(&catalogue, &open)).expect("a tally");
    let all: Vec<Offer> = all.results(windowshop::filing::codes::Sort::Premium).into_iter().copied().collect();
    assert_eq!(all.len(), 130);
    let found = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&any_facets(), |facets| {
        let search = Search { facets: facets.clone(), ..open.clone() };
        let tally = runtime.block_on(market::tally(&catalogue, &search)).expect("a tally");
        let count = |change: &dyn Fn(&mut Facets)| {
            let mut other = facets.clone();
            change(&mut other);
            all.iter().filter(|offer| fits(offer, &other)).count()
        };
        prop_assert_eq!(tally.total(), count(&|_| {}));
        found.set(found.get() + usize::from(tally.total() > 0));
        for metal in Metal::ALL {
            let counted = tally.metals().iter().find(|(m, _)| *m == metal).map_or(0, |(_, n)| *n);
            prop_assert_eq!(counted, count(&|f| f.metals = vec![metal]), "{:?}", metal);
        }
        for plan_type in PlanType::ALL {
            let counted = tally.types().iter().find(|(t, _)| *t == plan_type).map_or(0, |(_, n)| *n);
            prop_assert_eq!(counted, count(&|f| f.types = vec![plan_type]), "{:?}", plan_type);
        }
        for feature in Feature::ALL {
            let with = |f: &mut Facets| {
                if !f.features.contains(&feature) {
                    f.features.push(feature);
                }
            };
            prop_assert_eq!(tally.feature(feature), count(&with), "{:?}", feature);
        }
        for (program, counted) in tally.programs(&facets.programs) {
            prop_assert_eq!(counted, count(&|f| f.programs.push(program)), "{:?}", program);
        }
        for (stars, counted) in tally.stars() {
            prop_assert_eq!(counted, count(&|f| f.stars_min = Some(stars)), "{} stars", stars);
        }
        Ok(())
    });
    outcome.expect("every count agrees");
    // The property means nothing if no filter ever finds a plan.
    assert!(found.get() > 40, "only {} of 200 random filters found anything", found.get());
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
    // What looks like FTS5 syntax is only words.
    for odd in ["%22", "*", "NOT", "a%20OR%20b", "name:oscar", "(", "-", "%00", "%F0%9F%98%80"] {
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
    let cheapest = site.cheapest("zip=45202&people=40&metal=gold").await.dollars_cents();
    assert!(words.contains(&format!("the nearest plan is at {cheapest}")), "{cheapest}: {words}");
    // Following that way out shows at least one plan.
    answer.click("the nearest plan").await.says_nothing_of("No plan fits");
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
