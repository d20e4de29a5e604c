//! Households that have applied in Hamilton County, Ohio, for 2026, and what counts for them.

use std::sync::Arc;

use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::{date, datetime};
use windowshop::account::people::{guest_owner, new_id};
use windowshop::application::determine::determined;
use windowshop::application::flow;
use windowshop::application::record::{Application, Frozen, Notice};
use windowshop::application::sheet::{RowId, YOU};
use windowshop::application::submit::{Sending, Sent, Submitter, new_reference};
use windowshop::catalogue::Catalogue;
use windowshop::eligibility::Tables;
use windowshop::enrollment::check::{By, Checked, Unfit, worked_out};
use windowshop::enrollment::choice::{Choice, GroupChoice, Save};
use windowshop::enrollment::price::{Asking, search_for};
use windowshop::enrollment::results::{self, Results};
use windowshop::enrollment::sign::{Sign, Signing};
use windowshop::filing::codes::{Metal, Product};
use windowshop::operator::Opened;
use windowshop::quote::market;
use windowshop::store::columns;
use windowshop::types::Cents;
use windowshop::verify::case::Case;

use crate::account::people::{begin, means};
use crate::application::flow::{Person, ohio, usual};
use crate::load::small::{Source, attributes_row, modern_ages, plan_rows, whole};
use crate::site::Site;
pub use crate::site::knows;

/// In the open enrollment for the sample's year: noon in Ohio.
pub const SEASON: OffsetDateTime = datetime!(2025-11-20 17:00 UTC);
/// After it.
pub const SPRING: OffsetDateTime = datetime!(2026-03-20 16:00 UTC);

/// Rules and plans.
pub struct Market {
    pub catalogue: Arc<Catalogue>,
    pub tables: Tables,
    _folder: Option<TempDir>,
}

/// The rates of a plan: a first amount in dollars, and a dollar more for each age.
fn rates(plan: &str, first: usize) -> Vec<String> {
    let row = |(i, age): (usize, String)| {
        let premium = first + i;
        format!("2026,OH,{plan},Rating Area 4,1/1/2026,12/31/2026,No Preference,{age},{premium}.00,,,,,,,,")
    };
    modern_ages().into_iter().enumerate().map(row).collect()
}

/// Dental plans: the first rate, and what of a child's premium is for essential health benefits.
const DENTAL: [(&str, usize, &str); 2] = [("11111OH0020001", 20, ",0.65"), ("11111OH0020002", 11, ",0.4127")];

/// Two silver plans, a bronze plan that costs far less, and dental plans: the sample has none.
pub fn with_dental() -> Source {
    const BRONZE: &str = "11111OH0010003";
    let mut source = Source::new();
    source.rates.extend(rates(BRONZE, 100));
    source.attributes.extend(plan_rows(2026, BRONZE, "Bronze", ""));
    source.attributes[0].push_str(",EHBPediatricDentalApportionmentQuantity");
    source.attributes.iter_mut().skip(1).for_each(|line| line.push(','));
    for (plan, first, part) in DENTAL {
        source.rates.extend(rates(plan, first));
        for variant in ["00", "01"] {
            let row = attributes_row(2026, plan, "Low", variant, "");
            source.attributes.push(row.replace(",Individual,No,", ",Individual,Yes,") + part);
        }
    }
    source
}

impl Market {
    pub async fn open() -> Market {
        let site = Site::on(SEASON).await;
        Market { catalogue: site.catalogue(), tables: Tables::load().expect("the tables"), _folder: None }
    }

    /// With few plans, and a dental plan among them.
    pub async fn with_dental() -> Market {
        let (folder, report, _) = whole(&with_dental()).await;
        assert_eq!(report.problems.bad_rows(), 0, "{report}");
        let site = Site::of(&folder.path().join("to")).await;
        Market { catalogue: site.catalogue(), tables: Tables::load().expect("the tables"), _folder: Some(folder) }
    }

