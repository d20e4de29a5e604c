//! What keeps people safe: no word and no letter tells strangers who has an account, forms come from this site, nothing
//! is kept by anybody, nothing changes on GET, and strangers cannot lock an owner out.

use axum::body::Body;

use super::people::{PASSWORD, World};
use crate::site::page::Page;
use crate::store::engines::{Bench, on_each_engine};

/// Every page of the office that a GET shows.
pub const ADDRESSES: [&str; 21] = [
    "/account",
    "/account/save",
    "/account/resume",
    "/account/sign-up",
    "/account/sign-in",
    "/account/step",
    "/account/unlock",
    "/account/leave",
    "/account/out",
    "/account/reset",
    "/account/reset/code",
    "/account/reset/done",
    "/account/browsers",
    "/account/password",
    "/account/email",
    "/account/app",
    "/account/codes",
    "/account/data",
    "/account/delete",
    "/account/gone",
    "/account/step/again",
];

/// What a page says, without what was typed.
fn says(page: &Page, typed: &str) -> (u16, String) {
    (page.status, page.words().replace(typed, "…"))
}

#[tokio::test]
async fn a_known_and_an_unknown_address_are_told_the_same() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        world.sign_up(&world.browser(), "known@example.org").await;
        let letters = world.letters();

        let mut told = Vec::new();
        for email in ["known@example.org", "other@example.org"] {
            let browser = world.browser();
            let wrong = world.sign_in(&browser, email, "not the password").await;
            assert_eq!((wrong.value("E-mail address").as_str(), wrong.value("Password").as_str()), (email, ""));
            let reset = browser.visit("/account/reset").await;
            let reset = reset.fill("E-mail address", email).press("Send the code").await;
            let form = reset.fill("Code from our e-mail", "12345678").fill("New password", PASSWORD);
            let no_code = form.press("Set the new password").await;
            let up = world.browser().visit("/account/sign-up").await;
            let up = up.fill("E-mail address", email).fill("Make a password", PASSWORD).press("Go on").await;
            let first = says(&up, email);
            let no = up.fill("Code from our e-mail", "12345678").press("Go on").await;
            told.push([says(&wrong, email), says(&no_code, email), first, says(&no, email)]);
        }
        assert_eq!(told[0], told[1]);
        // The owner gets the code of the reset and a word about the sign-up; whoever is free gets a code.
        let mut subjects = Vec::new();
        for number in letters + 1..=letters + 3 {
            let letter = world.letter(number).await;
            let line = |name: &str| letter.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_string();
            subjects.push(format!("{} {}", line("To:"), line("Subject:")));
        }
        subjects.sort();
        assert_eq!(
            subjects,
            [
                "To: known@example.org Subject: You already have an account",
                "To: known@example.org Subject: Your code",
                "To: other@example.org Subject: Your code",
            ]
        );
        assert_eq!(world.letters(), letters + 3);
        assert_eq!(bench.count("account").await, 1);
    })
    .await;
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_with_a_page() {
    let bench = Bench::new(None).await;
    let world = World::open(&bench).await;
    let browser = world.browser();
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let headers = [("content-type", "application/x-www-form-urlencoded"), (name, value), ("host", "localhost")];
        let page = browser.send("POST", "/es/account/save", &headers, Body::from("zip=45202")).await;
        assert_eq!((page.status, page.heading().as_str()), (403, "No aceptamos este formulario"), "{name}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    assert_eq!(bench.count("draft").await, 0);
}

#[tokio::test]
async fn pages_are_kept_by_nobody_sent_as_they_are_and_change_nothing() {
    let bench = Bench::new(None).await;
    let world = World::open(&bench).await;
    let own = world.browser();
    world.sign_up(&own, "ana@example.org").await;
    let count = async || {
        let mut all = Vec::new();
        for table in ["account", "session", "draft", "device", "mailed_code", "pending", "audit", "guess", "totp"] {
            all.push(bench.count(table).await);
        }
        all
    };
    let before = (count().await, world.letters());
    for browser in [&own, &world.browser()] {
        for address in ADDRESSES {
            let page = browser.get_with(address, &[("accept-encoding", "br, gzip")]).await;
            let status = if address == "/account/step/again" { 405 } else { 200 };
            assert!(page.status == status || page.status == 303, "{address}: {}", page.status);
            assert!(page.header("content-encoding").is_empty() || page.status == 405, "{address} is compressed");
            assert_eq!(page.header("cache-control"), "no-store", "{address}");
            assert!(!page.text.contains("<script"), "{address}");
            assert_eq!(page.header("etag"), "", "{address}");
        }
    }
    let wrong = own.post("/account/sign-in", "email=x&password=y").await;
    assert_eq!(wrong.header("content-encoding"), "");
    assert_eq!((count().await, world.letters()), before, "nothing changes on GET");
}

#[tokio::test]
async fn a_password_that_others_know_from_a_breach_is_refused() {
    let bench = Bench::new(None).await;
    let file = bench.path("breached.sha1");
    // SHA-1 of PASSWORD, as `printf 'cuatro patos verdes' | sha1sum` prints it, between two others.
    let hash = "cd56aa9a347be61d9ca3ce7037e1cd222b2a4b25";
    let hash = (0..20).map(|n| u8::from_str_radix(&hash[2 * n..2 * n + 2], 16).expect("hexadecimal"));
    let hashes = [vec![0; 20], hash.collect(), vec![255; 20]].concat();
    std::fs::write(&file, hashes).expect("written");
    let world = World::with(&bench, &["--breached-passwords", file.to_str().expect("UTF-8")]).await;
    let page = world.browser().visit("/account/sign-up").await.fill("E-mail address", "ana@example.org");
    let page = page.fill("Make a password", PASSWORD).press("Go on").await;
    assert_eq!((page.status, page.error_summary()[0].0.as_str()), (422, "new_password"));
    page.says("known from a break-in");
    let page = page.fill("Make a password", "siete gatos en el tejado").press("Go on").await;
    assert_eq!(page.heading(), "Type your code");
}

#[tokio::test]
async fn strangers_do_not_lock_the_owner_out() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        own.visit("/account").await.press("Sign out").await;
        let stranger = world.browser();
        let mut closed = 0;
        for _ in 0..12 {
            let page = world.sign_in(&stranger, "ana@example.org", "guessing all day long").await;
            closed += usize::from(page.status == 429);
            if page.status == 429 {
                page.says("can still sign in").says("Eastern time");
                assert_eq!(page.value("E-mail address"), "ana@example.org");
            }
        }
        assert!(closed >= 6, "{closed} of 12");
        world.sign_in(&own, "ana@example.org", PASSWORD).await.says("signed in as ana@example.org");
    })
    .await;
}

