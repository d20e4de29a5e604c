//! Households of each kind: what they are shown is what they sign.

use time::macros::date;
use windowshop::application::view::County;
use windowshop::eligibility::tables::CsrLevel;
use windowshop::enrollment::check::Unfit;
use windowshop::enrollment::choice::{Begin, Choice, GroupChoice, Use};
use windowshop::enrollment::record::Why;
use windowshop::enrollment::{groups, price};
use windowshop::filing::codes::{Metal, Product};
use windowshop::types::Cents;

use super::world::{Market, SEASON, SPRING, alone, family, together};
use crate::application::flow::usual;

#[tokio::test]
async fn alone_with_half_of_the_credit() {
    let market = Market::open().await;
    let results = market.results(&alone(&market, "3/14/1986", "37,650")).await;
    let tax = &results.tax_households[0];
    assert!(tax.credit.0 > 10_000, "{:?}", tax.credit);
    let half = Cents(tax.credit.0 / 2);
    let mut choice = Choice { credit: vec![(1, Use::Part { monthly: half })], ..together(&results, "") };
    choice.groups[0].medical = None;
    let plan = market.lowest(&results, &choice, (0, Product::Medical), Metal::Gold).await;
    choice.groups[0].medical = Some(plan.clone());
    let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
    let signed = &checked.lines[0].signed;
    assert_eq!((signed.credit, signed.credit_available), (half, tax.credit));
    assert_eq!((signed.benchmark, signed.csr), (tax.benchmark, CsrLevel::None));
    assert_eq!((signed.starts, &signed.why_now), (date!(2026 - 01 - 01), &Why::OpenEnrollment));
    assert_eq!((&signed.plan.id, signed.plan.variant.as_str(), signed.plan.metal.as_str()), (&plan, "01", "gold"));
    assert_eq!(signed.people[0].premium, signed.premium);
    assert_eq!((signed.place.county_fips.as_str(), signed.place.zip.as_str()), ("39061", "45202"));
    // None of it, and more than there is.
    for (wanted, credit) in [(Use::None, Cents::ZERO), (Use::Part { monthly: Cents(tax.credit.0 + 1) }, tax.credit)] {
        let choice = Choice { credit: vec![(1, wanted)], ..choice.clone() };
        let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
        assert_eq!(checked.lines[0].signed.credit, credit, "{wanted:?}");
    }
}

#[tokio::test]
async fn parents_in_two_plans_while_their_children_have_chip() {
    let market = Market::open().await;
    let results = market.results(&family(&market, SEASON, &["5/1/2015", "5/1/2018"], "2,300")).await;
    assert_eq!(results.shoppers(), [1, 2], "the children have Medicaid or CHIP");
    assert_eq!(groups::default_groups(&results), [[1, 2]]);
    let tax = &results.tax_households[0];
    let mut choice = Choice { groups: vec![GroupChoice::of(vec![1]), GroupChoice::of(vec![2])], ..Choice::default() };
    let mut chosen = Vec::new();
    for (at, metal) in [(0, Metal::Gold), (1, Metal::Bronze)] {
        let plan = market.lowest(&results, &choice, (at, Product::Medical), metal).await;
        choice.groups[at].medical = Some(plan.clone());
        chosen.push(plan);
    }
    let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
    assert_eq!(checked.lines.len(), 2);
    let used: i64 = checked.lines.iter().map(|line| line.signed.credit.0).sum();
    assert_eq!(used, tax.credit.0, "all of it, to the cent: {:?}", tax);
    for (at, line) in checked.lines.iter().enumerate() {
        let list = market.list(&results, &choice, (at, Product::Medical)).await;
        let shown = list.iter().find(|(plan, ..)| *plan == chosen[at]).expect("in the list");
        assert_eq!((shown.2, shown.3), (line.signed.premium, line.signed.credit));
        assert_eq!(line.signed.benchmark, tax.benchmark, "each policy has that of the tax household");
        assert_eq!(line.signed.people.len(), 1);
    }
    // Somebody who has CHIP cannot be signed for, and nobody twice.
    for groups in [vec![vec![1, 3]], vec![vec![1], vec![1, 2]], vec![vec![]]] {
        let of = |people| GroupChoice { medical: Some(chosen[0].clone()), ..GroupChoice::of(people) };
        let choice = Choice { groups: groups.into_iter().map(of).collect(), ..Choice::default() };
        assert!(matches!(market.check(&results, &choice, SEASON).await, Err(Unfit::Groups)));
    }
    let splits = groups::splits(&market.asking(&results, &choice)).await.expect("numbers");
    assert_eq!(splits.len(), 2, "together and apart: {splits:?}");
    assert!(splits.iter().all(|split| split.lowest.is_some() && split.lowest <= split.lowest_silver));
}

