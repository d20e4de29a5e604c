//! The simulator as a process, a server with one answer, and people to ask about.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use time::Date;
use time::macros::date;
use windowshop::config::{Hidden, HubSettings};
use windowshop::hub::{
    DocumentKind, EsiAsk, Hub, IncomeAsk, Organization, OtherAsk, Person, RidpAsk, Sex, SsaAsk, Ssn, TaxPerson,
    TaxRole, VlpAsk, VlpDocument, YearMonth,
};

pub const TOKEN: &str = "training";
pub const BORN: Date = date!(1984 - 02 - 29);

/// `windowshop hub-sim`; ends with this.
pub struct Sim {
    child: Child,
    pub address: SocketAddr,
}

impl Sim {
    pub fn start(args: &[&str]) -> Sim {
        let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
        program.args(["hub-sim", "--listen", "127.0.0.1:0"]).args(args).stdin(Stdio::null());
        let mut child = program.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("it starts");
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut said).expect("a line");
        let address = said.split("http://").nth(1).and_then(|rest| rest.split(' ').next()).expect("an address");
        Sim { child, address: address.parse().expect("an address") }
    }

    /// What `POST /control` gets; everything that is left out is off.
    pub fn control(&self, mode: &Value) {
        let answer = exchange(self.address, "POST", &mode.to_string());
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    /// How often a service was asked.
    pub fn asked(&self, service: &str) -> u64 {
        let answer = exchange(self.address, "GET", "");
        let body = answer.split("\r\n\r\n").nth(1).expect("a body");
        serde_json::from_str::<Value>(body).expect("JSON")["asked"][service].as_u64().unwrap_or_default()
    }

    pub fn hub(&self) -> Hub {
        Hub::new(&settings(self.address))
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exchange(address: SocketAddr, method: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let length = body.len();
    write!(
        stream,
        "{method} /control HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

pub fn settings(address: SocketAddr) -> HubSettings {
    HubSettings {
        url: Some(format!("http://{address}")),
        token: Some(Hidden::new(TOKEN)),
        timeout: Duration::from_secs(20),
        contact_name: "Help Desk".to_string(),
        contact_phone: "5550100100".to_string(),
    }
}

/// Answers every question with the same bytes, and keeps the questions.
pub struct Canned {
    pub address: SocketAddr,
    /// May be changed between two questions.
    pub answer: Arc<Mutex<Vec<u8>>>,
    pub questions: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    pub fn start(answer: impl Into<Vec<u8>>) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (answer, questions) = (Arc::new(Mutex::new(answer.into())), Arc::<Mutex<Vec<String>>>::default());
        let (kept, said) = (Arc::clone(&questions), Arc::clone(&answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                kept.lock().expect("free").push(message(&mut stream));
                let answer = said.lock().expect("free").clone();
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
                // In one piece: of two, the second would wait for the first's receipt.
                let _ = stream.write_all(&[head.as_bytes(), &answer].concat());
            }
        });
        Canned { address, answer, questions }
    }

    pub fn hub(&self) -> Hub {
        Hub::new(&settings(self.address))
    }
}

/// Headers and as many bytes as they say.
pub fn message(stream: &mut TcpStream) -> String {
    let (mut read, mut part) = (Vec::new(), [0; 65536]);
    loop {
        let many = stream.read(&mut part).expect("text");
        read.extend_from_slice(&part[..many]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
            });
            body.len() >= length.unwrap_or(0)
        });
        if whole || many == 0 {
            return text;
        }
    }
}

pub fn person(last: &str) -> Person {
    Person {
        ssn: Ssn::parse("123454200").expect("a number"),
        first: "José Ángel".to_string(),
        middle: None,
        last: last.to_string(),
        suffix: None,
        born: BORN,
    }
}

pub fn ssa(last: &str) -> SsaAsk {
    SsaAsk {
        person: person(last),
        citizenship: true,
        incarceration: true,
        monthly_income: Some(YearMonth { year: 2026, month: 11 }),
        yearly_income: Some(2026),
        quarters: true,
    }
}

pub fn vlp(last: &str) -> VlpAsk {
    let mut document = VlpDocument::new(DocumentKind::I551);
    document.alien_number = Some("A-012 345 678".to_string());
    document.receipt_number = Some("src 0123456789".to_string());
    VlpAsk {
        document,
        first: "José".to_string(),
        middle: None,
        last: last.to_string(),
        born: BORN,
        five_year_bar: true,
        sponsor: false,
        grant_date: true,
        comment: None,
    }
}

pub fn ridp(last: &str) -> RidpAsk {
    RidpAsk {
        first: "José Ángel".to_string(),
        middle: None,
        last: last.to_string(),
        suffix: None,
        born: Some(BORN),
        ssn: None,
        street: "12 Main St., Apt #3".to_string(),
        city: "Cincinnati".to_string(),
        state: "OH".to_string(),
        zip: "45202".to_string(),
        phone: Some("(513) 555-0100".to_string()),
        spanish: false,
    }
}

pub fn esi(last: &str) -> EsiAsk {
    EsiAsk {
        person: person(last),
        sex: Some(Sex::Male),
        state: "OH".to_string(),
        from: date!(2027 - 01 - 01),
        to: date!(2027 - 12 - 31),
    }
}

pub fn other(last: &str) -> OtherAsk {
    use strum::IntoEnumIterator as _;
    OtherAsk {
        person: person(last),
        sex: None,
        state: "OH".to_string(),
        from: date!(2027 - 01 - 01),
        to: date!(2027 - 12 - 31),
        organizations: Organization::iter().collect(),
    }
}

pub fn income(last: &str) -> IncomeAsk {
    let one = |number: &str, first: &str, role| TaxPerson {
        ssn: Ssn::parse(number).expect("a number"),
        first: first.to_string(),
        middle: None,
        last: last.to_string(),
        suffix: Some("Jr.".to_string()),
        role,
    };
    IncomeAsk {
        request_id: 7,
        people: vec![
            one("123454200", "José", TaxRole::Primary),
            one("123450001", "Ana", TaxRole::Spouse),
            one("123450002", "Eva", TaxRole::Dependent),
        ],
    }
}
