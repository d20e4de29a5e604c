//! What the office does by itself while it serves: looks whether its store answers, reminds people of what will be deleted,
//! and deletes what is kept no longer.
//!
//! Started by `serve`, one task each; a worker looks after its store and its queue the same way. They report in the log and in metrics, and must never stop the shop.

use std::sync::Arc;
use std::time::Duration;

use crate::account::office::Office;
use crate::account::renewal;
use crate::account::retention::{self, Schedule};
use crate::app::{self, App};
use crate::application::renewal::Plans;
use crate::application::{funnel, reminders};
use crate::enrollment::end_rules::EndRules;
use crate::enrollment::renewal_rules::RenewalRules;
use crate::enrollment::{proof_clock, reminders as reminders_to_pay, renewing, tax_year};
use crate::insurer;
use crate::insurer::send::Insurers;
use crate::store::Store;
use crate::store::wait::within;
use crate::transfer::folder::Folder;
use crate::transfer::{inbox, sweep};
use crate::verify::clock;
use crate::verify::renew::Report;
use crate::verify::{self, Knows, Room};
use crate::work::counts::Counts;
use crate::work::ring;

/// Between two looks at the store.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Hosts do not start their chores in one moment with their start.
const FIRST_RETENTION: Duration = Duration::from_secs(5 * 60);
/// Between two additions to the counts of the application's pages.
const FLUSH_EVERY: Duration = Duration::from_secs(60);
/// Between two looks into the folder of transfers, and for redeterminations that lead to one.
const RECEIVE_EVERY: Duration = Duration::from_secs(60);
/// Between two rounds of files to and from insurers.
const INSURERS_EVERY: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// A store that is silent for so long is lost, and what waits for it would never end: no single question takes minutes.
const SILENT: Duration = Duration::from_secs(10 * 60);

