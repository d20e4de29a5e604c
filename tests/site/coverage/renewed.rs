//! Renewing without a signature: who is renewed, in which plan, at which price; who is not, and what they are told; once, whoever
//! dies or does it beside; with two plan years of the real loader.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use sqlx::AssertSqlSafe;
use time::OffsetDateTime;
use time::macros::datetime;
use windowshop::application::renewal::Plans;
use windowshop::catalogue::Catalogue;
use windowshop::enrollment::check::{By, worked_out};
use windowshop::enrollment::outlook::{self, Around};
use windowshop::enrollment::price::Asking;
use windowshop::enrollment::record::{self, ChangeKind, Enrollment, State};
use windowshop::enrollment::renewal_rules::RenewalRules;
use windowshop::enrollment::renewing::{self, Renew, Report, carry_out};
use windowshop::enrollment::results;
use windowshop::enrollment::sign::{Sign, Signing};
use windowshop::enrollment::step::Step;
use windowshop::insurer::member::{self, transaction};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::types::Cents;
use windowshop::verify::{self, Room};
use windowshop::x834::{Extra, Reason};

use super::planted::{NEXT_YEAR, THIS_YEAR, Told, of_application, rows};
use super::renewal::{GONE, LEFT, OTHER, two_years};
use super::taxes::room;
use crate::apply::walk::looked_at;
use crate::enrollment::world::{save as save_choice, together};
use crate::load::small::{ONE, TWO};
use crate::office::people::{SEARCH, World, save};
use crate::proof::needs::{newest_owner, text};
use crate::site::Site;
use crate::store::engines::{Bench, on_each_engine};
use crate::verify::world::{Told as Applied, World as Checked};
use crate::web::reading::too_hard;

const NOW: OffsetDateTime = datetime!(2026-11-20 17:00 UTC);
const MILLIS: i64 = NOW.unix_timestamp() * 1000;

/// A site that sells two plan years, and those who apply there.
struct Years {
    world: World,
    checked: Checked,
    room: Room,
    catalogue: Arc<Catalogue>,
    rules: RenewalRules,
}

/// Somebody in Cincinnati who applied for 2026, and let us look at tax data for so many years.
fn applied(consent: &str) -> Applied {
    let mut told = Applied::alone("Zapotillo", "219-09-2800", 28_000);
    told.household["as_of"] = json!("2025-12-01");
    told.household["plan_year"] = json!(2026);
    told.household["county_fips"] = json!("39061");
    told.say("zip.0", "45202").say("consent.0", consent).say("street.0", "1 Main St").say("city.0", "Cincinnati");
    told
}

/// The same with Ben, who is forty, too, and files for himself.
fn with_ben() -> Applied {
    let mut told = applied("5");
    let mut ben = told.household["people"][0].clone();
    (ben["id"], ben["relationship"]) = (json!("2"), json!("child"));
    told.household["people"].as_array_mut().expect("people").push(ben);
    for plan in told.household["silver_plans"].as_array_mut().expect("plans") {
        let one = plan["member_premiums"][0].clone();
        plan["member_premiums"] = json!([one, one]);
    }
    told.say("first_name.2", "Ben").say("last_name.2", "Zapotillo").say("birth_date.2", "3/14/1986");
    told.say("sex.2", "male").say("relation.2", "child").say("applying.2", "yes");
    told
}

impl Years {
    async fn open(bench: &Bench, folder: &Path) -> Years {
        let world = World::selling(bench, folder).await;
        let checked = Checked::open(bench).await;
        let room = room(&world);
        let catalogue = world.site.catalogue();
        assert_eq!(catalogue.year, 2027);
        Years { world, checked, room, catalogue, rules: RenewalRules::load().expect("whole") }
    }

    /// A guest in a browser with an application for 2026: owner and application.
    async fn guest(&self, bench: &Bench, browser: &Site, told: &Applied) -> (String, String) {
        save(browser, SEARCH).await;
        let owner = newest_owner(bench, "guest:%").await;
        let draft = text(bench, &format!("SELECT id FROM draft WHERE owner = '{owner}'")).await;
        let id = self.checked.freeze((&owner, &draft), told, None).await;
        (owner, id)
    }

    /// With a plan: the enrollment's ID, too.
    async fn insured(&self, bench: &Bench, browser: &Site, told: &Applied, plan: &Told) -> (String, String, String) {
        let (owner, application) = self.guest(bench, browser, told).await;
        let id = of_application(&self.world, (&owner, &application), plan, "").await;
        (owner, application, id)
    }

