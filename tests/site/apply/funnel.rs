//! The counts of the application's pages, on every engine: exactly what was done, of nobody, added up by all processes, and
//! never in a page's way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _};
use time::macros::datetime;
use windowshop::application::flow::sign as sign_page;
use windowshop::application::funnel::{flush, pages};
use windowshop::application::steps::STEPS;
use windowshop::operator::funnel::{FunnelArgs, command};
use windowshop::store::schema;
use windowshop::telemetry::funnel::{Came, Funnel};

use super::walk::{ALONE, begin, go, place, plain, send, sign};
use crate::office::people::World;
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

type Rows = BTreeMap<(String, String, String, String), i64>;

/// Language, page, event and question, with what was counted; all of one day.
async fn rows(bench: &Bench) -> Rows {
    let mut connection = bench.raw().await;
    let asked = "SELECT day, lang, step, event, field, counted FROM funnel";
    let asked = sqlx::query_as(AssertSqlSafe(asked));
    let found: Vec<(i64, String, String, String, String, i64)> = asked.fetch_all(&mut connection).await.expect("rows");
    connection.close().await.expect("it closes");
    let row = |(day, lang, step, event, field, counted)| {
        assert_eq!(day, datetime!(2026-11-21 0:00 UTC).unix_timestamp() * 1000, "no time finer than a day");
        ((lang, step, event, field), counted)
    };
    found.into_iter().map(row).collect()
}

fn add(rows: &mut Rows, lang: &str, step: &str, event: &str, field: &str) {
    *rows.entry([lang, step, event, field].map(str::to_string).into()).or_default() += 1;
}

