//! `windowshop hub-sim`: a server of its own that plays the federal data services hub, for tests, demos and training.
//!
//! Called by `main`. It shares no code with the client (`hub`): questions are held to the hub's schemas, answers are written
//! as plain JSON. Its people are made up; it must never be given a real one's data.

mod answers;
mod cases;
pub mod people;
pub mod schema;
mod trouble;

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use time::{OffsetDateTime, Time};

use self::people::{Name, Trouble};
use self::schema::Schemas;

/// Bytes of a question.
const QUESTION_MAX: usize = 1 << 20;

#[derive(Debug, Clone, Args)]
pub struct HubSimArgs {
    /// Address and port to listen on; port 0: any free one, which is said
    #[arg(long, default_value = "127.0.0.1:9470")]
    pub listen: SocketAddr,
    /// Token that lets a client in
    #[arg(long, default_value = "training")]
    pub token: String,
    /// Time that each answer takes, in milliseconds
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Random time on top of it, at most, in milliseconds
    #[arg(long, default_value_t = 0)]
    pub random_ms: u64,
    /// When the hub is down every day, UTC: 02:00-03:30,12:00-12:15
    #[arg(long, value_name = "TIMES", default_value = "")]
    pub down: String,
}

/// What can be changed while it runs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Mode {
    /// By service, or `all`.
    trouble: BTreeMap<String, Trouble>,
    /// So many questions have the trouble, then no more; without it all have.
    times: Option<u64>,
    latency_ms: u64,
    random_ms: u64,
    /// The whole hub.
    down: bool,
}

struct Sim {
    token: String,
    schemas: Schemas,
    clock: fn() -> OffsetDateTime,
    schedule: Vec<(Time, Time)>,
    mode: Mutex<Mode>,
    /// Questions by service, since the start.
    asked: Mutex<BTreeMap<String, u64>>,
    looks: Mutex<HashMap<String, u32>>,
}

/// A service: below which path, by which schema, in which envelope it answers.
struct Service {
    name: &'static str,
    path: &'static str,
    schema: &'static str,
    root: &'static str,
    answers: &'static str,
}

const SERVICES: [Service; 10] = [
    Service {
        name: "ssa",
        path: "ssac",
        schema: "SSAC-Request-Schema.json",
        root: "ssaCompositeResponse",
        answers: "SSAC-Response-Schema.json",
    },
    Service {
        name: "vlp",
        path: "vlp/initial-verification",
        schema: "vlp.json#initialVerificationRequest",
        root: "initialVerificationResponse",
        answers: "vlp.json#initialVerificationResponse",
    },
    Service {
        name: "vlp_again",
        path: "vlp/case-details",
        schema: "vlp.json#caseDetailsRequest",
        root: "caseDetailsResponse",
        answers: "vlp.json#caseDetailsResponse",
    },
    Service {
        name: "vlp_corrected",
        path: "vlp/resubmit",
        schema: "vlp.json#resubmitRequest",
        root: "resubmitResponse",
        answers: "vlp.json#resubmitResponse",
    },
    Service {
        name: "vlp_close",
        path: "vlp/close-case",
        schema: "vlp.json#closeCaseRequest",
        root: "closeCaseResponse",
        answers: "vlp.json#closeCaseResponse",
    },
    Service {
        name: "ridp",
        path: "ridp",
        schema: "RIDP-Request-schema.json",
        root: "ridpResponse",
        answers: "RIDP-Response-schema.json",
    },
    Service {
        name: "fars",
        path: "fars",
        schema: "fars.json#farsRequest",
        root: "farsResponse",
        answers: "fars.json#farsResponse",
    },
    Service {
        name: "esi",
        path: "esi-mec",
        schema: "ESIMEC-Request-schema.json",
        root: "esiMECResponse",
        answers: "ESIMEC-Response-schema.json",
    },
    Service {
        name: "non_esi",
        path: "non-esi-mec",
        schema: "VerifyNonESIMEC-Request-schema.json",
        root: "verifyNonESIMECResponse",
        answers: "VerifyNonESIMEC-Response-schema.json",
    },
    Service {
        name: "ifsv",
        path: "ifsv",
        schema: "IFSV-Request-schema.json",
        root: "ifsvResponse",
        answers: "IFSV-Response-schema.json",
    },
];

/// Serves until it is ended.
///
/// # Errors
///
/// If it cannot listen, or an argument is none.
pub async fn run(args: &HubSimArgs, clock: fn() -> OffsetDateTime) -> anyhow::Result<()> {
    let mode = Mode { latency_ms: args.latency_ms, random_ms: args.random_ms, ..Mode::default() };
    let sim = Arc::new(Sim {
        token: args.token.clone(),
        schemas: Schemas::load()?,
        clock,
        schedule: read_schedule(&args.down)?,
        mode: Mutex::new(mode),
        asked: Mutex::default(),
        looks: Mutex::default(),
    });
    let pages = Router::new()
        .route("/control", get(tell).post(control))
        .route("/{*path}", post(ask))
        .layer(DefaultBodyLimit::max(QUESTION_MAX))
        .with_state(sim);
    let listener = tokio::net::TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout(), "The hub is played at http://{address} with made-up people (docs/hub.md)");
    axum::serve(listener, pages).await?;
    Ok(())
}