    async fn redetermine(&self) -> u64 {
        let plans = Plans::of(&self.catalogue);
        let report = verify::renew::carry_out(&self.room, &plans, MILLIS).await.expect("carried out");
        assert_eq!(report.failed, 0);
        report.told + report.same
    }

    async fn renew(&self) -> Report {
        carry_out(&self.room, &self.catalogue, &self.rules, MILLIS).await.expect("carried out")
    }

    async fn had(&self, owner: &str) -> Vec<Enrollment> {
        let mut connection = self.world.opened.store.read().await.expect("a connection");
        record::of(&mut connection, &self.room.means.vault, owner).await.expect("opened")
    }

    /// What the new one goes on from is this; the new one.
    async fn after(&self, owner: &str, old: &str) -> Option<Enrollment> {
        self.had(owner).await.into_iter().find(|own| own.follows.as_deref() == Some(old))
    }

    /// The words of the notice of renewal in a language.
    async fn told(&self, owner: &str, lang: &str) -> String {
        let all = self.checked.notices(owner, lang).await;
        let renewed: Vec<_> = all.into_iter().filter(|(kind, _)| kind.starts_with("renewed:")).collect();
        assert_eq!(renewed.len(), 1, "one notice");
        renewed.into_iter().map(|(_, words)| words).collect()
    }

    fn around(&self) -> Around<'_> {
        let (vault, tables) = (&self.room.means.vault, &self.room.knows.tables);
        Around { vault, tables, rules: &self.rules, catalogue: &self.catalogue }
    }
}

fn report(renewed: u64, without: u64) -> Report {
    Report { renewed, without, failed: 0 }
}

const PLAN: Told = Told { plan: ONE, name: "Plan of last year", ..THIS_YEAR };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_goes_on_at_another_price_with_the_credit_of_the_next_year_once() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let all = Years::open(bench, &years.path().join("to")).await;
        let browser = all.world.browser();
        let (owner, application, id) = all.insured(bench, &browser, &applied("5"), &PLAN).await;
        // Without results for the year nothing is renewed.
        assert_eq!(all.renew().await, report(0, 0));
        assert_eq!(all.redetermine().await, 1);
        let result = all.checked.redetermined(&owner, &application).await.expect("redetermined");
        let credit = Cents(windowshop::verify::case::cents(&result["tax_households"][0]["credit_monthly"]));
        assert!(credit > Cents(5_000), "{credit:?}");
        // The page says beforehand what comes.
        let net = Cents(42_600 - credit.0).dollars_cents();
        for (browser, lang, words) in [
            (browser.clone(), "en", "The credit is the one of your results for 2027"),
            (browser.in_spanish(), "es", "El crédito es el de sus resultados para 2027"),
        ] {
            let page = browser.visit(&format!("/account/coverage/{id}/renew")).await;
            looked_at(&page);
            assert_eq!(too_hard(&page, lang), None);
            page.says(words);
            let lines = rows(page.select("main table")[0]);
            let pairs: Vec<&str> = lines[2..].iter().flat_map(|line| &line[1..]).map(String::as_str).collect();
            assert_eq!(pairs, ["$450.00", "$426.00", "$300.00", &credit.dollars_cents(), "$150.00", &net]);
        }
        let both = tokio::join!(all.renew(), all.renew());
        assert_eq!(both.0.renewed + both.1.renewed, 1, "two processes at once: {both:?}");
        assert_eq!(all.renew().await, report(0, 0), "once");
        let new = all.after(&owner, &id).await.expect("renewed");
        assert_eq!((new.state, new.plan_year, new.choice), (State::Signed, 2027, 0));
        assert_eq!((new.starts.to_string(), new.ends.to_string()), ("2027-01-01".into(), "2027-12-31".into()));
        let signed = &new.signed;
        assert_eq!((signed.premium, signed.credit), (Cents(42_600), credit));
        assert_eq!(
            (signed.signature.as_str(), signed.renews.as_deref()),
            ("renewed by the marketplace, not signed", Some(&id[..]))
        );
        assert_eq!(new.plan, format!("{ONE}-05"), "87 % at this income");
        for (table, many) in [
            ("enrollment", 2),
            ("enrollment_change WHERE reason = 'renewed' AND file = ''", 1),
            ("enrollment_step WHERE step = 'renewed'", 1),
            ("audit WHERE deed = 'coverage_renewed'", 1),
            ("notice WHERE kind LIKE 'renewed:%'", 1),
        ] {
            assert_eq!(bench.count(table).await, many, "{table}");
        }
        let new_net = signed.net().dollars_cents();
        let english = all.told(&owner, "en").await;
        for part in [
            "You did not sign anything",
            "$450.00",
            "$426.00",
            "You pay $150.00",
            &new_net,
            "December 15, 2026",
            "January 1, 2027",
            "goes on in 2027",
        ] {
            assert!(english.contains(part), "{part}: {english}");
        }
        let spanish = all.told(&owner, "es").await;
        assert!(spanish.contains("Usted no firmó nada") && spanish.contains("15 de diciembre de 2026"), "{spanish}");
        pages(&browser, (&id, &new.id)).await;
        for_the_insurer(&all, &new).await;
    })
    .await;
}