#[tokio::test]
async fn a_member_of_a_tribe_pays_nothing_for_care_alone_and_loses_it_together() {
    let market = Market::open().await;
    let mut ana = market.person(SEASON);
    let ben = ana.add();
    ana.go(&|question, row, _| match (question, row) {
        ("tribal", _) => "1".into(),
        ("jointly", 1) => "yes".into(),
        ("dependents", _) => "none".into(),
        ("earners", _) => "1".into(),
        ("tribe" | "tribe_name", _) => "Shawnee Tribe".into(),
        (question, row) => usual(question, row).to_string(),
    });
    let results = market.results(&ana).await;
    let choice = Choice { groups: vec![GroupChoice::of(vec![1]), GroupChoice::of(vec![ben])], ..Choice::default() };
    let bronze = market.lowest(&results, &choice, (0, Product::Medical), Metal::Bronze).await;
    let mut choice = choice;
    choice.groups[0].medical = Some(bronze);
    choice.groups.truncate(1);
    let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
    let signed = &checked.lines[0].signed;
    assert_eq!((signed.csr, signed.plan.variant.as_str()), (CsrLevel::Zero, "02"), "at any metal level");
    let both = groups::parted(&results, &[1, ben]);
    assert!(both.csr < CsrLevel::Zero && both.loses.contains(&(1, CsrLevel::Zero)), "{both:?}");
    // All year round: the first of the next month.
    let checked = market.check(&results, &choice, SPRING).await.expect("once a month");
    assert_eq!(checked.lines[0].signed.starts, date!(2026 - 04 - 01));
    assert!(matches!(&checked.start.why, Why::Special { kind, .. } if kind == "tribal_member"));
}

#[tokio::test]
async fn a_catastrophic_plan_uses_no_credit_and_is_not_sold_to_everybody() {
    let market = Market::open().await;
    let of = |born: &'static str| {
        let mut person = market.person(SEASON);
        person.around.counties = vec![County { fips: "18097".into(), name: "Marion".into(), state: "IN".into() }];
        person.go(&|question, row, _| match question {
            "birth_date" => born.into(),
            "city" => "Indianapolis".into(),
            "zip" => "46204".into(),
            question => usual(question, row).to_string(),
        });
        person
    };
    let young = market.results(&of("3/14/2001")).await;
    assert!(young.tax_households[0].credit > Cents::ZERO);
    let choice = together(&young, "");
    let plan = market.lowest(&young, &choice, (0, Product::Medical), Metal::Catastrophic).await;
    let checked = market.check(&young, &together(&young, &plan), SEASON).await.expect("it can be signed");
    let signed = &checked.lines[0].signed;
    assert_eq!((signed.credit, signed.plan.variant.as_str()), (Cents::ZERO, "01"));
    let old = market.results(&of("3/14/1970")).await;
    let refused = market.check(&old, &together(&old, &plan), SEASON).await;
    assert!(matches!(refused, Err(Unfit::NotSold { group: 0, .. })));
}