#[tokio::test]
async fn every_form_says_what_is_wrong_and_keeps_what_was_typed() {
    let bench = Bench::new(None).await;
    let world = World::open(&bench).await;
    let browser = world.browser();
    let page = browser.visit("/account/sign-up").await.press("Go on").await;
    let fields: Vec<String> = page.error_summary().into_iter().map(|(field, _)| field).collect();
    assert_eq!((page.status, fields), (422, vec!["email".to_string(), "new_password".to_string()]));
    assert!(page.title().starts_with("Error: "));
    for (typed, said) in [
        ("short", "at least 15 characters"),
        ("aaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("ana.ruiz@example.org", "made of your e-mail address"),
    ] {
        let page = browser.visit("/account/sign-up").await.fill("E-mail address", "ana.ruiz@example.org");
        let page = page.choose("This is a shared computer").fill("Make a password", typed).press("Go on").await;
        page.says(said);
        assert_eq!((page.status, page.value("E-mail address").as_str()), (422, "ana.ruiz@example.org"));
        assert!(page.is_ticked("This is a shared computer"));
        assert_eq!(page.value("Make a password"), "");
        assert!(!page.text.contains(&format!("value=\"{typed}\"")) || typed.contains('@'), "a secret is in the page");
    }
    let page = browser.in_spanish().visit("/account/sign-in").await.press("Iniciar sesión").await;
    page.says("Escriba su correo electrónico").says("Hay un problema");
}