#[tokio::test]
async fn a_walk_is_counted_exactly_and_of_nobody() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let mut expected = Rows::new();
        for (lang, browser) in [("en", world.browser()), ("es", world.browser().in_spanish())] {
            let page = begin(&browser, ALONE).await;
            let refused = send(page).await;
            assert_eq!((refused.status, place(&refused).as_str()), (422, "you/1"));
            let questions: BTreeSet<String> =
                refused.error_summary().iter().map(|(field, _)| field.split('.').next().unwrap_or("").into()).collect();
            assert!(questions.contains("first_name"), "{questions:?}");
            questions.iter().for_each(|question| add(&mut expected, lang, "you", "field", question));
            add(&mut expected, lang, "you", "refused", "");
            let (walked, check) = go(refused, &plain).await;
            assert_eq!(place(&check), "check");
            let signed = sign(check, "Ana Li").await;
            assert_eq!(place(&signed), "sent", "{}", signed.words());
            let all = ["begin".to_string()].into_iter().chain(walked).chain(["check".to_string(), "sign".to_string()]);
            for step in all {
                let step = step.split('/').next().unwrap_or_default().to_string();
                add(&mut expected, lang, &step, "shown", "");
                add(&mut expected, lang, &step, "answered", "");
            }
        }
        assert_eq!(bench.count("funnel").await, 0, "no page writes");
        let funnel = &world.site.app.funnel;
        flush(&world.opened.store, funnel).await.expect("written");
        assert_eq!(rows(bench).await, expected);
        flush(&world.opened.store, funnel).await.expect("nothing to write");
        assert_eq!(rows(bench).await, expected, "once");

        // Whatever is in a row is a word of a closed list.
        let columns: Vec<&str> = schema::tables()
            .iter()
            .filter(|table| table.name == "funnel")
            .flat_map(|table| table.columns.iter().map(|column| column.name))
            .collect();
        assert_eq!(columns, ["day", "lang", "step", "event", "field", "counted"]);
        let known: BTreeSet<&str> = pages().collect();
        let asked = STEPS.iter().copied().chain([sign_page().step]).flat_map(|step| step.questions);
        let asked: BTreeSet<&str> = asked.map(|question| question.name).chain([""]).collect();
        for (_, step, event, field) in rows(bench).await.keys() {
            assert!(known.contains(step.as_str()) && asked.contains(field.as_str()), "{step} {field}");
            assert!(["shown", "answered", "refused", "field"].contains(&event.as_str()), "{event}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_add_up() {
    on_each_engine(async |bench| {
        let (one, other) = (bench.open().await, bench.open().await);
        let (mine, theirs) = (Funnel::default(), Funnel::default());
        for _ in 0..20 {
            let forth: Vec<&'static str> = pages().collect();
            forth.iter().for_each(|page| mine.count(TODAY, "en", page, Came::Shown));
            forth.iter().rev().for_each(|page| theirs.count(TODAY, "en", page, Came::Shown));
            theirs.count(TODAY, "en", "home", Came::Refused(&["zip", "county"]));
            let (one, other) = tokio::join!(flush(&one.store, &mine), flush(&other.store, &theirs));
            one.and(other).expect("written");
        }
        let found = rows(bench).await;
        let of = |step: &str, event: &str, field: &str| found[&["en", step, event, field].map(str::to_string).into()];
        assert!(pages().all(|page| of(page, "shown", "") == 40), "{found:?}");
        assert_eq!((of("home", "refused", ""), of("home", "field", "county")), (20, 20));
    })
    .await;
}

#[tokio::test]
async fn counts_that_cannot_be_written_wait_and_no_page_notices() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (store, funnel) = (&world.opened.store, &world.site.app.funnel);
        bench.run_raw("ALTER TABLE funnel RENAME TO funnel_away").await;
        begin(&browser, ALONE).await;
        flush(store, funnel).await.expect_err("the table is away");
        let waiting = funnel.waiting();
        assert_eq!(waiting, 3, "begin shown and answered, and the first page shown");
        let page = browser.visit("/account/apply/you/1").await;
        assert_eq!(page.status, 200);
        flush(store, funnel).await.expect_err("it still is");
        assert_eq!((funnel.waiting(), funnel.given_up()), (waiting, 0));
        bench.run_raw("ALTER TABLE funnel_away RENAME TO funnel").await;
        flush(store, funnel).await.expect("written");
        let found = rows(bench).await;
        assert_eq!(found[&["en", "you", "shown", ""].map(str::to_string).into()], 2, "{found:?}");
        assert_eq!((found[&["en", "begin", "answered", ""].map(str::to_string).into()], funnel.waiting()), (1, 0));
        store.close().await;
        funnel.count(TODAY, "en", "home", Came::Shown);
        flush(store, funnel).await.expect_err("the store is closed");
        assert_eq!(funnel.waiting(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_where_people_stop_and_no_small_count() {
    on_each_engine(async |bench| {
        bench.open().await.store.close().await;
        let said = async |since: Option<&str>, lang: &str, json| {
            let args = FunnelArgs { office: bench.args(), since: since.map(Into::into), lang: lang.into(), json };
            command(&args, TODAY).await
        };
        let (empty, code) = said(None, "", false).await.expect("said");
        assert_eq!(code, 0);
        assert_eq!(
            empty,
            "The application's pages since 2026-10-22 (UTC), all languages\n\
             No page was counted. `serve` adds its counts once a minute.\n"
        );
        let day = |day: i64| datetime!(2026-11-01 0:00 UTC).unix_timestamp() * 1000 + day * 86_400_000;
        for (day, lang, step, event, field, counted) in [
            (day(0), "en", "begin", "answered", "", 1_200),
            (day(0), "en", "home", "shown", "", 1_000),
            (day(1), "es", "home", "shown", "", 234),
            (day(1), "en", "home", "answered", "", 900),
            (day(1), "en", "home", "refused", "", 40),
            (day(1), "en", "home", "field", "zip", 30),
            (day(1), "en", "home", "field", "county", 10),
            (day(1), "es", "sign", "answered", "", 7),
        ] {
            let row = format!("{day}, '{lang}', '{step}', '{event}', '{field}', {counted}");
            let insert = "INSERT INTO funnel (day, lang, step, event, field, counted) VALUES";
            bench.run_raw(&format!("{insert} ({row})")).await;
        }
        let (text, _) = said(Some("2026-11-01"), "", false).await.expect("said");
        for line in [
            "home                      1,234            900             40            334       72%  ██████████████\n",
            "  zip                                                      30\n",
            "  county                                        fewer than 11\n",
            "2026-11-01                1,200              0\n",
            "2026-11-02                    0  fewer than 11\n",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.find("\nbegin ") < text.find("\nhome ") && text.find("\nhome ") < text.find("\nsign "), "{text}");
        let (text, _) = said(Some("2026-11-02"), "en", true).await.expect("said");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let home = json["pages"].as_array().expect("pages").iter().find(|page| page["step"] == "home").expect("home");
        assert_eq!((&home["answered"], &home["shown"]), (&900.into(), &0.into()));
        assert_eq!(home["fields"][1]["refused"]["fewer_than"], 11);
        let fault = said(Some("soon"), "", false).await.expect_err("no day");
        assert_eq!(format!("{fault:#}"), "--since: \"soon\" is no day: write it as 2026-11-01");
    })
    .await;
}
