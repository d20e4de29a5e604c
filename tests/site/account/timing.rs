//! What a wrong password costs tells nothing of whether its address has an account.

use std::time::{Duration, Instant};

use windowshop::account::password::{Hashers, Password};
use windowshop::account::people;
use windowshop::operator::Opened;
use windowshop::sealing::Secret;
use windowshop::store::lookup::Sought;

use super::people::sign_up;
use crate::store::engines::on_each_engine;

const TRIES: usize = 15;
/// Of the known address's median. A hash that is not made is far beyond it.
const APART_PERCENT: u128 = 20;
/// A machine that builds something else meanwhile makes noise of that size; a difference of ours is there every time.
const ROUNDS: usize = 6;

fn typed(text: &str) -> Password {
    Password::typed(&Secret::new(text.to_string())).expect("not empty")
}

/// A sign-in with a wrong password, as the page does it.
async fn wrong(office: &Opened, hashers: &Hashers, address: &str) -> Duration {
    let begun = Instant::now();
    let sought = Sought::email(address).expect("an address");
    let mut connection = office.store.read().await.expect("a connection");
    let found = people::find(&mut connection, &office.vault, &sought).await.expect("asked");
    drop(connection);
    let kept = found.map(|found| found.password);
    assert_eq!(hashers.verify(typed("not the password at all"), kept).await, Ok(false));
    begun.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_known_address_and_an_unknown_one_take_the_same_time() {
    let hashers = Hashers::new(1).expect("hashers");
    let password = hashers.hash(typed("cuatro patos verdes")).await.expect("not busy").expect("a hash");
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let mut change = sign_up(&office, "a1", "ana@example.org", None);
        change.password = password.clone();
        office.store.begin_write(change).await.expect("made");
        let mut seen = Vec::new();
        let equal = async || {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            // In turn, so that whatever else the machine does meets both.
            for _ in 0..TRIES {
                known.push(wrong(&office, &hashers, "ana@example.org").await);
                unknown.push(wrong(&office, &hashers, "ben@example.org").await);
            }
            (median(&mut known), median(&mut unknown))
        };
        let is_close = |(known, unknown): &(Duration, Duration)| {
            known.abs_diff(*unknown).as_micros() * 100 < known.as_micros() * APART_PERCENT
        };
        while seen.len() < ROUNDS && !seen.last().is_some_and(is_close) {
            seen.push(equal().await);
        }
        println!("medians of {TRIES}, known and unknown: {seen:?}");
        assert!(seen.last().is_some_and(is_close), "known and unknown, in each of {ROUNDS} rounds: {seen:?}");
    })
    .await;
}
