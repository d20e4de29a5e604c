//! Sex and expected care in addresses: no link loses them, nobody else keeps them, and nothing typed comes back as
//! markup.

use super::OHIO;
use crate::site::form::carried_by;
use crate::site::page::css;
use crate::site::{Site, cents};

const PRIVATE: &str = "people=40,38&sex=f,m&care=diabetes,low";
const PLANS: [&str; 2] = ["29341OH0100024", "29341OH0100050"];

/// Every page of the shop for one household and place.
fn pages(who: &str) -> Vec<String> {
    let [one, other] = PLANS;
    let mut pages = Vec::new();
    for lang in ["", "/es"] {
        let wishes =
            ["", "&page=2", "&metal=gold&sort=stars&dominated=off", "&metal=gold&premium=1-2", "&product=dental"];
        pages.extend(wishes.map(|wish| format!("{lang}/plans?{OHIO}&{who}{wish}")));
        pages.push(format!("{lang}/plans/{one}?{OHIO}&{who}"));
        pages.extend(["", "&case=bad"].map(|case| format!("{lang}/plans/{one}/costs?{OHIO}&{who}{case}")));
        pages.extend(
            ["", "&only=differences"].map(|only| format!("{lang}/compare?{OHIO}&{who}&plan={one}&plan={other}{only}")),
        );
        let home = if lang.is_empty() { "/" } else { lang };
        pages.extend(
            [home.to_string(), format!("{lang}/care"), format!("{lang}/how"), format!("{lang}/income")]
                .map(|path| format!("{path}?{OHIO}&{who}")),
        );
    }
    pages
}

