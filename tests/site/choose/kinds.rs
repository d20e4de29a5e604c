//! Households of each kind from the application to a signature, on every engine, in both languages: what the pages say is what is
//! on record.

use time::macros::date;
use windowshop::application::sheet::RowId;
use windowshop::eligibility::tables::CsrLevel;
use windowshop::enrollment::Why;
use windowshop::enrollment::record::{self, Enrollment};
use windowshop::types::Cents;

use super::people::{alone, cents, choose_first, looked_at, sent, sign_plans};
use crate::apply::walk::{ALONE, plain};
use crate::office::people::World;
use crate::proof::needs::newest_owner;
use crate::site::Site;
use crate::site::page::{Page, words_of};
use crate::store::engines::{Bench, on_each_engine};

/// A story in both languages, each told by somebody else.
async fn in_both(world: &World, story: impl AsyncFn(Site)) {
    for browser in [world.browser(), world.browser().in_spanish()] {
        story(browser).await;
    }
}

/// What the newest guest has signed for, the first first.
pub async fn signed(world: &World, bench: &Bench) -> Vec<Enrollment> {
    let owner = newest_owner(bench, "guest:%").await;
    let mut connection = world.opened.store.read().await.expect("a connection");
    record::of(&mut connection, &world.opened.means.vault, &owner).await.expect("read")
}

/// Signs what is chosen. Each policy's price on the page that is signed, on the page after it, and on record are one.
pub async fn sign(world: &World, bench: &Bench, browser: &Site) -> Vec<Enrollment> {
    let check = browser.visit("/account/plan/check").await;
    looked_at(&check);
    let paid = |page: &Page| -> Vec<i64> {
        let term = if browser.is_spanish() { "Usted paga al mes" } else { "You pay a month" };
        let lines = page.select("main dl.lines > div").into_iter().map(words_of);
        let mut paid: Vec<i64> = lines.filter(|words| words.starts_with(term)).map(|words| cents(&words)).collect();
        paid.sort_unstable();
        paid
    };
    let shown = paid(&check);
    let done = sign_plans(check).await;
    assert!(done.address.contains("/account/plan/done"), "{} {}", done.address, done.words());
    looked_at(&done);
    let signed = signed(world, bench).await;
    let mut kept: Vec<i64> = signed.iter().map(|one| one.signed.net().0).collect();
    kept.sort_unstable();
    assert_eq!((&shown, &paid(&done)), (&kept, &kept), "{}", done.words());
    signed
}

/// Presses the first button of a form.
pub async fn save(page: Page) -> Page {
    let words = page.select("main form p.buttons button").first().map(|button| words_of(*button));
    page.press(&words.expect("a button")).await
}

/// The most of the credit that can be used, as its page says.
async fn most(browser: &Site) -> i64 {
    let credit = browser.visit("/account/plan/credit").await;
    cents(&words_of(credit.select("main legend")[0]).replace(" a month", "").replace(" al mes", ""))
}

