//! What a page costs tells nothing of whether an address has an account: medians through the whole site. The bench
//! (`cargo bench --bench office`) does the same 200 times on a quiet machine.

use std::time::{Duration, Instant};

use super::people::World;
use crate::store::engines::on_each_engine;

const TRIES: usize = 11;
/// A machine that builds something else meanwhile makes noise; a difference of ours is there in every round.
const ROUNDS: usize = 6;
/// Medians may differ by this factor. A hash, a letter or a transaction more is far beyond it where it is all the work.
const APART: u32 = 2;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn pages_take_as_long_for_a_known_address_as_for_an_unknown_one() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        world.sign_up(&world.browser(), "known@example.org").await;
        for (page, form) in [
            ("/account/sign-in", "&password=not+the+password"),
            ("/account/reset", ""),
            ("/account/sign-up", "&new_password=cuatro+patos+verdes"),
        ] {
            let mut seen = Vec::new();
            for _ in 0..ROUNDS {
                let mut medians = Vec::new();
                let (mut known, mut other) = (Vec::new(), Vec::new());
                for n in 0..TRIES {
                    // Counters against guessing begin again.
                    if n % 4 == 0 {
                        world.ahead.add(Duration::from_secs(2 * 3600));
                    }
                    for (address, times) in [("known", &mut known), ("other", &mut other)] {
                        let (browser, body) = (world.browser(), format!("email={address}%40example.org{form}"));
                        let begun = Instant::now();
                        let answer = browser.post(page, &body).await;
                        times.push(begun.elapsed());
                        assert!(matches!(answer.status, 303 | 422), "{page}: {}", answer.status);
                        // What is done beside the answer is done before the next one is measured.
                        tokio::time::sleep(Duration::from_millis(15)).await;
                    }
                }
                medians.extend([median(known), median(other)]);
                seen.push(medians);
                let [known, other] = seen[seen.len() - 1][..] else { continue };
                if known < other * APART && other < known * APART {
                    break;
                }
            }
            println!("{page}, medians of {TRIES}, known and unknown: {seen:?}");
            assert!(seen.len() < ROUNDS, "{page}: known and unknown, in each of {ROUNDS} rounds: {seen:?}");
        }
    })
    .await;
}
