//! Whoever has not paid is reminded once, before the first day, and only of what an insurer was told of.

use time::macros::datetime;
use windowshop::enrollment::end_rules::EndRules;
use windowshop::enrollment::reminders::carry_out;
use windowshop::enrollment::step::Step;
use windowshop::verify::Room;

use super::planted::{NEXT_YEAR, Told, of_application};
use super::taxes::room;
use crate::office::people::{SEARCH, World, save};
use crate::proof::needs::{newest_owner, of_owner, text};
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

async fn reminded(room: &Room, now: time::OffsetDateTime) -> u64 {
    carry_out(room, &EndRules::load().expect("whole"), now).await.expect("carried out")
}

#[tokio::test]
async fn somebody_who_has_not_paid_is_reminded_once() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let owner = newest_owner(bench, "guest:%").await;
        // An application on record, with something to prove, which does not matter here.
        of_owner(&world, &owner, &["ssn"]).await;
        let application = text(bench, "SELECT id FROM application").await;
        let about = (owner.as_str(), application.as_str());
        of_application(&world, about, &NEXT_YEAR, "").await;
        let told = Told { steps: &[Step::Sent], ..NEXT_YEAR };
        let id = of_application(&world, about, &told, "").await;
        let paid = Told { steps: &[Step::Sent, Step::Accepted, Step::Confirmed], ..NEXT_YEAR };
        of_application(&world, about, &paid, "").await;
        let room = room(&world);
        assert_eq!(reminded(&room, datetime!(2026-12-21 17:00 UTC)).await, 0, "eleven days before");
        assert_eq!(reminded(&room, datetime!(2026-12-22 17:00 UTC)).await, 1, "only of what was sent and is not paid");
        assert_eq!(reminded(&room, datetime!(2026-12-23 17:00 UTC)).await, 0, "once");
        let kind = text(bench, "SELECT kind FROM notice").await;
        assert_eq!(kind, format!("pay_reminder:{id}"));
        let notice = text(bench, "SELECT id FROM notice").await;
        for (browser, lang, said) in [
            (browser.clone(), "en", "Your plan Simple Silver begins on January 1, 2027"),
            (browser.in_spanish(), "es", "Su plan Simple Silver empieza el 1 de enero de 2027"),
        ] {
            let page = browser.visit(&format!("/account/notice/{notice}")).await;
            page.says(said).says("https://pay.example.org/first");
            assert_eq!(too_hard(&page, lang), None);
        }
        assert_eq!(reminded(&room, datetime!(2027-02-05 17:00 UTC)).await, 0, "too late for that");
    })
    .await;
}