#[tokio::test]
async fn alone_with_half_of_the_credit() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        in_both(&world, async |browser| {
            sent(&browser, ALONE, &alone).await;
            let most = most(&browser).await;
            assert!(most > 10_000, "{most}");
            let half = format!("{}.{:02}", most / 2 / 100, most / 2 % 100);
            let credit = browser.visit("/account/plan/credit").await;
            looked_at(&save(credit.choose("use.1-part").fill("part.1", &half)).await);
            choose_first(browser.visit("/account/shop/1/plans?metal=gold").await).await;
            let signed = &sign(&world, bench, &browser).await[0].signed;
            assert_eq!((signed.credit, signed.credit_available), (Cents(most / 2), Cents(most)));
            assert_eq!((signed.premium - signed.credit, signed.plan.metal.as_str()), (signed.net(), "gold"));
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn parents_in_two_plans_while_their_children_have_chip() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let search = "year=2026&zip=45202&county=39061&people=40,38,11,8&income=55200";
        let answers = |question: &str, row: RowId| match (question, row) {
            ("first_name", 2..=4) => ["Ben", "Cai", "Dee"][row as usize - 2].to_string(),
            ("birth_date", 3) => "5/1/2015".into(),
            ("birth_date", 4) => "5/1/2018".into(),
            ("relation", 3 | 4) => "child".into(),
            ("jointly", 1) => "yes".into(),
            ("dependents", 1) => "3,4".into(),
            ("earners", _) => "1,2".into(),
            ("amount", _) => "2,300".into(),
            ("frequency", _) => "monthly".into(),
            ("ssn", row) => format!("123-45-678{row}"),
            _ => alone(question, row),
        };
        in_both(&world, async |browser| {
            let sent = sent(&browser, search, &answers).await;
            sent.says("CHIP");
            let groups = browser.visit("/account/plan/groups").await;
            looked_at(&groups);
            groups.says_nothing_of("Cai").says_nothing_of("Dee");
            let apart = groups.select("main input[type=radio]").last().and_then(|way| way.attr("id"));
            let apart = apart.expect("a way").to_string();
            let home = save(groups.choose(&apart)).await;
            assert_eq!(home.count("main section.checked"), 2, "{}", home.words());
            for list in ["/account/shop/1/plans?metal=gold", "/account/shop/2/plans?metal=silver"] {
                let list = browser.visit(list).await;
                list.says_nothing_of("Cai");
                looked_at(&choose_first(list).await);
            }
            let all = sign(&world, bench, &browser).await;
            let people = all.iter().flat_map(|one| &one.signed.people);
            let mut names: Vec<_> = people.map(|one| one.first.as_str()).collect();
            names.sort_unstable();
            assert_eq!((all.len(), names), (2, vec!["Ana", "Ben"]));
            let used: i64 = all.iter().map(|one| one.signed.credit.0).sum();
            assert_eq!(used, most(&browser).await, "all of the credit, to the cent, over both plans");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn somebody_under_30_takes_a_catastrophic_plan_without_the_credit() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let search = "year=2026&zip=46204&county=18097&people=25&income=37650";
        let answers = |question: &str, row: RowId| match question {
            "birth_date" => "3/14/2001".into(),
            "city" => "Indianapolis".into(),
            "zip" => "46204".into(),
            _ => alone(question, row),
        };
        in_both(&world, async |browser| {
            sent(&browser, search, &answers).await;
            assert!(most(&browser).await > 0, "there is a credit");
            let list = browser.visit("/account/shop/1/plans?metal=catastrophic").await;
            assert!(list.count("article.catastrophic") > 0, "{}", list.words());
            let home = choose_first(list).await;
            looked_at(&home);
            assert!(home.count("main .note.warn") > 0, "that no credit is used is said: {}", home.words());
            let signed = &sign(&world, bench, &browser).await[0].signed;
            assert_eq!((signed.plan.metal.as_str(), signed.credit), ("catastrophic", Cents::ZERO));
            assert_eq!((signed.net(), signed.plan.variant.as_str()), (signed.premium, "01"));
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_member_of_a_tribe_has_zero_cost_sharing_in_any_month() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let search = "year=2026&zip=45202&county=39061&people=40m&income=37650";
        let answers = |question: &str, row: RowId| match question {
            "tribal" => "1".into(),
            "tribe" => "Shawnee Tribe".into(),
            "tribe_state" => "OK".into(),
            // No event: membership is enough.
            _ => plain(question, row),
        };
        in_both(&world, async |browser| {
            sent(&browser, search, &answers).await;
            let list = browser.visit("/account/shop/1/plans?metal=expanded_bronze").await;
            list.says("$0");
            looked_at(&choose_first(list).await);
            let signed = &sign(&world, bench, &browser).await[0].signed;
            assert_eq!((signed.csr, signed.plan.variant.as_str()), (CsrLevel::Zero, "02"));
            assert_eq!(signed.starts, date!(2026 - 12 - 01), "the first of the next month");
            assert!(matches!(&signed.why_now, Why::Special { kind, .. } if kind == "tribal_member"));
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn after_a_birth_coverage_goes_back_to_its_day_unless_the_next_month_is_asked_for() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let search = "year=2026&zip=45202&county=39061&people=40,38,0&income=100800";
        let answers = |question: &str, row: RowId| match (question, row) {
            ("first_name", 2) => "Ben".into(),
            ("first_name", 3) => "Cai".into(),
            ("birth_date", 3) => "11/9/2026".into(),
            ("relation", 3) => "child".into(),
            ("jointly", 1) => "yes".into(),
            ("dependents", 1) => "3".into(),
            ("earners", _) => "1,2".into(),
            ("amount", _) => "4,200".into(),
            ("frequency", _) => "monthly".into(),
            ("events", _) => "birth".into(),
            ("event_day", _) => "11/9/2026".into(),
            ("ssn", row) => format!("123-45-678{row}"),
            _ => plain(question, row),
        };
        let words = |browser: &Site, [en, es]: [&'static str; 2]| if browser.is_spanish() { es } else { en };
        in_both(&world, async |browser| {
            sent(&browser, search, &answers).await;
            choose_first(browser.visit("/account/shop/1/plans").await).await;
            let start = browser.visit("/account/plan/start").await;
            looked_at(&start);
            start.says(words(&browser, ["December 1, 2026", "1 de diciembre de 2026"]));
            save(start.choose("start-next")).await;
            let check = browser.visit("/account/plan/check").await;
            check.says(words(&browser, ["December 1, 2026", "1 de diciembre de 2026"]));
            save(browser.visit("/account/plan/start").await.choose("start-first")).await;
            let signed = sign(&world, bench, &browser).await;
            let [one] = &signed[..] else { panic!("{} policies", signed.len()) };
            assert_eq!((one.starts, one.signed.people.len()), (date!(2026 - 11 - 09), 3), "the newborn, too");
            assert!(matches!(&one.signed.why_now, Why::Special { kind, .. } if kind == "birth"));
            let done = browser.visit("/account/plan/done").await;
            done.says(words(&browser, ["November 9, 2026", "9 de noviembre de 2026"]));
        })
        .await;
    })
    .await;
}
