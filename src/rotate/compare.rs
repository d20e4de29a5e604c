//! What changed between yesterday's catalogue and today's: insurers, plans, offers, premiums and amounts by state,
//! rows by table.
//!
//! Called by `rotate::run`. It must never write: both files are attached read-only to an in-memory connection. Plans
//! are matched by plan ID and rating areas by state and number, because internal keys differ from build to build.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::limits::Percent;
use crate::filing::keys::VARIANT_STEP;
use crate::load::sample::immutable_uri;
use crate::types::Cents;

/// How many of the largest jumps are listed individually.
const JUMPS_NAMED: usize = 10;
/// Ages that a rate has columns for: a14 … a64, t14 … t64.
const AGES: std::ops::RangeInclusive<u32> = 14..=64;
const TIERS: [&str; 7] =
    ["couple", "one_dependent", "two_dependents", "three_dependents", "couple_one", "couple_two", "couple_three"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsurerGone {
    pub state: String,
    pub issuer_id: i64,
    pub name: String,
    /// Plans that it sold.
    pub plans: i64,
}

/// A county where nothing of a product is sold any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyEmptied {
    pub state: String,
    pub county_fips: i64,
    pub name: String,
    pub product: String,
}

/// A premium that changed by more than `--jump`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    pub state: String,
    pub plan_id: String,
    pub rating_area: i64,
    /// The greatest change at any age.
    pub change: Percent,
    pub at_40: (Cents, Cents),
}

/// One state, before and now. Plans are those on sale; an offer is a plan in a county.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub plans: (i64, i64),
    pub plans_gone: i64,
    pub offers: (i64, i64),
    pub offers_gone: i64,
    /// Premiums (a plan in a rating area) that are in both catalogues.
    pub premiums: i64,
    pub premiums_changed: i64,
    pub premiums_jumped: i64,
    /// Sums of the premiums at age 40.
    pub sum_at_40: (i64, i64),
    /// Variants in both, and those with a different deductible or out-of-pocket maximum.
    pub variants: i64,
    pub amounts_changed: i64,
}

impl State {
    /// How the mean premium at age 40 changed.
    pub fn mean_change(&self) -> Percent {
        let (before, now) = self.sum_at_40;
        Percent((now - before) * 10_000 / before.max(1))
    }
}

/// Everything that is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    pub insurers_gone: Vec<InsurerGone>,
    pub counties_emptied: Vec<CountyEmptied>,
    pub jumps: Vec<Jump>,
    pub states: BTreeMap<String, State>,
    /// Rows by table, before and now; a table that is missing from one of them is not listed.
    pub tables: BTreeMap<String, (i64, i64)>,
}

/// # Errors
///
/// If a file cannot be read as a catalogue of this schema.
pub async fn compare(old: &Path, new: &Path, jump: Percent) -> anyhow::Result<Differences> {
    let mut db = SqliteConnection::connect_with(&SqliteConnectOptions::new().in_memory(true)).await?;
    for (name, path) in [("old", old), ("new", new)] {
        let uri = immutable_uri(path).map_err(anyhow::Error::msg)?;
        sqlx::query(AssertSqlSafe(format!("ATTACH ? AS {name}"))).bind(uri).execute(&mut db).await?;
    }
    let mut found = Differences {
        insurers_gone: insurers_gone(&mut db).await?,
        counties_emptied: counties_emptied(&mut db).await?,
        tables: tables(&mut db).await?,
        ..Differences::default()
    };
    plans(&mut db, &mut found.states).await?;
    offers(&mut db, &mut found.states).await?;
    found.jumps = premiums(&mut db, jump, &mut found.states).await?;
    amounts(&mut db, &mut found.states).await?;
    db.close().await?;
    Ok(found)
}

async fn insurers_gone(db: &mut SqliteConnection) -> sqlx::Result<Vec<InsurerGone>> {
    let sql = "SELECT plan.state, issuer_id, issuer.name, count(*) FROM old.plan JOIN old.issuer USING (issuer_id)
        WHERE plan_pk IN (SELECT plan_pk FROM old.sold) AND issuer_id NOT IN (
            SELECT issuer_id FROM new.plan WHERE plan_pk IN (SELECT plan_pk FROM new.sold))
        GROUP BY plan.state, issuer_id, issuer.name ORDER BY plan.state, issuer_id";
    let rows: Vec<(String, i64, String, i64)> = sqlx::query_as(sql).fetch_all(db).await?;
    let insurer = |(state, issuer_id, name, plans)| InsurerGone { state, issuer_id, name, plans };
    Ok(rows.into_iter().map(insurer).collect())
}

async fn counties_emptied(db: &mut SqliteConnection) -> sqlx::Result<Vec<CountyEmptied>> {
    let sql = "SELECT county.state, county_fips, county.name, product.name FROM (
            SELECT county_fips, product FROM old.sold EXCEPT SELECT county_fips, product FROM new.sold) AS gone
        JOIN old.county USING (county_fips) JOIN old.product ON product.code = gone.product
        ORDER BY county.state, county_fips, product.code";
    let rows: Vec<(String, i64, String, String)> = sqlx::query_as(sql).fetch_all(db).await?;
    let county = |(state, county_fips, name, product)| CountyEmptied { state, county_fips, name, product };
    Ok(rows.into_iter().map(county).collect())
}

async fn tables(db: &mut SqliteConnection) -> sqlx::Result<BTreeMap<String, (i64, i64)>> {
    let sql = "SELECT substr(key, 7), CAST(old.value AS INTEGER), CAST(new.value AS INTEGER)
        FROM old.meta AS old JOIN new.meta AS new USING (key) WHERE key LIKE 'count.%'";
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(table, before, now)| (table, (before, now))).collect())
}