/// Says once in the log when the store goes away, and once when it is back.
pub async fn keep_looking(store: Store) {
    loop {
        let before = store.answers();
        match (before, store.probe().await) {
            (true, Err(error)) => tracing::error!(%error, "the office's store does not answer; the shop goes on"),
            (false, Ok(_)) => tracing::warn!("the office's store answers again"),
            _ => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks how the queue is doing, for metrics.
pub async fn keep_counting(store: Store, counts: Arc<Counts>) {
    loop {
        // A store that is away is told by `keep_looking`.
        let _ = counts.look(&store).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Does a round of a chore; the next one comes in its time.
async fn unless_silent(round: impl Future<Output = ()>) {
    if let Err(error) = within(SILENT, round).await {
        tracing::error!(%error, "a chore was given up");
    }
}

/// Adds the counts of the application's pages to the store.
pub async fn keep_flushing(app: Arc<App>, office: Arc<Office>) {
    loop {
        tokio::time::sleep(FLUSH_EVERY).await;
        unless_silent(flush(&app, &office)).await;
    }
}

/// Once; before the store is closed, too.
pub async fn flush(app: &App, office: &Office) {
    if let Err(error) = funnel::flush(&office.store, &app.funnel).await {
        tracing::warn!(%error, waiting = app.funnel.waiting(), "the counts of the application's pages wait for the store");
    }
}

/// Reads what states' agencies have laid down, and puts down transfers that follow from redeterminations; nothing where no
/// folder leads to an agency.
pub async fn keep_receiving(app: Arc<App>, office: Arc<Office>, knows: Arc<Knows>) {
    if app.config.transfers.is_none() {
        return;
    }
    let room = Room { store: office.store.clone(), means: office.means.clone(), knows };
    let folder = Folder::at(app.config.transfer_dir());
    loop {
        unless_silent(async {
            if let Err(error) = inbox::read_all(&room, &folder).await {
                tracing::warn!(error = %format!("{error:#}"), "transfers: not everything was read, trying again in a minute");
            }
            if let Err(error) = sweep::redetermined(&room).await {
                tracing::warn!(%error, "transfers: redeterminations were not looked at, trying again in a minute");
            }
        })
        .await;
        tokio::time::sleep(RECEIVE_EVERY).await;
    }
}

/// Sends insurers what waits for them, and reads what they have laid down; nothing where no folder leads to an insurer.
pub async fn keep_insurers(app: Arc<App>, office: Arc<Office>, knows: Arc<Knows>) {
    if app.config.insurers.is_none() {
        return;
    }
    let room = Room { store: office.store.clone(), means: office.means.clone(), knows };
    let desk = Insurers { room, folder: insurer::folder::Folder::at(app.config.insurer_dir()) };
    loop {
        unless_silent(async {
            if let Err(error) = insurer::sweep::counted(&desk).await {
                tracing::warn!(error = %format!("{error:#}"), "insurers: not everything was sent or read, trying again in a minute");
            }
        })
        .await;
        tokio::time::sleep(INSURERS_EVERY).await;
    }
}

/// Looks at the clock of data-matching issues, redetermines for the next plan year, renews plans, reminds, carries out the retention schedule and renews look-ups, every day of
/// each process. Two that run at once find less to do.
pub async fn every_day(app: Arc<App>, office: Arc<Office>, knows: Arc<Knows>) {
    let room = Room { store: office.store.clone(), means: office.means.clone(), knows };
    tokio::time::sleep(FIRST_RETENTION).await;
    loop {
        unless_silent(look_at_the_clock(&room)).await;
        unless_silent(redetermine_for_next_year(&app, &room)).await;
        unless_silent(renew_plans(&app, &room)).await;
        unless_silent(look_after_coverage(&room)).await;
        unless_silent(retain(&app, &office)).await;
        unless_silent(renew(&office)).await;
        tokio::time::sleep(DAY).await;
    }
}

/// Reminds of what has to be proved, and decides where nothing came.
async fn look_at_the_clock(room: &Room) {
    match clock::carry_out(room).await {
        Ok(clock::Report { reminders, expired }) => {
            tracing::info!(reminders, expired, "data-matching issues: the day's clock")
        }
        Err(error) => tracing::error!(%error, "data-matching issues: not all was done, trying again tomorrow"),
    }
}

/// Works out what people can get in the next plan year, as soon as its plans are here (docs/verify.md).
async fn redetermine_for_next_year(app: &App, room: &Room) {
    let today = app::system_clock().date();
    // In January, whoever was not reached in time is, too.
    for year in [today.year(), today.year() + 1] {
        let catalogues = app.catalogues.current();
        let catalogue = u16::try_from(year).ok().and_then(|year| catalogues.get(year).cloned());
        let Some(catalogue) = catalogue else {
            tracing::info!(year, "annual redetermination: no plans of this year are here, nothing was done");
            continue;
        };
        let plans = Plans::of(&catalogue);
        let done = async { verify::renew::carry_out(room, &plans, room.store.now().await?).await };
        match done.await {
            Ok(Report { told, same, failed }) => {
                tracing::info!(year, told, same, failed, "annual redetermination: carried out")
            }
            Err(error) => {
                tracing::error!(%error, year, "annual redetermination: not all was done, trying again tomorrow")
            }
        }
    }
}

/// Renews plans for people who have not chosen one for the next year (docs/enrollment.md).
async fn renew_plans(app: &App, room: &Room) {
    let rules = match RenewalRules::load() {
        Ok(rules) => rules,
        Err(faults) => return tracing::error!(?faults, "renewal: the rules are not whole, nothing was renewed"),
    };
    let year = app::system_clock().date().year() + 1;
    let catalogue = u16::try_from(year).ok().and_then(|year| app.catalogues.current().get(year).cloned());
    let Some(catalogue) = catalogue else {
        return tracing::info!(year, "renewal: no plans of this year are here, nothing was renewed");
    };
    let done = async { renewing::carry_out(room, &catalogue, &rules, room.store.now().await?).await };
    match done.await {
        Ok(renewing::Report { renewed, without, failed }) => {
            if renewed + without > 0 {
                ring();
            }
            tracing::info!(year, renewed, without, failed, "renewal: carried out")
        }
        Err(error) => tracing::error!(%error, year, "renewal: not all was done, trying again tomorrow"),
    }
}

/// After signing: events that have to be proved; records of a year for the tax return, in January, and corrections of them; reminders of the first payment.
async fn look_after_coverage(room: &Room) {
    let rules = match EndRules::load() {
        Ok(rules) => Arc::new(rules),
        Err(faults) => return tracing::error!(?faults, "tax records: the rules are not whole, none was given out"),
    };
    match tax_year::give_out(room, &rules, app::system_clock()).await {
        Ok(made) => tracing::info!(made, "tax records: given out or corrected"),
        Err(error) => tracing::error!(%error, "tax records: not all were given out, trying again tomorrow"),
    }
    match proof_clock::carry_out(room, &rules, app::system_clock()).await {
        Ok(proof_clock::Report { reminders, expired }) => {
            tracing::info!(reminders, expired, "proofs of events: the day's clock")
        }
        Err(error) => tracing::error!(%error, "proofs of events: not all was done, trying again tomorrow"),
    }
    match reminders_to_pay::carry_out(room, &rules, app::system_clock()).await {
        Ok(reminded) => tracing::info!(reminded, "coverage: reminded of the first payment"),
        Err(error) => tracing::error!(%error, "coverage: not everybody was reminded to pay, trying again tomorrow"),
    }
}

/// After a rotation: whoever signed up by a process with the old key file is found by the newest key, too.
async fn renew(office: &Office) {
    match renewal::carry_out(&office.store, &office.means.vault).await {
        Ok(0) => {}
        Ok(renewed) => tracing::info!(renewed, "accounts are found by the newest key"),
        Err(error) => tracing::error!(%error, "not all accounts are found by the newest key, trying again tomorrow"),
    }
}

async fn retain(app: &App, office: &Office) {
    let today = app::system_clock().date();
    let schedule = match Schedule::on(today) {
        Ok(schedule) => schedule,
        Err(error) => return tracing::error!(%error, "retention: the schedule is not whole, nothing was deleted"),
    };
    // Before anything goes.
    match reminders::of_day((&office.store, &office.means), (&app.tables, &schedule), today).await {
        Ok(letters) => tracing::info!(letters, "retention: put down reminders of applications that are not sent"),
        Err(error) => tracing::error!(%error, "retention: not everybody was reminded, trying again tomorrow"),
    }
    match retention::carry_out(&office.store, &office.means.audit, &schedule).await {
        Ok(gone) => tracing::info!(
            sessions = gone.sessions,
            pending = gone.pending,
            mailed_codes = gone.mailed_codes,
            guesses = gone.guesses,
            devices = gone.devices,
            drafts = gone.drafts,
            jobs = gone.jobs,
            letters = gone.letters,
            guests = gone.guests,
            counts = gone.counts,
            asides = gone.asides,
            "retention: deleted what is kept no longer"
        ),
        Err(error) => tracing::error!(%error, "retention: not carried out, trying again tomorrow"),
    }
}
