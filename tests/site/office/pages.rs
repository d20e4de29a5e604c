//! Every template of the office in both languages: no message is missing, and the words are easy enough for a
//! twelve-year-old.

use std::collections::BTreeSet;

use super::people::{PASSWORD, SEARCH, World, save};
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::Bench;
use crate::web::reading;
use crate::web::repository::texts;

/// Each page of the office that has words, by template: as a stranger, a guest, and somebody signed in sees it.
async fn all(world: &World, browser: &Site) -> Vec<(&'static str, Page)> {
    let mut pages = Vec::new();
    for address in ["/account", "/account/save", "/account/resume", "/account/sign-up", "/account/sign-in"] {
        pages.push(("form.html", browser.visit(address).await));
    }
    for address in ["/account/reset", "/account/reset/code", "/account/reset/done", "/account/out", "/account/gone"] {
        pages.push(("form.html", browser.visit(address).await));
    }
    pages.push(("home.html", save(browser, SEARCH).await));
    pages.push(("form.html", browser.visit("/account/delete").await));
    pages.push(("leave.html", browser.visit("/account/leave").await));
    pages.push(("form.html", browser.visit("/account/out?code=1").await));
    let before = world.letters();
    let body = format!("email=ana%40example.org&new_password={}", PASSWORD.replace(' ', "+"));
    let first = browser.post("/account/sign-up", &body).await;
    pages.push(("form.html", browser.follow(first).await));
    let code = world.code(before + 1).await.replace(' ', "");
    let first = browser.post("/account/step", &format!("code={code}")).await;
    pages.push(("home.html", browser.follow(first).await));
    pages.push(("browsers.html", browser.visit("/account/browsers").await));
    for address in ["/account/password", "/account/email", "/account/delete", "/account/unlock"] {
        pages.push(("form.html", browser.visit(address).await));
    }
    pages.push(("app.html", browser.visit("/account/app").await));
    let first = browser.post("/account/app/start", "").await;
    pages.push(("app.html", browser.follow(first).await));
    pages.push(("data.html", browser.visit("/account/data").await));
    pages
}

#[tokio::test]
async fn every_page_of_the_office_can_be_read_by_a_twelve_year_old() {
    let mut faults = Vec::new();
    for lang in ["en", "es"] {
        let bench = Bench::new(None).await;
        let world = World::open(&bench).await;
        let browser = if lang == "es" { world.browser().in_spanish() } else { world.browser() };
        let pages = all(&world, &browser).await;
        let shown: BTreeSet<&str> = pages.iter().map(|(template, _)| *template).collect();
        let ours = texts("templates/office", ".html").into_iter().filter(|(_, text)| text.starts_with("{% extends"));
        let ours: BTreeSet<String> =
            ours.map(|(path, _)| path.rsplit('/').next().unwrap_or_default().to_string()).collect();
        // Shown in other stories: the printed codes, and the page of a store that is away. All others are within one.
        let elsewhere = ["codes.html", "trouble.html", "page.html"];
        let missing: Vec<_> = ours.iter().filter(|name| !shown.contains(name.as_str())).collect();
        assert!(missing.iter().all(|name| elsewhere.contains(&name.as_str())), "no page shows {missing:?}");
        for (template, page) in &pages {
            assert_eq!(page.status, 200, "{template} at {}: {}", page.address, page.words());
            assert!(page.text.contains(&format!("<html lang=\"{lang}\"")), "{}", page.address);
            assert!(!page.words().contains("[…]"), "{} lacks a message: {}", page.address, page.words());
            assert!(!page.words().contains(['{', '}']) || *template == "data.html", "{}", page.words());
            faults.extend(reading::too_hard(page, lang).map(|words| format!("{}: {words}", page.address)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