/// Rows of (state, before, now, gone), from rows of (state, what, was, is) in `each`.
async fn coming_and_going(db: &mut SqliteConnection, what: &str) -> sqlx::Result<Vec<(String, i64, i64, i64)>> {
    let sql = format!(
        "SELECT state, sum(was), sum(is_now), sum(was > is_now) FROM (
            SELECT state, max(was) AS was, max(is_now) AS is_now FROM (
                SELECT state, {what} AS what, 1 AS was, 0 AS is_now FROM old.sold JOIN old.plan USING (plan_pk)
                UNION ALL
                SELECT state, {what}, 0, 1 FROM new.sold JOIN new.plan USING (plan_pk))
            GROUP BY state, what)
        GROUP BY state"
    );
    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await
}

async fn plans(db: &mut SqliteConnection, states: &mut BTreeMap<String, State>) -> sqlx::Result<()> {
    for (state, before, now, gone) in coming_and_going(db, "plan_id").await? {
        let state = states.entry(state).or_default();
        (state.plans, state.plans_gone) = ((before, now), gone);
    }
    Ok(())
}

async fn offers(db: &mut SqliteConnection, states: &mut BTreeMap<String, State>) -> sqlx::Result<()> {
    for (state, before, now, gone) in coming_and_going(db, "plan_id || county_fips").await? {
        let state = states.entry(state).or_default();
        (state.offers, state.offers_gone) = ((before, now), gone);
    }
    Ok(())
}

/// The greatest change of any price in a row, in hundredths of a percent.
fn greatest_change() -> String {
    let by_age = AGES.flat_map(|age| [format!("a{age}"), format!("t{age}")]);
    let ages = by_age.map(|column| format!("abs(now.{column} - was.{column}) * 10000 / max(was.{column}, 1)"));
    let whole = |column: &str| format!("coalesce(was.{column}, 0)");
    let tiers =
        TIERS.map(|column| format!("abs(coalesce(now.{column}, 0) - {0}) * 10000 / max({0}, 1)", whole(column)));
    format!("max({})", ages.chain(tiers).collect::<Vec<_>>().join(", "))
}

async fn premiums(
    db: &mut SqliteConnection,
    jump: Percent,
    states: &mut BTreeMap<String, State>,
) -> sqlx::Result<Vec<Jump>> {
    let sql = format!(
        "CREATE TEMP TABLE premium AS
        SELECT plan.state AS state, plan.plan_id AS plan_id, area.number AS area, {} AS change,
            was.a40 AS was_40, now.a40 AS now_40
        FROM old.rate AS was JOIN old.plan AS plan ON plan.plan_pk = was.plan_pk
        JOIN old.rating_area AS area ON area.rating_area_pk = was.rating_area_pk
        JOIN new.plan AS new_plan ON new_plan.plan_id = plan.plan_id
        JOIN new.rating_area AS new_area ON new_area.state = area.state AND new_area.number = area.number
        JOIN new.rate AS now ON now.rate_pk = new_area.rating_area_pk * 1048576 + new_plan.plan_pk",
        greatest_change()
    );
    sqlx::query(AssertSqlSafe(sql)).execute(&mut *db).await?;
    let sql = "SELECT state, count(*), sum(change > 0), sum(change > ?), sum(was_40), sum(now_40)
        FROM premium GROUP BY state";
    let rows: Vec<(String, i64, i64, i64, i64, i64)> = sqlx::query_as(sql).bind(jump.0).fetch_all(&mut *db).await?;
    for (state, premiums, changed, jumped, before, now) in rows {
        let state = states.entry(state).or_default();
        (state.premiums, state.premiums_changed, state.premiums_jumped) = (premiums, changed, jumped);
        state.sum_at_40 = (before, now);
    }
    let sql = format!(
        "SELECT state, plan_id, area, change, was_40, now_40 FROM premium WHERE change > ?
        ORDER BY change DESC, plan_id, area LIMIT {JUMPS_NAMED}"
    );
    let rows: Vec<(String, String, i64, i64, i64, i64)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(jump.0).fetch_all(db).await?;
    let jump = |(state, plan_id, rating_area, change, was, now)| {
        let (change, at_40) = (Percent(change), (Cents(was), Cents(now)));
        Jump { state, plan_id, rating_area, change, at_40 }
    };
    Ok(rows.into_iter().map(jump).collect())
}

async fn amounts(db: &mut SqliteConnection, states: &mut BTreeMap<String, State>) -> sqlx::Result<()> {
    let amounts = ["deductible", "moop", "drug_deductible"];
    let columns = amounts.iter().flat_map(|amount| [format!("{amount}_individual"), format!("{amount}_family")]);
    let other = columns.map(|column| format!("was.{column} IS NOT now.{column}")).collect::<Vec<_>>().join(" OR ");
    let sql = format!(
        "SELECT plan.state, count(*), sum({other})
        FROM old.variant AS was JOIN old.plan AS plan ON plan.plan_pk = was.plan_pk
        JOIN new.plan AS new_plan ON new_plan.plan_id = plan.plan_id
        JOIN new.variant AS now ON now.variant_pk = new_plan.plan_pk * {VARIANT_STEP} + was.variant_code
        GROUP BY plan.state"
    );
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(db).await?;
    for (state, variants, changed) in rows {
        let state = states.entry(state).or_default();
        (state.variants, state.amounts_changed) = (variants, changed);
    }
    Ok(())
}