#[tokio::test]
async fn no_link_and_no_form_loses_sex_and_care() {
    let site = Site::open().await;
    for money in ["", "&income=60000"] {
        for uri in pages(&format!("{PRIVATE}{money}")) {
            let page = site.visit(&uri).await;
            assert_eq!(page.status, 200, "{uri}");
            let links = page.select("[href]").into_iter().filter_map(|link| link.attr("href"));
            let links: Vec<&str> = links.filter(|link| link.contains("people=")).collect();
            let opened = |link: &str| site.said(link).join("&");
            // The one link that is meant to: the same page without what is private.
            let (keep, drop): (Vec<&str>, Vec<&str>) = links.into_iter().partition(|link| {
                let said = opened(link);
                said.contains("sex=f,m") && said.contains("care=diabetes,low") && said.contains(&money.replace('&', ""))
            });
            assert!(!keep.is_empty(), "{uri} has links");
            assert!(
                drop.iter().all(|link| !["sex=", "care=", "income=", "my="].iter().any(|name| link.contains(name))),
                "{drop:?}"
            );
            let offers_without = match money.is_empty() {
                // Nothing on the dental list depends on sex and care.
                true => uri.contains("/plans?") && !uri.contains("product=dental"),
                false => uri.contains("/plans?") || uri.contains("/how?"),
            };
            assert_eq!(drop.len(), usize::from(offers_without), "{uri}: {drop:?}");
            for form in page.select("form") {
                let carried = site.said(&carried_by(form));
                let has = |name: &str, value: &str| carried.contains(&format!("{name}={value}"));
                if form.select(&css("[name=people]")).next().is_some() && !uri.contains("/care?") {
                    assert!(has("sex", "f,m") && has("care", "diabetes,low"), "{uri}: {}", form.html());
                }
                if form.select(&css("[name=age1]")).next().is_some() {
                    for (name, value) in [("x1", "f"), ("x2", "m"), ("u1", "diabetes"), ("u2", "low")] {
                        assert!(has(name, value), "{uri}: {name}={value}: {}", form.html());
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn pages_with_sex_or_care_are_kept_only_by_their_own_browser() {
    let site = Site::open().await;
    for (said, keeper) in [
        ("people=40,38&sex=f", "private"),
        ("people=40,38&care=,low", "private"),
        (PRIVATE, "private"),
        ("people=40p,38", "private"),
        ("people=40,38t", "public"),
        ("people=40,38", "public"),
    ] {
        let downloads = [
            format!("/plans.csv?{OHIO}&{said}"),
            format!("/compare.csv?{OHIO}&{said}&plan={}&plan={}", PLANS[0], PLANS[1]),
        ];
        for uri in pages(said).into_iter().chain(downloads) {
            let answer = site.visit(&uri).await;
            let policy = answer.header("cache-control");
            assert!(answer.status == 200 && policy.starts_with(keeper), "{uri}: {} {policy}", answer.status);
        }
    }
}

#[tokio::test]
async fn unknown_words_are_noted_and_change_nothing() {
    let site = Site::open().await;
    let plain = site.rows(&format!("{OHIO}&people=40")).await;
    for (wrong, noted) in
        [("care=often", "care=often"), ("sex=x", "sex=x"), ("care=,low", "care=low"), ("sex=,f", "sex=f")]
    {
        let who = format!("people=40&{wrong}");
        assert_eq!(site.rows(&format!("{OHIO}&{who}")).await, plain, "{wrong}");
        for uri in [
            format!("/plans?{OHIO}&{who}"),
            format!("/plans/{}?{OHIO}&{who}", PLANS[0]),
            format!("/plans/{}/costs?{OHIO}&{who}", PLANS[0]),
            format!("/compare?{OHIO}&{who}&plan={}&plan={}", PLANS[0], PLANS[1]),
            format!("/care?{OHIO}&{who}"),
        ] {
            for (lang, said) in [("", "We did not use"), ("/es", "No usamos")] {
                let page = site.visit(&format!("{lang}{uri}")).await;
                assert_eq!(page.status, 200);
                assert_eq!(
                    page.words().matches(&format!("{said} “{noted}”")).count(),
                    1,
                    "{lang}{uri}: {}",
                    page.words()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_birth_is_assumed_for_someone_pregnant_unless_any_year_is_chosen() {
    let site = Site::open().await;
    let of = async |who: &str| site.rows(&format!("{OHIO}&{who}")).await;
    let (usual, birth) = (of("people=30&sex=f").await, of("people=30&sex=f&care=maternity").await);
    assert_ne!(usual, birth);
    assert_eq!(of("people=30p&sex=f").await, birth);
    assert_eq!(of("people=30p&sex=f&care=any").await, usual);
    assert_eq!(of("people=30p&sex=f&care=low").await, of("people=30&sex=f&care=low").await);
    let said = site.visit(&format!("/plans?{OHIO}&people=30p")).await.words();
    assert!(said.contains("you: sex not said, Having a baby"), "{said}");
    let said = site.visit(&format!("/plans?{OHIO}&people=30p&care=any")).await.words();
    assert!(said.contains("average of good and bad years"), "{said}");
}

#[tokio::test]
async fn nothing_typed_comes_back_as_markup() {
    let site = Site::open().await;
    for typed in [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%3E%3Cimg%20src=x%20onerror=y%3E",
        "f%22%20onfocus=%22y,%3Csvg/onload=y%3E",
    ] {
        for who in [
            format!("people=40,38&sex={typed}"),
            format!("people=40,38&care={typed}"),
            format!("age1=40&x1={typed}&u1={typed}"),
        ] {
            for uri in pages(&who) {
                let answer = site.visit(&uri).await;
                assert!([200, 422].contains(&answer.status), "{uri}: {}", answer.status);
                for markup in ["<script", "<img", "<svg/", "\" onfocus", "\" onerror"] {
                    assert!(!answer.text.contains(markup), "{uri}: {markup}");
                }
            }
        }
    }
}

#[tokio::test]
async fn twelve_people_may_each_say_something_else() {
    let site = Site::open().await;
    let uses = [
        "low",
        "medium",
        "high",
        "decile-1",
        "decile-10",
        "asthma",
        "depression",
        "maternity",
        "diabetes",
        "bipolar",
        "hepatitis-c",
        "hiv",
        "multiple-sclerosis",
        "rheumatoid-arthritis",
        "schizophrenia",
        "any",
    ];
    for first in [0, 4] {
        let care = uses[first..first + 12].join(",").trim_end_matches(",any").to_string();
        let who = format!("people=0,5,17,21,26,34,35,44,54,64,65,120&sex=f,m,,f,m,,f,m,,f,m,f&care={care}");
        for row in site.rows(&format!("{OHIO}&{who}")).await.iter().step_by(40) {
            let [good, average, bad] = ["cost_good", "cost_average", "cost_bad"].map(|year| cents(row, year));
            let premiums = 12 * cents(row, "premium");
            assert!(
                premiums < good && good <= bad && average <= bad && bad <= premiums + cents(row, "moop"),
                "{row:?}"
            );
        }
        for uri in pages(&who) {
            let answer = site.visit(&uri).await;
            assert_eq!(answer.status, 200, "{uri}");
            assert!(!answer.text.contains("[…]"), "{uri} lacks a word");
        }
    }
    // More entries than there may be people.
    let many = format!("{OHIO}&people=40&care={}", "low,".repeat(40));
    let page = site.visit(&format!("/plans?{many}")).await;
    assert!(page.status == 200 && page.words().contains("We did not use “care=low”"));
}
