//! The second step: each code is taken once, whoever comes with it twice.

use std::time::Duration;

use totp_rs::{Algorithm, Builder};
use windowshop::account::codes;
use windowshop::account::people::{SignUp, account_owner};
use windowshop::account::steps::{
    Asked, JudgeMailed, KnowDevice, MAILED_FOR, Mailed, Purpose, RemoveTotp, Removed, StartTotp, UseMailed,
    UseRecovery, UseTotp, known_device,
};
use windowshop::operator::Opened;
use windowshop::store::{Ahead, Store, StoreAddress};
use zeroize::Zeroizing;

use super::people::{means, sign_up};
use crate::store::engines::{Bench, on_each_engine};

/// An office with one account, and its store with a clock that can be put ahead.
async fn with_account(bench: &Bench, password_chars: i64) -> (Opened, Store, Ahead) {
    let office = bench.open().await;
    let change = SignUp { password_chars, ..sign_up(&office, "a1", "ana@example.org", None) };
    office.store.begin_write(change).await.expect("made");
    let place = windowshop::config::OfficePlace::read(&bench.args(), &mut Vec::new());
    let ahead = Ahead::default();
    let store = Store::open(&StoreAddress::of(&place), ahead.clone()).await.expect("the store opens");
    (office, store, ahead)
}

fn text(typed: &str) -> Zeroizing<String> {
    Zeroizing::new(typed.to_string())
}

/// What an app shows at this time.
fn shown(secret: &[u8; 20], now: i64) -> Zeroizing<String> {
    let app = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .with_account_name("ana")
        .build()
        .expect("an app");
    Zeroizing::new(app.generate(u64::try_from(now / 1000).expect("after 1970")).to_string())
}

