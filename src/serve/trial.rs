//! Asks a finished catalogue for real pages before it is published: the list of one county of each state.
//!
//! Called by `windowshop rotate`, through `main`, for the folder in which the new file was made. It goes through the
//! whole site as a visitor's request does, but listens on no port. It must change nothing outside of that folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use sqlx::SqlitePool;
use tower::ServiceExt as _;

use crate::app::{self, App};
use crate::config::{Config, OfficePlace};
use crate::router::router;

/// A list has some 30 KB.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// Where this site keeps its key and its copies, in the folder of the new file.
const DATA: &str = "tried";

/// Where to ask in each state: a ZIP code of the county with the most plans of the state's first product.
const ONE_EACH: &str = "SELECT state, zip, county_fips, product FROM (
    SELECT c.state AS state, s.county_fips AS county_fips, s.product AS product,
           (SELECT zip FROM zip_county z WHERE z.county_fips = s.county_fips ORDER BY ratio_ppm DESC, zip LIMIT 1) AS zip,
           row_number() OVER (PARTITION BY c.state ORDER BY s.product, count(*) DESC, s.county_fips) AS place
    FROM sold s JOIN county c USING (county_fips) WHERE s.by_zip = 0
      AND EXISTS (SELECT 1 FROM zip_county z WHERE z.county_fips = s.county_fips)
    GROUP BY s.county_fips, s.product) WHERE place = 1 ORDER BY state";

/// Asks, and returns how many states answered.
///
/// # Errors
///
/// If the catalogue cannot be served, or the page of a state is not a list of plans with their prices.
pub async fn pages(config: &Config, catalogues: &Path) -> anyhow::Result<usize> {
    let data_dir = catalogues.join(DATA);
    std::fs::create_dir_all(&data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let office = OfficePlace::only_in(data_dir);
    let config = Config { catalogues: Some(catalogues.to_path_buf()), office, page_cache_bytes: 0, ..config.clone() };
    let app = App::build(config, app::system_clock).await?;
    let site = router(Arc::clone(&app));
    let mut states = 0;
    for catalogue in app.catalogues.current().iter() {
        for (state, zip, county, product) in one_each(&catalogue.pool).await? {
            let dental = if product == 0 { "" } else { "&product=dental" };
            let page = format!("/plans?year={}&zip={zip:05}&county={county:05}&people=40{dental}", catalogue.year);
            let request = Request::get(&page).header(header::HOST, "localhost").body(Body::empty())?;
            let answer = site.clone().oneshot(request).await?;
            let status = answer.status();
            let text = to_bytes(answer.into_body(), PAGE_BYTES_MAX).await.context("a page that does not end")?;
            let text = String::from_utf8_lossy(&text);
            let is_list = status == StatusCode::OK && text.contains("href=\"/plans/") && text.contains('$');
            anyhow::ensure!(is_list, "{state}: {page} is no list of plans with prices (status {status})");
            states += 1;
        }
    }
    anyhow::ensure!(states > 0, "no state has a county in which a plan is sold");
    Ok(states)
}

async fn one_each(pool: &SqlitePool) -> anyhow::Result<Vec<(String, i64, i64, i64)>> {
    sqlx::query_as(ONE_EACH).fetch_all(pool).await.context("where to ask cannot be read")
}
