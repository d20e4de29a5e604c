//! People who have signed for a plan, the folder between, and insurers that answer.

use std::path::{Path, PathBuf};

use time::Date;
use time::macros::date;
use windowshop::eligibility::tables::CsrLevel;
use windowshop::enrollment::record::{
    self, ChangeKind, ChangeRow, Enrollment, NewChange, NewEnrollment, State, add_change, insert,
};
use windowshop::enrollment::{Signed, SignedPerson, SignedPlace, SignedPlan, Why};
use windowshop::insurer::folder::Folder;
use windowshop::insurer::inbox::{Read, Tally, read_one};
use windowshop::insurer::member;
use windowshop::insurer::record as files;
use windowshop::insurer::send::Insurers;
use windowshop::insurer::sweep::{Round, round};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::types::Cents;
use windowshop::verify::Room;
use windowshop::x834::coverage::Coverage;
use windowshop::x834::{Answer, read};

use crate::store::engines::Bench;
use crate::transfer::people::{files_in, poor};
use crate::verify::world::World;
use crate::x834::people::effect;

pub const ELM: &str = "12345";
pub const OAK: &str = "54321";

pub struct Desk {
    pub world: World,
    pub desk: Insurers,
    /// Who has signed, and their application.
    pub owner: String,
    pub application: String,
    dir: PathBuf,
}

pub fn person(row: u32, last: &str) -> SignedPerson {
    let subscriber = row == 1;
    let text = str::to_string;
    SignedPerson {
        row,
        relation: text(if subscriber { "self" } else { "child" }),
        first: text("Ana"),
        middle: String::new(),
        last: text(last),
        suffix: String::new(),
        born: if subscriber { date!(1986 - 02 - 28) } else { date!(2019 - 10 - 01) },
        sex: text("female"),
        ssn: subscriber.then(|| text("219091200")),
        tobacco: false,
        premium: Cents(if subscriber { 31_250 } else { 15_000 }),
        phone: subscriber.then(|| text("(614) 555-0100")),
        email: None,
        races: Vec::new(),
    }
}

pub fn signed(issuer: &str, people: Vec<SignedPerson>) -> Signed {
    let text = str::to_string;
    let premium = people.iter().map(|own| own.premium).sum();
    Signed {
        plan: SignedPlan {
            id: format!("{issuer}OH0010001"),
            variant: text("04"),
            name: text("Elm Silver"),
            issuer_id: text(issuer),
            issuer_name: text("Elm Health Plan"),
            product: text("medical"),
            metal: text("silver"),
            payment: None,
            phone: None,
            address: None,
        },
        place: SignedPlace {
            street: vec![text("1 Elm Street"), text("Apt 4")],
            city: text("Columbus"),
            state: text("OH"),
            zip: text("43215"),
            county_fips: text("39049"),
            county_name: text("Franklin"),
            rating_area: Some(4),
            mailing: None,
        },
        people,
        premium,
        essential: Some(premium),
        credit: Cents(20_000),
        credit_available: Cents(20_000),
        benchmark: Some(Cents(40_000)),
        csr: CsrLevel::Csr87,
        starts: date!(2027 - 01 - 01),
        why_now: Why::OpenEnrollment,
        application_reference: text("123456789012"),
        signature: text("Ana Perez"),
        signed_on: date!(2026 - 11 - 27),
        lang: text("es"),
        renews: None,
        responsible: None,
        households: Vec::new(),
    }
}

/// Signs for a plan, as the pages do it.
struct Enroll {
    room: Room,
    owner: String,
    application: String,
    number: u64,
    signed: Signed,
}

impl Change for Enroll {
    type Done = String;

    async fn run(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let key = self.room.means.vault.open(tx.conn(), &self.owner).await?.ok_or(StoreError::Stale)?;
        let id = format!("e{}", self.number);
        let new = NewEnrollment {
            id: &id,
            owner: &self.owner,
            application: &self.application,
            number: &self.number.to_string(),
            choice: 1,
            plan_year: 2027,
            state: State::Signed,
            starts: self.signed.starts,
            ends: date!(2027 - 12 - 31),
            signed: &self.signed,
            catalogue: "catalogue-2027-20261101-0a1b2c3d",
            follows: "",
        };
        assert!(insert(tx, &key, &new).await?, "a new one");
        let (owner, body, from_day) = (self.owner.as_str(), &self.signed, self.signed.starts);
        let reason = "open_enrollment";
        let change = NewChange { enrollment: &id, owner, kind: ChangeKind::Initial, from_day, reason, body, held: "" };
        add_change(tx, &key, &change).await?;
        Ok(id)
    }
}

