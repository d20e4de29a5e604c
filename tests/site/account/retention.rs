//! The retention schedule is carried out: what is over goes, what is not stays, and the deed is on record.

use std::time::Duration;

use windowshop::account::people::{account_owner, guest_owner};
use windowshop::account::retention::{Report, Schedule, carry_out};
use windowshop::store::{Ahead, Store, StoreAddress, audit};

use super::people::{begin, sign_up};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn a_guest_goes_ninety_days_after_the_last_change_and_an_account_stays() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, ..) = begin(&office).await;
        let (hers, ..) = begin(&office).await;
        let change = sign_up(&office, "a1", "ana@example.org", Some(guest_owner(&hers)));
        office.store.begin_write(change).await.expect("made");
        let place = windowshop::config::OfficePlace::read(&bench.args(), &mut Vec::new());
        let ahead = Ahead::default();
        let store = Store::open(&StoreAddress::of(&place), ahead.clone()).await.expect("the store opens");
        let schedule = Schedule::on(TODAY.date()).expect("whole");
        let day = store.now().await.expect("a time") - 1_000 * 24 * 3_600_000;
        let row = format!("({day}, 'en', 'home', 'shown', '', 5)");
        bench.run_raw(&format!("INSERT INTO funnel (day, lang, step, event, field, counted) VALUES {row}")).await;
        ahead.add(DAY * 89);
        let report = carry_out(&store, &office.audit, &schedule).await.expect("carried out");
        assert_eq!(report, Report::default(), "nothing is over yet");
        ahead.add(DAY * 2);
        let report = carry_out(&store, &office.audit, &schedule).await.expect("carried out");
        assert_eq!(report, Report { guests: 1, drafts: 1, ..Report::default() });
        let mut connection = store.read().await.expect("a connection");
        assert!(office.vault.open(&mut connection, &guest_owner(&guest)).await.expect("asked").is_none());
        assert!(office.vault.open(&mut connection, &account_owner("a1")).await.expect("asked").is_some());
        let rows = audit::of_owner(&mut connection, &guest_owner(&guest), 10).await.expect("rows");
        let deeds: Vec<(&str, &str)> = rows.iter().map(|row| (row.actor.as_str(), row.deed.as_str())).collect();
        assert_eq!(deeds.last(), Some(&("site", "deleted")));
        drop(connection);
        ahead.add(DAY * 6);
        let report = carry_out(&store, &office.audit, &schedule).await.expect("carried out");
        assert_eq!(report, Report { counts: 1, ..Report::default() }, "counts of nobody are kept for three years");
        let report = carry_out(&store, &office.audit, &schedule).await.expect("carried out");
        assert_eq!(report, Report::default(), "once");
    })
    .await;
}
