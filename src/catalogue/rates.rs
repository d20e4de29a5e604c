//! What insurers filed for each plan of a rating area: a price by age, or by kind of family.
//!
//! Called by `quote::market::premium`, which alone adds rates up. A rating area is read when somebody first asks there and
//! stays in memory, since rates never change: the whole country's 36,000 rows are 10 MB. In the statement of a search they
//! were a third of its work, and its text had to name the ages, so each family's had to be prepared (docs/performance.md).

use std::sync::Arc;

use quick_cache::sync::Cache;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::filing::keys::rate_pk;
use crate::types::Cents;

/// The first age filed: "0-14".
pub const YOUNGEST: u8 = 14;
/// The last one: "64 and over".
pub const OLDEST: u8 = 64;
const AGES: usize = (OLDEST - YOUNGEST) as usize + 1;
/// Rating areas held: more than the country has (502), so none ever makes room for another.
const AREAS: usize = 2048;

/// Whole prices of a policy by kind of family (45 CFR 147.102(c)(3): states without age rating).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    Individual,
    Couple,
    OneDependent,
    TwoDependents,
    ThreeDependents,
    CoupleOne,
    CoupleTwo,
    CoupleThree,
}

/// The columns of `rate` that hold the tiers from [`Tier::Couple`] on, in that order.
const TIER_COLUMNS: [&str; 7] =
    ["couple", "one_dependent", "two_dependents", "three_dependents", "couple_one", "couple_two", "couple_three"];

/// One row of `rate`.
#[derive(Debug)]
pub struct FiledRates {
    plan_pk: i64,
    /// `None`: priced by each member's age.
    tiers: Option<Box<[Option<u32>; TIER_COLUMNS.len()]>>,
    /// Whole cents a month, as all of them.
    by_age: [u32; AGES],
    /// `None`: whoever uses tobacco pays the same.
    with_tobacco: Option<Box<[u32; AGES]>>,
}

impl FiledRates {
    /// Priced by kind of family, not by each member's age.
    pub fn is_tiered(&self) -> bool {
        self.tiers.is_some()
    }

    /// What one member pays in a month.
    pub fn of_member(&self, age: u8, tobacco: bool) -> Cents {
        let ages = self.with_tobacco.as_deref().filter(|_| tobacco).unwrap_or(&self.by_age);
        Cents(ages[usize::from(age.clamp(YOUNGEST, OLDEST) - YOUNGEST)].into())
    }

    /// What a policy of this kind costs a month; `None` if that was not filed.
    pub fn of_family(&self, tier: Tier) -> Option<Cents> {
        match tier as usize {
            // Of a tiered plan the single rate stands in every age column.
            0 => Some(self.of_member(YOUNGEST, false)),
            of_more => self.tiers.as_deref()?[of_more - 1].map(|cents| Cents(cents.into())),
        }
    }

    /// A row of [`statement`].
    fn read(row: &SqliteRow) -> Result<FiledRates, sqlx::Error> {
        let cents = |word: &str| word.parse().ok();
        // Nothing between two spaces: not filed.
        let tier = |word: &str| if word.is_empty() { Some(None) } else { cents(word).map(Some) };
        let (tiers, with_tobacco): (Option<&str>, Option<&str>) = (row.try_get(1)?, row.try_get(3)?);
        Ok(FiledRates {
            plan_pk: row.try_get(0)?,
            tiers: tiers.map(|tiers| amounts(tiers, tier)).transpose()?,
            by_age: *amounts(row.try_get(2)?, cents)?,
            with_tobacco: with_tobacco.map(|ages| amounts(ages, cents)).transpose()?,
        })
    }
}

/// As many amounts as there must be, separated by spaces.
fn amounts<T, const N: usize>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Box<[T; N]>, sqlx::Error> {
    let unreadable = || sqlx::Error::Decode("rates are not what their statement asks for".into());
    let read: Option<Vec<T>> = text.split(' ').map(read).collect();
    read.and_then(|amounts| amounts.into_boxed_slice().try_into().ok()).ok_or_else(unreadable)
}

/// The rows of a range of keys, each list of amounts as one text: a hundred values a row would be copied one by one on
/// their way from the database's thread. `concat` takes NULL for no words.
fn statement() -> String {
    let ages = |letter: char| (YOUNGEST..=OLDEST).map(|age| format!("{letter}{age}")).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT plan_pk, iif(tiered, concat({tiers}), NULL), concat_ws(' ', {ages}), \
         iif(tobacco_rated, concat_ws(' ', {with_tobacco}), NULL) \
         FROM rate WHERE rate_pk >= ?1 AND rate_pk < ?2 ORDER BY rate_pk",
        tiers = TIER_COLUMNS.join(", ' ', "),
        ages = ages('a'),
        with_tobacco = ages('t'),
    )
}

