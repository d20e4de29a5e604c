//! The running site's parts, assembled once. `serve` and every test use the same `build`.
//!
//! Handlers reach it through `Cx` or `State<Arc<App>>`. After startup it must never change, except for which catalogues
//! are loaded.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::catalogue::Shelf;
use crate::config::Config;
use crate::eligibility::{TableFault, Tables};
use crate::floor::admission::Admission;
use crate::floor::{Floor, Patience};
use crate::sealing::AddressSealer;
use crate::surge::page_cache::PageCache;
use crate::telemetry::funnel::Funnel;
use crate::telemetry::metrics::Metrics;
use crate::text::assets::Assets;
use crate::text::i18n::Messages;

pub struct App {
    pub config: Config,
    /// Every open connection. `serve` fills it; `/readyz` checks it to see whether we are stopping.
    pub floor: Arc<Floor>,
    /// Decides who is let in under overload.
    pub admission: Arc<Admission>,
    /// Of the private pages.
    pub office_admission: Arc<Admission>,
    pub metrics: Arc<Metrics>,
    /// How often each page of the application is shown, answered and refused.
    pub funnel: Funnel,
    pub catalogues: Shelf,
    pub messages: Messages,
    pub assets: Assets,
    /// Seals private answers in addresses, and opens them.
    pub sealer: AddressSealer,
    /// Finished public pages; `None` if the cache is off.
    pub pages: Option<Arc<PageCache>>,
    /// Rules as data: dated, cited tables.
    pub tables: Tables,
    /// Identifies this build in ETags: the version and a hash of all sources. The same binary has the same value on
    /// every host.
    pub build: &'static str,
    /// The only clock.
    pub clock: Clock,
}

/// The `build` of every [`App`] of this binary.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("WINDOWSHOP_BUILD"));

pub type Clock = Box<dyn Fn() -> OffsetDateTime + Send + Sync>;

impl App {
    /// Opens the catalogues and reads the messages. Fails, listing every fault, if any part is incomplete. `clock` is
    /// [`system_clock`] everywhere but in tests, which choose the date.
    pub async fn build(
        config: Config,
        clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
    ) -> anyhow::Result<Arc<App>> {
        let opened = Shelf::open(&config.catalogues_dir(), &config.private_dir()).await;
        let catalogues = opened.map_err(|unfit| {
            let unfit: Vec<String> = unfit.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("no catalogue can be served:\n  {}", unfit.join("\n  "))
        })?;
        App::of(catalogues, config, clock)
    }

    /// The same, with catalogues that are open.
    pub fn of(
        catalogues: Shelf,
        config: Config,
        clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
    ) -> anyhow::Result<Arc<App>> {
        let messages = Messages::load().map_err(|faults| {
            anyhow::anyhow!("the messages of this build are not whole:\n  {}", faults.join("\n  "))
        })?;
        App::speaking(messages, catalogues, config, clock)
    }

    /// The same, in languages other than those of this build.
    pub fn speaking(
        messages: Messages,
        catalogues: Shelf,
        config: Config,
        clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
    ) -> anyhow::Result<Arc<App>> {
        let floor = Floor::new(config.max_connections, config.max_answer_bytes, patience(&config));
        let sealer = AddressSealer::new(&config.office.open_keys(clock().date())?);
        let shares = !config.trusted_proxies.is_empty();
        let (admission, office_admission) = (Admission::new(shares), Admission::of_office(shares));
        let pages = PageCache::new(config.page_cache_bytes).map(Arc::new);
        let assets = Assets::new(&config.cdn_base);
        let not_whole = |faults: Vec<TableFault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the rules of this build are not whole:\n  {}", faults.join("\n  "))
        };
        let tables = Tables::load().map_err(not_whole)?;
        let prefixes = messages.languages().map(|lang| lang.prefix()).filter(|prefix| !prefix.is_empty()).collect();
        Ok(Arc::new(App {
            config,
            floor,
            admission,
            office_admission,
            metrics: Arc::new(Metrics::new(prefixes)),
            funnel: Funnel::default(),
            catalogues,
            messages,
            assets,
            pages,
            sealer,
            tables,
            build: BUILD,
            clock: Box::new(clock),
        }))
    }
}

/// How long an HTTP/2 connection may stay open for its next request after the last one's time is up.
const READING_TIME: Duration = Duration::from_secs(60);

/// How long to wait for clients, by these settings.
pub fn patience(config: &Config) -> Patience {
    let header_time = Duration::from_secs(config.header_timeout_seconds);
    Patience {
        first: header_time,
        next: header_time,
        next_of_many: Duration::from_secs(config.request_timeout_seconds) + READING_TIME,
        stalled: Duration::from_secs(config.read_timeout_seconds),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the time is read; all others are given it")]
pub fn system_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