#[tokio::test]
async fn an_apps_code_counts_once_even_if_two_come_with_it_at_once() {
    on_each_engine(async |bench| {
        let (office, store, ahead) = with_account(bench, 8).await;
        let owner = account_owner("a1");
        let secret = codes::new_totp_key().expect("a key");
        let start = || StartTotp { vault: office.vault.clone(), owner: owner.clone(), secret: secret.clone() };
        assert_eq!(store.begin_write(start()).await, Ok(true));
        assert_eq!(store.begin_write(start()).await, Ok(true), "the page was opened again");
        let printed: Vec<Zeroizing<String>> = (0..10).map(|_| codes::new_code().expect("a code")).collect();
        let use_it = |typed: Zeroizing<String>| UseTotp {
            means: means(&office),
            owner: owner.clone(),
            typed,
            recovery: printed.iter().map(|code| codes::code_hash(code).expect("a code")).collect(),
            session: String::new(),
        };
        assert_eq!(store.begin_write(use_it(Zeroizing::new("000000x".to_string()))).await, Ok(false));
        let now = store.now().await.expect("a time");
        assert_eq!(store.begin_write(use_it(shown(&secret, now))).await, Ok(true), "the app has it");
        assert_eq!(store.begin_write(start()).await, Ok(false), "a key that counts is not replaced in passing");
        assert_eq!(bench.count("recovery_code").await, 10);

        ahead.add(Duration::from_secs(60));
        let code = shown(&secret, store.now().await.expect("a time"));
        let both = [0, 1].map(|_| {
            let (store, change) = (store.clone(), use_it(code.clone()));
            tokio::spawn(async move { store.begin_write(change).await })
        });
        let mut taken = 0;
        for one in both {
            taken += u32::from(one.await.expect("no panic").expect("asked"));
        }
        assert_eq!(taken, 1);

        let recover = |typed: &str| UseRecovery {
            means: means(&office),
            owner: owner.clone(),
            typed: Zeroizing::new(typed.to_lowercase()),
            session: String::new(),
        };
        assert_eq!(store.begin_write(recover(&printed[3])).await, Ok(Some(9)));
        assert_eq!(store.begin_write(recover(&printed[3])).await, Ok(None), "once");
        assert_eq!(store.begin_write(recover("0000-0000-0000-0000-0000-0000-0000")).await, Ok(None));

        let remove = || RemoveTotp { means: means(&office), owner: owner.clone(), session: String::new() };
        assert_eq!(
            store.begin_write(remove()).await,
            Ok(Removed::NeedsLongerPassword),
            "8 characters cannot stand alone"
        );
        bench.run_raw("UPDATE account SET password_chars = 15").await;
        assert_eq!(store.begin_write(remove()).await, Ok(Removed::Done));
        assert_eq!(store.begin_write(remove()).await, Ok(Removed::Nothing));
        assert_eq!(bench.count("recovery_code").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_mailed_code_is_good_for_ten_minutes_five_tries_and_one_purpose() {
    on_each_engine(async |bench| {
        let (_office, store, ahead) = with_account(bench, 15).await;
        let owner = account_owner("a1");
        let asked = |session: &str, purpose| Asked {
            owner: owner.clone(),
            purpose,
            session: session.to_string(),
            address: String::new(),
        };
        let mail_to =
            |session: &str, code: &str| Mailed { asked: asked(session, Purpose::SecondStep), code: text(code) };
        let mail = |code: &str| mail_to("5e55", code);
        let typed_in =
            |session: &str, purpose, code: &str| UseMailed { asked: asked(session, purpose), typed: text(code) };
        let typed = |purpose, code: &str| typed_in("5e55", purpose, code);
        store.begin_write(mail("12345678")).await.expect("kept");
        assert_eq!(store.begin_write(typed(Purpose::NewPassword, "12345678")).await, Ok(false));
        let elsewhere = typed_in("7e77", Purpose::SecondStep, "12345678");
        assert_eq!(store.begin_write(elsewhere).await, Ok(false), "whoever reads the mail has another session");
        assert_eq!(store.begin_write(typed(Purpose::SecondStep, "1234 5678")).await, Ok(true));
        assert_eq!(store.begin_write(typed(Purpose::SecondStep, "12345678")).await, Ok(false), "once");

        store.begin_write(mail("12345678")).await.expect("kept");
        for _ in 0..5 {
            assert_eq!(store.begin_write(typed(Purpose::SecondStep, "00000000")).await, Ok(false));
        }
        assert_eq!(store.begin_write(typed(Purpose::SecondStep, "12345678")).await, Ok(false), "tried too often");

        // Judged, and not used up.
        store.begin_write(mail("12345678")).await.expect("kept");
        let judged = |code: &str| JudgeMailed { asked: asked("5e55", Purpose::SecondStep), typed: text(code) };
        for _ in 0..20 {
            assert_eq!(store.begin_write(judged("12345678")).await, Ok(true), "a right one costs no try");
        }
        for _ in 0..5 {
            assert_eq!(store.begin_write(judged("00000000")).await, Ok(false));
        }
        assert_eq!(store.begin_write(judged("12345678")).await, Ok(false), "tried too often");

        // Whoever else asks takes nobody's code away, and uses up tries of their own.
        store.begin_write(mail("12345678")).await.expect("kept");
        store.begin_write(mail_to("7e77", "87654321")).await.expect("kept");
        for _ in 0..9 {
            let wrong = typed_in("7e77", Purpose::SecondStep, "00000000");
            assert_eq!(store.begin_write(wrong).await, Ok(false));
        }
        assert_eq!(store.begin_write(typed(Purpose::SecondStep, "12345678")).await, Ok(true));

        store.begin_write(mail("12345678")).await.expect("kept");
        ahead.add(Duration::from_millis(u64::try_from(MAILED_FOR).expect("positive")));
        assert_eq!(store.begin_write(typed(Purpose::SecondStep, "12345678")).await, Ok(false), "too late");
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_known_to_one_account_only() {
    on_each_engine(async |bench| {
        let (office, store, _) = with_account(bench, 15).await;
        let know = KnowDevice {
            vault: office.vault.clone(),
            owner: account_owner("a1"),
            device: "d1".to_string(),
            token_hash: vec![5; 32],
            name: "Firefox".to_string(),
        };
        store.begin_write(know).await.expect("known");
        let mut connection = store.read().await.expect("a connection");
        let mut known =
            async |owner: &str, hash: u8| known_device(&mut connection, owner, &[hash; 32]).await.expect("asked");
        assert_eq!(known("account:a1", 5).await.as_deref(), Some("d1"));
        assert_eq!(known("account:a1", 6).await, None);
        assert_eq!(known("account:b2", 5).await, None);
    })
    .await;
}
