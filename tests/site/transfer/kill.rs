//! A worker that ends between any two steps of a transfer: one file, one row, one step and one notice each.

use windowshop::transfer::inbox::{Read, Report, read_one};
use windowshop::transfer::xml;
use windowshop::work::worker::Handled;

use super::people::{Agency, back, poor};
use crate::store::engines::{Bench, on_each_engine};
use crate::work::ends::{Ended, POINTS, ending, work_to_the_end};

/// Works until no transfer is due.
async fn work(agency: &Agency, bench: &Bench, kinds: impl Fn() -> Vec<Handled>) {
    let office = &agency.world.office;
    work_to_the_end((&office.store, &office.vault), bench, (2, "kind = 'transfer'"), kinds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_at_each_point_and_there_is_one_file_one_step_and_one_notice() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&poor("Perez")).await;
        let ended = Ended::default();
        let kinds = || ending(agency.kinds(), &ended);
        work(&agency, bench, kinds).await;
        let counts: Vec<usize> = ended.lock().expect("no panic").values().copied().collect();
        assert_eq!(counts, [POINTS + 1, POINTS + 1], "both jobs were ended at each point");
        let line = agency.lines(&owner, &id).await.remove(0);
        assert_eq!(line.status, "sent");
        let name = format!("{}-001", line.id);
        assert_eq!(agency.files("out/OH"), [format!("{name}.json"), format!("{name}.xml")]);
        assert!(agency.files("out/OH/.staged").is_empty());
        let steps: Vec<String> = agency.steps(&line.id).await.into_iter().map(|own| own.step).collect();
        assert_eq!(steps, ["made", "sent"]);
        assert_eq!(agency.told(&owner).await, ["sent"]);
        assert_eq!(bench.count("audit WHERE deed = 'transfer_sent'").await, 1);
        // The carrier has taken it away; a job that comes again puts nothing there.
        let transfer = agency.text(&format!("out/OH/{name}.xml"));
        for end in ["xml", "json"] {
            std::fs::remove_file(agency.place().join(format!("out/OH/{name}.{end}"))).expect("taken");
        }
        agency.put((&owner, &id), "submitted").await;
        work(&agency, bench, || agency.kinds()).await;
        assert!(agency.files("out/OH").is_empty(), "never twice");

        // A reader that ended after its transaction and before the file was gone: the file is there again.
        let sent = xml::read(transfer.as_bytes()).unwrap_or_else(|refused| panic!("{refused}"));
        let answer = back(&sent, "OH1", "2026-12-01T15:00:00Z", "Accepted");
        agency.drop_in("OH", "a.xml", xml::write(&answer, false).as_bytes());
        let file = agency.place().join("in/OH/a.xml");
        let read = read_one(&agency.world.room, &agency.folder, (&file, None), false).await.expect("read");
        assert!(matches!(read, Read::Taken(_)), "{read:?}");
        assert_eq!(agency.read().await, Report { taken: 0, doubled: 1, refused: 0 });
        assert!(agency.files("in/OH").is_empty());
        assert_eq!(agency.told(&owner).await, ["sent", "accepted"]);
    })
    .await;
}
