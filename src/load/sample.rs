//! `windowshop sample`: a few counties of a large catalogue as a catalogue of their own, for work on a laptop.
//!
//! Called only by the command. Everything a county's pages need is included, and every ZIP code of the country, so
//! "not sold here" can be told from "no such ZIP". It must never write to the large catalogue.

use super::problems::LoadError;
use super::write::{self, Build, SCHEMA_VERSION, failed};
use super::{Built, rfc3339};
use crate::types::{CountyFips, hex};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// Cut a small catalogue out of a large one.
#[derive(Debug, Clone, clap::Args)]
pub struct SampleArgs {
    /// The catalogue to cut from
    #[arg(long, value_name = "FILE.db")]
    pub from: PathBuf,
    /// A county's five-digit FIPS code; may be given several times
    #[arg(long = "county", value_name = "FIPS", required = true)]
    pub counties: Vec<String>,
    /// Folder the small catalogue is written to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// What [`run`] should do.
#[derive(Debug, Clone)]
pub struct SampleOptions {
    pub from: PathBuf,
    pub counties: Vec<CountyFips>,
    pub to: PathBuf,
}

impl SampleArgs {
    /// # Errors
    ///
    /// The first invalid county code.
    pub fn options(self) -> Result<SampleOptions, LoadError> {
        let county = |code: &String| {
            let words = || LoadError::Input(format!("--county {code}: a five-digit FIPS code such as 39061 is wanted"));
            CountyFips::parse(code).ok_or_else(words)
        };
        let counties = self.counties.iter().map(county).collect::<Result<_, _>>()?;
        Ok(SampleOptions { from: self.from, counties, to: self.to })
    }
}

/// Which rows of each table are included. `chosen` and `chosen_plan` are temporary tables.
const TABLES: [(&str, &str); 19] = [
    ("source_file", "true"),
    ("county", "true"),
    ("zip_county", "true"),
    ("rating_area", "true"),
    ("rating_area_place", "true"),
    ("issuer", "issuer_id IN (SELECT issuer_id FROM source.plan JOIN chosen_plan USING (plan_pk))"),
    ("plan", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("variant", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("variant_detail", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("cost_limit", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("default_coinsurance", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("sbc_example", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    ("benefit", "true"),
    ("cost_sharing", "plan_pk IN (SELECT plan_pk FROM chosen_plan)"),
    (
        "rate",
        "plan_pk IN (SELECT plan_pk FROM chosen_plan) AND rating_area_pk IN (
            SELECT place.rating_area_pk FROM source.rating_area_place AS place JOIN chosen USING (county_fips)
            UNION
            SELECT place.rating_area_pk FROM chosen JOIN source.county USING (county_fips)
            JOIN source.zip_county AS pair USING (county_fips)
            JOIN source.rating_area_place AS place ON place.state = county.state AND place.zip3 = pair.zip / 100)",
    ),
    ("sold", "county_fips IN (SELECT county_fips FROM chosen)"),
    ("sold_zip", "county_fips IN (SELECT county_fips FROM chosen)"),
    ("network", "issuer_id IN (SELECT issuer_id FROM source.plan JOIN chosen_plan USING (plan_pk))"),
    ("business_rule", "issuer_id IN (SELECT issuer_id FROM source.plan JOIN chosen_plan USING (plan_pk))"),
];

/// Cuts the catalogue; the small one has the same plan year and says in `meta` what it is a sample of.
///
/// # Errors
///
/// If the file is not a catalogue of this release, a county sells nothing in it, or the disk fails.
pub async fn run(options: &SampleOptions, now: OffsetDateTime) -> Result<Built, LoadError> {
    let path = options.from.display().to_string();
    let unreadable = |reason: String| LoadError::Read { path: path.clone(), reason };
    if !options.from.is_file() {
        return Err(unreadable("there is no such file".to_string()));
    }
    // The plan year is only known once the large file is open, and that takes the new one's connection.
    let mut build = Build::start(&options.to, 0).await?;
    let uri = immutable_uri(&options.from).map_err(&unreadable)?;
    let attach = sqlx::query("ATTACH ? AS source").bind(uri).execute(build.connection()).await;
    attach.map_err(|e| unreadable(e.to_string()))?;
    let old =
        |key: &'static str| sqlx::query_scalar::<_, String>("SELECT value FROM source.meta WHERE key = ?").bind(key);
    let version = old("schema_version").fetch_optional(build.connection()).await;
    let version = version.map_err(|e| unreadable(format!("not a catalogue: {e}")))?;
    if version.as_deref() != Some(&SCHEMA_VERSION.to_string()) {
        let found = version.unwrap_or_else(|| "none".to_string());
        return Err(unreadable(format!(
            "its schema version is {found}, this release reads {SCHEMA_VERSION}: load it again"
        )));
    }
    let said = |key: &'static str| old(key);
    let year = said("plan_year").fetch_one(build.connection()).await.map_err(|e| failed("reading the plan year", e))?;
    let whole = said("hash").fetch_one(build.connection()).await.map_err(|e| failed("reading the hash", e))?;
    choose(&mut build, options, &path).await?;
    for (table, rows) in TABLES {
        copy(&mut build, table, rows).await?;
    }
    copy(&mut build, "crosswalk", CROSSWALK).await?;
    let mut counties: Vec<String> = options.counties.iter().map(CountyFips::to_string).collect();
    counties.sort();
    counties.dedup();
    let counties = counties.join(" ");
    let hash = hex(&Sha256::digest(format!("sample of {whole}: {counties}")));
    build
        .run("INSERT INTO main.meta SELECT key, value FROM source.meta WHERE key NOT LIKE 'count.%' AND key NOT LIKE '%sold.%' AND key NOT LIKE 'plans.%' AND key NOT LIKE 'insurers.%'")
        .await?;
    for (key, value) in
        [("sample_of", &whole), ("sample_counties", &counties), ("hash", &hash), ("built_at", &rfc3339(now)?)]
    {
        build.meta(key, value).await?;
    }
    let (counts, _) = build.complete().await?;
    let plan_year = year.parse().map_err(|_| unreadable(format!("its plan year is {year:?}")))?;
    let path = build.publish(&write::file_name(plan_year, now, &hash)).await?;
    Ok(Built { path, plan_year, hash, counts: counts.into_iter().collect(), census: String::new() })
}

const CROSSWALK: &str = "plan_id IN (SELECT plan_id FROM source.plan JOIN chosen_plan USING (plan_pk))
    AND (county_fips IS NULL OR county_fips IN (SELECT county_fips FROM chosen))";

/// The large file as SQLite's address for "read only, and nobody changes it".
pub fn immutable_uri(path: &Path) -> Result<String, String> {
    let path = std::path::absolute(path).map_err(|e| e.to_string())?;
    let url = url::Url::from_file_path(&path).map_err(|()| "its path cannot be written as an address".to_string())?;
    Ok(format!("{url}?mode=ro&immutable=1"))
}

async fn choose(build: &mut Build, options: &SampleOptions, path: &str) -> Result<(), LoadError> {
    build.run("CREATE TEMP TABLE chosen (county_fips INTEGER PRIMARY KEY)").await?;
    for county in &options.counties {
        let sold = sqlx::query(
            "INSERT OR IGNORE INTO chosen SELECT ?1 WHERE EXISTS (SELECT 1 FROM source.sold WHERE county_fips = ?1)
             OR EXISTS (SELECT 1 FROM chosen WHERE county_fips = ?1)",
        );
        let sold = sold.bind(county.number()).execute(build.connection()).await;
        sold.map_err(|e| failed("choosing counties", e))?;
        let chosen = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM chosen WHERE county_fips = ?");
        let chosen = chosen.bind(county.number()).fetch_one(build.connection()).await;
        if chosen.map_err(|e| failed("choosing counties", e))? == 0 {
            return Err(LoadError::Input(format!("{path} sells no plan in county {county}")));
        }
    }
    build
        .run(
            "CREATE TEMP TABLE chosen_plan (plan_pk INTEGER PRIMARY KEY);
             INSERT INTO chosen_plan SELECT DISTINCT plan_pk FROM source.sold JOIN chosen USING (county_fips)",
        )
        .await
}

/// Copies the rows of a table; SQLite fills in the columns that it generates.
async fn copy(build: &mut Build, table: &str, rows: &str) -> Result<(), LoadError> {
    let columns = sqlx::query_scalar::<_, String>("SELECT group_concat(name, ', ') FROM pragma_table_info(?)");
    let columns = columns.bind(table).fetch_one(build.connection()).await.map_err(|e| failed("listing columns", e))?;
    // Names of this room's tables and columns; no value comes from outside.
    let sql = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM source.{table} WHERE {rows}");
    sqlx::query(AssertSqlSafe(sql)).execute(build.connection()).await.map_err(|e| failed(table, e))?;
    Ok(())
}
