//! Everything filed about one plan, for the plan page and the comparison.
//!
//! Prices are not here: they come from `view::Card`. These statements name one plan by its key; which plans a
//! household may buy is decided in `query.rs` alone.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::filing::codes::Metal;
use crate::load::cost_share::ShareKind;
use crate::quote::policy::Variants;
use crate::shop::sections::{SECTIONS, place_of};
use crate::shop::shares::{Share, Shares};
use crate::types::{Cents, PlanId};
use crate::web::page::Cx;

pub const PLAN: &str = "SELECT p.*, i.name AS issuer, i.phone, i.tty, i.url AS issuer_url, n.name AS network_name, n.url AS network_url \
     FROM plan p JOIN issuer i USING (issuer_id) \
     LEFT JOIN network n ON n.issuer_id = p.issuer_id AND n.network_id = p.network_id WHERE p.plan_id = ?1";
pub const VARIANT: &str = "SELECT d.*, v.packed FROM variant v JOIN variant_detail d USING (plan_pk, variant_code) \
     WHERE v.plan_pk = ?1 AND v.variant_code = ?2";
/// The variant wanted, if it was filed, else the standard one.
pub const VARIANT_FILED: &str =
    "SELECT coalesce(max(variant_code), 1) FROM variant WHERE plan_pk = ?1 AND variant_code = ?2";
pub const BENEFITS: &str = "SELECT b.name AS benefit, b.slug, c.* FROM cost_sharing c JOIN benefit b USING (benefit_id) \
     WHERE c.plan_pk = ?1 AND c.variant_code = ?2";
pub const LIMITS: &str = "SELECT kind, scope, network, who, cents FROM cost_limit \
     WHERE plan_pk = ?1 AND variant_code = ?2 ORDER BY kind, scope, network, who";
pub const EXAMPLES: &str = "SELECT example, deductible, copay, coinsurance, limit_exclusions FROM sbc_example \
     WHERE plan_pk = ?1 AND variant_code = ?2 ORDER BY example";

/// One benefit with what a person pays in and out of network.
#[derive(Debug, Clone)]
pub struct Benefit {
    pub slug: String,
    pub name: String,
    pub in_network: Shares,
    /// Only where the plan has two tiers and files the second.
    pub second_tier: Option<Shares>,
    pub out_of_network: Shares,
    pub limit: Option<(String, String)>,
    pub exclusions: Option<String>,
    pub explanation: Option<String>,
    /// Does not count towards the in-network maximum.
    pub outside_maximum: bool,
}

impl Benefit {
    fn read(row: &SqliteRow) -> Result<Benefit, sqlx::Error> {
        let covered: Option<bool> = row.try_get::<Option<i64>, _>("covered")?.map(|covered| covered == 1);
        let side = |side: &str| -> Result<Shares, sqlx::Error> {
            let share = |what: &str| -> Result<(Option<Share>, Option<String>), sqlx::Error> {
                let kind: Option<i64> = row.try_get(format!("{what}_{side}_kind").as_str())?;
                let amount = row.try_get(format!("{what}_{side}_amount").as_str())?;
                let filed = row.try_get(format!("{what}_{side}").as_str())?;
                Ok((kind.and_then(ShareKind::from_code).map(|kind| Share { kind, amount }), filed))
            };
            let ((copay, copay_filed), (coinsurance, coinsurance_filed)) = (share("copay")?, share("coins")?);
            Ok(Shares { covered, copay, coinsurance, copay_filed, coinsurance_filed })
        };
        let second = side("tier2")?;
        let limit: (Option<String>, Option<String>) = (row.try_get("limit_qty")?, row.try_get("limit_unit")?);
        Ok(Benefit {
            slug: row.try_get("slug")?,
            name: row.try_get("benefit")?,
            in_network: side("tier1")?,
            second_tier: (second.copay.is_some() || second.coinsurance.is_some()).then_some(second),
            out_of_network: side("out")?,
            limit: limit.0.zip(limit.1),
            exclusions: row.try_get("exclusions")?,
            explanation: row.try_get("explanation")?,
            outside_maximum: row.try_get::<Option<i64>, _>("excluded_in_moop")? == Some(1),
        })
    }

    /// In the page's language where we know the benefit, else as filed.
    pub fn name_words(&self, cx: &Cx) -> String {
        cx.known(&format!("benefit.{}", self.slug)).unwrap_or(&self.name).to_string()
    }

    pub fn limit_words(&self, cx: &Cx) -> Option<String> {
        let (quantity, unit) = self.limit.as_ref()?;
        let slug = crate::load::values::slug(unit);
        let unit = cx.known(&format!("limit_unit.{slug}")).unwrap_or(unit);
        Some(cx.tf("plan.limit", &[("qty", quantity), ("unit", unit)]))
    }
}

/// One deductible or maximum as filed; codes as in `limit_kind`, `limit_scope`, `limit_network`, `limit_who`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub kind: i64,
    pub scope: i64,
    pub network: i64,
    pub who: i64,
    /// `None`: filed as "Not Applicable".
    pub cents: Option<Cents>,
}

