//! People who have sent an application, the workers that check it, and the hub that answers.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use windowshop::account::people::{guest_owner, new_id};
use windowshop::application::change::{Begin, Begun, sheet_of};
use windowshop::application::record::{self, Frozen, Notice};
use windowshop::application::submit::{Sending, Sent, Submitter, new_reference};
use windowshop::config::{Hidden, HubSettings, OfficePlace};
use windowshop::hub::Hub;
use windowshop::operator::Opened;
use windowshop::store::columns;
use windowshop::store::{Ahead, Store};
use windowshop::verify::{Dmi, Room, dmi, history, plan, redetermine};
use windowshop::work::{Workers, ring};

use crate::account::people::{begin, means};
use crate::site::TODAY;
use crate::store::engines::Bench;
use crate::work::ends::is_left;

const TOKEN: &str = "training";

/// A process that plays the hub; ended with this.
pub struct Sim {
    child: Child,
    pub url: String,
}

impl Sim {
    pub fn start() -> Sim {
        Sim::on("127.0.0.1:0")
    }

    pub fn on(listen: &str) -> Sim {
        let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
        program.args(["hub-sim", "--token", TOKEN, "--listen", listen]);
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = program.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its words")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect("its address").to_string();
        Sim { child, url }
    }

    pub fn hub(&self) -> Hub {
        Hub::new(&settings(&self.url))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn settings(url: &str) -> HubSettings {
    HubSettings {
        url: Some(url.to_string()),
        token: Some(Hidden::new(TOKEN)),
        timeout: Duration::from_secs(5),
        contact_name: "Help Desk".to_string(),
        contact_phone: "5550100100".to_string(),
    }
}

/// Where nobody listens.
pub fn nobody() -> Hub {
    Hub::new(&settings("http://127.0.0.1:9"))
}

/// The office of a bench, whose clock can be moved.
pub struct World {
    pub office: Opened,
    pub ahead: Ahead,
    pub room: Room,
    /// The one way in, that commits what many send at once together.
    way: Submitter,
}

impl World {
    pub async fn open(bench: &Bench) -> World {
        let (place, ahead) = (OfficePlace::read(&bench.args(), &mut Vec::new()), Ahead::default());
        let office = Opened::ahead(&place, TODAY.date(), ahead.clone()).await.expect("it opens");
        let knows = crate::site::knows();
        let room = Room { store: office.store.clone(), means: means(&office), knows };
        let way = Submitter::start(office.store.clone(), means(&office));
        World { office, ahead, room, way }
    }

    /// At noon in Ohio: days are counted there, and none begins while a test runs.
    pub async fn at_noon(bench: &Bench) -> World {
        const DAY: i64 = 86_400_000;
        let world = World::open(bench).await;
        let now = world.office.store.now().await.expect("a time");
        let to_noon = (17 * 3_600_000 - now.rem_euclid(DAY)).rem_euclid(DAY);
        world.ahead.add(Duration::from_millis(to_noon.unsigned_abs()));
        world
    }

    pub fn days(&self, days: u64) {
        self.ahead.add(Duration::from_secs(days * 24 * 3600));
    }

    fn store(&self) -> &Store {
        &self.office.store
    }

    /// Sends an application of a new guest; owner and ID.
    pub async fn send(&self, told: &Told) -> (String, String) {
        let (guest, draft, _) = begin(&self.office).await;
        let owner = guest_owner(&guest);
        let id = self.freeze((&owner, &draft), told, None).await;
        (owner, id)
    }

    /// Reports a change of an application: what is told now; the ID of what was sent.
    pub async fn change(&self, (owner, of): (&str, &str), told: &Told) -> String {
        let mut connection = self.store().read().await.expect("a connection");
        let sent = record::one(&mut connection, &self.office.vault, (owner, of)).await.expect("read").expect("there");
        drop(connection);
        let begin = Begin {
            means: means(&self.office),
            owner: owner.to_string(),
            document: sheet_of(&sent, 2027).write().expect("a document"),
            of: of.to_string(),
            new_draft: new_id().expect("an ID"),
            session: "5e55".to_string(),
        };
        let draft = begin.new_draft.clone();
        // As at the site: whoever has an open draft changes that one.
        assert_eq!(self.store().begin_write(begin).await.expect("begun"), Begun::Open);
        self.freeze((owner, &draft), told, Some(of)).await
    }

    /// Sends an application over an owner's draft; its ID.
    pub async fn freeze(&self, (owner, draft): (&str, &str), told: &Told, follows: Option<&str>) -> String {
        let (id, notice) = (new_id().expect("an ID"), new_id().expect("an ID"));
        let mut connection = self.store().read().await.expect("a connection");
        let key = self.office.vault.open(&mut connection, owner).await.expect("asked").expect("a key");
        drop(connection);
        let determination = redetermine::answer(&self.room.knows, &told.household).expect("determined");
        // As what was frozen before the county's name was kept with it.
        let (answers, household) = (Value::Object(told.answers.clone()), told.household.clone());
        let frozen = Frozen { answers, household, county: String::new(), amended: None };
        let nothing = Notice { letters: Vec::new() };
        let seal = |column: windowshop::sealing::Column, row: &str, value: &Value| {
            key.seal_json(column.at(row, owner), value).expect("sealed")
        };
        let sending = Sending {
            answers: seal(columns::APPLICATION_ANSWERS, &id, &serde_json::to_value(&frozen).expect("JSON")),
            determination: seal(
                columns::APPLICATION_DETERMINATION,
                &id,
                &serde_json::to_value(&determination).expect("JSON"),
            ),
            notice_body: seal(columns::NOTICE_BODY, &notice, &serde_json::to_value(&nothing).expect("JSON")),
            draft: draft.to_string(),
            draft_version: 1,
            owner: owner.to_string(),
            reference: new_reference().expect("random"),
            plan_year: told.year(),
            follows: follows.map(str::to_string),
            answers_version: 1,
            catalogue: "catalogue-2027-20261101-0a1b2c3d".to_string(),
            notice,
            letter: None,
            jobs: vec![plan::first(&key, (owner, &id)).expect("sealed")],
            session: "5e55".to_string(),
            id: id.clone(),
        };
        assert!(matches!(self.way.send(sending).await, Ok(Sent::Now { .. })));
        id
    }

    /// Workers of these kinds of jobs, so many.
    pub fn workers(&self, hub: &Hub, places: usize) -> Workers {
        let kinds = windowshop::verify::handled(&self.room, hub.clone());
        Workers::start(self.store(), &self.office.vault, kinds, places).expect("workers")
    }

    /// Waits until none of these jobs is due or held, and ends the workers.
    pub async fn finish(&self, bench: &Bench, workers: Workers, (which, within): (&str, Duration)) {
        ring();
        let began = Instant::now();
        while is_left(self.store(), bench, which).await {
            assert!(began.elapsed() < within, "jobs are left that nobody does");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        workers.finish(Duration::from_secs(10)).await;
    }

    /// Works until nothing is due that these kinds of jobs can do.
    pub async fn work(&self, bench: &Bench, hub: &Hub) {
        self.finish(bench, self.workers(hub, 4), ("kind <> ''", Duration::from_secs(60))).await;
    }

    pub async fn dmis(&self, owner: &str) -> Vec<Dmi> {
        let mut connection = self.store().read().await.expect("a connection");
        dmi::of_owner(&mut connection, owner).await.expect("read")
    }

    /// `1 ssn verified`, in the order of people and subjects.
    pub async fn checks(&self, owner: &str, application: &str) -> Vec<String> {
        let mut connection = self.store().read().await.expect("a connection");
        let standing = history::of(&mut connection, (owner, application)).await.expect("read");
        let line = |check: &history::Shown| format!("{} {} {}", check.person, check.subject.word(), check.state);
        standing.checks.iter().map(line).collect()
    }

    /// Kinds of notices, and the words of each in a language.
    pub async fn notices(&self, owner: &str, lang: &str) -> Vec<(String, String)> {
        let mut connection = self.store().read().await.expect("a connection");
        let posted = record::notices(&mut connection, owner).await.expect("read");
        let mut all = Vec::new();
        for one in posted.iter().rev() {
            let found = record::notice(&mut connection, &self.office.vault, (owner, &one.id)).await.expect("read");
            let (_, notice) = found.expect("there");
            let letter = notice.letters.iter().find(|letter| letter.lang == lang);
            let words = letter.map(|letter| serde_json::to_string(letter).expect("JSON")).unwrap_or_default();
            all.push((one.kind.clone(), words));
        }
        all
    }

    /// The latest redetermination of an application.
    pub async fn redetermined(&self, owner: &str, application: &str) -> Option<Value> {
        let mut connection = self.store().read().await.expect("a connection");
        let key = self.office.vault.open(&mut connection, owner).await.expect("asked").expect("a key");
        let asked = sqlx::query_as(
            "SELECT id, determination FROM redetermination WHERE application = $1 ORDER BY number DESC LIMIT 1",
        );
        let found: Option<(String, Vec<u8>)> =
            asked.bind(application).fetch_optional(&mut *connection).await.expect("read");
        found.map(|(id, sealed)| {
            key.open_json(columns::REDETERMINATION_DETERMINATION.at(&id, owner), &sealed).expect("it opens")
        })
    }
}

/// What an application says.
#[derive(Clone)]
pub struct Told {
    pub answers: Map<String, Value>,
    pub household: Value,
}

impl Told {
    /// One person of 40 in Ohio with this last name and number, who earns so many dollars and can have the credit.
    pub fn alone(last: &str, ssn: &str, dollars: i64) -> Told {
        let household = json!({
            "as_of": "2026-11-27", "plan_year": 2027, "state": "OH", "county_fips": "39049",
            "people": [{
                "id": "1", "date_of_birth": "1986-03-14", "relationship": "self", "files_taxes": true,
                "claimed_by": "nobody", "immigration": { "status": "us_citizen" }, "applying": true,
                "incarcerated": "no", "tribal_member": false, "other_coverage": [],
                "incomes": [{ "kind": "wages", "amount": dollars, "frequency": "yearly" }],
            }],
            "employer_offers": [], "hra_offers": [],
            "silver_plans": [
                { "plan_id": "11111OH0010001", "member_premiums": ["480.10"], "pediatric_dental": true },
                { "plan_id": "11111OH0010002", "member_premiums": ["512.40"], "pediatric_dental": true },
            ],
        });
        let mut told = Told { answers: Map::new(), household };
        told.say("first_name.1", "Ana").say("last_name.1", last).say("birth_date.1", "3/14/1986");
        told.say("sex.1", "female").say("applying.1", "yes").say("citizen.1", "yes").say("notices_by.0", "mail");
        if !ssn.is_empty() {
            told.say("ssn.1", ssn);
        }
        told
    }

    /// The same with a green card of so many numbers as Homeland Security needs.
    pub fn green_card(last: &str, ssn: &str, dollars: i64) -> Told {
        let mut told = Told::alone(last, ssn, dollars);
        told.say("citizen.1", "no").say("status.1", "lawful_permanent_resident").say("document.1", "i551");
        told.say("alien_number.1", "A012345678").say("document_number.1", "ABC1234567890");
        told.household["people"][0]["immigration"] =
            json!({ "status": "lawful_permanent_resident", "since": "2015-05-01" });
        told
    }

    fn year(&self) -> i32 {
        self.household["plan_year"].as_i64().and_then(|year| i32::try_from(year).ok()).expect("a year")
    }

    /// The same, with other wages.
    pub fn earning(mut self, dollars: i64) -> Told {
        self.household["people"][0]["incomes"][0]["amount"] = json!(dollars);
        self
    }

    pub fn say(&mut self, key: &str, text: &str) -> &mut Told {
        self.answers.insert(key.to_string(), json!(text));
        self
    }
}
