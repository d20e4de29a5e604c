//! The jobs that ask the hub: one kind a service. No transaction is open meanwhile; what the answer came to is one change,
//! written with the end of the job.
//!
//! A hub that is away costs no attempt and is never an answer. What cannot be read is kept aside and asked again. What the
//! hub refuses is for an operator; the check goes on waiting.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use time::Date;

use super::aside::Aside;
use super::asks;
use super::case::Case;
use super::plan::{self, About, same_question};
use super::rules::{Subject, Without};
use super::settle::{Found, Settle, Verdict, row_id};
use super::{Room, verdict};
use crate::account::retention::DAY;
use crate::application::sheet::RowId;
use crate::hub::{CaseNumber, Hub, HubFault, Service};
use crate::store::{Change, Millis, StoreError, Tx, columns};
use crate::work::held::NoEffect;
use crate::work::queue::Held;
use crate::work::worker::Job;
use crate::work::{Handler, Hands, Kind, Outcome, Repeats};

/// Asking twice does no harm. What cannot be read is asked for again for about three days.
const fn asks(name: &'static str) -> Kind {
    Kind {
        name,
        max_attempts: 24,
        gives_up_after: None,
        pause: Duration::from_secs(60),
        pause_max: Duration::from_secs(4 * 3600),
        repeats: Repeats::AtLeastOnce,
    }
}

pub static CHECK_SSA: Kind = asks("check_ssa");
pub static CHECK_STATUS: Kind = asks("check_status");
pub static CHECK_STATUS_AGAIN: Kind = asks("check_status_again");
pub static CHECK_JOB_COVERAGE: Kind = asks("check_job_coverage");
pub static CHECK_OTHER_COVERAGE: Kind = asks("check_other_coverage");
pub static CHECK_INCOME: Kind = asks("check_income");

/// Every kind that asks the hub.
pub static KINDS: [&Kind; 6] =
    [&CHECK_SSA, &CHECK_STATUS, &CHECK_STATUS_AGAIN, &CHECK_JOB_COVERAGE, &CHECK_OTHER_COVERAGE, &CHECK_INCOME];

/// The shortest and the longest pause before a hub that was away is asked again.
const AWAY: (Millis, Millis) = (30_000, 15 * 60_000);
const HOUR: Millis = 3_600_000;
/// What Homeland Security wants to know of us and not of a person.
const OURS: &str = "casePOC";

/// Who asks about a subject.
pub(super) fn kind_of(subject: Subject) -> &'static Kind {
    match subject {
        Subject::LawfulPresence => &CHECK_STATUS,
        Subject::EmployerCoverage => &CHECK_JOB_COVERAGE,
        Subject::OtherCoverage => &CHECK_OTHER_COVERAGE,
        Subject::Income => &CHECK_INCOME,
        // Documents alone; never put down.
        Subject::Tribe | Subject::Ssn | Subject::Citizenship | Subject::Incarceration | Subject::Death => &CHECK_SSA,
    }
}

/// Asks the hub.
pub struct Checks {
    pub room: Room,
    pub hub: Hub,
}

/// Why nothing can be written down.
enum Unanswered {
    Hub(HubFault),
    /// What the question needs was not told.
    Unaskable,
    Store(StoreError),
    /// Nothing waits for this answer any more.
    Over,
}

impl From<HubFault> for Unanswered {
    fn from(fault: HubFault) -> Unanswered {
        match &fault {
            // A field of theirs that cannot be sent, a name without a Latin letter: documents say it.
            HubFault::Refused(code) if code.unsent_field().is_some_and(|field| !field.starts_with(OURS)) => {
                Unanswered::Unaskable
            }
            _ => Unanswered::Hub(fault),
        }
    }
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Unanswered {
        Unanswered::Store(error)
    }
}

/// What came of a question, and the case to be asked about again.
type Answered = (Vec<Found>, Option<About>);

#[async_trait]
impl Handler for Checks {
    async fn work(&self, job: &Job, _: &Hands) -> Outcome {
        let about: About = match job.said() {
            Ok(about) => about,
            Err(outcome) => return outcome,
        };
        let case = match plan::open(&self.room, &job.held.owner, &about.application).await {
            Ok(case) => Arc::new(case),
            Err(outcome) => return outcome,
        };
        let subject = subject_of(&job.held.kind);
        match self.answered(&job.held, &case, &about).await {
            Ok(answered) => self.done(case, answered),
            Err(Unanswered::Unaskable) => {
                let found = unaskable(&self.room, &case, (subject, about.person));
                self.done(case, (found, None))
            }
            Err(Unanswered::Over) => Outcome::done(NoEffect),
            Err(Unanswered::Store(error)) => Outcome::Later(format!("the check cannot be read: {error}")),
            Err(Unanswered::Hub(fault)) => self.no_answer(&job.held, fault).await,
        }
    }

    fn rests(&self, kind: &str) -> bool {
        self.hub.rests(service_of(kind))
    }
}

