//! People who are referred to Ohio's agency, the folder between, and an agency that answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use windowshop::application::record::{self as applications, Notice};
use windowshop::load::county_name;
use windowshop::store::{Change, StoreError, Tx};
use windowshop::transfer::folder::Folder;
use windowshop::transfer::inbox::{Report, read_all};
use windowshop::transfer::record::{self, Line, StepLine};
use windowshop::transfer::send::Sends;
use windowshop::transfer::xml::{self, Element};
use windowshop::transfer::{SUBMITTED, TRANSFER, job};
use windowshop::verify::Room;
use windowshop::work::worker::Handled;
use windowshop::work::{Workers, enqueue, ring};

use crate::store::engines::Bench;
use crate::verify::world::{Told, World};
use crate::work::ends::is_left;

/// Names of the files of a folder, in order; none if there is no folder.
pub fn files_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let named = entries.map(|entry| entry.expect("an entry"));
    let files = named.filter(|entry| entry.file_type().expect("a type").is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub struct Agency {
    pub world: World,
    pub folder: Folder,
    dir: PathBuf,
}

/// Puts the job down that sending puts down.
pub struct Put {
    pub room: Room,
    pub owner: String,
    pub application: String,
    pub cause: String,
}

impl Change for Put {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let own = job(&self.application, &self.cause);
        enqueue(tx, &self.room.means.vault, &own.of(&self.owner)).await.map(drop)
    }
}

/// One person who is assessed eligible for Medicaid, with everything that the pages ask.
pub fn poor(last: &str) -> Told {
    let mut told = Told::alone(last, "219-09-1200", 12_000);
    for (key, text) in [
        ("help.0", "yes"),
        ("street.0", "1 Elm Street"),
        ("city.0", "Columbus"),
        ("zip.0", "43215"),
        ("county.0", "39049"),
        ("phone.0", "6145550100"),
        ("spoken.0", "english"),
        ("written.0", "en"),
        ("claimed.1", "no"),
        ("married.1", "no"),
        ("pregnant.0", "none"),
        ("tribal.0", "none"),
        ("disabled.0", "none"),
        ("daily_care.0", "none"),
        ("student.0", "none"),
        ("foster_care.0", "none"),
        ("caretaker.0", "none"),
        ("in_custody.0", "none"),
        ("covered.0", "none"),
        ("offered.0", "none"),
        ("earners.0", "1"),
        ("income_kinds.1", "wages"),
        ("kind.100", "wages"),
        ("person.100", "1"),
        ("amount.100", "1000"),
        ("frequency.100", "monthly"),
        ("employer.100", "Elm Bakery"),
        ("events.0", "married"),
        ("consent.0", "5"),
        ("true_answers.0", "yes"),
        ("changes.0", "yes"),
        ("third_party.0", "yes"),
        ("custody.0", "yes"),
        ("use_of_answers.0", "yes"),
        ("signature.0", "Ana Perez"),
    ] {
        told.say(key, text);
    }
    told
}

/// A parent and a child of seven.
pub fn family() -> Told {
    let mut told = poor("Perez");
    let child = json!({
        "id": "2", "date_of_birth": "2019-10-01", "relationship": "child", "applying": true, "claimed_by": "1",
        "immigration": { "status": "us_citizen" }, "tribal_member": false, "incarcerated": "no", "other_coverage": [],
    });
    told.household["people"].as_array_mut().expect("people").push(child);
    told.household["silver_plans"] = json!([]);
    for (key, text) in [
        ("first_name.2", "Luz"),
        ("last_name.2", "Perez"),
        ("birth_date.2", "10/1/2019"),
        ("sex.2", "female"),
        ("relation.2", "child"),
        ("applying.2", "yes"),
        ("citizen.2", "yes"),
        ("ssn.2", "219-09-1201"),
        ("dependents.1", "2"),
    ] {
        told.say(key, text);
    }
    told
}

impl Agency {
    pub async fn open(bench: &Bench) -> Agency {
        let world = World::open(bench).await;
        // A bench may be opened twice in one test.
        let mut id = [0; 4];
        getrandom::fill(&mut id).expect("randomness");
        let dir = bench.path(&format!("transfer-{}", u32::from_be_bytes(id)));
        Agency { world, folder: Folder::at(dir.clone()), dir }
    }

    /// Sends an application with its transfer; owner and ID.
    pub async fn send(&self, told: &Told) -> (String, String) {
        let (owner, application) = self.world.send(told).await;
        self.put((&owner, &application), SUBMITTED).await;
        (owner, application)
    }

    pub async fn put(&self, (owner, application): (&str, &str), cause: &str) {
        let room = self.world.room.clone();
        let (owner, application) = (owner.to_string(), application.to_string());
        let put = Put { room, owner, application, cause: cause.to_string() };
        self.world.office.store.begin_write(put).await.expect("put down");
    }

    pub fn kinds(&self) -> Vec<Handled> {
        let (room, folder) = (self.world.room.clone(), self.folder.clone());
        vec![(&TRANSFER, Arc::new(Sends { room, folder, county_name }))]
    }

