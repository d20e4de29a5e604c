//! Who stays on a plan when others leave pays what the list would show for them, whatever is known of the catalogue.

use time::macros::date;
use windowshop::enrollment::check::Line;
use windowshop::enrollment::choice::{Choice, GroupChoice};
use windowshop::enrollment::end_rules::{Last, Reason};
use windowshop::enrollment::ending::Done;
use windowshop::enrollment::leave::{self, Leave};
use windowshop::enrollment::leaving::{By, Left, Unfit, Wish, worked_out};
use windowshop::enrollment::record::{self, State};
use windowshop::enrollment::results::Results;
use windowshop::enrollment::timeline::Timeline;
use windowshop::enrollment::{Enrollment, Signed};
use windowshop::filing::codes::{Metal, Product};
use windowshop::types::Cents;

use super::world::{Market, SEASON, counts, family, knows, send, sign, together};
use crate::account::people::means;
use crate::store::engines::on_each_engine;

/// The couple have 1 and 2; their children from 3 on.
const FOUR: [&str; 4] = ["5/1/2012", "5/1/2015", "5/1/2018", "5/1/2022"];

fn enrollment(signed: &Signed) -> Enrollment {
    let text = str::to_string;
    Enrollment {
        id: text("e1"),
        owner: text("guest:g1"),
        application: text("a1"),
        number: text("4000000001"),
        choice: 1,
        plan_year: 2026,
        plan: signed.plan_id(),
        issuer: signed.plan.issuer_id.clone(),
        product: signed.plan.product.clone(),
        state: State::Confirmed,
        starts: signed.starts,
        ends: date!(2026 - 12 - 31),
        signed: signed.clone(),
        catalogue: text("catalogue-2026"),
        follows: None,
        proof: None,
        made_at: 0,
        changed_at: 0,
        version: 1,
    }
}

struct Story {
    market: Market,
    results: Results,
    signed: Signed,
}

impl Story {
    /// A couple with children, all in the lowest silver plan.
    async fn of(children: &[&str]) -> Story {
        let market = Market::open().await;
        let results = market.results(&family(&market, SEASON, children, "4,600")).await;
        assert_eq!(results.shoppers().len(), 2 + children.len(), "nobody has public coverage");
        let mut choice = together(&results, "");
        choice.groups[0].medical = None;
        let plan = market.lowest(&results, &choice, (0, Product::Medical), Metal::Silver).await;
        choice.groups[0].medical = Some(plan);
        let mut checked = market.check(&results, &choice, SEASON).await.expect("it can be signed");
        let Line { signed, .. } = checked.lines.remove(0);
        assert!(signed.credit > Cents::ZERO);
        Story { market, results, signed }
    }

    async fn without(&self, who: &[u32], catalogue: bool) -> Result<Left, Unfit> {
        let mut timeline = Timeline::default();
        timeline.lay(self.signed.starts, self.signed.clone());
        self.again(&timeline, who, (date!(2026 - 05 - 10), catalogue)).await
    }

    async fn again(
        &self,
        timeline: &Timeline,
        who: &[u32],
        (last, catalogue): (time::Date, bool),
    ) -> Result<Left, Unfit> {
        let catalogue = catalogue.then_some(&*self.market.catalogue);
        let by = By { catalogue, tables: &self.market.tables, results: Some(&self.results) };
        let wish = Wish { who, last: Last::Day(last), reason: Reason::OtherCoverage };
        worked_out(by, (&enrollment(&self.signed), timeline), wish).await
    }

    /// As the list has it for those who stay, who would choose it from the beginning.
    async fn listed(&self, stay: &[u32]) -> (Cents, Cents) {
        let mut choice = together(&self.results, &self.signed.plan.id);
        choice.groups[0].people = stay.to_vec();
        let plans = self.market.list(&self.results, &choice, (0, Product::Medical)).await;
        let own = plans.into_iter().find(|(plan, ..)| *plan == self.signed.plan.id).expect("it is sold to them");
        (own.2, own.3)
    }
}

