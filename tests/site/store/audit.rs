//! The record of deeds: whatever is done to it behind its back shows.

use super::engines::{Bench, on_each_engine};
use super::write::OneDeed;

const ROWS: i64 = 5;

/// A store with some deeds of one owner and one of another, whose lane is another.
async fn filled(bench: &Bench) -> windowshop::operator::Opened {
    let office = bench.open().await;
    for _ in 0..ROWS {
        let deed = OneDeed { audit: office.audit.clone(), owner: "account:a1" };
        office.store.begin_write(deed).await.expect("done");
    }
    let deed = OneDeed { audit: office.audit.clone(), owner: "account:b2" };
    office.store.begin_write(deed).await.expect("done");
    office
}

/// What the proof says after a statement run past the store; the statement's number of rows is checked.
async fn after(bench: &Bench, statement: &str, rows: u64) -> Vec<String> {
    let office = filled(bench).await;
    assert_eq!(bench.run_raw(statement).await, rows, "{statement}");
    office.audit.prove(&office.store).await.expect("a proof").faults
}

#[tokio::test]
async fn an_untouched_record_holds() {
    on_each_engine(async |bench| {
        let office = filled(bench).await;
        let proof = office.audit.prove(&office.store).await.expect("a proof");
        assert_eq!((proof.rows, proof.faults.len()), (ROWS + 1, 0));
        let again = office.audit.prove(&office.store).await.expect("a proof");
        assert_eq!(again.ends, proof.ends);
        let deed = OneDeed { audit: office.audit.clone(), owner: "account:b2" };
        office.store.begin_write(deed).await.expect("done");
        assert_ne!(office.audit.prove(&office.store).await.expect("a proof").ends, proof.ends);
    })
    .await;
}

#[tokio::test]
async fn a_removed_row_shows() {
    on_each_engine(async |bench| {
        let faults = after(bench, "DELETE FROM audit WHERE owner = 'account:a1' AND number = 3", 1).await;
        assert!(faults.len() == 1 && faults[0].contains("1 rows before it are gone"), "{faults:?}");
    })
    .await;
}

#[tokio::test]
async fn a_changed_row_shows() {
    on_each_engine(async |bench| {
        let changed = "UPDATE audit SET actor = 'account:zz' WHERE owner = 'account:a1' AND number = 2";
        let faults = after(bench, changed, 1).await;
        assert!(faults.len() == 1 && faults[0].contains("row 2: was changed"), "{faults:?}");
    })
    .await;
}

#[tokio::test]
async fn a_row_moved_in_time_shows() {
    on_each_engine(async |bench| {
        let faults = after(bench, "UPDATE audit SET at = at - 1 WHERE owner = 'account:a1' AND number = 1", 1).await;
        assert!(faults.len() == 1 && faults[0].contains("row 1: was changed"), "{faults:?}");
    })
    .await;
}

#[tokio::test]
async fn rows_cut_off_the_end_show() {
    on_each_engine(async |bench| {
        let faults = after(bench, "DELETE FROM audit WHERE owner = 'account:a1' AND number > 3", 2).await;
        assert!(faults.len() == 1 && faults[0].contains("2 rows are gone from its end"), "{faults:?}");
    })
    .await;
}

/// The careful intruder also moves the lane's end back to the row that is now the last.
#[tokio::test]
async fn an_end_moved_back_shows() {
    on_each_engine(async |bench| {
        let office = filled(bench).await;
        let lane = "lane IN (SELECT lane FROM audit WHERE owner = 'account:a1')";
        assert_eq!(bench.run_raw(&format!("DELETE FROM audit WHERE {lane} AND number > 3")).await, 2);
        let moved = format!(
            "UPDATE audit_lane SET last = 3, chain = (SELECT chain FROM audit WHERE owner = 'account:a1' AND number = 3) \
             WHERE {lane}"
        );
        assert_eq!(bench.run_raw(&moved).await, 1);
        let faults = office.audit.prove(&office.store).await.expect("a proof").faults;
        assert!(faults.len() == 1 && faults[0].contains("its end was changed"), "{faults:?}");
    })
    .await;
}

#[tokio::test]
async fn a_lane_taken_away_whole_shows_by_its_end() {
    on_each_engine(async |bench| {
        let faults = after(bench, "DELETE FROM audit WHERE owner = 'account:b2'", 1).await;
        assert!(faults.len() == 1 && faults[0].contains("1 rows are gone"), "{faults:?}");
    })
    .await;
}
