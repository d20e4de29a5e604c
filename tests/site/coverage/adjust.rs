//! New results reach a plan that was signed: the credit, the level of cost sharing, the insurer, the notice, the year's record; once,
//! whoever ends when.

use std::sync::Arc;

use time::Date;
use time::macros::date;
use windowshop::application::sheet::RowId;
use windowshop::enrollment::adjust::{Adjust, Adjustments, Filed};
use windowshop::enrollment::again::{Place, Policy, Without, again, changed, wish_of};
use windowshop::enrollment::choice::{Choice, GroupChoice, Use};
use windowshop::enrollment::record::{self, ChangeKind, ChangeRow, Signed};
use windowshop::enrollment::results::Results;
use windowshop::filing::codes::{Metal, Product};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::types::Cents;
use windowshop::verify::case::Case;
use windowshop::verify::effective::Cause;
use windowshop::verify::follow;
use windowshop::work::worker::Handled;

use crate::enrollment::world::{Market, SEASON, alone, family, together};
use crate::insurer::people::{Desk, ELM, OAK, person, signed};
use crate::store::engines::on_each_engine;
use crate::verify::world::{Sim, Told, World};
use crate::work::ends::{Ended, POINTS, ending, work_to_the_end};
use crate::x834::oracle::judged;

const NUMBER: &str = "219-09-2800";

fn unknown() -> Filed {
    Arc::new(|_, _, _| None)
}

fn kinds(world: &World) -> Vec<Handled> {
    vec![(&follow::ADJUST, Arc::new(Adjustments { room: world.room.clone(), filed: unknown() }))]
}

/// The change as a job does it.
async fn adjust(world: &World, (owner, application): (&str, &str), cause: Cause) -> Adjust {
    let mut connection = world.office.store.read().await.expect("a connection");
    let case = Case::open(&mut connection, &world.office.vault, (owner, application)).await.expect("read");
    Adjust { room: world.room.clone(), case: Arc::new(case.expect("there")), cause, only: None, filed: unknown() }
}

async fn adjusted(world: &World, of: (&str, &str), cause: Cause) {
    let change = adjust(world, of, cause).await;
    world.office.store.begin_write(change).await.expect("adjusted");
}

/// From which day something holds for a plan of 2027 that is decided today.
async fn from(world: &World, cause: Cause) -> Date {
    let now = world.office.store.now().await.expect("a time");
    let today = world.room.knows.tables.days(None, windowshop::verify::moment(now)).own;
    let kind = Some(windowshop::eligibility::tables::MarketplaceKind::Ffm);
    world.room.knows.effective.day(cause, kind, today).max(date!(2027 - 01 - 01))
}

/// Every change of an enrollment with what it says.
async fn all(world: &World, id: &str) -> Vec<(ChangeRow, Signed)> {
    let mut connection = world.office.store.read().await.expect("a connection");
    let mut found = Vec::new();
    for change in record::changes(&mut connection, id).await.expect("read") {
        found.push(
            record::change_opened(&mut connection, &world.office.vault, &change.id)
                .await
                .expect("opened")
                .expect("there"),
        );
    }
    found
}

/// The credit of a household of one by the engine, a month.
fn credit_of(world: &World, told: &Told) -> Cents {
    let answer = windowshop::verify::redetermine::answer(&world.room.knows, &told.household).expect("determined");
    answer.tax_households[0].credit_monthly.unwrap_or_default()
}

fn earning(dollars: i64) -> Told {
    Told::alone("Perez", NUMBER, dollars)
}

/// A silver plan that uses all of the credit of these wages, or this part of it.
fn plan_for(world: &World, dollars: i64, part: Option<i64>) -> Signed {
    let available = credit_of(world, &earning(dollars));
    let mut own = signed(ELM, vec![person(1, "Perez")]);
    own.premium = Cents(90_000);
    own.people[0].premium = Cents(90_000);
    own.essential = Some(Cents(89_000));
    own.credit = part.map_or(available, Cents);
    own.credit_available = available;
    own
}

