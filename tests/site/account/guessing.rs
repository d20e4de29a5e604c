//! Guessing: a stranger cannot close the owner's door.

use std::net::IpAddr;

use windowshop::account::guessing::{Bucket, Buckets, Counted, Right, Try};
use windowshop::operator::Opened;

use crate::store::engines::on_each_engine;

const ANA: &[u8] = b"what Ana's address is found by";
const HER_BROWSER: &[u8] = b"the hash of her browser's cookie";

async fn tried(office: &Opened, buckets: &[Bucket]) -> bool {
    let counted = office.store.begin_long_write(Try { buckets: buckets.to_vec() }).await.expect("counted");
    counted == Counted::Allowed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_wrong_passwords_from_elsewhere_do_not_keep_the_owner_out() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let buckets = Buckets::open(&office.store, &office.vault).await.expect("buckets");
        let elsewhere = |n: u8| {
            let address = IpAddr::from([192, 0, 2, n % 7]);
            vec![buckets.strangers(ANA), buckets.network(address)]
        };
        // In fifties, all at once: a try counts before it is judged.
        let mut allowed = 0;
        for round in 0..4_u8 {
            let mut tries = Vec::new();
            for n in 0..50 {
                let (store, buckets) = (office.store.clone(), elsewhere(round * 50 + n));
                tries.push(tokio::spawn(async move { store.begin_long_write(Try { buckets }).await }));
            }
            for one in tries {
                match one.await.expect("no panic") {
                    Ok(Counted::Allowed) => allowed += 1,
                    // Turned away because too many came at once is turned away, too.
                    Ok(Counted::ClosedUntil(_)) | Err(windowshop::store::StoreError::Away(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
        assert!((1..=5).contains(&allowed), "{allowed} of 200 were judged");
        assert!(!tried(&office, &[buckets.strangers(ANA)]).await, "closed for strangers");
        let own = [buckets.device(ANA, HER_BROWSER)];
        assert!(tried(&office, &own).await, "open for her own browser");
        office.store.begin_write(Right { buckets: own.to_vec() }).await.expect("right");
        assert!(tried(&office, &[buckets.strangers(b"somebody else")]).await, "and for other accounts");
    })
    .await;
}

#[tokio::test]
async fn a_known_browser_has_ten_tries_and_right_ones_cost_none() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let buckets = Buckets::open(&office.store, &office.vault).await.expect("buckets");
        let own = [buckets.device(ANA, HER_BROWSER)];
        for _ in 0..30 {
            assert!(tried(&office, &own).await);
            office.store.begin_write(Right { buckets: own.to_vec() }).await.expect("right");
        }
        for n in 1..=10 {
            assert!(tried(&office, &own).await, "{n}");
        }
        let now = office.store.now().await.expect("a time");
        let counted = office.store.begin_write(Try { buckets: own.to_vec() }).await.expect("counted");
        let Counted::ClosedUntil(until) = counted else { panic!("the eleventh is refused") };
        let minutes = (until - now) / 60_000;
        assert!((10..=12).contains(&minutes), "{minutes}");
    })
    .await;
}

#[tokio::test]
async fn the_counters_say_nothing_of_whom_they_count() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let buckets = Buckets::open(&office.store, &office.vault).await.expect("buckets");
        assert!(tried(&office, &[buckets.strangers(ANA)]).await);
        let mut connection = office.store.read().await.expect("a connection");
        let asked = sqlx::query_scalar("SELECT bucket FROM guess").fetch_one(&mut *connection);
        let bucket: Vec<u8> = asked.await.expect("a row");
        assert_eq!(bucket.len(), 32);
        let again = Buckets::open(&office.store, &office.vault).await.expect("buckets");
        assert_eq!(again.strangers(ANA), buckets.strangers(ANA), "the same in every process");
        assert_ne!(again.device(ANA, b""), buckets.strangers(ANA));
        let (one, other) = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9");
        let network = |address: &str| buckets.network(address.parse().expect("an address"));
        assert_eq!(network(one), network(other), "one household");
        assert_ne!(network(one), network("2001:db8:1:3::1"));
    })
    .await;
}
