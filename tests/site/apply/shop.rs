//! What the shop knows comes along when somebody presses one of its own ways to apply; homes and amounts that do not do are
//! said to be so, and stay as they were typed.

use windowshop::application::sheet::YOU;

use super::walk::{ALONE, answer, answered, asked, begin, go, looked_at, place, plain, send, sign};
use crate::office::people::World;
use crate::site::Site;
use crate::site::page::{Page, words_of};
use crate::store::engines::on_each_engine;

const FAMILY: &str = "year=2026&zip=45202&county=39061&people=40,38t,9&income=52000";

/// Presses what leads to the application on a page of the shop: a link, or a button of a form.
async fn apply_from(browser: &Site, page: Page) -> Page {
    // The foot of the page has a way of the same name, without the search.
    let link = page.attr("main a[href*='/account/apply/begin']", "href");
    let button = page.select("main button[formaction*='/account/apply/begin']").first().map(|button| words_of(*button));
    let address = page.address.clone();
    let next = match (link, button) {
        (Some(link), _) => browser.get(link.strip_prefix("/es").unwrap_or(&link)).await,
        (None, Some(words)) => page.press(&words).await,
        (None, None) => panic!("no way to apply on {address}"),
    };
    assert_eq!((next.status, place(&next).as_str()), (200, "begin"), "from {address}: {}", next.words());
    looked_at(&next);
    next
}

/// Each person's name and whatever else a page asks for that the shop cannot know.
fn named(question: &str, row: u32) -> String {
    match question {
        "first_name" => ["Ana", "Ben", "Cai"][row as usize - 1].to_string(),
        "birth_date" if row == 3 => "5/1/2017".to_string(),
        "dependents" => "3".to_string(),
        "jointly" => "yes".to_string(),
        "relation" => if row == 2 { "spouse" } else { "child" }.to_string(),
        _ => plain(question, row),
    }
}

#[tokio::test]
async fn every_way_from_the_shop_brings_the_household_along_in_its_language() {
    let site = Site::open().await;
    let plan = site.rows(FAMILY).await.first().expect("a plan")["plan_id"].clone();
    on_each_engine(async |bench| {
        for from in ["compare", "sheet", "plan"] {
            let world = World::open(bench).await;
            for browser in [world.browser(), world.browser().in_spanish()] {
                let page = match from {
                    "plan" => browser.visit(&format!("/plans/{plan}?{FAMILY}&plan={plan}")).await,
                    "sheet" => browser.visit(&format!("/sheet?{FAMILY}&plan={plan}")).await,
                    _ => browser.visit(&format!("/compare?{FAMILY}&plan={plan}")).await,
                };
                let lang = page.attr("html", "lang");
                let you = send(apply_from(&browser, page).await).await;
                assert_eq!((place(&you).as_str(), you.attr("html", "lang")), ("you/1", lang.clone()), "{from}");
                you.says("40");
                let home = send(answered(you, &named)).await;
                assert_eq!((place(&home).as_str(), home.value("zip.0").as_str()), ("home", "45202"), "{from}");
                let contact = send(answered(home, &named)).await;
                assert_eq!(place(&contact), "contact", "the county is known: {}", contact.words());
                let household = browser.visit("/account/apply/household").await;
                assert_eq!(household.count("main ul.people > li"), 3, "{from}");
                let (pages, about) = until(send(answered(contact, &named)).await, "about").await;
                assert!(pages.contains(&"help".to_string()), "{pages:?}");
                let ticked = |page: &Page, id: &str| page.count(&format!("[id='{id}'][checked]")) == 1;
                assert!(ticked(&about, "tobacco.0-2") && !ticked(&about, "tobacco.0-1"), "{from}: who uses tobacco");
                let help = browser.visit("/account/apply/help").await;
                assert!(ticked(&help, "help.0-yes"), "an income was typed in the shop: {from}");
                assert_eq!(help.attr("html", "lang"), lang);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_site_that_is_connected_to_nobody_promises_no_checks() {
    on_each_engine(async |bench| {
        let world = World::alone(bench, &[]).await;
        for (browser, words) in [
            (world.browser(), "no government office gets it"),
            (world.browser().in_spanish(), "ninguna oficina del gobierno lo recibe"),
        ] {
            let first = begin(&browser, "year=2026&zip=45202&county=39061&people=40&income=12000").await;
            let answers = |question: &str, row: u32| match question {
                "amount" => "1,000".to_string(),
                _ => plain(question, row),
            };
            let (_, check) = go(first, &answers).await;
            let sent = sign(check, "ana li").await;
            sent.says(words);
            assert_eq!(sent.count("#checks, #agency"), 0, "{}", sent.words());
        }
        assert_eq!(bench.count("job WHERE kind <> 'letter'").await, 0);
        assert_eq!(bench.count("verification_run").await, 0);
    })
    .await;
}

#[tokio::test]
async fn plans_that_were_picked_wait_until_there_is_a_result() {
    let site = Site::open().await;
    let plan = site.rows(ALONE).await.first().expect("a plan")["plan_id"].clone();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let first = begin(&browser, &format!("{ALONE}&metal=silver&plan={plan}")).await;
        let home = browser.visit("/account").await;
        home.says_all(&["Yearly income: $37,650", "See the plan you picked"]);
        assert!(world.site.said(&home.link("See these plans")).contains(&"metal=silver".to_string()));
        let code: String = home.select("p.typed")[0].text().collect();

        let (_, check) = go(first, &plain).await;
        let sent = sign(check, "ana li").await;
        let picked = |page: &Page, words: &str| world.site.said(&page.link(words)).contains(&format!("plan={plan}"));
        assert!(picked(&sent, "Look at plans for your household"), "{}", sent.words());
        // Sent is not gone: the searches and the code are where they were.
        let home = browser.visit("/account").await;
        assert!(picked(&home, "See the plan you picked"), "{}", home.words());
        home.says(&code);
    })
    .await;
}

#[tokio::test]
async fn another_language_keeps_what_is_typed_and_judges_it_later() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let you = begin(&browser, ALONE).await;
        let spanish = you.fill("first_name.1", "Ana").fill("birth_date.1.m", "13").press("Español").await;
        assert_eq!((spanish.status, place(&spanish).as_str()), (200, "you/1"));
        assert_eq!(spanish.attr("html", "lang").as_deref(), Some("es"));
        assert_eq!((spanish.value("first_name.1").as_str(), spanish.value("birth_date.1.m").as_str()), ("Ana", "13"));
        assert!(spanish.error_summary().is_empty(), "{:?}", spanish.error_summary());
        looked_at(&spanish);
        // A page that was refused goes over, too, and back.
        let refused = send(spanish).await;
        assert_eq!(refused.status, 422);
        let english = refused.fill("last_name.1", "Li").press("English").await;
        assert_eq!(english.attr("html", "lang").as_deref(), Some("en"));
        assert_eq!((english.value("first_name.1").as_str(), english.value("last_name.1").as_str()), ("Ana", "Li"));
        // The Enter key presses the form's own button.
        let first = english.select("[form=step]").first().map(|button| words_of(*button));
        let own = english.select("form#step button").last().map(|button| words_of(*button));
        assert_eq!(first, own);
    })
    .await;
}