async fn notices(world: &World, owner: &str, lang: &str) -> Vec<String> {
    let all = world.notices(owner, lang).await.into_iter();
    all.filter(|(kind, _)| kind.starts_with("adjusted:")).map(|(_, words)| words).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reported_income_changes_credit_and_level_of_what_was_told_and_of_what_was_not() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(28_000)).await;
        let mut own = plan_for(world, 28_000, None);
        own.plan.variant = "05".into();
        let id = desk.enroll(4_000_000_001, own.clone()).await;
        // Nothing differs but the benchmark, and that it is known: nobody is told anything.
        adjusted(world, (owner, &first), Cause::Found).await;
        assert_eq!(notices(world, owner, "en").await, Vec::<String>::new());
        // The insurer has not been told: it gets the plan as it is now, once.
        let second = world.change((owner, &first), &earning(45_000)).await;
        adjusted(world, (owner, &second), Cause::Reported).await;
        let less = credit_of(world, &earning(45_000));
        assert!(less < own.credit && less > Cents::ZERO);
        assert_eq!(desk.round().await.sent, 1);
        let said = desk.delivered(ELM);
        assert_eq!((said.len(), said[0].kind, said[0].credit), (1, windowshop::x834::Kind::Initial, Some(less)));
        assert_eq!(said[0].plan, "12345OH001000101", "45,000 dollars give no extra savings");
        assert!(desk.enrollment(&id).await.signed == own, "what was signed stays");
        let words = notices(world, owner, "en").await.pop().expect("a notice");
        for part in [own.credit, less, own.net(), Cents(90_000 - less.0)] {
            assert!(words.contains(&part.dollars_cents()), "{words}");
        }
        assert!(words.contains("level of extra savings"), "{words}");
        let spanish = notices(world, owner, "es").await.pop().expect("a notice");
        assert!(spanish.contains("Cambia lo que cuesta su plan") && spanish.contains(&less.dollars_cents()));
        // The same again is nothing.
        let rows = all(world, &id).await.len();
        adjusted(world, (owner, &second), Cause::Reported).await;
        adjusted(world, (owner, &first), Cause::Reported).await;
        assert_eq!((all(world, &id).await.len(), notices(world, owner, "en").await.len()), (rows, 1));
        // Told once, it is told what changes: first the variant, then the credit alone.
        for (dollars, extra, plan) in [
            (30_000, windowshop::x834::Extra::VariantChange, "12345OH001000105"),
            (29_000, windowshop::x834::Extra::FinancialChange, "12345OH001000105"),
        ] {
            let last = applications(world, owner).await;
            let next = world.change((owner, &last), &earning(dollars)).await;
            adjusted(world, (owner, &next), Cause::Reported).await;
            assert_eq!(desk.round().await.sent, 1);
            let said = desk.delivered(ELM).pop().expect("a change");
            assert_eq!(
                (said.kind, said.extra, said.plan.as_str()),
                (windowshop::x834::Kind::Change, Some(extra), plan)
            );
            assert_eq!(said.credit, Some(credit_of(world, &earning(dollars))));
        }
        let texts: Vec<String> =
            desk.files("out/12345").iter().map(|name| desk.text(&format!("out/12345/{name}"))).collect();
        for (valid, _, errors) in judged(&texts) {
            assert!(valid, "{errors}");
        }
        assert!(texts[1].contains("CSR VARIANT CHANGE") && texts[2].contains("FINANCIAL CHANGE"), "{}", texts[2]);
        // Each holds from the same day: nothing is backwards.
        let day = from(world, Cause::Reported).await;
        assert!(all(world, &id).await[1..].iter().all(|(change, _)| change.from_day == day));
        assert_eq!(bench.count("enrollment_step WHERE step = 'changed'").await, 1);
        let proof = world.office.audit.prove(&world.office.store).await.expect("proved");
        assert_eq!(proof.faults, Vec::<String>::new());
    })
    .await;
}

