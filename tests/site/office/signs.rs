//! Around signing in: an old hash is made again, each way in is on record and each refusal in the log, and a full line
//! loses nobody's form.

use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use windowshop::account::changes::{self, Rehashed};
use windowshop::account::password::Password;
use windowshop::config::LogFormat;
use windowshop::sealing::Secret;
use windowshop::store::audit;
use zeroize::Zeroizing;

use super::people::{PASSWORD, World};
use crate::store::engines::{Bench, on_each_engine};
use crate::web::Log;

const EMAIL: &str = "ana@example.org";

async fn owner(world: &World) -> String {
    let mut connection = world.opened.store.read().await.expect("a connection");
    let id: String =
        sqlx::query_scalar("SELECT id FROM account").fetch_one(&mut *connection).await.expect("one account");
    windowshop::account::people::account_owner(&id)
}

async fn kept(world: &World, owner: &str) -> Zeroizing<String> {
    let mut connection = world.opened.store.read().await.expect("a connection");
    let account = changes::account(&mut connection, &world.opened.means.vault, owner).await.expect("asked");
    account.expect("an account").password
}

#[tokio::test]
async fn a_hash_with_old_parameters_is_made_again_at_the_next_sign_in() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, EMAIL).await;
        let owner = owner(&world).await;
        let params = Params::new(8 * 1024, 1, 1, None).expect("parameters");
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let old = Zeroizing::new(weaker.hash_password(PASSWORD.as_bytes()).expect("a hash").to_string());
        let rehashed = |before, hash: &Zeroizing<String>| Rehashed {
            vault: world.opened.means.vault.clone(),
            owner: owner.clone(),
            before,
            hash: hash.clone(),
        };
        let store = &world.opened.store;
        let before = kept(&world, &owner).await;
        assert_eq!(store.begin_write(rehashed(before.clone(), &old)).await, Ok(true));
        assert_eq!(store.begin_write(rehashed(before, &old)).await, Ok(false), "it was changed meanwhile");
        assert!(world.opened.hashers.is_old(&kept(&world, &owner).await));

        own.visit("/account").await.press("Sign out").await;
        assert_eq!(world.sign_in(&own, EMAIL, "not her password").await.status, 422);
        assert_eq!(kept(&world, &owner).await, old, "a wrong password renews nothing");
        world.sign_in(&own, EMAIL, PASSWORD).await.says("signed in as");
        let begun = Instant::now();
        while world.opened.hashers.is_old(&kept(&world, &owner).await) {
            assert!(begun.elapsed() < Duration::from_secs(10), "the hash stays old");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        own.visit("/account").await.press("Sign out").await;
        world.sign_in(&own, EMAIL, PASSWORD).await.says("signed in as");
    })
    .await;
}

#[tokio::test]
async fn every_way_in_is_on_record_and_every_refusal_in_the_log() {
    on_each_engine(async |bench| {
        let (log, _guard) = Log::keep(LogFormat::Json);
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, EMAIL).await;
        own.visit("/account").await.press("Sign out").await;
        world.sign_in(&own, EMAIL, "not her password").await;
        world.sign_in(&own, "nobody@example.org", "not her password").await;
        world.sign_in(&own, EMAIL, PASSWORD).await.says("signed in as");
        let step = world.sign_in(&world.browser(), EMAIL, PASSWORD).await;
        let step = step.fill("Code from our e-mail", "1234 5678").press("Go on").await;
        step.fill("Code from our e-mail", &world.nth_code(2).await)
            .choose("I use this browser again")
            .press("Go on")
            .await
            .says("signed in as");

        let owner = owner(&world).await;
        let mut connection = world.opened.store.read().await.expect("a connection");
        let rows = audit::of_owner(&mut connection, &owner, 50).await.expect("rows");
        let ways: Vec<&str> =
            rows.iter().filter(|row| row.deed == "signed_in").map(|row| row.record.as_str()).collect();
        assert_eq!(ways, ["by:known_browser", "by:mailed_code"]);
        let log = log.text();
        let refused: Vec<(String, String)> = log
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|line| line.to_string().contains("refused to let somebody in"))
            .map(|line| {
                let fields = line.get("fields").unwrap_or(&line);
                let text = |name: &str| fields[name].as_str().unwrap_or("?").to_string();
                (text("owner"), text("by"))
            })
            .collect();
        let hers = |by: &str| (owner.clone(), by.to_string());
        assert_eq!(refused, [hers("password"), (String::new(), "password".to_string()), hers("mailed_code")], "{log}");
        assert!(!log.contains("example.org") && !log.contains("not her password") && !log.contains("1234 5678"));
    })
    .await;
}

#[tokio::test]
async fn a_full_line_keeps_the_form_and_lets_it_be_sent_again() {
    let bench = Bench::new(None).await;
    let world = World::open(&bench).await;
    let own = world.browser();
    world.sign_up(&own, EMAIL).await;
    own.visit("/account").await.press("Sign out").await;
    let hashers = world.opened.hashers.clone();
    let held = hashers.hold().await.expect("all places");
    let typed = || Password::typed(&Secret::new("x".to_string())).expect("not empty");
    // As many as may stand in the line; whoever comes next is turned away at once.
    let mut line = Vec::new();
    while !hashers.is_full() {
        let hashers = hashers.clone();
        line.push(tokio::spawn(async move { hashers.verify(typed(), None).await }));
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    let page = world.sign_in(&own, EMAIL, PASSWORD).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!((page.status, page.heading().as_str()), (503, "Many people are signing in right now"));
    let seconds: u64 = page.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    page.says("What you typed is still here");
    assert!(page.carried().contains(&("email".to_string(), EMAIL.to_string())));
    assert!(page.value("Password").is_empty() && !page.text.contains(PASSWORD), "a secret is typed again");

    line.iter().for_each(tokio::task::JoinHandle::abort);
    drop(held);
    for task in line {
        let _ = task.await;
    }
    page.fill("Password", PASSWORD).press("Try again").await.says("signed in as ana@example.org");
}