/// Puts another change down.
struct More {
    room: Room,
    owner: String,
    enrollment: String,
    kind: ChangeKind,
    from_day: Date,
    body: Signed,
}

impl Change for More {
    type Done = String;

    async fn run(&self, tx: &mut Tx) -> Result<String, StoreError> {
        let key = self.room.means.vault.open(tx.conn(), &self.owner).await?.ok_or(StoreError::Stale)?;
        let More { enrollment, owner, kind, from_day, body, .. } = self;
        let (kind, from_day, reason, held) = (*kind, *from_day, "", "");
        let change = NewChange { enrollment, owner, kind, from_day, reason, body, held };
        add_change(tx, &key, &change).await
    }
}

impl Desk {
    pub async fn open(bench: &Bench) -> Desk {
        let world = World::open(bench).await;
        let mut id = [0; 4];
        getrandom::fill(&mut id).expect("randomness");
        let dir = bench.path(&format!("insurer-{}", u32::from_be_bytes(id)));
        let (owner, application) = world.send(&poor("Perez")).await;
        let desk = Insurers { room: world.room.clone(), folder: Folder::at(dir.clone()) };
        Desk { world, desk, owner, application, dir }
    }

    /// Somebody signs; the enrollment's ID.
    pub async fn enroll(&self, number: u64, signed: Signed) -> String {
        let (room, owner, application) = (self.world.room.clone(), self.owner.clone(), self.application.clone());
        let enroll = Enroll { room, owner, application, number, signed };
        self.world.office.store.begin_write(enroll).await.expect("signed")
    }

    pub async fn more(&self, enrollment: &str, kind: ChangeKind, from_day: Date, body: Signed) -> String {
        let (room, owner, enrollment) = (self.world.room.clone(), self.owner.clone(), enrollment.to_string());
        let more = More { room, owner, enrollment, kind, from_day, body };
        self.world.office.store.begin_write(more).await.expect("put down")
    }

    pub async fn round(&self) -> Round {
        round(&self.desk).await.expect("a round")
    }

    /// Names of files in a folder.
    pub fn files(&self, folder: &str) -> Vec<String> {
        files_in(&self.dir.join(folder))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).expect("a file")
    }

    /// What an insurer finds in all of its files, in the order of their numbers.
    pub fn delivered(&self, issuer: &str) -> Vec<Coverage> {
        let mut all = Vec::new();
        for name in self.files(&format!("out/{issuer}")) {
            let text = self.text(&format!("out/{issuer}/{name}"));
            let received = read(text.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert_eq!(format!("834-{issuer}-{:09}.834", received.control), name);
            for answer in received.answers {
                let Answer::Coverage { said, .. } = answer else { panic!("{name}: {answer:?}") };
                all.push(*said);
            }
        }
        all
    }

    pub fn drop_in(&self, issuer: &str, name: &str, bytes: &[u8]) -> PathBuf {
        let inbox = self.dir.join("in").join(issuer);
        std::fs::create_dir_all(&inbox).expect("a folder");
        std::fs::write(inbox.join(name), bytes).expect("written");
        inbox.join(name)
    }

    /// An insurer lays a file down, and it is read.
    pub async fn take(&self, issuer: &str, text: &str) -> Read {
        let path = self.drop_in(issuer, "a.txt", text.as_bytes());
        read_one(&self.desk, (&path, None), true).await.expect("read")
    }

    pub async fn tally(&self, issuer: &str, text: &str) -> Tally {
        match self.take(issuer, text).await {
            Read::Taken(tally) => tally,
            other => panic!("{other:?}"),
        }
    }

    pub async fn enrollment(&self, id: &str) -> Enrollment {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        let found = record::one(&mut connection, &self.world.office.vault, (&self.owner, id)).await;
        found.expect("read").expect("there")
    }

    pub async fn state(&self, id: &str) -> State {
        self.enrollment(id).await.state
    }

    pub async fn changes(&self, id: &str) -> Vec<ChangeRow> {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        record::changes(&mut connection, id).await.expect("read")
    }

    pub async fn lines(&self, file: &str) -> Vec<files::Line> {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        files::lines(&mut connection, file).await.expect("read")
    }

    /// Kinds of notices about insurers.
    pub async fn told(&self) -> usize {
        let notices = self.world.notices(&self.owner, "en").await;
        notices.iter().filter(|(kind, _)| kind.starts_with("insurer:rejected:")).count()
    }
}

/// What an insurer says of an enrollment with a number.
pub fn word(number: u64, extra: &str, end: &str) -> Vec<String> {
    let subscriber = member::subscriber_id(&signed(ELM, vec![person(1, "Perez")]));
    effect((&number.to_string(), &subscriber), extra, ("20270101", end))
}