/// The newest application of an owner.
async fn applications(world: &World, owner: &str) -> String {
    let mut connection = world.office.store.read().await.expect("a connection");
    let all = windowshop::application::record::of(&mut connection, &world.office.vault, owner).await.expect("read");
    windowshop::application::change::newest(&all).expect("there").id.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_stays_a_part_and_none_stays_none() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(40_000)).await;
        let part = desk.enroll(4_000_000_001, plan_for(world, 40_000, Some(10_000))).await;
        let second = world.change((owner, &first), &earning(30_000)).await;
        adjusted(world, (owner, &second), Cause::Reported).await;
        let (change, now) = all(world, &part).await.pop().expect("a change");
        assert_eq!((now.credit, now.credit_available), (Cents(10_000), credit_of(world, &earning(30_000))));
        assert_eq!(change.kind, ChangeKind::Initial, "of what was not told");
        assert!(notices(world, owner, "en").await[0].contains("You could use up to"));
        // Less than the part is left; and more again.
        let low = credit_of(world, &earning(58_000));
        assert!(low < Cents(10_000) && low > Cents::ZERO, "{low:?}");
        for (dollars, credit) in
            [(58_000, low), (40_000, Cents(10_000)), (200_000, Cents::ZERO), (30_000, Cents(10_000))]
        {
            let next = world.change((owner, &applications(world, owner).await), &earning(dollars)).await;
            adjusted(world, (owner, &next), Cause::Reported).await;
            assert_eq!(all(world, &part).await.pop().expect("a change").1.credit, credit, "{dollars}");
        }
        // What is told waits behind a proof that is asked for.
        bench.run_raw("UPDATE enrollment_change SET held = 'proof' WHERE kind = 'initial' AND file = ''").await;
        let next = world.change((owner, &applications(world, owner).await), &earning(58_000)).await;
        adjusted(world, (owner, &next), Cause::Reported).await;
        assert_eq!(all(world, &part).await.pop().expect("a change").0.held, "proof");
        assert_eq!(desk.round().await.sent, 0);
    })
    .await;
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(40_000)).await;
        let none = desk.enroll(4_000_000_001, plan_for(world, 40_000, Some(0))).await;
        desk.round().await;
        let second = world.change((owner, &first), &earning(41_000)).await;
        adjusted(world, (owner, &second), Cause::Reported).await;
        let (_, now) = all(world, &none).await.pop().expect("a change");
        assert_eq!((now.credit, now.credit_available), (Cents::ZERO, credit_of(world, &earning(41_000))));
        // Ended is left alone.
        bench.run_raw("UPDATE enrollment SET state = 'ended'").await;
        let third = world.change((owner, &second), &earning(30_000)).await;
        let before = all(world, &none).await.len();
        adjusted(world, (owner, &third), Cause::Reported).await;
        assert_eq!(all(world, &none).await.len(), before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_that_runs_out_takes_the_credit_and_late_proof_gives_it_back() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let told = Told::alone("Noncitizen", NUMBER, 28_000);
        let application = world.change((owner, &desk.application), &told).await;
        let own = plan_for(world, 28_000, None);
        let id = desk.enroll(4_000_000_001, own.clone()).await;
        desk.round().await;
        work_to_the_end((&world.office.store, &world.office.vault), bench, (4, "kind <> ''"), || {
            windowshop::verify::handled(&world.room, sim.hub())
        })
        .await;
        world.days(96);
        windowshop::verify::clock::carry_out(&world.room).await.expect("carried out");
        let every = || windowshop::verify::handled(&world.room, sim.hub()).into_iter().chain(kinds(world)).collect();
        // By the jobs themselves, each of which ends at each of its points once.
        let ended = Ended::default();
        let store = (&world.office.store, &world.office.vault);
        work_to_the_end(store, bench, (4, "kind <> ''"), || ending(every(), &ended)).await;
        assert!(ended.lock().expect("no panic").iter().any(|((kind, _), n)| kind == "adjust" && *n > POINTS));
        let changes = all(world, &id).await;
        let (change, now) = changes.last().expect("a change");
        assert_eq!((changes.len(), now.credit, now.plan.variant.as_str()), (2, Cents::ZERO, "01"));
        assert_eq!((change.reason.as_str(), change.from_day), ("expired", from(world, Cause::Expired).await));
        assert_eq!(notices(world, owner, "en").await.len(), 1);
        let messages = &world.room.knows.messages;
        let day = messages.date(messages.languages().next().expect("English"), change.from_day);
        let redetermined = world.notices(owner, "en").await;
        let decided = redetermined.iter().find(|(kind, _)| kind.starts_with("redetermined:")).expect("a notice");
        assert!(decided.1.contains(&day), "both notices say one day: {day} {}", decided.1);
        // Proof, late: the credit is back.
        let issue = world.dmis(owner).await.into_iter().find(|dmi| dmi.application == application).expect("an issue");
        assert!(crate::verify::stories::accept(world, &issue.id).await);
        work_to_the_end(store, bench, (4, "kind <> ''"), every).await;
        let (change, now) = all(world, &id).await.pop().expect("a change");
        assert_eq!(
            (now.credit, now.plan.variant.as_str()),
            (own.credit, "05"),
            "as the engine says: {}",
            change.reason
        );
        assert_eq!(change.reason, "found");
        assert_eq!(bench.count("job WHERE state = 2").await, 0, "no job is dead");
    })
    .await;
}

