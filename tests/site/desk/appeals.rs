//! The desk decides appeals: what is shown before and after opening, each outcome with what follows, two at once, and words that
//! are too long are kept.

use serde_json::Value;
use windowshop::operator::desk::RoleArg;

use super::people::Worker;
use crate::apply::appeals::{appealed, applied, latest, lose, notice_of, until};
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::page::Page;
use crate::store::engines::{Bench, on_each_engine};

/// Opens the one appeal from the line.
async fn open(worker: &Worker, bench: &Bench) -> Page {
    let line = worker.browser.visit("/desk/appeals").await;
    line.says_nothing_of("Ana").says_nothing_of("overtime");
    let id = text(bench, "SELECT id FROM appeal").await;
    let closed = worker.browser.visit(&format!("/desk/appeal/{id}")).await;
    closed.says("When you open it").says_nothing_of("Ana").says_nothing_of("overtime");
    let item = closed.press("Open it").await;
    item.says_all(&["Ana Li", "<b>overtime</b>", "The tax credit", "513 555 0100"]);
    item
}

#[tokio::test]
async fn an_appeal_is_decided_and_the_person_is_told_in_every_language() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (owner, notice) = applied(bench, &own).await;
        let done = appealed(&own, &notice, |page| page).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let jose = Worker::new(&world, bench, "jose", RoleArg::Reviewer).await;
        let item = open(&maria, bench).await;
        let second = jose.browser.visit(&item.address).await;
        second.says("maria has this open since").says_nothing_of("Ana").says_nothing_of("overtime");
        let refused = jose.browser.post(&format!("{}/decide", item.address), "reason=rules_kept").await;
        jose.browser.follow(refused).await.says("not open with you any more");
        // Nothing picked, and too many words: said, and kept.
        let wrong = item
            .fill("words", &format!("Lo sentimos. {}", "x".repeat(2_000)))
            .press("Decide, and tell the person")
            .await;
        assert_eq!(wrong.status, 422);
        wrong.says("Pick what you decide and why");
        assert!(wrong.value("words").starts_with("Lo sentimos."), "what was typed stays");
        let wrong = wrong.choose("reason-rules_kept").press("Decide, and tell the person").await;
        wrong.says("Your words are too long");
        assert!(wrong.is_ticked("reason-rules_kept"));
        let told = wrong.fill("words", "Overtime of 2026 counts.\nCall us.").press("Decide, and tell the person").await;
        told.says("Decided. The person has a notice").says("No appeal waits");
        let page = own.visit(&done.address).await;
        page.says_all(&["Your appeal is decided", "The notice was right", "Overtime of 2026 counts."]);
        let letter = format!("/account/notice/{}", notice_of(bench, &owner, "appeal_decided:").await);
        own.visit(&letter).await.says_all(&[
            "We decided your appeal",
            "We used your answers and the rules as they are",
            "What the person who decided writes to you",
            "Call us.",
            "go to court",
        ]);
        own.in_spanish().visit(&letter).await.says_all(&["El aviso era correcto", "Call us.", "tribunal"]);
        assert_eq!(bench.count("redetermination").await, 0, "nothing has changed");
        assert_eq!(bench.count("audit WHERE deed = 'appeal_opened' AND actor LIKE 'desk:%'").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'appeal_decided' AND actor LIKE 'desk:%'").await, 1);
        // Decided is decided, for the desk and for the person.
        let twice = maria.browser.post(&format!("{}/decide", item_address(bench).await), "reason=proved").await;
        maria.browser.follow(twice).await.says("Nothing was changed");
        own.visit(&format!("{}/withdraw", done.address)).await.says("not open any more");
        assert_eq!(bench.count("notice WHERE kind LIKE 'appeal_decided:%'").await, 1);
    })
    .await;
}

async fn item_address(bench: &Bench) -> String {
    format!("/desk/appeal/{}", text(bench, "SELECT id FROM appeal").await)
}

#[tokio::test]
async fn a_decision_that_the_engine_can_be_asked_with_works_the_results_out_again() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (owner, _) = applied(bench, &own).await;
        let dmi = lose(&world, bench, &owner).await;
        let notice = format!("/account/notice/{}", notice_of(bench, &owner, "redetermined:").await);
        appealed(&own, &notice, |page| page.choose("keep-no")).await;
        assert_eq!(bench.count("redetermination").await, 1, "nothing is kept that nobody asked for");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let item = open(&maria, bench).await;
        // Proved goes with one outcome only.
        let wrong =
            item.choose(&format!("proved-{dmi}")).choose("reason-late").press("Decide, and tell the person").await;
        wrong.says("only if the notice is wrong");
        assert!(wrong.is_ticked(&format!("proved-{dmi}")) && wrong.is_ticked("reason-late"));
        wrong.choose("reason-proved").press("Decide, and tell the person").await.says("Decided");
        assert_eq!(text(bench, "SELECT state FROM dmi").await, "resolved");
        assert_eq!(text(bench, "SELECT closed_how FROM dmi").await, "appeal");
        until(bench, "redetermination", 2).await;
        assert_eq!(latest(&world, &owner).await["people"][0]["marketplace"], Value::Bool(true), "it is back");
        let causes = text(bench, "SELECT cause FROM redetermination ORDER BY number DESC LIMIT 1").await;
        assert_eq!(causes, format!("appeal:{}", text(bench, "SELECT id FROM appeal").await));
        let told = own.visit(&format!("/account/notice/{}", notice_of(bench, &owner, "redetermined:").await)).await;
        told.says_all(&["Your appeal was decided", "I think this is wrong"]);
    })
    .await;
}

/// Somebody keeps what they had, and the appeal is decided for a reason; what they have then.
async fn kept_and_decided(bench: &Bench, (outcome, reason): (&str, &str), changes: i64, told: &str) -> Value {
    let world = World::open(bench).await;
    let own = world.browser();
    let (owner, _) = applied(bench, &own).await;
    lose(&world, bench, &owner).await;
    let notice = format!("/account/notice/{}", notice_of(bench, &owner, "redetermined:").await);
    appealed(&own, &notice, |page| page.choose("keep-yes")).await;
    until(bench, "redetermination", 2).await;
    let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
    let item = open(&maria, bench).await;
    item.says(outcome);
    item.choose(&format!("reason-{reason}")).press("Decide, and tell the person").await.says("Decided");
    until(bench, "redetermination", changes).await;
    let letter = notice_of(bench, &owner, "appeal_decided:").await;
    own.visit(&format!("/account/notice/{letter}")).await.says(told);
    latest(&world, &owner).await["people"][0]["marketplace"].clone()
}

#[tokio::test]
async fn help_that_was_kept_ends_when_the_notice_was_right() {
    on_each_engine(async |bench| {
        let of = ("Uphold: the notice is right", "not_shown");
        let has = kept_and_decided(bench, of, 3, "What you kept because of the appeal ends").await;
        assert_eq!(has, Value::Bool(false));
    })
    .await;
}

#[tokio::test]
async fn help_that_was_kept_stays_when_the_notice_was_wrong() {
    on_each_engine(async |bench| {
        let of = ("Change: the notice is wrong", "our_mistake");
        let has = kept_and_decided(bench, of, 2, "A person changes your results").await;
        assert_eq!(has, Value::Bool(true));
        assert_eq!(bench.count("redetermination").await, 2, "a person changes it, not the engine");
    })
    .await;
}