async fn pages(browser: &Site, (old, new): (&str, &str)) {
    for (browser, lang, words) in [
        (
            browser.clone(),
            "en",
            [
                "The marketplace renewed this plan for you",
                "It goes on in the next year",
                "Your plan was renewed for 2027",
            ],
        ),
        (
            browser.in_spanish(),
            "es",
            ["El mercado renovó este plan por usted", "Sigue en el año siguiente", "Su plan se renovó para 2027"],
        ),
    ] {
        for (address, words) in [
            (format!("/account/coverage/{new}"), words[0]),
            (format!("/account/coverage/{old}"), words[1]),
            (format!("/account/coverage/{old}/renew"), words[2]),
        ] {
            let page = browser.visit(&address).await;
            looked_at(&page);
            assert_eq!(too_hard(&page, lang), None, "{address}");
            page.says(words).says_nothing_of("Do not renew this plan");
        }
    }
}

/// Re-enrollment, by nobody's hand, with the insurer that it was.
async fn for_the_insurer(all: &Years, new: &Enrollment) {
    let mut connection = all.world.opened.store.read().await.expect("a connection");
    let change = record::changes(&mut connection, &new.id).await.expect("read").remove(0);
    assert_eq!(change.kind, ChangeKind::Initial);
    for (was_with, extra) in [("11111", Extra::PassiveRenewal), ("22222", Extra::PassiveNewInsurer)] {
        let was_with = Some(was_with.to_string());
        let told = member::Told { enrollment: new, change: &change, now: &new.signed, before: None, was_with };
        let own = transaction(&told, 1).expect("written");
        assert_eq!((own.reason, own.origin, own.extra), (Reason::ReEnrollment, 11, Some(extra)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_renewed_in_what_and_who_is_not() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let all = Years::open(bench, &years.path().join("to")).await;
        let one = async |told: &Applied, plan: &Told| all.insured(bench, &all.world.browser(), told, plan).await;
        let silent = one(&applied("0"), &PLAN).await;
        let left = one(&applied("5"), &Told { plan: LEFT, ..PLAN }).await;
        let gone = one(&applied("5"), &Told { plan: GONE, name: "Gone Silver", ..PLAN }).await;
        let aged = one(&with_ben(), &Told { people: &["Ana", "Ben"], ..PLAN }).await;
        let unpaid = one(&applied("5"), &Told { steps: &[Step::Sent, Step::Accepted], ..PLAN }).await;
        let waits = one(&applied("5"), &Told { steps: &[Step::WaitingProof], ..PLAN }).await;
        let ended = one(&applied("5"), &PLAN).await;
        bench.run_raw(&format!("UPDATE enrollment SET state = 'ended' WHERE id = '{}'", ended.2)).await;
        // Somebody who chose for themselves before.
        let chose = one(&applied("5"), &PLAN).await;
        let own = of_application(&all.world, (&chose.0, &chose.1), &Told { plan: TWO, ..NEXT_YEAR }, "").await;
        // Somebody whose income is Medicaid's by now.
        let poor = one(&applied("5").earning(9_000), &PLAN).await;
        assert_eq!(all.redetermine().await, 9);
        assert_eq!(all.renew().await, report(3, 2));
        assert_eq!(all.renew().await, report(0, 0), "nobody is told twice");

        let new = all.after(&silent.0, &silent.2).await.expect("renewed");
        assert_eq!((new.signed.premium, new.signed.credit), (Cents(42_600), Cents::ZERO), "no consent");
        let words = all.told(&silent.0, "en").await;
        assert!(words.contains("no tax credit in these prices") && words.contains("did not let us look"), "{words}");
        let new = all.after(&left.0, &left.2).await.expect("renewed");
        assert_eq!(&new.signed.plan.id, OTHER);
        let words = all.told(&left.0, "en").await;
        assert!(
            words.contains("of another insurer takes its place") && words.contains("until the first month is paid"),
            "{words}"
        );
        assert!(all.after(&gone.0, &gone.2).await.is_none());
        for (lang, said) in [
            ("en", "Gone Silver is not sold in 2027, and no plan takes its place"),
            ("es", "Gone Silver no se vende en 2027"),
        ] {
            let words = all.told(&gone.0, lang).await;
            assert!(words.contains(said), "{words}");
        }
        assert_eq!(bench.count("enrollment_step WHERE step = 'not_renewed'").await, 2);
        let new = all.after(&aged.0, &aged.2).await.expect("renewed");
        assert_eq!(new.signed.people.iter().map(|person| person.first.as_str()).collect::<Vec<_>>(), ["Ana"]);
        let words = all.told(&aged.0, "en").await;
        assert!(words.contains("Ben Zapotillo is too old for a parent’s plan"), "{words}");
        let words = all.told(&poor.0, "en").await;
        assert!(words.contains("Ana Zapotillo can probably get Medicaid"), "{words}");
        for (owner, _, id) in [&unpaid, &waits, &ended, &chose, &poor] {
            assert!(all.after(owner, id).await.is_none());
        }
        assert_eq!(all.had(&chose.0).await.len(), 2);
        assert!(all.had(&chose.0).await.iter().any(|had| had.id == own && had.state == State::Signed));
        // After the year has begun nothing is renewed into it.
        let late = datetime!(2027-01-02 17:00 UTC).unix_timestamp() * 1000;
        bench.run_raw("DELETE FROM enrollment_step WHERE step = 'not_renewed'").await;
        let done = carry_out(&all.room, &all.catalogue, &all.rules, late).await.expect("carried out");
        assert_eq!(done, report(0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_no_is_not_renewed_and_can_take_it_back() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let all = Years::open(bench, &years.path().join("to")).await;
        let browser = all.world.browser();
        let (owner, _, id) = all.insured(bench, &browser, &applied("5"), &PLAN).await;
        all.redetermine().await;
        let here = format!("/account/coverage/{id}");
        let page = browser.visit(&here).await;
        page.says("If you do not want it in 2027, say so");
        let page = page.press("Do not renew this plan for 2027").await;
        looked_at(&page);
        page.says_all(&[
            "This plan is not renewed for 2027",
            "must not be renewed for 2027. It ends on December 31, 2026",
        ]);
        let spanish = browser.in_spanish().visit(&here).await;
        assert_eq!(too_hard(&spanish, "es"), None);
        spanish.says("no se debe renovar para 2027");
        assert_eq!(all.renew().await, report(0, 0));
        let twice = browser.post(&format!("{here}/renew"), "wish=no").await;
        assert!(twice.header("location").ends_with("done=declined"), "{}", twice.header("location"));
        let page = browser.visit(&here).await.press("Renew it after all").await;
        page.says("This plan can be renewed for 2027");
        assert_eq!(all.renew().await, report(1, 0));
        let late = browser.post(&format!("{here}/renew"), "wish=no").await;
        assert!(late.header("location").ends_with("done=late"), "{}", late.header("location"));
        // How to stop it now: the new plan is cancelled before it begins.
        let new = all.after(&owner, &id).await.expect("renewed");
        let page = browser.visit(&format!("/account/coverage/{}/cancel", new.id)).await;
        page.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        assert_eq!(all.renew().await, report(0, 0), "it stays so");
        browser.visit(&format!("{here}/renew")).await.says("Nothing is renewed");
    })
    .await;
}

/// Written as a whole, and then the process is gone.
struct Killed(Renew);

impl Change for Killed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        assert!(self.0.run(tx).await?);
        Err(StoreError::Refused("the process is gone".to_string()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_ends_in_the_middle_leaves_nothing_half_done() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let all = Years::open(bench, &years.path().join("to")).await;
        let mut people = Vec::new();
        for _ in 0..6 {
            people.push(all.insured(bench, &all.world.browser(), &applied("5"), &PLAN).await);
        }
        assert_eq!(all.redetermine().await, 6);
        let connection = all.room.store.read().await.expect("a connection");
        let outlook = outlook::of(connection, &all.around(), (&people[0].0, None), NOW).await;
        let Ok(outlook) = outlook else { panic!("worked out") };
        let killed = Killed(Renew::of(&all.room, outlook, MILLIS).expect("random"));
        assert!(all.room.store.begin_write(killed).await.is_err());
        let everything = [
            "enrollment",
            "enrollment_change",
            "enrollment_step WHERE step = 'renewed'",
            "notice WHERE kind LIKE 'renewed:%'",
        ];
        for (table, rows) in everything.iter().zip([6, 6, 0, 0]) {
            assert_eq!(bench.count(table).await, rows, "{table}");
        }
        // Ended at any moment, each time a little later.
        for n in 1..8 {
            let run = carry_out(&all.room, &all.catalogue, &all.rules, MILLIS);
            let _ = tokio::time::timeout(std::time::Duration::from_millis(15 * n), run).await;
        }
        // What was on its way when nobody waited for it any more.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        all.renew().await;
        for (table, rows) in everything.iter().zip([12, 12, 6, 6]) {
            assert_eq!(bench.count(table).await, rows, "{table}");
        }
    })
    .await;
}

/// The season goes on: somebody applies for the year and signs for another plan, after the batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_chooses_later_takes_the_place_of_what_was_renewed() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let all = Years::open(bench, &years.path().join("to")).await;
        let browser = all.world.browser();
        let (owner, application, id) = all.insured(bench, &browser, &applied("5"), &PLAN).await;
        all.redetermine().await;
        assert_eq!(all.renew().await, report(1, 0));
        let renewed = all.after(&owner, &id).await.expect("renewed");
        let (plans, tables) = (Plans::of(&all.catalogue), &all.room.knows.tables);
        let mut told = applied("5");
        told.household = plans.household(tables, &told.household, ("45202", NOW.date())).await.expect("priced");
        let next = all.checked.change((&owner, &application), &told).await;
        let office = &all.checked.office;
        let mut connection = office.store.read().await.expect("a connection");
        let found = results::of(&mut connection, &office.vault, tables, (&owner, &next)).await;
        drop(connection);
        let results = Arc::new(found.expect("read").expect("there"));
        let choice = together(&results, TWO);
        let version = save_choice(office, &results, 0, &choice).await;
        let (catalogue, start) = (&*all.catalogue, results.assumed_start);
        let asking = Asking { catalogue, tables, results: &results, choice: &choice, start, why: None };
        let by = By { signature: "Ana Zapotillo", lang: "en" };
        let Ok(checked) = worked_out(&asking, &by, NOW).await else { panic!("it can be signed") };
        let mark = checked.mark();
        let (means, knows) = (all.room.means.clone(), crate::site::knows());
        let sign =
            Sign::new((means, knows), (Arc::clone(&results), checked), (version, &mark), "5e55").expect("random");
        let signed = office.store.begin_write(sign).await.expect("written");
        let Signing::Now { enrollments } = signed else { panic!("{signed:?}") };
        let had = all.had(&owner).await;
        let of = |id: &str| had.iter().find(|own| own.id == id).expect("there");
        assert_eq!(of(&renewed.id).state, State::Cancelled);
        assert_eq!(
            (of(&enrollments[0]).state, of(&enrollments[0]).follows.as_deref()),
            (State::Signed, Some(&renewed.id[..]))
        );
        assert_eq!(all.renew().await, report(0, 0), "nothing is renewed again");
    })
    .await;
}