/// Ends before it is committed.
struct Killed(Adjust);

impl Change for Killed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        self.0.run(tx).await?;
        Err(StoreError::Refused("killed".to_string()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_two_processes_and_after_one_that_ended_it_is_done_once() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(28_000)).await;
        let one = desk.enroll(4_000_000_001, plan_for(world, 28_000, None)).await;
        desk.round().await;
        let second = world.change((owner, &first), &earning(45_000)).await;
        let of = (owner, second.as_str());
        let killed = Killed(adjust(world, of, Cause::Reported).await);
        assert!(world.office.store.begin_write(killed).await.is_err());
        assert_eq!((all(world, &one).await.len(), notices(world, owner, "en").await.len()), (1, 0));
        let other = bench.open().await;
        let mut tasks = Vec::new();
        for n in 0..6 {
            let store = if n % 2 == 0 { world.office.store.clone() } else { other.store.clone() };
            let change = adjust(world, of, Cause::Reported).await;
            tasks.push(tokio::spawn(async move { store.begin_write(change).await }));
        }
        for task in tasks {
            task.await.expect("no panic").expect("written");
        }
        assert_eq!((all(world, &one).await.len(), notices(world, owner, "en").await.len()), (2, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_gets_medicaid_loses_the_credit_and_is_told_how_to_end_the_plan() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(28_000)).await;
        let id = desk.enroll(4_000_000_001, plan_for(world, 28_000, None)).await;
        desk.round().await;
        let second = world.change((owner, &first), &earning(9_000)).await;
        adjusted(world, (owner, &second), Cause::Reported).await;
        let (_, now) = all(world, &id).await.pop().expect("a change");
        assert_eq!((now.credit, now.benchmark, now.premium), (Cents::ZERO, None, Cents(90_000)));
        let words = notices(world, owner, "en").await.pop().expect("a notice");
        assert!(words.contains("You can end this plan"), "{words}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_of_which_nobody_knows_the_essential_part_is_left_to_an_operator() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (world, owner) = (&desk.world, desk.owner.as_str());
        let first = world.change((owner, &desk.application), &earning(28_000)).await;
        let mut old = plan_for(world, 28_000, None);
        old.essential = None;
        desk.enroll(4_000_000_001, old.clone()).await;
        let other = desk.enroll(4_000_000_002, Signed { plan: signed(OAK, Vec::new()).plan, ..old }).await;
        let second = world.change((owner, &first), &earning(45_000)).await;
        let change = adjust(world, (owner, &second), Cause::Reported).await;
        assert!(matches!(world.office.store.begin_write(change).await, Err(StoreError::Refused(_))));
        assert_eq!(all(world, &other).await.len(), 1);
    })
    .await;
}