/// Goes on to a page; those before it.
async fn until(mut page: Page, wanted: &str) -> (Vec<String>, Page) {
    let mut seen = Vec::new();
    while place(&page) != wanted {
        let here = place(&page);
        assert!(seen.iter().filter(|own| **own == here).count() < 3, "{seen:?} {:?}", page.error_summary());
        seen.push(here);
        page = send(answered(page, &named)).await;
    }
    (seen, page)
}

#[tokio::test]
async fn a_home_where_another_marketplace_sells_is_said_before_and_on_the_page_and_the_zip_code_stays() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let first = browser.post("/account/apply/begin", "year=2026&zip=10001&people=40").await;
            let begun = browser.follow(first).await;
            begun.says("NY State of Health").says("1-855-355-5777");
            assert_eq!(begun.count("main a[href='tel:+18553555777']"), 1, "the number can be tapped");
            let home = send(answered(send(begun).await, &plain)).await;
            assert_eq!((place(&home).as_str(), home.value("zip.0").as_str()), ("home", "10001"));
            let typed =
                |question: &str, row| if question == "zip" { "10001".to_string() } else { plain(question, row) };
            let refused = send(answered(home, &typed)).await;
            assert_eq!((refused.status, refused.value("zip.0").as_str()), (422, "10001"));
            let faults = refused.error_summary();
            assert_eq!(faults.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["zip.0"], "{faults:?}");
            looked_at(&refused);
            // Nothing dead-ends: another ZIP code goes on.
            let next = send(answer(refused, "zip.0", "45202")).await;
            assert_eq!((next.status, place(&next).as_str()), (200, "contact"), "{}", next.words());
        }
    })
    .await;
}

