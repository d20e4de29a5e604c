//! The office's jobs, done by this process: inside `serve`, or by `windowshop worker` and nothing else.
//!
//! Which kinds there are, and who does each, is said here and nowhere else.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::now::Jobs;
use super::{chores, private};
use crate::account::office::Office;
use crate::account::people::Means;
use crate::app::{self, App};
use crate::check;
use crate::config::{Config, SettingFault};
use crate::enrollment::adjust::{Adjustments, Filed};
use crate::hub::Hub;
use crate::load::county_name;
use crate::mail::Post;
use crate::office::words_of_letter;
use crate::store::opened::{self, Opened};
use crate::text::i18n::Messages;
use crate::transfer::TRANSFER;
use crate::transfer::folder::Folder;
use crate::transfer::send::Sends;
use crate::types::PlanId;
use crate::verify::{self, Knows, Room, follow};
use crate::work::Workers;
use crate::work::letters::{LETTER, Letters, REMINDER, Speaks, Tokens};
use crate::work::worker::Handled;

/// Every kind with its handler.
async fn kinds(
    (room, hub): (&Room, &Hub),
    config: &Config,
    (speaks, filed): (Speaks, Filed),
) -> anyhow::Result<Vec<Handled>> {
    let (store, vault) = (&room.store, &room.means.vault);
    let letters = Letters {
        post: Post::open(config)?,
        tokens: Tokens::open(store, vault).await?,
        store: store.clone(),
        vault: vault.clone(),
        speaks,
    };
    let letters = Arc::new(letters);
    let mut kinds: Vec<Handled> = vec![(&LETTER, letters.clone()), (&REMINDER, letters)];
    kinds.extend(verify::handled(room, hub.clone()));
    let folder = Folder::at(config.transfer_dir());
    kinds.push((&TRANSFER, Arc::new(Sends { room: room.clone(), folder, county_name })));
    kinds.push((&follow::ADJUST, Arc::new(Adjustments { room: room.clone(), filed })));
    Ok(kinds)
}

/// Whether a variant of a plan was filed, as far as the catalogues of this process know.
fn filed(app: &Arc<App>) -> Filed {
    let app = Arc::clone(app);
    Arc::new(move |year, plan, kind| {
        let catalogue = app.catalogues.current().get(u16::try_from(year).ok()?)?.clone();
        let plan_pk = catalogue.variants.find(&PlanId::parse(plan)?)?;
        Some(catalogue.variants.variant(plan_pk, kind).is_some())
    })
}

/// The workers of `serve`.
///
/// # Errors
///
/// What is wrong with the settings of letters.
pub async fn start(office: &Office, app: &Arc<App>, (knows, hub): (&Arc<Knows>, &Hub)) -> anyhow::Result<Workers> {
    let words = Arc::clone(app);
    let room = Room { store: office.store.clone(), means: office.means.clone(), knows: Arc::clone(knows) };
    let speaks: Speaks = Arc::new(move |said| words_of_letter(&words.messages, said));
    let kinds = kinds((&room, hub), &app.config, (speaks, filed(app))).await?;
    Workers::start(&room.store, &room.means.vault, kinds, app.config.workers)
}

/// `windowshop worker`: until SIGTERM or Ctrl-C.
///
/// # Errors
///
/// What keeps it from starting.
pub async fn worker(config: Config, mut faults: Vec<SettingFault>) -> anyhow::Result<()> {
    if config.workers == 0 {
        faults.push(SettingFault::new("workers", "0 leaves this command nothing to do: say how many jobs at once"));
    }
    faults.extend(check::check_dkim(&config));
    faults.extend(check::check_hub(&config));
    faults.extend(opened::faults(&config.office).await);
    super::refuse_on(&faults)?;
    let messages = Messages::load().map_err(|faults| anyhow::anyhow!(faults.join("; ")))?;
    let today = app::system_clock().date();
    let Opened { store, vault, audit, .. } =
        Opened::at(&config.office, today).await.context("the office cannot be opened")?;
    let speaks: Speaks = Arc::new(move |said| words_of_letter(&messages, said));
    let means = Means { vault: vault.clone(), audit };
    let room = Room { store: store.clone(), means, knows: Arc::new(Knows::load()?) };
    let hub = Hub::new(&config.hub);
    // There are no catalogues here.
    let filed: Filed = Arc::new(|_, _, _| None);
    let kinds = kinds((&room, &hub), &config, (speaks, filed)).await?;
    let workers = Workers::start(&store, &vault, kinds, config.workers)?;
    let stop = super::stop_signal(&config)?;
    if let Some(private) = config.metrics_listen {
        let jobs = Jobs { store: store.clone(), work: Arc::clone(&workers.counts), hub };
        let address = private::start_worker(jobs, private)?;
        tracing::info!(%address, "metrics");
    }
    tokio::spawn(chores::keep_looking(store.clone()));
    tokio::spawn(chores::keep_counting(store.clone(), Arc::clone(&workers.counts)));
    // A closed standard output is no reason not to work.
    let _ = writeln!(std::io::stdout(), "Windowshop works: {} jobs at once (Ctrl-C stops it)", config.workers);
    tracing::info!(workers = config.workers, "working");
    stop.await;
    workers.finish(Duration::from_secs(config.stop_timeout_seconds)).await;
    store.close().await;
    Ok(())
}
