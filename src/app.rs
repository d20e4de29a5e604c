//! The running site's parts, put together once. `serve` and every test use the same `build`.
//!
//! Handlers reach it through `Cx` or `State<Arc<App>>`. Nothing in it changes after start except which catalogues
//! are on the shelf.

use std::sync::Arc;

use anyhow::Context as _;
use time::OffsetDateTime;

use crate::catalogue::Shelf;
use crate::config::Config;
use crate::eligibility::{TableFault, Tables};
use crate::floor::Floor;
use crate::text::assets::Assets;
use crate::text::i18n::Messages;

pub struct App {
    pub config: Config,
    /// Every open connection. `serve` fills it; `/readyz` looks whether we are stopping.
    pub floor: Arc<Floor>,
    pub catalogues: Shelf,
    pub messages: Messages,
    pub assets: Assets,
    /// Rules as data: dated, cited tables.
    pub tables: Tables,
    /// Names this build in ETags: the version and a hash of all sources. The same for the same binary on every host.
    pub build: &'static str,
    /// The only clock. Tests put a fixed one here.
    pub clock: fn() -> OffsetDateTime,
}

impl App {
    /// Opens the catalogues and reads the messages. Fails, naming every fault, if any part is not whole.
    pub async fn build(config: Config) -> anyhow::Result<Arc<App>> {
        let messages = Messages::load().map_err(|faults| {
            anyhow::anyhow!("the messages of this build are not whole:\n  {}", faults.join("\n  "))
        })?;
        App::speaking(messages, config).await
    }

    /// The same in other languages than those of this build.
    pub async fn speaking(messages: Messages, config: Config) -> anyhow::Result<Arc<App>> {
        let catalogues =
            Shelf::open(&config.catalogues_dir(), &config.private_dir()).await.context("no catalogue can be served")?;
        let floor = Floor::new(config.max_connections, config.max_answer_bytes);
        let assets = Assets::new(&config.cdn_base);
        let not_whole = |faults: Vec<TableFault>| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the rules of this build are not whole:\n  {}", faults.join("\n  "))
        };
        let tables = Tables::load().map_err(not_whole)?;
        let build = concat!(env!("CARGO_PKG_VERSION"), "-", env!("WINDOWSHOP_BUILD"));
        Ok(Arc::new(App { config, floor, catalogues, messages, assets, tables, build, clock: system_clock }))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the time is read; all others are given it")]
pub fn system_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
