//! One price everywhere: over random households, the list's, the signed one, and one worked out from the filed rates and the
//! engine's credit alone are the same to the cent.

use std::collections::BTreeMap;

use windowshop::application::sheet::RowId;
use windowshop::enrollment::check::priced;
use windowshop::enrollment::choice::{Choice, GroupChoice, Use};
use windowshop::enrollment::results::Results;
use windowshop::filing::codes::{Metal, Product};
use windowshop::types::{Cents, PlanId};

use super::world::{Market, SEASON};
use crate::application::flow::usual;

pub const HOUSEHOLDS: usize = 520;

/// Numbers that look random and are the same in each run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A rate as filed, by hand: no statement of the product's.
async fn rate(market: &Market, plan: &str, area: i64, (age, tobacco): (i64, bool)) -> i64 {
    let column = format!("{}{}", if tobacco { "t" } else { "a" }, age.clamp(14, 64));
    let asked = format!(
        "SELECT r.{column} FROM rate r JOIN plan p USING (plan_pk) \
         WHERE p.plan_id = ?1 AND r.rating_area_pk = ?2 AND r.tiered = 0"
    );
    let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(asked)).bind(plan).bind(area);
    asked.fetch_one(&market.catalogue.pool).await.expect("a rate")
}

/// The premium of a policy: each adult's rate, and those of the three oldest under 21 (45 CFR 147.102).
pub async fn premium(market: &Market, plan: &str, area: i64, people: &[(i64, bool)]) -> i64 {
    let (adults, mut children): (Vec<_>, Vec<_>) = people.iter().copied().partition(|(age, _)| *age >= 21);
    children.sort_unstable_by(|a, b| b.cmp(a));
    let mut sum = 0;
    for person in adults.into_iter().chain(children.into_iter().take(3)) {
        sum += rate(market, plan, area, person).await;
    }
    sum
}

/// The part for essential health benefits as filed, halves up; none for a catastrophic plan.
async fn ehb(market: &Market, plan: &str, premium: i64) -> i64 {
    let asked = sqlx::query_as("SELECT ehb_ppm, metal FROM plan WHERE plan_id = ?1").bind(plan);
    let (ppm, metal): (Option<i64>, i64) = asked.fetch_one(&market.catalogue.pool).await.expect("a plan");
    let ppm = ppm.unwrap_or(1_000_000);
    if metal == Metal::Catastrophic.code() { 0 } else { (premium * ppm * 2 + 1_000_000) / 2_000_000 }
}

/// A household: ages on January 1, 2026, who uses tobacco, wages a month of each adult.
pub async fn household(market: &Market, dice: &mut Dice) -> Results {
    let adults = 1 + dice.below(2);
    let children = dice.below(5);
    let mut person = market.person(SEASON);
    let mut rows: Vec<RowId> = vec![1];
    rows.extend((1..adults + children).map(|_| person.add()));
    let born: BTreeMap<RowId, String> = rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let age = if i < adults as usize { 22 + dice.below(42) } else { dice.below(20) };
            (*row, format!("{}/{}/{}", 1 + dice.below(10), 2 + dice.below(26), 2025 - age))
        })
        .collect();
    let tobacco = rows.iter().copied().filter(|row| (*row as u64) <= adults && dice.below(4) == 0);
    let tobacco: Vec<String> = tobacco.map(|row| row.to_string()).collect();
    let monthly = 1_300 + 100 * dice.below(70);
    let child = |row: RowId| rows.iter().position(|own| *own == row).is_some_and(|i| i >= adults as usize);
    let list = |rows: Vec<String>| if rows.is_empty() { "none".to_string() } else { rows.join(",") };
    let dependents = list(rows.iter().filter(|row| child(**row)).map(ToString::to_string).collect());
    let earners = list(rows.iter().take(adults as usize).map(ToString::to_string).collect());
    person.go(&|question, row, _| match question {
        "birth_date" => born[&row].clone(),
        "relation" if child(row) => "child".into(),
        "jointly" if adults == 2 => "yes".into(),
        "dependents" => dependents.clone(),
        "earners" => earners.clone(),
        "tobacco" => list(tobacco.clone()),
        "amount" => monthly.to_string(),
        "frequency" => "monthly".into(),
        "ssn" => format!("123-45-67{:02}", 10 + row),
        question => usual(question, row).to_string(),
    });
    market.results(&person).await
}