#[tokio::test]
async fn those_who_stay_pay_what_the_list_would_show_them() {
    let story = Story::of(&FOUR).await;
    let all: Vec<u32> = (1..=6).collect();
    for who in [&[2][..], &[3], &[6], &[3, 4], &[2, 6], &[1], &[1, 3]] {
        let left = story.without(who, true).await.unwrap_or_else(|why| panic!("{who:?}: {why}"));
        let stay: Vec<u32> = all.iter().filter(|row| !who.contains(row)).copied().collect();
        let then = &left.times[0];
        assert_eq!(then.from, date!(2026 - 05 - 11));
        let (premium, credit) = story.listed(&stay).await;
        assert_eq!((then.signed.premium, then.signed.credit), (premium, credit.min(story.signed.credit)), "{who:?}");
        assert_eq!(then.signed.people.iter().map(|own| own.premium).sum::<Cents>(), premium);
        assert!(then.signed.essential.is_some_and(|essential| essential <= premium && then.signed.credit <= essential));
        let mut rows: Vec<u32> = then.signed.people.iter().map(|own| own.row).collect();
        rows.sort_unstable();
        assert_eq!(rows, stay);
        assert_eq!(left.new_subscriber, who.contains(&1));
        // The benchmark is that of those who stay: more than one less, and as the engine has it.
        let without = story.results.benchmarks_without(&story.market.tables, who).expect("known");
        assert_eq!(then.signed.benchmark, without[0]);
        // Of four children three are charged there, too, and all cost the same: with one less it stays as it is.
        let one_child = [&[3][..], &[6]].contains(&who);
        assert_eq!(then.signed.benchmark < story.signed.benchmark, !one_child, "{who:?}");
    }
    // Of four children three are charged: when one of them leaves, the youngest is.
    let free = &story.signed.people[5];
    assert_eq!(free.premium, Cents::ZERO, "the youngest");
    let left = story.without(&[3], true).await.expect("known");
    assert!(left.times[0].signed.people.iter().all(|own| own.premium > Cents::ZERO));
}

#[tokio::test]
async fn without_a_catalogue_what_was_signed_is_taken_away_or_nothing_is_said() {
    let story = Story::of(&FOUR).await;
    for who in [&[2][..], &[6], &[1], &[2, 6]] {
        let by_hand = story.without(who, false).await.unwrap_or_else(|why| panic!("{who:?}: {why}"));
        let rated = story.without(who, true).await.expect("known");
        let (by_hand, rated) = (&by_hand.times[0].signed, &rated.times[0].signed);
        assert_eq!((by_hand.premium, by_hand.credit), (rated.premium, rated.credit), "{who:?}");
        assert!((by_hand.essential.expect("known").0 - rated.essential.expect("known").0).abs() <= 1);
        assert_eq!(by_hand.benchmark, rated.benchmark);
    }
    // The youngest would be charged then, and nothing says how much.
    assert!(matches!(story.without(&[3], false).await, Err(Unfit::Unknown)));
    // Two children: all are charged, so it can be said.
    let story = Story::of(&FOUR[..2]).await;
    let (by_hand, rated) = (story.without(&[3], false).await, story.without(&[3], true).await);
    assert_eq!(by_hand.expect("known").times[0].signed.premium, rated.expect("known").times[0].signed.premium);
}

#[tokio::test]
async fn whoever_stays_goes_on_under_a_new_subscriber() {
    let story = Story::of(&FOUR[..2]).await;
    let left = story.without(&[1], true).await.expect("known");
    let people: Vec<(u32, &str)> =
        left.times[0].signed.people.iter().map(|own| (own.row, own.relation.as_str())).collect();
    assert_eq!(people, [(2, "self"), (3, "child"), (4, "child")], "the spouse, with the children of both");
    assert!(left.times[0].signed.responsible.is_none());
    // Children alone: the oldest holds it, and the contact person answers for them.
    match story.without(&[1, 2], true).await {
        Ok(left) => {
            let signed = &left.times[0].signed;
            assert_eq!(signed.people.iter().map(|own| own.row).collect::<Vec<_>>(), [3, 4]);
            assert_eq!(signed.responsible.as_ref().map(|own| own.first.as_str()), Some("Ana"));
            assert_eq!(signed.premium, story.listed(&[3, 4]).await.0);
        }
        Err(Unfit::NotSold) => {}
        Err(why) => panic!("{why}"),
    }
    assert!(matches!(story.without(&[1, 2, 3, 4], true).await, Err(Unfit::Nobody)));
    assert!(matches!(story.without(&[9], true).await, Err(Unfit::Nobody)));
}

