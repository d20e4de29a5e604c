//! Somebody who has signed for a plan, without walking through the pages before: rows as `sign` makes them, sealed.

use scraper::ElementRef;
use time::Date;
use time::macros::date;
use windowshop::account::people::{Means, new_id};
use windowshop::eligibility::tables::CsrLevel;
use windowshop::enrollment::record::{self, ChangeKind, NewChange, NewEnrollment, SignedHousehold, State};
use windowshop::enrollment::step::{self, Step, Taken};
use windowshop::enrollment::{Signed, SignedPerson, SignedPlace, SignedPlan, Why};
use windowshop::store::audit::Actor;
use windowshop::store::{Change, StoreError, Tx};
use windowshop::types::Cents;

use crate::office::people::{SEARCH, World, save};
use crate::proof::needs::newest_owner;
use crate::site::Site;
use crate::site::page::{inside, words_of};
use crate::store::engines::Bench;

/// What somebody signed for.
#[derive(Clone)]
pub struct Told {
    pub plan: &'static str,
    pub name: &'static str,
    pub starts: Date,
    pub premium: i64,
    pub essential: i64,
    pub credit: i64,
    pub benchmark: Option<i64>,
    pub payment: Option<&'static str>,
    pub phone: Option<&'static str>,
    pub state: &'static str,
    pub people: &'static [&'static str],
    /// Tax households: who files, row, weight, credit, benchmark.
    pub households: &'static [(&'static str, u32, i64, i64, i64)],
    /// Steps after the signature, each on the first day.
    pub steps: &'static [Step],
}

/// One person in Cincinnati from the first day of a year.
pub const NEXT_YEAR: Told = Told {
    plan: "29341OH0070002",
    name: "Simple Silver",
    starts: date!(2027 - 01 - 01),
    premium: 45_000,
    essential: 44_550,
    credit: 30_000,
    benchmark: Some(47_000),
    payment: Some("https://pay.example.org/first"),
    phone: Some("1-800-555-0100"),
    state: "OH",
    people: &["Ana"],
    households: &[],
    steps: &[],
};

/// Of a plan that goes on today, and is paid.
pub const THIS_YEAR: Told =
    Told { starts: date!(2026 - 01 - 01), steps: &[Step::Sent, Step::Accepted, Step::Confirmed], ..NEXT_YEAR };

impl Told {
    pub fn signed(&self) -> Signed {
        let each = i64::try_from(self.people.len()).expect("few");
        let share = self.premium / each;
        let person = |(at, first): (usize, &&str)| SignedPerson {
            row: u32::try_from(at).expect("few") + 1,
            relation: if at == 0 { "self".into() } else { "child".into() },
            first: (*first).to_string(),
            middle: String::new(),
            last: "Zapotillo".to_string(),
            suffix: String::new(),
            born: date!(1986 - 03 - 14),
            sex: "female".to_string(),
            ssn: Some("123456789".to_string()),
            tobacco: false,
            premium: Cents(share + if at == 0 { self.premium % each } else { 0 }),
            phone: None,
            email: None,
            races: Vec::new(),
        };
        let household = |(filer, row, weight, credit, benchmark): &(&str, u32, i64, i64, i64)| SignedHousehold {
            filers: vec![(*filer).to_string()],
            people: vec![*row],
            weight: *weight,
            credit: Cents(*credit),
            benchmark: Some(Cents(*benchmark)),
        };
        Signed {
            plan: SignedPlan {
                id: self.plan.to_string(),
                variant: "04".to_string(),
                name: self.name.to_string(),
                issuer_id: self.plan[..5].to_string(),
                issuer_name: "Buckeye Health".to_string(),
                product: "medical".to_string(),
                metal: "silver".to_string(),
                payment: self.payment.map(str::to_string),
                phone: self.phone.map(str::to_string),
                address: None,
            },
            place: SignedPlace {
                street: vec!["1 Main St".to_string()],
                city: "Cincinnati".to_string(),
                state: self.state.to_string(),
                zip: "45202".to_string(),
                county_fips: "39061".to_string(),
                county_name: "Hamilton".to_string(),
                rating_area: Some(4),
                mailing: None,
            },
            people: self.people.iter().enumerate().map(person).collect(),
            premium: Cents(self.premium),
            essential: Some(Cents(self.essential)),
            credit: Cents(self.credit),
            credit_available: Cents(self.credit),
            benchmark: self.benchmark.map(Cents),
            csr: CsrLevel::Csr73,
            starts: self.starts,
            why_now: Why::OpenEnrollment,
            application_reference: "123456789012".to_string(),
            signature: "Ana Zapotillo".to_string(),
            signed_on: date!(2026 - 11 - 20),
            lang: "en".to_string(),
            renews: None,
            responsible: None,
            households: self.households.iter().map(household).collect(),
        }
    }
}