/// Whom a kind of job asks.
fn service_of(kind: &str) -> Service {
    match subject_of(kind) {
        Subject::LawfulPresence if kind == CHECK_STATUS_AGAIN.name => Service::VlpAgain,
        Subject::LawfulPresence => Service::Vlp,
        Subject::EmployerCoverage => Service::Esi,
        Subject::OtherCoverage => Service::NonEsi,
        Subject::Income => Service::Ifsv,
        _ => Service::Ssa,
    }
}

fn subject_of(kind: &str) -> Subject {
    match kind {
        _ if kind == CHECK_STATUS.name || kind == CHECK_STATUS_AGAIN.name => Subject::LawfulPresence,
        _ if kind == CHECK_JOB_COVERAGE.name => Subject::EmployerCoverage,
        _ if kind == CHECK_OTHER_COVERAGE.name => Subject::OtherCoverage,
        _ if kind == CHECK_INCOME.name => Subject::Income,
        _ => Subject::Ssn,
    }
}

impl Checks {
    fn done(&self, case: Arc<Case>, (found, again): Answered) -> Outcome {
        let settle = Settle { room: self.room.clone(), case, found };
        match again {
            None => Outcome::done(settle),
            Some(about) => Outcome::done(Again { settle, about }),
        }
    }

    async fn answered(&self, held: &Held, case: &Case, about: &About) -> Result<Answered, Unanswered> {
        let person = about.person;
        match subject_of(&held.kind) {
            Subject::LawfulPresence => self.status(held, case, about).await,
            Subject::EmployerCoverage => {
                let question = asks::employer_coverage(case, person).ok_or(Unanswered::Unaskable)?;
                let answer = self.hub.employer_coverage(&question).await?;
                Ok((vec![verdict::employer_coverage(&answer, person, offer_told(case, person))], None))
            }
            Subject::OtherCoverage => {
                let question = asks::other_coverage(case, person).ok_or(Unanswered::Unaskable)?;
                let answer = self.hub.other_coverage(&question).await?;
                let day = coverage_day(case).ok_or(Unanswered::Unaskable)?;
                let away = || HubFault::Down("one of the organizations did not answer".to_string());
                Ok((vec![verdict::other_coverage(&answer, person, day).ok_or_else(away)?], None))
            }
            Subject::Income => {
                let all = case.tax_households();
                let tax = all.iter().find(|tax| tax.filers.first() == Some(&person)).ok_or(Unanswered::Over)?;
                let question = asks::income(case, tax).ok_or(Unanswered::Unaskable)?;
                let tables = &self.room.knows.tables;
                let marketplace = case.marketplace(tables).ok_or(Unanswered::Over)?;
                let rule = self.room.knows.rules.income(marketplace, case.plan_year()).ok_or(Unanswered::Over)?;
                let answer = self.hub.income(&question).await?;
                Ok((vec![verdict::income(&answer, tax, rule)], None))
            }
            _ => {
                let asked = self.waiting(case, person).await?;
                let citizenship = asked.contains(&Subject::Citizenship);
                let question = asks::ssa(case, person, citizenship).ok_or(Unanswered::Unaskable)?;
                Ok((verdict::ssa(&self.hub.ssa(&question).await?, person, &asked), None))
            }
        }
    }

    /// What of a person's questions to Social Security waits.
    async fn waiting(&self, case: &Case, person: RowId) -> Result<Vec<Subject>, Unanswered> {
        let mut connection = self.room.store.read().await?;
        let asked = sqlx::query_scalar(
            "SELECT subject FROM verification WHERE application = $1 AND person = $2 AND state = 'waiting'",
        );
        let words: Vec<String> = asked
            .bind(case.id())
            .bind(i64::from(person))
            .fetch_all(&mut *connection)
            .await
            .map_err(StoreError::from)?;
        let mine = same_question(Subject::Ssn).iter().copied();
        let waiting: Vec<Subject> = mine.filter(|subject| words.iter().any(|word| word == subject.word())).collect();
        if waiting.is_empty() { Err(Unanswered::Over) } else { Ok(waiting) }
    }

    /// Homeland Security: the first time with the document, then by the number of the case.
    async fn status(&self, held: &Held, case: &Case, about: &About) -> Result<Answered, Unanswered> {
        let person = about.person;
        let (number, since) = match about.turn {
            0 => (None, case.application.submitted_at),
            _ => self.case_number(case, person).await?,
        };
        let answer = match &number {
            Some(number) => self.hub.lawful_presence_again(number).await?,
            None => {
                let question = asks::lawful_presence(case, person).ok_or(Unanswered::Unaskable)?;
                self.hub.lawful_presence(&question).await?
            }
        };
        let (mut found, _) = verdict::lawful_presence(&answer, person);
        let rules = &self.room.knows.rules;
        let day = case.day(&self.room.knows.tables, held.made_at);
        let days = rules.time("status_pending_days", day).unwrap_or_default();
        let pending = found.verdict == Verdict::Pending;
        // Papers are asked for; the case is asked about all the same, and closes the question if its answer comes first.
        if pending && held.run_at >= since + days * DAY {
            found.verdict = Verdict::Inconsistent;
        }
        let again = pending.then(|| About { turn: about.turn + 1, ..about.clone() });
        Ok((vec![found], again))
    }