    /// Works until no transfer is due.
    pub async fn work(&self, bench: &Bench) {
        let store = &self.world.office.store;
        let workers = Workers::start(store, &self.world.office.vault, self.kinds(), 2).expect("workers");
        ring();
        for n in 0.. {
            if !is_left(store, bench, "kind = 'transfer'").await {
                break;
            }
            assert!(n < 1_200, "transfers are left that nobody makes");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        workers.finish(Duration::from_secs(10)).await;
    }

    /// Names of files in a folder of the dropped transfers.
    pub fn files(&self, folder: &str) -> Vec<String> {
        files_in(&self.dir.join(folder))
    }

    pub fn place(&self) -> &Path {
        &self.dir
    }

    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir.join(file)).expect("a file")
    }

    /// The tree of the n-th transfer that went out.
    pub fn sent(&self, n: usize) -> Element {
        let names: Vec<String> = self.files("out/OH").into_iter().filter(|name| name.ends_with(".xml")).collect();
        xml::read(self.text(&format!("out/OH/{}", names[n])).as_bytes()).expect("a transfer")
    }

    pub fn drop_in(&self, state: &str, name: &str, bytes: &[u8]) {
        let inbox = self.dir.join("in").join(state);
        std::fs::create_dir_all(&inbox).expect("a folder");
        std::fs::write(inbox.join(name), bytes).expect("written");
    }

    pub async fn read(&self) -> Report {
        read_all(&self.world.room, &self.folder).await.expect("read")
    }

    /// Drops one file and reads it: `1 0 0` is taken, doubled, refused.
    pub async fn take(&self, name: &str, tree: &Element) -> (u64, u64, u64) {
        self.drop_in("OH", name, xml::write(tree, false).as_bytes());
        let Report { taken, doubled, refused } = self.read().await;
        (taken, doubled, refused)
    }

    pub async fn lines(&self, owner: &str, application: &str) -> Vec<Line> {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        record::of_application(&mut connection, (owner, application)).await.expect("read")
    }

    pub async fn steps(&self, transfer: &str) -> Vec<StepLine> {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        record::steps(&mut connection, transfer).await.expect("read")
    }

    /// Kinds of notices without their IDs, the oldest first: `transfer:sent`.
    pub async fn told(&self, owner: &str) -> Vec<String> {
        let notices = self.world.notices(owner, "en").await;
        let step = |kind: &str| kind.split(':').nth(2).unwrap_or_default().to_string();
        notices.iter().filter(|(kind, _)| kind.starts_with("transfer:")).map(|(kind, _)| step(kind)).collect()
    }

    /// The words of all notices in a language.
    pub async fn words(&self, owner: &str, lang: &str) -> String {
        let mut connection = self.world.office.store.read().await.expect("a connection");
        let posted = applications::notices(&mut connection, owner).await.expect("read");
        let mut words = String::new();
        for one in &posted {
            let found = applications::notice(&mut connection, &self.world.office.vault, (owner, &one.id)).await;
            let Some((_, Notice { letters })) = found.expect("read") else { continue };
            let letter = letters.iter().find(|letter| letter.lang == lang);
            words += &letter.map(|letter| serde_json::to_string(letter).expect("JSON")).unwrap_or_default();
        }
        words
    }
}

/// The element at a path of local names.
pub fn at<'e>(tree: &'e mut Element, path: &str) -> &'e mut Element {
    path.split('/').fold(tree, |own, part| {
        own.children.iter_mut().find(|child| child.local == part).unwrap_or_else(|| panic!("no {part} in {path}"))
    })
}

pub fn set(tree: &mut Element, path: &str, text: &str) {
    at(tree, path).text = text.to_string();
}

/// What an agency makes of a transfer: the same, back to the Exchange, with another ID, a time and a status.
pub fn back(sent: &Element, id: &str, when: &str, status: &str) -> Element {
    let mut tree = sent.clone();
    let activity = "TransferHeader/TransferActivity";
    set(&mut tree, &format!("{activity}/ActivityIdentification/IdentificationID"), id);
    set(&mut tree, &format!("{activity}/ActivityDate/DateTime"), when);
    set(&mut tree, &format!("{activity}/RecipientTransferActivityCode"), "Exchange");
    set(&mut tree, "Sender/InformationExchangeSystemCategoryCode", "MedicaidAgency");
    set(&mut tree, "Receiver/InformationExchangeSystemCategoryCode", "Exchange");
    for applicant in applicants(&mut tree) {
        if applicant.child("ReferralActivity").is_some() {
            set(applicant, "ReferralActivity/ReferralActivityStatus/ReferralActivityStatusCode", status);
        }
    }
    tree
}

pub fn applicants(tree: &mut Element) -> impl Iterator<Item = &mut Element> {
    at(tree, "InsuranceApplication").children.iter_mut().filter(|own| own.local == "InsuranceApplicant")
}

/// The agency's own decision about everybody, in place of our assessment.
pub fn decide(tree: &mut Element, eligible: bool, when: &str, from: &str) {
    for applicant in applicants(tree) {
        for own in applicant.children.iter_mut().filter(|own| own.local == "MedicaidMAGIEligibility") {
            set(own, "EligibilityIndicator", if eligible { "true" } else { "false" });
            set(own, "EligibilityDetermination/ActivityDate/DateTime", when);
            let system = at(own, "EligibilityEstablishingSystem");
            set(system, "InformationExchangeSystemCategoryCode", "MedicaidAgency");
            if let Some(range) = own.children.iter_mut().find(|own| own.local == "EligibilityDateRange") {
                set(range, "StartDate/Date", from);
            }
        }
    }
}

/// An agency's answer at once: it has taken the transfer, or not.
pub fn response(code: &str) -> Vec<u8> {
    format!(
        "<ex:AccountTransferResponse xmlns:ex=\"http://at.dsh.cms.gov/exchange/1.0\" \
         xmlns:ext=\"http://at.dsh.cms.gov/extension/1.0\" xmlns:hix-core=\"http://hix.cms.gov/0.1/hix-core\">\
         <ext:ResponseMetadata><hix-core:ResponseCode>{code}</hix-core:ResponseCode>\
         <hix-core:ResponseDescriptionText>words</hix-core:ResponseDescriptionText></ext:ResponseMetadata>\
         </ex:AccountTransferResponse>"
    )
    .into_bytes()
}