/// What the list and the signature say of other results, and what is worked out again from what was signed, are the same to the cent:
/// households of each kind, in one plan, in two, with children who get CHIP, with dental plans.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worked_out_again_is_what_would_be_signed() {
    let market = Market::open().await;
    let mut compared = 0;
    for (children, apart, months) in [
        (&[][..], false, ["2,600", "3,400", "2,100"]),
        (&[][..], true, ["2,600", "3,400", "2,100"]),
        (&["5/1/2015"][..], false, ["3,600", "4,400", "3,300"]),
        (&["5/1/2015"][..], true, ["3,600", "4,400", "3,300"]),
        (&["5/1/2015", "5/1/2018"][..], true, ["4,600", "3,900", "5,200"]),
    ] {
        let mut results = Vec::new();
        for month in months {
            results.push(market.results(&family(&market, SEASON, children, month)).await);
        }
        for (at, then) in results.iter().enumerate() {
            for now in results.iter().skip(at + 1) {
                compared += compare(&market, then, now, apart).await;
            }
        }
    }
    for wages in [["26,000", "37,650"], ["37,650", "31,000"], ["52,000", "24,000"]] {
        let then = market.results(&alone(&market, "3/14/1986", wages[0])).await;
        let now = market.results(&alone(&market, "3/14/1986", wages[1])).await;
        compared += compare(&market, &then, &now, false).await;
    }
    assert!(compared >= 15, "{compared} plans");
}

async fn compare(market: &Market, then: &Results, now: &Results, apart: bool) -> usize {
    if then.shoppers() != now.shoppers() {
        return 0;
    }
    let people = then.shoppers();
    let groups: Vec<Vec<RowId>> = if apart { people.iter().map(|row| vec![*row]).collect() } else { vec![people] };
    let mut choice = Choice { groups: groups.into_iter().map(GroupChoice::of).collect(), ..together(then, "") };
    if !apart {
        choice.groups.truncate(1);
    }
    let metals = [Metal::Silver, Metal::Bronze, Metal::Gold];
    for at in 0..choice.groups.len() {
        let plan = market.lowest(then, &choice, (at, Product::Medical), metals[at % 3]).await;
        choice.groups[at].medical = Some(plan);
    }
    let mut compared = 0;
    let tax = then.tax_households[0].filers.first().copied().expect("a filer");
    let credit = then.tax_households[0].credit;
    let wishes = [Use::All, Use::None, Use::Part { monthly: Cents(credit.0 / 3 + 1) }];
    for wish in wishes.into_iter().filter(|wish| *wish == Use::All || credit > Cents(100)) {
        let choice = Choice { credit: vec![(tax, wish)], ..choice.clone() };
        let before = market.check(then, &choice, SEASON).await.expect("it can be signed");
        let after = market.check(now, &choice, SEASON).await.expect("it can be signed");
        let policies: Vec<Policy<'_>> =
            before.lines.iter().map(|line| Policy { now: &line.signed, wish: wish_of(&line.signed) }).collect();
        let order: Vec<Place> = (0..policies.len()).map(Place::Policy).collect();
        let found = again(now, &policies, &order).expect("known");
        for ((line, own), found) in after.lines.iter().zip(&before.lines).zip(&found) {
            let again = changed(&own.signed, found, found.kind);
            let of = |signed: &Signed| {
                let (credit, available) = (signed.credit, signed.credit_available);
                (credit, available, signed.benchmark, signed.plan.variant.clone(), signed.csr, signed.premium)
            };
            assert_eq!(of(&again), of(&line.signed), "{wish:?} {apart}");
            compared += 1;
        }
        // Nothing differs where nothing is different.
        let same = again(then, &policies, &order).expect("known");
        for (own, found) in before.lines.iter().zip(&same) {
            assert!(changed(&own.signed, found, found.kind) == own.signed, "{wish:?}");
        }
    }
    compared
}

/// People without a plan keep their part of the credit, unless they want none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_part_of_whoever_has_no_plan_is_kept_for_them() {
    let market = Market::open().await;
    let results = market.results(&family(&market, SEASON, &[], "2,600")).await;
    let mut choice = Choice { groups: vec![GroupChoice::of(vec![1]), GroupChoice::of(vec![2])], ..Choice::default() };
    choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Gold).await);
    for no_medical in [false, true] {
        choice.groups[1].no_medical = no_medical;
        let signed = market.check(&results, &choice, SEASON).await.expect("it can be signed").lines.remove(0).signed;
        let without = Place::Without(Without { people: vec![2], no_medical });
        let policies = [Policy { now: &signed, wish: Use::All }];
        let found = again(&results, &policies, &[Place::Policy(0), without]).expect("known");
        assert_eq!((found[0].credit, found[0].available), (signed.credit, signed.credit_available), "{no_medical}");
    }
}