#[tokio::test]
async fn what_the_medical_plan_leaves_of_the_credit_pays_for_a_childs_teeth() {
    let market = Market::with_dental().await;
    let mut ana = market.person(SEASON);
    let cai = ana.add();
    ana.go(&|question, row, _| match (question, row) {
        ("birth_date", 1) => "3/14/1963".into(),
        ("birth_date", _) => "5/1/2015".into(),
        ("relation", _) => "child".into(),
        ("dependents", 1) => cai.to_string(),
        ("earners", _) => "1".into(),
        ("amount", _) => "46,800".into(),
        (question, row) => usual(question, row).to_string(),
    });
    let results = market.results(&ana).await;
    assert_eq!(results.shoppers(), [1, cai], "too much for CHIP");
    let tax = &results.tax_households[0];
    let mut choice = together(&results, "");
    choice.groups[0].medical = None;
    let at = (0, Product::Dental);
    let before = market.list(&results, &choice, at).await;
    assert!(before.iter().all(|(.., credit)| *credit == Cents::ZERO), "as long as no medical plan is chosen");
    choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Bronze).await);
    choice.groups[0].dental_people = vec![cai];
    let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
    let left = tax.credit.0 - checked.lines[0].signed.credit.0;
    assert!(left > 0, "the plan costs less than the credit: {tax:?} {:?}", checked.lines[0].signed.premium);
    let dental = market.list(&results, &choice, at).await;
    let search = price::search_for(&market.asking(&results, &choice), at).await.expect("a search");
    let tally = windowshop::quote::market::tally(&market.catalogue, &search).await.expect("priced");
    assert!(!dental.is_empty());
    for offer in tally.offers() {
        let part = i128::from(offer.premium.0) * i128::from(offer.plan.pediatric_dental_ppm);
        let part = i64::try_from((part * 2 + 1_000_000) / 2_000_000).expect("small");
        assert_eq!(offer.credit.0, part.min(left), "{}", offer.plan.plan_id);
    }
    assert!(dental.iter().any(|(.., credit)| *credit > Cents::ZERO));
    choice.groups[0].dental = Some(dental[0].0.clone());
    let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
    let signed = &checked.lines[1].signed;
    assert_eq!((signed.plan.product.as_str(), signed.people.len(), signed.credit), ("dental", 1, dental[0].3));
    // With the parent on the same dental plan, the credit still pays for the child's part alone.
    choice.groups[0].dental_people = Vec::new();
    let both = market.list(&results, &choice, at).await;
    let of = |plans: &[(String, _, Cents, Cents)], plan: &str| plans.iter().find(|own| own.0 == plan).map(|own| own.3);
    for (plan, .., credit) in &both {
        if let Some(alone) = of(&dental, plan) {
            assert_eq!(*credit, alone, "{plan}");
        }
    }
}

#[tokio::test]
async fn after_a_birth_coverage_starts_on_its_day_or_on_request_later() {
    let market = Market::open().await;
    let mut ana = market.person(SPRING);
    let (ben, cai) = (ana.add(), ana.add());
    ana.go(&|question, row, _| match (question, row) {
        ("birth_date", row) if row == cai => "2/9/2026".into(),
        ("relation", row) if row == cai => "child".into(),
        ("jointly", 1) => "yes".into(),
        ("dependents", 1) => cai.to_string(),
        ("earners", _) => format!("1,{ben}"),
        ("amount", _) => "4,200".into(),
        ("frequency", _) => "monthly".into(),
        ("events", _) => "birth".into(),
        ("event_day", _) => "2/9/2026".into(),
        (question, row) => usual(question, row).to_string(),
    });
    let results = market.results(&ana).await;
    assert_eq!(results.events.len(), 1, "{:?}", results.events);
    let shoppers = results.shoppers();
    assert!(shoppers.contains(&cai), "{:?}", results.people);
    let mut choice = together(&results, "");
    choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Silver).await);
    let checked = market.check(&results, &choice, SPRING).await.expect("it can be signed");
    assert_eq!(checked.start.day, date!(2026 - 02 - 09));
    assert_eq!(checked.start.next_month, Some(date!(2026 - 04 - 01)));
    choice.begin = Begin::NextMonth;
    let later = market.check(&results, &choice, SPRING).await.expect("it can be signed");
    assert_eq!(later.start.day, date!(2026 - 04 - 01));
    // Ana turned 40 between the two days, and is priced by her age on the first one of coverage.
    let (before, after) = (&checked.lines[0].signed.people[0], &later.lines[0].signed.people[0]);
    assert!(before.premium < after.premium, "39 on 9 February, 40 on 1 April");
    let signed = &checked.lines[0].signed;
    assert_eq!(signed.people.iter().map(|person| person.premium).sum::<Cents>(), signed.premium);
    assert_eq!(signed.people[2].relation, "child");
    let late = time::macros::datetime!(2026-04-20 16:00 UTC);
    assert!(matches!(market.check(&results, &choice, late).await, Err(Unfit::NotNow(_))));
}