/// Everything filed for one rating area, by plan.
#[derive(Debug, Default)]
pub struct AreaRates(Vec<FiledRates>);

impl AreaRates {
    /// `None`: the plan is not priced in this area.
    pub fn of(&self, plan_pk: i64) -> Option<&FiledRates> {
        self.0.binary_search_by_key(&plan_pk, |filed| filed.plan_pk).ok().map(|at| &self.0[at])
    }
}

/// The rating areas that somebody has asked about.
pub struct Rates {
    areas: Cache<i64, Arc<AreaRates>>,
    statement: String,
}

impl Default for Rates {
    fn default() -> Rates {
        Rates { areas: Cache::new(AREAS), statement: statement() }
    }
}

impl Rates {
    /// An area's rates, from memory or read once for all who ask at the same time.
    pub(super) async fn of(&self, pool: &SqlitePool, rating_area_pk: i64) -> Result<Arc<AreaRates>, sqlx::Error> {
        let read = async {
            // Safe: the text consists of column names from the closed lists above.
            let rows = sqlx::query(sqlx::AssertSqlSafe(self.statement.clone()))
                .bind(rate_pk(rating_area_pk, 0))
                .bind(rate_pk(rating_area_pk + 1, 0))
                .fetch_all(pool)
                .await?;
            Ok(Arc::new(AreaRates(rows.iter().map(FiledRates::read).collect::<Result<_, _>>()?)))
        };
        self.areas.get_or_insert_async(&rating_area_pk, read).await
    }
}

#[cfg(test)]
impl FiledRates {
    /// Of a plan with one price for one person, and these for the kinds of family from [`Tier::Couple`] on.
    pub(crate) fn by_tier(single: u32, tiers: [Option<u32>; TIER_COLUMNS.len()]) -> FiledRates {
        FiledRates { plan_pk: 1, tiers: Some(Box::new(tiers)), by_age: [single; AGES], with_tobacco: None }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

    use super::*;

    /// A row of area `area`, with `by_age` and `with_tobacco` as functions of the age.
    async fn file(pool: &SqlitePool, (area, plan): (i64, i64), tiers: [Option<i64>; 7], ages: [fn(u8) -> i64; 2]) {
        let [by_age, with_tobacco] = ages.map(|of| (YOUNGEST..=OLDEST).map(of).collect::<Vec<_>>());
        let (tiered, tobacco) = (tiers.iter().any(Option::is_some), by_age != with_tobacco);
        let tiers = tiers.map(|cents| cents.map_or("NULL".to_string(), |cents| cents.to_string()));
        let keys = [rate_pk(area, plan), area, plan, i64::from(tiered), i64::from(tobacco)];
        let numbers = keys.iter().chain(&by_age).chain(&with_tobacco).map(i64::to_string);
        let values = numbers.chain(tiers).collect::<Vec<_>>().join(", ");
        let insert = sqlx::AssertSqlSafe(format!("INSERT INTO rate VALUES ({values})"));
        sqlx::raw_sql(insert).execute(pool).await.expect("a row");
    }

    #[tokio::test]
    async fn rates_are_read_as_they_were_filed() {
        let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("SQLite");
        sqlx::raw_sql(include_str!("../../sql/catalogue/schema.sql")).execute(&pool).await.expect("the schema");
        file(&pool, (4, 7), [None; 7], [|age| i64::from(age) * 100, |age| i64::from(age) * 100 + 50]).await;
        let tiers = [Some(60_000), None, None, None, None, None, Some(90_000)];
        file(&pool, (4, 9), tiers, [|_| 30_000, |_| 30_000]).await;
        file(&pool, (5, 7), [None; 7], [|_| 1, |_| 1]).await;
        let all = Rates::default();
        let area = all.of(&pool, 4).await.expect("rates");

        let by_age = area.of(7).expect("priced here");
        let of = |age, tobacco| by_age.of_member(age, tobacco).0;
        assert_eq!(
            [of(0, false), of(14, false), of(40, true), of(64, false), of(90, true)],
            [1400, 1400, 4050, 6400, 6450]
        );
        assert!(!by_age.is_tiered() && by_age.of_family(Tier::Couple).is_none());

        let tiered = area.of(9).expect("priced here");
        let of = |tier| tiered.of_family(tier).map(|cents| cents.0);
        assert!(tiered.is_tiered());
        assert_eq!([of(Tier::Individual), of(Tier::Couple), of(Tier::CoupleThree)], [30_000, 60_000, 90_000].map(Some));
        assert_eq!(of(Tier::OneDependent), None, "not filed");
        assert!(area.of(8).is_none() && all.of(&pool, 6).await.expect("none").of(7).is_none());
        assert_eq!(all.of(&pool, 5).await.expect("rates").of(7).expect("priced here").of_member(30, false), Cents(1));
    }
}