/// What the chores and pages look for by year, or by what it follows, is found by an index on every engine.
#[tokio::test]
async fn what_is_looked_for_every_day_is_found_by_an_index() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        drop(office);
        let due = renewing::DUE.replace("$1", "2026").replace("$2", "0").replace("$3", "2027").replace("$4", "10");
        for (index, statement) in [
            ("enrollment_year", due.as_str()),
            ("enrollment_follows", "SELECT id FROM enrollment WHERE follows = 'x'"),
            ("application_follows", "SELECT count(*) FROM application WHERE follows = 'x'"),
            (
                "application_year",
                "SELECT a.id FROM application a WHERE a.submitted_at >= 0 AND a.plan_year = 2026 ORDER BY a.submitted_at LIMIT 10",
            ),
        ] {
            let plan = explained(bench, statement).await;
            assert!(plan.contains(index), "{index}: {plan}");
        }
    })
    .await;
}

async fn explained(bench: &Bench, statement: &str) -> String {
    use sqlx::Row as _;
    let mut connection = bench.raw().await;
    let is_sqlite = bench.args().database_url.expose().is_empty();
    if !is_sqlite {
        // Of few rows it reads all: whether it could do otherwise is what is asked.
        sqlx::query("SET enable_seqscan = off").execute(&mut connection).await.expect("set");
    }
    let explain = if is_sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let asked = sqlx::query(AssertSqlSafe(format!("{explain} {statement}")));
    let found = asked.fetch_all(&mut connection).await.expect("explained");
    let column = if is_sqlite { 3 } else { 0 };
    found.iter().map(|row| row.get::<String, _>(column)).collect::<Vec<_>>().join("\n")
}
