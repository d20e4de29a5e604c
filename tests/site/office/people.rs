//! The whole site with its office, browsers that keep cookies, and the letters that people get.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use windowshop::account::office::Office as Opened;
use windowshop::app::App;
use windowshop::config::HubSettings;
use windowshop::hub::Hub;
use windowshop::office::Office;
use windowshop::serve::jobs;
use windowshop::store::Ahead;
use windowshop::work::Workers;

use crate::site::page::Page;
use crate::site::{Site, TODAY};
use crate::store::engines::Bench;

/// A password that is good enough.
pub const PASSWORD: &str = "cuatro patos verdes";
/// A family's search with an income and two plans picked.
pub const SEARCH: &str = "year=2026&zip=45202&county=39061&people=40,38t,5&income=52000";

/// The running site. A clone is the same site and browser.
pub struct World {
    pub site: Site,
    pub opened: Opened,
    /// The store's clock, for what happens after hours.
    pub ahead: Ahead,
    outbox: PathBuf,
    /// They send the letters.
    pub workers: Workers,
}

/// The settings that open a bench's store.
fn store_settings(bench: &Bench) -> Vec<String> {
    let folder = bench.path("").to_str().expect("UTF-8").to_string();
    let url = bench.args().database_url.expose().to_string();
    let url = (!url.is_empty()).then(|| ["--database-url".to_string(), url]);
    ["--data-dir".to_string(), folder].into_iter().chain(url.into_iter().flatten()).collect()
}

impl World {
    pub async fn open(bench: &Bench) -> World {
        World::with(bench, &[]).await
    }

    /// With more settings; with a hub, which nobody answers for unless a test does, and a way to the agencies.
    pub async fn with(bench: &Bench, settings: &[&str]) -> World {
        let transfers = bench.path("transfer");
        let connected = ["--hub-url", "http://127.0.0.1:9", "--hub-token", "training", "--transfer-dir"];
        let folder = transfers.to_str().expect("UTF-8");
        World::alone(bench, &[&connected, &[folder][..], settings].concat()).await
    }

    /// With these settings and no others.
    pub async fn alone(bench: &Bench, settings: &[&str]) -> World {
        let (store, settings) = (store_settings(bench), settings.iter().copied());
        let all: Vec<&str> = store.iter().map(String::as_str).chain(settings).collect();
        World::of_app(bench, Site::app_with(&all).await).await
    }

    /// With the catalogues of a folder.
    pub async fn selling(bench: &Bench, catalogues: &Path) -> World {
        let store = store_settings(bench);
        let all: Vec<&str> = store.iter().map(String::as_str).collect();
        World::of_app(bench, Site::app_of(catalogues, &all).await).await
    }

    async fn of_app(bench: &Bench, app: Arc<App>) -> World {
        let ahead = Ahead::default();
        let public_url = app.config.public_url.as_deref();
        let opened =
            Opened::ahead(&app.config.office, (public_url, app.config.behind_tls), TODAY.date(), ahead.clone()).await;
        let opened = opened.expect("the office opens");
        let office = Office::new(&opened, &app.config).expect("its pages");
        let site = Site::with_office(Arc::clone(&app), &office).expect("routes");
        let knows = crate::site::knows();
        let workers = jobs::start(&opened, &app, (&knows, &Hub::new(&HubSettings::none()))).await.expect("workers");
        World { site, opened, ahead, outbox: bench.path("outbox"), workers }
    }

    /// Another person's browser, or the same person's elsewhere.
    pub fn browser(&self) -> Site {
        self.site.another_browser()
    }

    /// How many letters have been sent.
    pub fn letters(&self) -> usize {
        self.texts().len()
    }

    /// All letters, the oldest first.
    pub fn texts(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(&self.outbox) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut found: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "eml"))
            .map(|path| (path.metadata().and_then(|about| about.modified()).expect("a time"), path))
            .collect();
        found.sort();
        found.iter().map(|(_, path)| std::fs::read_to_string(path).expect("a letter")).collect()
    }

    /// The letter of this number, counted from one, once it is there.
    pub async fn letter(&self, number: usize) -> String {
        for _ in 0..200 {
            let texts = self.texts();
            if let Some(text) = texts.get(number - 1) {
                return text.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("letter {number} has not come: {:#?}", self.texts());
    }

    /// The letter with this subject among those after so many, once it is there: another one can come late.
    pub async fn letter_about(&self, after: usize, subject: &str) -> String {
        let subject = format!("Subject: {subject}");
        for _ in 0..200 {
            if let Some(text) = self.texts().into_iter().skip(after).find(|text| text.contains(&subject)) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no letter says “{subject}”: {:#?}", self.texts());
    }

    /// The code in that letter.
    pub async fn code(&self, number: usize) -> String {
        let letter = self.letter(number).await;
        code_in(&letter).unwrap_or_else(|| panic!("no code in {letter}"))
    }

    /// The code of this number among all letters with a code, once it is there: other letters may come before or after.
    pub async fn nth_code(&self, number: usize) -> String {
        for _ in 0..200 {
            let codes: Vec<_> = self.texts().iter().filter_map(|letter| code_in(letter)).collect();
            if let Some(code) = codes.get(number - 1) {
                return code.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("code {number} has not come: {:#?}", self.texts());
    }

    /// Makes an account in this browser; where that leads.
    pub async fn sign_up(&self, browser: &Site, email: &str) -> Page {
        let before = self.letters();
        let page = browser.visit("/account/sign-up").await;
        let page = page.fill("E-mail address", email).fill("Make a password", PASSWORD).press("Go on").await;
        assert_eq!(page.heading(), "Type your code", "{}", page.words());
        let code = self.code(before + 1).await;
        page.fill("Code from our e-mail", &code).choose("I use this browser again").press("Go on").await
    }

    /// Types address and password.
    pub async fn sign_in(&self, browser: &Site, email: &str, password: &str) -> Page {
        let page = browser.visit("/account/sign-in").await;
        page.fill("E-mail address", email).fill("Password", password).press("Sign in").await
    }
}

fn code_in(letter: &str) -> Option<String> {
    let is_code = |line: &&str| line.len() == 9 && line.chars().filter(char::is_ascii_digit).count() == 8;
    letter.lines().map(str::trim).find(is_code).map(str::to_string)
}

/// What the shop's button sends.
pub async fn save(browser: &Site, search: &str) -> Page {
    let first = browser.post("/account/save", search).await;
    browser.follow(first).await
}
