//! The office's jobs, done by this process: inside `serve`, or by `windowshop worker` and nothing else.
//!
//! Which kinds there are, and who does each, is said here and nowhere else.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;

use crate::account::office::Office;
use crate::app::{self, App};
use crate::config::{Config, SettingFault};
use crate::store::Store;
use crate::store::opened::{self, Opened};
use crate::store::vault::Vault;
use crate::work::Workers;
use crate::work::worker::Handled;

/// Every kind with its handler.
fn kinds() -> Vec<Handled> {
    Vec::new()
}

fn start_on((store, vault): (&Store, &Vault), config: &Config) -> anyhow::Result<Workers> {
    Workers::start(store, vault, kinds(), config.workers)
}

/// The workers of `serve`.
pub fn start(office: &Office, app: &App) -> anyhow::Result<Workers> {
    start_on((&office.store, &office.means.vault), &app.config)
}

/// `windowshop worker`: until SIGTERM or Ctrl-C.
pub async fn worker(config: Config, mut faults: Vec<SettingFault>) -> anyhow::Result<()> {
    if config.workers == 0 {
        faults.push(SettingFault::new("workers", "0 leaves this command nothing to do: say how many jobs at once"));
    }
    faults.extend(opened::faults(&config.office).await);
    super::refuse_on(&faults)?;
    let today = app::system_clock().date();
    let Opened { store, vault, .. } = Opened::at(&config.office, today).await.context("the office cannot be opened")?;
    let workers = start_on((&store, &vault), &config)?;
    let stop = super::stop_signal(&config)?;
    // A closed standard output is no reason not to work.
    let _ = writeln!(std::io::stdout(), "Windowshop works: {} jobs at once (Ctrl-C stops it)", config.workers);
    tracing::info!(workers = config.workers, "working");
    stop.await;
    workers.finish(Duration::from_secs(config.stop_timeout_seconds)).await;
    store.close().await;
    Ok(())
}