/// `02:00-03:30,12:00-12:15`.
fn read_schedule(text: &str) -> anyhow::Result<Vec<(Time, Time)>> {
    let format = time::macros::format_description!("[hour]:[minute]");
    let time = |text: &str| Time::parse(text.trim(), format);
    let span = |text: &str| {
        let (from, to) = text.split_once('-')?;
        Some((time(from).ok()?, time(to).ok()?))
    };
    let spans = text.split(',').filter(|span| !span.trim().is_empty());
    spans.map(|text| span(text).with_context(|| format!("--down: {text:?} is not like 02:00-03:30"))).collect()
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `POST /control`: replaces the whole mode; what is left out is off.
async fn control(State(sim): State<Arc<Sim>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Mode>(&body) {
        Ok(mode) => {
            *held(&sim.mode) = mode;
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

/// `GET /control`: how often each service was asked.
async fn tell(State(sim): State<Arc<Sim>>) -> Response {
    json_answer(&json!({ "asked": *held(&sim.asked) }))
}

async fn ask(State(sim): State<Arc<Sim>>, Path(path): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(service) = SERVICES.iter().find(|service| service.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    *held(&sim.asked).entry(service.name.to_string()).or_default() += 1;
    let mode = held(&sim.mode).clone();
    tokio::time::sleep(Duration::from_millis(mode.latency_ms + random(mode.random_ms))).await;
    if mode.down || sim.is_scheduled_down() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if token.and_then(|token| token.strip_prefix("Bearer ")) != Some(sim.token.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let trouble = sim.trouble_of(service);
    let request = match serde_json::from_slice::<Value>(&body) {
        Ok(request) => request,
        Err(_) => return refused("no JSON"),
    };
    let faults = sim.schemas.faults(service.schema, &request);
    if !faults.is_empty() {
        return refused(&faults.join("; "));
    }
    let trouble = trouble.or_else(|| last_name(&request).trouble());
    let answer = sim.answer(service, &request);
    // A fault of ours must show in training, not pass for one of the hub.
    let faults = sim.schemas.faults(service.answers, &answer);
    if !faults.is_empty() {
        let _ =
            writeln!(std::io::stderr(), "hub-sim: its answer of {} does not fit: {}", service.name, faults.join("; "));
    }
    match trouble {
        None => json_answer(&answer),
        Some(trouble) => trouble::spoil(trouble, service.root, answer).await,
    }
}

fn json_answer(of: &Value) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], of.to_string()).into_response()
}

/// As the hub refuses what does not fit its schema.
fn refused(why: &str) -> Response {
    let said = json!({ "responseMetadata": { "responseCode": "HS001001", "responseText": why } });
    (StatusCode::BAD_REQUEST, json_answer(&said)).into_response()
}

/// A number below or equal to this.
fn random(most: u64) -> u64 {
    let mut bytes = [0; 8];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes) % (most + 1),
        Err(_) => most,
    }
}

/// Whose last name says what happens: the first one of the question.
fn last_name(request: &Value) -> Name {
    fn first<'a>(of: &'a Value, names: &[&str]) -> Option<&'a Value> {
        match of {
            Value::Object(fields) => {
                let own = names.iter().find_map(|name| fields.get(*name));
                own.or_else(|| fields.values().find_map(|value| first(value, names)))
            }
            Value::Array(items) => items.iter().find_map(|value| first(value, names)),
            _ => None,
        }
    }
    Name::of(first(request, &["personSurName", "lastName"]).unwrap_or(&Value::Null))
}

impl Sim {
    fn is_scheduled_down(&self) -> bool {
        let now = (self.clock)().time();
        // Over midnight the end is before the beginning.
        let within = |(from, to): &(Time, Time)| match from <= to {
            true => *from <= now && now < *to,
            false => *from <= now || now < *to,
        };
        self.schedule.iter().any(within)
    }

    /// What `POST /control` wants for this question; counts it.
    fn trouble_of(&self, service: &Service) -> Option<Trouble> {
        let mut mode = held(&self.mode);
        let trouble = mode.trouble.get(service.name).or_else(|| mode.trouble.get("all")).copied()?;
        match &mut mode.times {
            Some(0) => return None,
            Some(left) => *left -= 1,
            None => {}
        }
        Some(trouble)
    }

    fn answer(&self, service: &Service, request: &Value) -> Value {
        let case = |of: &str| request[of]["caseNumber"].as_str().unwrap_or_default().to_string();
        match service.name {
            "ssa" => answers::ssa(request),
            "vlp" => cases::vlp(request),
            "vlp_again" => {
                let case = case("caseDetailsRequest");
                let mut looks = held(&self.looks);
                let before = looks.entry(case.clone()).or_default();
                let answer = cases::again(service.root, &case, *before);
                *before += 1;
                answer
            }
            // Sent again with corrected numbers, a case is decided at once.
            "vlp_corrected" => cases::again(service.root, &case("resubmitRequest"), u32::MAX - 1),
            "vlp_close" => cases::close(&case("closeCaseRequest")),
            "ridp" => cases::ridp(request),
            "fars" => cases::fars(request),
            "esi" => answers::esi(request),
            "non_esi" => answers::non_esi(request),
            _ => answers::ifsv(request, (self.clock)().year() - 1),
        }
    }
}