struct Planted {
    means: Means,
    /// Empty: one that is not there.
    application: String,
    owner: String,
    id: String,
    number: String,
    follows: String,
    told: Told,
}

impl Planted {
    fn application(&self) -> &str {
        if self.application.is_empty() { "a1" } else { &self.application }
    }
}

impl Change for Planted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, signed) = (self.owner.as_str(), self.told.signed());
        let year = self.told.starts.year();
        let ends = Date::from_calendar_date(year, time::Month::December, 31).expect("a day");
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let new = NewEnrollment {
            id: &self.id,
            owner,
            application: self.application(),
            number: &self.number,
            choice: 1,
            plan_year: i64::from(year),
            state: State::Signed,
            starts: self.told.starts,
            ends,
            signed: &signed,
            catalogue: "catalogue-2027-20261101-0a1b2c3d",
            follows: &self.follows,
        };
        assert!(record::insert(tx, &key, &new).await?);
        let change = NewChange {
            enrollment: &self.id,
            owner,
            kind: ChangeKind::Initial,
            from_day: self.told.starts,
            reason: "open_enrollment",
            body: &signed,
            held: "",
        };
        record::add_change(tx, &key, &change).await?;
        if self.told.steps.contains(&Step::Sent) {
            let told = sqlx::query("UPDATE enrollment_change SET file = 'f1' WHERE enrollment = $1");
            told.bind(self.id.as_str()).execute(tx.conn()).await?;
        }
        let actor = Actor::of_owner(owner);
        for step in [Step::Signed].iter().chain(self.told.steps) {
            let taken = Taken { step: *step, from_day: self.told.starts, code: "", actor: &actor, session: "" };
            assert!(step::apply(tx, &self.means, &self.id, &taken).await?);
        }
        Ok(())
    }
}

/// An enrollment that an owner has from now on: its ID.
pub async fn of_owner(world: &World, owner: &str, told: &Told, follows: &str) -> String {
    of_application(world, (owner, ""), told, follows).await
}

/// The same with the application that it was signed for.
pub async fn of_application(world: &World, (owner, application): (&str, &str), told: &Told, follows: &str) -> String {
    let id = new_id().expect("an ID");
    let number = format!("4{:09}", getrandom::u32().expect("random") % 1_000_000_000);
    let means = world.opened.means.clone();
    let (owner, told, follows) = (owner.to_string(), told.clone(), follows.to_string());
    let application = application.to_string();
    let planted = Planted { means, application, owner, id: id.clone(), number, follows, told };
    world.opened.store.begin_write(planted).await.expect("planted");
    id
}

/// A guest in this browser with it: the owner and the enrollment's ID.
pub async fn guest(world: &World, bench: &Bench, browser: &Site, told: &Told) -> (String, String) {
    save(browser, SEARCH).await;
    let owner = newest_owner(bench, "guest:%").await;
    let id = of_owner(world, &owner, told, "").await;
    (owner, id)
}

/// The rows of a table's body: the heading of each, then its cells.
pub fn rows(table: ElementRef) -> Vec<Vec<String>> {
    let rows = inside(table, "tbody tr").into_iter();
    rows.map(|row| inside(row, "th, td").into_iter().map(words_of).collect()).collect()
}

/// Another set of amounts from a day on, as an insurer is told of it.
pub struct Changed {
    pub means: Means,
    pub owner: String,
    pub enrollment: String,
    pub from: Date,
    pub told: Told,
}

impl Change for Changed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        step::take(tx, &self.enrollment).await?;
        let key = self.means.vault.open(tx.conn(), &self.owner).await?.ok_or(StoreError::Stale)?;
        let signed = self.told.signed();
        let (enrollment, owner) = (self.enrollment.as_str(), self.owner.as_str());
        let (kind, from_day, reason) = (ChangeKind::Change, self.from, "redetermined");
        let change = NewChange { enrollment, owner, kind, from_day, reason, body: &signed, held: "" };
        record::add_change(tx, &key, &change).await.map(drop)
    }
}

/// Ended as an insurer's file ends it: by a step with its code, without a row of ours.
pub struct EndedByInsurer {
    pub means: Means,
    pub enrollment: String,
    pub day: Date,
    pub code: &'static str,
}

impl Change for EndedByInsurer {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let taken = Taken { step: Step::Ended, from_day: self.day, code: self.code, actor: &Actor::Site, session: "" };
        assert!(step::apply(tx, &self.means, &self.enrollment, &taken).await?);
        let ends = sqlx::query("UPDATE enrollment SET ends = $1 WHERE id = $2");
        ends.bind(self.day.to_string()).bind(self.enrollment.as_str()).execute(tx.conn()).await?;
        Ok(())
    }
}