    /// Somebody who answers on a day.
    pub fn person(&self, now: OffsetDateTime) -> Person<'_> {
        let mut around = ohio(&self.tables);
        around.today = if now == SEASON { date!(2025 - 11 - 20) } else { date!(2026 - 03 - 20) };
        Person::new(around)
    }

    /// What an application has on record when it is sent.
    pub async fn freeze(&self, person: &Person<'_>) -> (Frozen, serde_json::Value) {
        let view = person.view();
        let found = determined(&self.catalogue, &self.tables, &view).await.expect("determined");
        let keys = flow::answered(&view);
        let answers = serde_json::to_value(view.sheet.only(|key| keys.contains(key))).expect("JSON");
        let determination = serde_json::to_value(&found.determination).expect("JSON");
        let county = view.county().map(|county| county.name.clone()).unwrap_or_default();
        (Frozen { answers, household: found.household, county, amended: None }, determination)
    }

    /// What counts, without a store.
    pub async fn results(&self, person: &Person<'_>) -> Results {
        let (frozen, determination) = self.freeze(person).await;
        let application = Application {
            id: "a1".into(),
            reference: "482193075512".into(),
            plan_year: 2026,
            submitted_at: 1_763_658_000_000,
            catalogue: self.catalogue.version.clone(),
            determination: determination.clone(),
            frozen: Frozen {
                answers: frozen.answers.clone(),
                household: frozen.household.clone(),
                county: frozen.county.clone(),
                amended: None,
            },
            follows: None,
        };
        let case = Case { owner: "guest:g1".into(), application };
        let events = results::told(&case);
        results::read(&self.tables, case, &(0, frozen.household, determination), (events, false)).expect("read")
    }

    pub fn asking<'a>(&'a self, results: &'a Results, choice: &'a Choice) -> Asking<'a> {
        let (catalogue, tables, start) = (&*self.catalogue, &self.tables, results.assumed_start);
        Asking { catalogue, tables, results, choice, start, why: None }
    }

    pub async fn check(&self, results: &Results, choice: &Choice, now: OffsetDateTime) -> Result<Checked, Unfit> {
        worked_out(&self.asking(results, choice), &By { signature: "Ana Li", lang: "en" }, now).await
    }

    /// Plans of a group as its list has them: plan, full premium, credit used; the lowest to pay first.
    pub async fn list(
        &self,
        results: &Results,
        choice: &Choice,
        (group, product): (usize, Product),
    ) -> Vec<(String, Option<Metal>, Cents, Cents)> {
        let search = search_for(&self.asking(results, choice), (group, product)).await.expect("a search");
        let tally = market::tally(&self.catalogue, &search).await.expect("priced");
        let mut plans: Vec<_> = tally
            .offers()
            .iter()
            .map(|offer| (offer.plan.plan_id.clone(), offer.plan.metal, offer.premium, offer.credit))
            .collect();
        plans.sort_by_key(|(plan, _, premium, credit)| (premium.0 - credit.0, plan.clone()));
        plans
    }

    /// The lowest-priced plan of a metal level.
    pub async fn lowest(&self, results: &Results, choice: &Choice, at: (usize, Product), metal: Metal) -> String {
        let plans = self.list(results, choice, at).await;
        plans.into_iter().find(|(_, own, ..)| *own == Some(metal)).expect("there is one").0
    }
}

/// Everybody who shops in one group, with this medical plan.
pub fn together(results: &Results, plan: &str) -> Choice {
    let group = GroupChoice { medical: Some(plan.to_string()), ..GroupChoice::of(results.shoppers()) };
    Choice { groups: vec![group], ..Choice::default() }
}

/// A person of this birthday with these yearly wages.
pub fn alone<'a>(market: &'a Market, born: &str, wages: &str) -> Person<'a> {
    let mut person = market.person(SEASON);
    person.go(&|question, row, _| match question {
        "birth_date" => born.into(),
        "amount" => wages.into(),
        question => usual(question, row).to_string(),
    });
    person
}

/// A couple with children of these birthdays; wages of each of the two, a month.
pub fn family<'a>(market: &'a Market, now: OffsetDateTime, children: &[&str], monthly: &str) -> Person<'a> {
    let mut ana = market.person(now);
    let ben = ana.add();
    let rows: Vec<RowId> = children.iter().map(|_| ana.add()).collect();
    let dependents = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    ana.go(&|question, row, _| match (question, row) {
        ("birth_date", row) if rows.contains(&row) => {
            children[rows.iter().position(|own| *own == row).expect("a child")].into()
        }
        ("relation", row) if rows.contains(&row) => "child".into(),
        ("jointly", YOU) => "yes".into(),
        ("dependents", YOU) if !dependents.is_empty() => dependents.clone(),
        ("dependents", YOU) => "none".into(),
        ("earners", _) => format!("{YOU},{ben}"),
        ("amount", _) => monthly.into(),
        ("frequency", _) => "monthly".into(),
        ("first_name", row) if row != YOU => format!("{}na", ["Be", "Ce", "De", "Le"][(row as usize) % 4]),
        ("ssn", row) => format!("123-45-67{:02}", 10 + row),
        (question, row) => usual(question, row).to_string(),
    });
    ana
}