/// A way to part the shoppers, at random, and how much of the credit is wanted.
pub fn choice(results: &Results, dice: &mut Dice) -> Choice {
    let mut groups: Vec<GroupChoice> = Vec::new();
    for row in results.shoppers() {
        match dice.below(3) {
            0 if !groups.is_empty() => groups.push(GroupChoice::of(vec![row])),
            _ => match groups.first_mut() {
                Some(first) => first.people.push(row),
                None => groups.push(GroupChoice::of(vec![row])),
            },
        }
    }
    let wanted = match dice.below(4) {
        0 => Use::Part { monthly: Cents(i64::try_from(dice.below(90_000)).expect("small")) },
        1 if dice.below(3) == 0 => Use::None,
        _ => Use::All,
    };
    Choice { groups, credit: vec![(1, wanted)], ..Choice::default() }
}

#[tokio::test]
async fn list_record_and_a_sum_by_hand_agree_to_the_cent_over_random_households() {
    let market = Market::open().await;
    let mut dice = Dice(20_260_101);
    let (mut priced_households, mut policies, mut with_credit, mut several) = (0, 0, 0, 0);
    while priced_households < HOUSEHOLDS {
        let results = household(&market, &mut dice).await;
        let mut choice = choice(&results, &mut dice);
        if choice.groups.is_empty() {
            continue;
        }
        priced_households += 1;
        // One plan after the other, as somebody would; any of the list.
        for at in 0..choice.groups.len() {
            let list = market.list(&results, &choice, (at, Product::Medical)).await;
            let pick = usize::try_from(dice.below(list.len() as u64)).expect("small");
            choice.groups[at].medical = Some(list[pick].0.clone());
        }
        let checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
        let area = windowshop::enrollment::price::place(&market.catalogue, &results).expect("a place");
        let area = area.rating_area_pk.expect("a rating area");
        let (mut used, mut can) = (0, 0);
        for (at, line) in checked.lines.iter().enumerate() {
            let (signed, plan) = (&line.signed, choice.groups[at].medical.clone().expect("chosen"));
            // The list, after everything is chosen, and what one plan's page shows.
            let list = market.list(&results, &choice, (at, Product::Medical)).await;
            let shown = list.iter().find(|(own, ..)| *own == plan).expect("in the list");
            assert_eq!((shown.2, shown.3), (signed.premium, signed.credit), "{plan}");
            let id = PlanId::parse(&plan).expect("a plan");
            let page = priced(&market.asking(&results, &choice), (at, Product::Medical), &id).await;
            assert_eq!(page.expect("priced"), Some((signed.premium, signed.credit)));
            // By hand.
            let people: Vec<(i64, bool)> = signed
                .people
                .iter()
                .map(|person| {
                    // On January 1 nobody of these has had a birthday in the year.
                    (i64::from(2025 - person.born.year()), person.tobacco)
                })
                .collect();
            let premium = premium(&market, &plan, area, &people).await;
            assert_eq!(signed.premium.0, premium, "{plan} for {people:?}");
            let each: i64 = signed.people.iter().map(|person| person.premium.0).sum();
            assert_eq!(each, premium, "what each adds");
            let cap = ehb(&market, &plan, premium).await;
            assert!(signed.credit.0 <= cap && signed.credit <= signed.premium, "{plan}");
            let eligible = |person: &windowshop::enrollment::SignedPerson| {
                results.tax_households[0].eligible.iter().any(|(row, _)| *row == person.row)
            };
            if signed.people.iter().any(eligible) {
                can += cap;
            } else {
                assert_eq!(signed.credit, Cents::ZERO, "nobody there has a credit");
            }
            used += signed.credit.0;
            policies += 1;
        }
        let tax = &results.tax_households[0];
        let wanted = match choice.wants(Some(1)) {
            Use::All => tax.credit.0,
            Use::None => 0,
            Use::Part { monthly } => monthly.0.min(tax.credit.0),
        };
        assert_eq!(used, wanted.min(can), "all that is wanted, as far as the plans can use it: {choice:?}");
        with_credit += usize::from(used > 0);
        several += usize::from(checked.lines.len() > 1);
    }
    println!("{priced_households} households, {policies} policies, {with_credit} with a credit, {several} in several");
    assert!(with_credit > 150 && several > 60, "{with_credit} with a credit, {several} in several plans");
}
