//! What is frozen when an application is sent is what `windowshop determine` says of the frozen household, years later, too:
//! for each kind of household that the stories are about, on every engine.

use serde_json::{Value, json};
use time::macros::date;
use windowshop::application::household::household;
use windowshop::application::record;
use windowshop::application::sheet::{RowId, YOU};
use windowshop::application::view::County;
use windowshop::cli::determine::{DetermineArgs, command};
use windowshop::eligibility::{Household, Tables, determine};

use super::walk::{ALONE, begin, go, place, plain, sign};
use crate::application::flow::{Person, ohio, usual};
use crate::office::people::World;
use crate::store::engines::on_each_engine;

/// A household: what it asks for in the shop, what its people answer, and where in the determination it shows that it is
/// what it is called.
struct Story {
    name: &'static str,
    search: &'static str,
    /// Question, row (0 for any), answer; all others are usual.
    says: &'static [(&'static str, RowId, &'static str)],
    shows: &'static [(&'static str, Shown)],
}

enum Shown {
    Yes,
    No,
    /// Anything that is said.
    Some,
    Is(&'static str),
}
use Shown::{Is, No, Some as Said, Yes};

const FAMILY: &str = "year=2026&zip=45202&county=39061&people=40,38,11,8&income=60000";

const STORIES: [Story; 8] = [
    Story {
        name: "single with credit",
        search: ALONE,
        says: &[],
        shows: &[("/people/0/credit", Yes), ("/tax_households/0/benchmark_monthly", Said)],
    },
    Story {
        name: "family with children in CHIP or Medicaid",
        search: FAMILY,
        says: &[
            ("first_name", 2, "Ben"),
            ("first_name", 3, "Cai"),
            ("first_name", 4, "Dee"),
            ("birth_date", 3, "5/1/2015"),
            ("birth_date", 4, "5/1/2018"),
            ("relation", 3, "child"),
            ("relation", 4, "child"),
            ("jointly", YOU, "yes"),
            ("dependents", YOU, "3,4"),
            ("earners", 0, "1,2"),
            ("amount", 0, "30,000"),
            ("ssn", 2, "123-45-6782"),
            ("ssn", 3, "123-45-6783"),
            ("ssn", 4, "123-45-6784"),
        ],
        shows: &[("/people/0/credit", Yes), ("/people/2/credit", No), ("/people/3/credit", No)],
    },
    Story {
        name: "Medicaid",
        search: ALONE,
        says: &[("amount", 0, "15,000")],
        shows: &[("/people/0/medicaid", Said), ("/people/0/credit", No)],
    },
    Story {
        name: "five-year bar",
        search: ALONE,
        says: &[
            ("citizen", 0, "no"),
            ("status", 0, "lawful_permanent_resident"),
            ("status_since", 0, "6/1/2024"),
            ("was_refugee", 0, "no"),
            ("veteran", 0, "no"),
            ("document", 0, "i551"),
            ("document_until", 0, "5/1/2030"),
            ("alien_number", 0, "A123456789"),
            ("document_number", 0, "ABC1234567890"),
            ("amount", 0, "18,000"),
        ],
        shows: &[("/people/0/medicaid", No), ("/people/0/marketplace", Yes), ("/people/0/emergency_medicaid", Yes)],
    },
    Story {
        name: "tribal",
        search: ALONE,
        says: &[("tribal", 0, "1"), ("tribe", 0, "Shawnee"), ("tribe_state", 0, "OK"), ("amount", 0, "37,650")],
        shows: &[("/people/0/credit", Yes), ("/people/0/csr", Is("zero"))],
    },
    Story {
        name: "job offer",
        search: ALONE,
        says: &[
            ("offered", 0, "1"),
            ("offer_kind", 0, "plan"),
            ("offer_covers", 0, "none"),
            ("offer_alone", 0, "120"),
            ("offer_paid", 0, "monthly"),
            ("offer_employer", 0, "Elm Bakery"),
        ],
        shows: &[("/people/0/credit", No), ("/people/0/marketplace", Yes)],
    },
    Story {
        name: "married, filing apart after abuse",
        search: ALONE,
        says: &[("married", 0, "yes"), ("separate_why", 0, "domestic_abuse")],
        shows: &[("/people/0/credit", Yes)],
    },
    Story {
        name: "job lost",
        search: ALONE,
        says: &[
            ("lasts", 0, "part_of_year"),
            ("starts", 0, "1/1/2026"),
            ("ends", 0, "11/10/2026"),
            ("events", 0, "loss_of_coverage"),
            ("event_day", 0, "11/10/2026"),
        ],
        shows: &[("/people/0/marketplace", Yes), ("/people/0/reasons", Said)],
    },
];

/// What the command prints for a household on a day long after.
pub fn printed(household: &Value) -> Value {
    let args = DetermineArgs { file: "-".into(), as_of: None, thresholds: false };
    let mut said = Vec::new();
    command(&args, date!(2031 - 05 - 01), &mut household.to_string().as_bytes(), &mut said).expect("it reads JSON");
    let mut said: Value = serde_json::from_slice(&said).expect("a line of JSON");
    let line = said.as_object_mut().and_then(|said| said.remove("line"));
    assert_eq!(line, Some(json!(1)));
    said
}

#[tokio::test]
async fn what_is_frozen_is_what_determine_prints_for_every_story() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for Story { name, search, says, .. } in &STORIES {
            let page = begin(&world.browser(), search).await;
            let answers = |question: &str, row: RowId| {
                let said = says.iter().find(|(own, of, _)| *own == question && (*of == 0 || *of == row));
                said.map_or_else(|| plain(question, row), |(.., said)| (*said).to_string())
            };
            let (_, check) = go(page, &answers).await;
            let sent = sign(check, "Ana Li").await;
            assert_eq!(place(&sent), "sent", "{name}: {}", sent.words());
        }
        let owners: Vec<(String,)> = sqlx::query_as("SELECT owner FROM application ORDER BY submitted_at")
            .fetch_all(&mut bench.raw().await)
            .await
            .expect("owners");
        assert_eq!(owners.len(), STORIES.len());
        let mut connection = world.opened.store.read().await.expect("a connection");
        for (Story { name, shows, .. }, (owner,)) in STORIES.iter().zip(owners) {
            let found = record::of(&mut connection, &world.opened.means.vault, &owner).await.expect("it opens");
            let [application] = &found[..] else { panic!("{name}: {} applications", found.len()) };
            let determination = &application.determination;
            assert_eq!(*determination, printed(&application.frozen.household), "{name}");
            for (path, shown) in *shows {
                let said = determination.pointer(path).unwrap_or(&Value::Null);
                let right = match shown {
                    Yes => *said == json!(true),
                    No => *said == json!(false) || said.is_null(),
                    Said => !said.is_null(),
                    Is(word) => said == word,
                };
                assert!(right, "{name}: {path} is {said} in {determination:#}");
            }
        }
    })
    .await;
}

/// No county of the sample is in a state that did not expand Medicaid, so that nobody there can apply: the same without pages.
#[test]
fn the_coverage_gap_is_what_determine_prints() {
    let tables = Tables::load().expect("the tables");
    let mut around = ohio(&tables);
    around.counties = vec![County { fips: "48201".into(), name: "Harris".into(), state: "TX".into() }];
    let mut ana = Person::new(around);
    ana.go(&|question, row, _| match question {
        "amount" => "9,000".into(),
        "zip" => "77002".into(),
        question => usual(question, row).to_string(),
    });
    let view = ana.view();
    let said = household(&view, &|_| None);
    let read = Household::from_json(&said.to_string()).expect("a household");
    let found = determine(&read, &tables, view.today).expect("an answer");
    assert!(found.people[0].coverage_gap && !found.people[0].credit);
    assert_eq!(serde_json::to_value(&found).expect("JSON"), printed(&said));
}