#[tokio::test]
async fn who_leaves_on_an_earlier_day_leaves_what_was_known_of_later_ones() {
    let story = Story::of(&FOUR[..2]).await;
    let mut timeline = Timeline::default();
    timeline.lay(story.signed.starts, story.signed.clone());
    let first = story.again(&timeline, &[3], (date!(2026 - 06 - 30), true)).await.expect("known");
    for since in first.times {
        timeline.lay(since.from, since.signed);
    }
    let second = story.again(&timeline, &[2], (date!(2026 - 03 - 14), true)).await.expect("known");
    let days: Vec<time::Date> = second.times.iter().map(|since| since.from).collect();
    assert_eq!(days, [date!(2026 - 03 - 15), date!(2026 - 07 - 01)]);
    for since in second.times {
        timeline.lay(since.from, since.signed);
    }
    let mut people: Vec<_> =
        timeline.people(date!(2026 - 12 - 31)).into_iter().map(|own| (own.row, own.from, own.to)).collect();
    people.sort_unstable();
    let (first, last) = (date!(2026 - 01 - 01), date!(2026 - 12 - 31));
    let left = [(2, date!(2026 - 03 - 14)), (3, date!(2026 - 06 - 30))];
    assert_eq!(people, [(1, first, last), (2, first, left[0].1), (3, first, left[1].1), (4, first, last)]);
    // The benchmark of July is without both.
    let without = story.results.benchmarks_without(&story.market.tables, &[2, 3]).expect("known");
    assert_eq!(timeline.on(date!(2026 - 07 - 01)).expect("known").benchmark, without[0]);
}

/// Ben leaves the plan that he has with Ana, and signs for one of his own: hers goes on.
#[tokio::test]
async fn whoever_has_left_and_signs_for_another_plan_ends_nobody_elses() {
    on_each_engine(async |bench| {
        let (office, market) = (bench.open().await, Market::open().await);
        let (owner, application) = send(&office, &market, &family(&market, SEASON, &[], "4,600")).await;
        let results = counts(&office, &market, (&owner, &application)).await;
        let mut choice = together(&results, "");
        choice.groups[0].medical = None;
        let plan = market.lowest(&results, &choice, (0, Product::Medical), Metal::Silver).await;
        choice.groups[0].medical = Some(plan.clone());
        let id = sign(&office, &market, &results, (&choice, 0), SEASON).await.remove(0);
        let one = async || {
            let mut connection = office.store.read().await.expect("a connection");
            record::one(&mut connection, &office.vault, (&owner, &id)).await.expect("read").expect("there")
        };
        let enrollment = one().await;
        let mut timeline = Timeline::default();
        timeline.lay(enrollment.starts, enrollment.signed.clone());
        let (last, reason) = (Last::Day(date!(2026 - 03 - 31)), Reason::OtherCoverage);
        let by = By { catalogue: Some(&market.catalogue), tables: &market.tables, results: Some(&results) };
        let wish = Wish { who: &[2], last, reason };
        let left = worked_out(by, (&enrollment, &timeline), wish).await.expect("known");
        let meant = leave::Wish {
            owner: owner.clone(),
            enrollment: id.clone(),
            seen: enrollment.version,
            who: vec![2],
            reason,
            code: "07".to_string(),
            last,
            session: String::new(),
        };
        let change = Leave::new((means(&office), knows()), meant, left).expect("random");
        assert_eq!(office.store.begin_write(change).await, Ok(Done::Now));
        let own = GroupChoice { medical: Some(plan), ..GroupChoice::of(vec![2]) };
        let choice = Choice { groups: vec![GroupChoice::of(vec![1]), own], ..Choice::default() };
        let new = sign(&office, &market, &results, (&choice, 2), SEASON).await;
        assert_eq!((new.len(), bench.count("enrollment").await), (1, 2));
        let enrollment = one().await;
        assert_eq!((enrollment.state, enrollment.ends), (State::Signed, date!(2026 - 12 - 31)));
    })
    .await;
}