#[tokio::test]
async fn an_amount_that_does_not_do_is_said_why_and_stays_as_it_was_typed() {
    let odd = [
        ("about 900", "type an amount in dollars", "escriba una cantidad en dólares"),
        ("45,00", "two ways", "dos maneras"),
        ("99999999999", "too large", "demasiado grande"),
        ("-5", "not below zero", "no sea menos de cero"),
        ("", "Type an amount", "Escriba una cantidad"),
    ];
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for (browser, es) in [(world.browser(), false), (world.browser().in_spanish(), true)] {
            go(begin(&browser, ALONE).await, &plain).await;
            let kinds = browser.visit(&format!("/account/apply/income-kinds/{YOU}")).await;
            let mut page = send(kinds).await;
            assert!(place(&page).starts_with("income/"), "{}", page.address);
            let (question, row) = asked(&page).into_iter().find(|(question, _)| question == "amount").expect("asked");
            let name = format!("{question}.{row}");
            for (typed, english, spanish) in odd {
                let said = if es { spanish } else { english };
                page = send(page.fill(&name, typed)).await;
                assert_eq!((page.status, page.value(&name).as_str()), (422, typed), "{typed}");
                let faults = page.error_summary();
                assert!(faults.len() == 1 && faults[0].0 == name && faults[0].1.contains(said), "{typed}: {faults:?}");
                looked_at(&page);
            }
            let total = send(page.fill(&name, "37,650")).await;
            assert_eq!((total.status, place(&total).as_str()), (200, "income-total"), "{}", total.words());
            total.says("$37,650.00");
        }
    })
    .await;
}

#[tokio::test]
async fn wrong_turns_lose_nothing_unsaid() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        send(begin(&browser, FAMILY).await).await;
        for odd in ["person/abc", "person/99", "income/4294967299", "person/-1", "%F0%9F%98%80"] {
            let page = browser.visit(&format!("/account/apply/{odd}")).await;
            assert_eq!((page.status, place(&page).as_str()), (200, "you/1"), "{odd} leads to what is open");
        }

        // Somebody is taken out while their page is open in another tab.
        let open = browser.visit("/account/apply/person/3").await;
        let taken = browser.post("/account/apply/people/remove", "row=3").await;
        browser.follow(taken).await.says("Taken out: a person without a name");
        let next = send(answer(open, "first_name.3", "Typed")).await;
        assert_eq!((next.status, place(&next).as_str()), (200, "you/1"));
        next.says("We did not save what was on it");
        looked_at(&next);

        // Another search does not change what was begun, and that is said.
        let again = browser.visit("/account/apply/begin?zip=25301&people=60").await;
        assert_eq!(place(&again), "");
        again.says("nothing from your new search was added");
        assert_eq!(browser.visit("/account/apply/home").await.value("zip.0"), "45202");
        assert!(!browser.visit("/account/apply").await.words().contains("new search"));

        // In a browser that knows nothing of it, an answer is not taken in silence.
        let stranger = world.browser();
        let sent = stranger.post("/account/apply/you/1", "on=first_name.1&seen=&first_name.1=Ana").await;
        let begin = stranger.follow(sent).await;
        assert_eq!(place(&begin), "begin");
        begin.says("we did not save the page you just sent");
        looked_at(&begin);
    })
    .await;
}

#[tokio::test]
async fn the_sums_of_a_joint_return_are_those_of_the_notice() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let couple = begin(&browser, "year=2026&zip=45202&county=39061&people=40,38&income=52000").await;
        let answers = |question: &str, row: u32| match (question, row) {
            ("jointly", YOU) => "yes".into(),
            ("earners", _) => "1,2".into(),
            ("income_kinds", _) => "wages".into(),
            ("deduction_kinds", _) => "student_loan_interest".into(),
            ("amount", _) => "2,000".into(),
            ("frequency", _) => "monthly".into(),
            ("dependents", _) => "none".into(),
            _ => named(question, row),
        };
        let mut page = couple;
        while place(&page) != "income-total" {
            page = send(answered(page, &answers)).await;
            assert_eq!(page.status, 200, "{}: {:?}", place(&page), page.error_summary());
        }
        // 2 × $24,000 of wages less the $2,500 of interest that a return can have, not twice as much.
        let year = |line: &str| -> i64 {
            let digits: String = line.split(" for 2026").next().unwrap_or_default().replace(".00", "");
            digits.chars().filter(char::is_ascii_digit).collect::<String>().parse().expect("an amount")
        };
        let sums: Vec<i64> = page.select("main dl.lines dd").iter().map(|dd| year(&words_of(*dd))).collect();
        assert_eq!((sums.len(), sums.iter().sum::<i64>()), (2, 45_500), "{sums:?}");
        page.says("The law counts at most $2,500 of it");
        let (_, check) = go(page, &answers).await;
        let sent = sign(check, "ana li").await;
        let notice = sent.select("main a[href*='/account/notice/']").first().map(|link| words_of(*link));
        let notice = sent.click(&notice.expect("a notice")).await;
        notice.says("The yearly income we used is $45,500.00");
    })
    .await;
}
