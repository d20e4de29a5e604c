//! What a search needs to know of each plan variant besides its price: held in memory, read once from the catalogue.
//!
//! Some 22,000 variants of the whole country are a megabyte. They do not change, and fetching them with every search
//! would cost more than the search.

use sqlx::{Row, SqlitePool};

use crate::plans::codes::Packed;
use crate::types::Cents;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantFacts {
    pub packed: Packed,
    /// HIOS issuer id.
    pub issuer_id: u32,
    /// Share of the premium that is for essential health benefits, parts per million.
    pub ehb_ppm: u32,
    pub deductible_individual: Option<Cents>,
    pub deductible_family: Option<Cents>,
    pub moop_individual: Option<Cents>,
    pub moop_family: Option<Cents>,
}

/// By `variant.variant_pk`, which is plan_pk times eight plus the variant's code.
#[derive(Debug, Default)]
pub struct Variants(Vec<Option<VariantFacts>>);

impl Variants {
    pub async fn load(pool: &SqlitePool) -> Result<Variants, sqlx::Error> {
        let sql = "SELECT variant_pk, packed, issuer_id, ehb_ppm, deductible_individual, deductible_family, \
                   moop_individual, moop_family FROM variant";
        let mut variants = Variants::default();
        for row in sqlx::query(sql).fetch_all(pool).await? {
            let cents = |column: usize| row.get::<Option<i64>, _>(column).map(Cents);
            let facts = VariantFacts {
                packed: Packed(row.get(1)),
                issuer_id: row.get::<i64, _>(2) as u32,
                ehb_ppm: row.get::<i64, _>(3) as u32,
                deductible_individual: cents(4),
                deductible_family: cents(5),
                moop_individual: cents(6),
                moop_family: cents(7),
            };
            let place = row.get::<i64, _>(0) as usize;
            if variants.0.len() <= place {
                variants.0.resize(place + 1, None);
            }
            variants.0[place] = Some(facts);
        }
        Ok(variants)
    }

    pub fn get(&self, plan_pk: i64, variant_code: i64) -> Option<&VariantFacts> {
        self.0.get(usize::try_from(plan_pk * 8 + variant_code).ok()?)?.as_ref()
    }

    /// The metal of a plan, which all its variants share.
    pub fn metal(&self, plan_pk: i64) -> Option<i64> {
        (0..7).find_map(|code| self.get(plan_pk, code)).map(|facts| facts.packed.metal())
    }
}