/// Sends an application of a new guest; owner and ID.
pub async fn send(office: &Opened, market: &Market, person: &Person<'_>) -> (String, String) {
    let (guest, draft, _) = begin(office).await;
    let owner = guest_owner(&guest);
    let (id, notice) = (new_id().expect("an ID"), new_id().expect("an ID"));
    let mut connection = office.store.read().await.expect("a connection");
    let key = office.vault.open(&mut connection, &owner).await.expect("asked").expect("a key");
    drop(connection);
    let (frozen, determination) = market.freeze(person).await;
    let nothing = Notice { letters: Vec::new() };
    let sending = Sending {
        answers: key.seal_json(columns::APPLICATION_ANSWERS.at(&id, &owner), &frozen).expect("sealed"),
        determination: key
            .seal_json(columns::APPLICATION_DETERMINATION.at(&id, &owner), &determination)
            .expect("sealed"),
        notice_body: key.seal_json(columns::NOTICE_BODY.at(&notice, &owner), &nothing).expect("sealed"),
        draft,
        draft_version: 1,
        owner: owner.clone(),
        reference: new_reference().expect("random"),
        plan_year: 2026,
        follows: None,
        answers_version: 1,
        catalogue: market.catalogue.version.clone(),
        notice,
        letter: None,
        jobs: Vec::new(),
        session: "5e55".to_string(),
        id: id.clone(),
    };
    let way = Submitter::start(office.store.clone(), means(office));
    assert!(matches!(way.send(sending).await, Ok(Sent::Now { .. })));
    (owner, id)
}

/// What counts for an application in the store.
pub async fn counts(office: &Opened, market: &Market, (owner, application): (&str, &str)) -> Arc<Results> {
    let mut connection = office.store.read().await.expect("a connection");
    let found = results::of(&mut connection, &office.vault, &market.tables, (owner, application)).await;
    Arc::new(found.expect("read").expect("there is one"))
}

/// Somebody alone who has applied and picked the lowest silver plan, which is not saved yet: owner, application, what counts, choice.
pub async fn chosen(office: &Opened, market: &Market) -> (String, String, Arc<Results>, Choice) {
    let (owner, application) = send(office, market, &alone(market, "3/14/1986", "37,650")).await;
    let results = counts(office, market, (&owner, &application)).await;
    let mut choice = together(&results, "");
    choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Silver).await);
    (owner, application, results, choice)
}

/// Saves a choice over a version; the new version.
pub async fn save(office: &Opened, results: &Results, seen: i64, choice: &Choice) -> i64 {
    let (owner, application) = (results.owner.clone(), results.application.clone());
    let save = Save { means: means(office), owner, application, seen, choice: choice.clone() };
    office.store.begin_write(save).await.expect("saved")
}

/// What would be signed of a choice that was saved at a version.
pub async fn to_sign(
    office: &Opened,
    market: &Market,
    results: &Arc<Results>,
    (choice, version): (&Choice, i64),
    now: OffsetDateTime,
) -> Sign {
    let checked = market.check(results, choice, now).await.expect("it can be signed");
    let mark = checked.mark();
    Sign::new((means(office), knows()), (Arc::clone(results), checked), (version, &mark), "5e55").expect("random")
}

/// Saves and signs.
pub async fn sign(
    office: &Opened,
    market: &Market,
    results: &Arc<Results>,
    (choice, seen): (&Choice, i64),
    now: OffsetDateTime,
) -> Vec<String> {
    let version = save(office, results, seen, choice).await;
    let sign = to_sign(office, market, results, (choice, version), now).await;
    match office.store.begin_write(sign).await.expect("written") {
        Signing::Now { enrollments } => enrollments,
        other => panic!("{other:?}"),
    }
}
