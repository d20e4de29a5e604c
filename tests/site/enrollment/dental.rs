//! Dental plans for everybody, the children, or some: over random households the list's price, that of the page that asks who gets
//! it, what is signed, and a sum of filed rates by hand are the same to the cent.

use windowshop::application::sheet::RowId;
use windowshop::enrollment::Results;
use windowshop::enrollment::SignedPerson;
use windowshop::enrollment::check::{Checked, Line, priced};
use windowshop::enrollment::choice::{Choice, Use};
use windowshop::enrollment::dental::{children, kept, way};
use windowshop::enrollment::price::{place, search_for};
use windowshop::filing::codes::Product;
use windowshop::quote::policy::Credit;
use windowshop::types::{Cents, PlanId};

use super::prices::{Dice, HOUSEHOLDS, choice, household, premium};
use super::world::{Market, SEASON};

/// The age by which a child's dental care is an essential health benefit ends (45 CFR 156.115(a)(6)).
const CHILD_UNDER: i64 = 19;

/// Somebody of a group, or only the children, or all.
fn some_of(market: &Market, results: &Results, (whole, at): (&Choice, usize), dice: &mut Dice) -> Vec<RowId> {
    let group = &whole.groups[at];
    let some = match dice.below(3) {
        0 => group.people.clone(),
        1 => children(&market.asking(results, whole), group),
        _ => group.people.iter().copied().filter(|_| dice.below(2) == 0).collect(),
    };
    kept(group, &some)
}

/// The part of a dental premium for children's essential health benefits: of the children under 19 among the three oldest under 21
/// of the policy (45 CFR 147.102(c)(1)), as filed, halves up.
async fn part(market: &Market, plan: &str, area: i64, people: &[(i64, bool)]) -> i64 {
    let mut young: Vec<(i64, bool)> = people.iter().copied().filter(|(age, _)| *age < 21).collect();
    young.sort_unstable_by(|a, b| b.cmp(a));
    let charged: Vec<(i64, bool)> = young.into_iter().take(3).filter(|(age, _)| *age < CHILD_UNDER).collect();
    let premium = premium(market, plan, area, &charged).await;
    let asked = sqlx::query_scalar("SELECT pediatric_dental_ppm FROM plan WHERE plan_id = ?1").bind(plan);
    let ppm: i64 = asked.fetch_one(&market.catalogue.pool).await.expect("a plan");
    (premium * ppm * 2 + 1_000_000) / 2_000_000
}

/// What is left of the credit for dental plans: what a health plan that is not chosen yet could use is kept for it.
async fn left(market: &Market, results: &Results, choice: &Choice, checked: &Checked) -> i64 {
    let tax = &results.tax_households[0];
    let mut left = match choice.wants(Some(1)) {
        Use::All => tax.credit.0,
        Use::None => 0,
        Use::Part { monthly } => monthly.0.min(tax.credit.0),
    };
    let medical = |at: usize| {
        let mut lines = checked.lines.iter();
        lines.find(|line| (line.group, line.product) == (at, Product::Medical)).map(|line| line.signed.credit.0)
    };
    for at in 0..choice.groups.len() {
        let asking = market.asking(results, choice);
        let search = search_for(&asking, (at, Product::Medical)).await.expect("a search");
        left -= match (medical(at), &search.policy.credit) {
            (Some(used), _) => used,
            (None, Some(Credit::Fixed(fixed))) => fixed.most().0,
            (None, _) => 0,
        };
    }
    left
}

/// One plan after the other, as somebody would; any of the list, and for some no health plan or no dental plan.
async fn chosen(market: &Market, results: &Results, dice: &mut Dice) -> Choice {
    let mut choice = choice(results, dice);
    for at in 0..choice.groups.len() {
        choice.groups[at].dental_people = some_of(market, results, (&choice, at), dice);
        for product in [Product::Medical, Product::Dental] {
            if dice.below(5) == 0 {
                continue;
            }
            let list = market.list(results, &choice, (at, product)).await;
            let plan = Some(list[usize::try_from(dice.below(list.len() as u64)).expect("small")].0.clone());
            match product {
                Product::Medical => choice.groups[at].medical = plan,
                Product::Dental => choice.groups[at].dental = plan,
            }
        }
    }
    choice
}

/// The list, the plan's page and the page that asks who gets it have what is signed.
async fn shown(market: &Market, results: &Results, choice: &Choice, line: &Line) {
    let (signed, at) = (&line.signed, (line.group, Product::Dental));
    let rows: Vec<RowId> = signed.people.iter().map(|person| person.row).collect();
    assert_eq!(rows, choice.groups[line.group].with_dental());
    let list = market.list(results, choice, at).await;
    let shown = list.iter().find(|(own, ..)| *own == signed.plan.id).expect("in the list");
    assert_eq!((shown.2, shown.3), (signed.premium, signed.credit));
    let asking = market.asking(results, choice);
    let page = priced(&asking, at, &PlanId::parse(&signed.plan.id).expect("a plan")).await;
    assert_eq!(page.expect("priced"), Some((signed.premium, signed.credit)));
    let way = way(&asking, line.group, &rows).await.expect("priced");
    assert_eq!((&way.people, way.chosen), (&rows, Some(signed.net())));
    assert_eq!(way.lowest, list.iter().map(|(_, _, premium, credit)| Cents(premium.0 - credit.0)).min());
}

#[tokio::test]
async fn a_dental_plan_costs_the_same_on_every_page_and_by_hand_over_random_households() {
    let market = Market::with_dental().await;
    let mut dice = Dice(20_261_127);
    let (mut households, mut policies, mut helped, mut some) = (0, 0, 0, 0);
    while households < HOUSEHOLDS {
        let results = household(&market, &mut dice).await;
        let choice = chosen(&market, &results, &mut dice).await;
        if choice.groups.iter().all(|group| group.medical.is_none() && group.dental.is_none()) {
            continue;
        }
        households += 1;
        let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
        let area = place(&market.catalogue, &results).and_then(|place| place.rating_area_pk).expect("a rating area");
        let tax = &results.tax_households[0];
        let mut left = left(&market, &results, &choice, &checked).await;
        for line in checked.lines.iter().filter(|line| line.product == Product::Dental) {
            shown(&market, &results, &choice, line).await;
            let (signed, plan) = (&line.signed, &line.signed.plan.id);
            // On January 1 nobody of these has had a birthday in the year.
            let age = |person: &SignedPerson| (i64::from(2025 - person.born.year()), person.tobacco);
            let people: Vec<(i64, bool)> = signed.people.iter().map(age).collect();
            assert_eq!(signed.premium.0, premium(&market, plan, area, &people).await, "{plan} for {people:?}");
            let part = part(&market, plan, area, &people).await;
            assert_eq!(signed.essential, Some(Cents(part)), "{plan} for {people:?}");
            let eligible = |person: &SignedPerson| tax.eligible.iter().any(|(own, _)| *own == person.row);
            let credit = if signed.people.iter().any(eligible) { part.min(left) } else { 0 };
            assert_eq!(signed.credit.0, credit, "{plan} for {people:?}: {left} of {:?} left", tax.credit);
            left -= credit;
            policies += 1;
            helped += usize::from(credit > 0);
            some += usize::from(signed.people.len() < choice.groups[line.group].people.len());
        }
    }
    println!("{households} households, {policies} dental policies, {helped} with a credit, {some} for some of a group");
    assert!(policies > 300 && helped > 20 && some > 80, "{policies}, {helped} with a credit, {some} for some");
}