/// One Summary-of-Benefits example.
#[derive(Debug, Clone)]
pub struct Example {
    pub key: String,
    pub deductible: Option<Cents>,
    pub copay: Option<Cents>,
    pub coinsurance: Option<Cents>,
    pub limits: Option<Cents>,
}

impl Example {
    /// What the patient pays in all; `None` unless every part is filed.
    pub fn total(&self) -> Option<Cents> {
        Some(self.deductible? + self.copay? + self.coinsurance? + self.limits?)
    }
}

#[derive(Debug)]
pub struct Facts {
    pub plan_pk: i64,
    /// Row of `plan`, with insurer and network.
    pub plan: SqliteRow,
    /// Row of `variant_detail`; `None` where the variant was not filed.
    pub variant: Option<SqliteRow>,
    /// Sorted by section and place.
    pub benefits: Vec<Benefit>,
    pub limits: Vec<Limit>,
    pub examples: Vec<Example>,
}

impl Facts {
    /// The plan, in the variant that a household with these would get (the standard one where that was not filed).
    pub async fn read(pool: &SqlitePool, plan: &PlanId, variants: Variants) -> Result<Option<Facts>, sqlx::Error> {
        let Some(row) = sqlx::query(PLAN).bind(plan.as_str()).fetch_optional(pool).await? else { return Ok(None) };
        let plan_pk: i64 = row.try_get("plan_pk")?;
        let wanted = variants.of_metal(Metal::from_code(row.try_get("metal")?)).code();
        let variant_code: i64 = sqlx::query_scalar(VARIANT_FILED).bind(plan_pk).bind(wanted).fetch_one(pool).await?;
        let rows = |sql: &'static str| sqlx::query(sql).bind(plan_pk).bind(variant_code).fetch_all(pool);
        let mut benefits = rows(BENEFITS).await?.iter().map(Benefit::read).collect::<Result<Vec<_>, _>>()?;
        benefits.sort_by_key(|benefit| (place_of(&benefit.slug), benefit.name.clone()));
        let limit = |row: &SqliteRow| -> Result<Limit, sqlx::Error> {
            let cents: Option<i64> = row.try_get(4)?;
            Ok(Limit {
                kind: row.try_get(0)?,
                scope: row.try_get(1)?,
                network: row.try_get(2)?,
                who: row.try_get(3)?,
                cents: cents.map(Cents),
            })
        };
        let example = |row: &SqliteRow| -> Result<Example, sqlx::Error> {
            let cents = |column: usize| row.try_get::<Option<i64>, _>(column).map(|cents| cents.map(Cents));
            Ok(Example {
                key: row.try_get(0)?,
                deductible: cents(1)?,
                copay: cents(2)?,
                coinsurance: cents(3)?,
                limits: cents(4)?,
            })
        };
        Ok(Some(Facts {
            plan_pk,
            variant: rows(VARIANT).await?.into_iter().next(),
            benefits,
            limits: rows(LIMITS).await?.iter().map(limit).collect::<Result<_, _>>()?,
            examples: rows(EXAMPLES).await?.iter().map(example).collect::<Result<_, _>>()?,
            plan: row,
        }))
    }

    /// A filed text; blank counts as not filed.
    pub fn text(&self, column: &str) -> Option<String> {
        let text: Option<String> = self.plan.try_get(column).ok().flatten();
        text.map(|text| text.trim().to_string()).filter(|text| !text.is_empty())
    }

    pub fn number(&self, column: &str) -> Option<i64> {
        self.plan.try_get::<Option<i64>, _>(column).ok().flatten()
    }

    pub fn variant_text(&self, column: &str) -> Option<String> {
        self.variant.as_ref().and_then(|row| row.try_get::<Option<String>, _>(column).ok().flatten())
    }

    pub fn variant_number(&self, column: &str) -> Option<i64> {
        self.variant.as_ref().and_then(|row| row.try_get::<Option<i64>, _>(column).ok().flatten())
    }

    /// Yes, no, or that the insurer has not said.
    pub fn yes_no<'a>(&self, cx: &'a Cx, column: &str) -> &'a str {
        cx.t(match self.number(column) {
            Some(1) => "words.yes",
            Some(_) => "words.no",
            None => "share.not_provided",
        })
    }

    /// The benefits of one section of [`SECTIONS`].
    pub fn section(&self, section: usize) -> Vec<&Benefit> {
        let of = |benefit: &&Benefit| place_of(&benefit.slug).0 == section.min(SECTIONS.len() - 1);
        self.benefits.iter().filter(of).collect()
    }

    pub fn limit(&self, kind: i64, scope: i64, network: i64, who: i64) -> Option<&Limit> {
        self.limits.iter().find(|l| (l.kind, l.scope, l.network, l.who) == (kind, scope, network, who))
    }
}