    /// By which number a case is known there, and since when it is looked for, under an earlier application perhaps.
    async fn case_number(&self, case: &Case, person: RowId) -> Result<(Option<CaseNumber>, Millis), Unanswered> {
        let id = row_id(case, person, Subject::LawfulPresence);
        let mut connection = self.room.store.read().await?;
        let asked = sqlx::query_as("SELECT state, answer, asked_at FROM verification WHERE id = $1");
        let found: Option<(String, Vec<u8>, Option<Millis>)> =
            asked.bind(id.as_str()).fetch_optional(&mut *connection).await.map_err(StoreError::from)?;
        let (state, answer, since) = found.ok_or(Unanswered::Over)?;
        // Proved, expired or answered meanwhile.
        if !["pending", "inconsistent"].contains(&state.as_str()) {
            return Err(Unanswered::Over);
        }
        let key = self.room.means.vault.open(&mut connection, &case.owner).await?.ok_or(Unanswered::Over)?;
        let basis: Value =
            key.open_json(columns::VERIFICATION_ANSWER.at(&id, &case.owner), &answer).map_err(StoreError::from)?;
        let number = basis["case"].as_str().and_then(CaseNumber::parse);
        Ok((number, since.unwrap_or(case.application.submitted_at)))
    }

    async fn no_answer(&self, held: &Held, fault: HubFault) -> Outcome {
        let reason = fault.to_string();
        match fault {
            HubFault::Down(_) => {
                // The longer a check has waited, the longer it waits for the next try.
                let age = held.run_at.saturating_sub(held.made_at) / 4;
                let pause = if self.hub.unset().is_some() { AWAY.1 } else { age.clamp(AWAY.0, AWAY.1) };
                Outcome::Postpone(Duration::from_millis(pause.unsigned_abs()), reason)
            }
            HubFault::Refused(code) => {
                let aside = self.aside(held, &reason, code.as_str().as_bytes().to_vec());
                Outcome::Dead(reason, Arc::new(aside))
            }
            HubFault::Garbage { body, .. } => {
                let aside = self.aside(held, &reason, body);
                if let Err(error) = self.room.store.begin_write(aside).await {
                    tracing::error!(%error, "an answer that cannot be read could not be kept aside");
                }
                Outcome::Later(reason)
            }
        }
    }

    fn aside(&self, held: &Held, reason: &str, body: Vec<u8>) -> Aside {
        Aside {
            means: self.room.means.clone(),
            id: super::id_of(&["aside", &held.key, &held.attempt.to_string()]),
            source: "hub",
            owner: held.owner.clone(),
            reason: reason.to_string(),
            body,
        }
    }
}

/// Whether a job's offer to this person was told.
fn offer_told(case: &Case, person: RowId) -> bool {
    let household = &case.application.frozen.household;
    let offers = ["employer_offers", "hra_offers"].into_iter().filter_map(|name| household[name].as_array()).flatten();
    let id = person.to_string();
    let covers = |offer: &Value| offer["covers"].as_array().is_some_and(|all| all.iter().any(|one| *one == json!(id)));
    offers.into_iter().any(covers)
}

/// The first day of coverage, as the engine had it.
fn coverage_day(case: &Case) -> Option<Date> {
    let text = case.application.determination["coverage_start"].as_str()?;
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).ok().or_else(|| asks::coverage(case).map(|(first, _)| first))
}

/// Nobody can be asked: documents, where something must be proved; else nothing.
fn unaskable(room: &Room, case: &Case, (subject, person): (Subject, RowId)) -> Vec<Found> {
    let one = |subject: &Subject| {
        let prove = match subject {
            Subject::Ssn | Subject::Citizenship | Subject::LawfulPresence | Subject::Tribe => true,
            Subject::Income => {
                let marketplace = case.marketplace(&room.knows.tables);
                let rule = marketplace.and_then(|kind| room.knows.rules.income(kind, case.plan_year()));
                rule.is_none_or(|rule| rule.not_asked == Without::Prove)
            }
            _ => false,
        };
        let verdict = if prove { Verdict::Inconsistent } else { Verdict::Withdrawn };
        Found { person, subject: *subject, verdict, basis: json!({ "because": "not_asked" }) }
    };
    same_question(subject).iter().map(one).collect()
}

/// A case that is pending: what is known, and the job that asks again.
struct Again {
    settle: Settle,
    about: About,
}

impl Change for Again {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        self.settle.run(tx).await?;
        let (room, case, now) = (&self.settle.room, &self.settle.case, tx.now());
        let day = case.day(&room.knows.tables, now);
        let hours = room.knows.rules.time("status_again_hours", day).unwrap_or_default();
        let run_at = Some(now + hours.max(1) * HOUR);
        plan::put_down(tx, room, case, (&CHECK_STATUS_AGAIN, self.about.clone(), run_at)).await
    }
}
