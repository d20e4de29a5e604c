//! Everything filed about one plan, in the variant that a household would get, as typed fields.
//!
//! Read by the plan page, the yearly sum and the comparison; an API can read it the same way. Prices are not here:
//! they come from `market`. These statements select one plan by its key; which plans a household may buy is decided
//! only in `market::query`. A missing column is an error, never "the insurer has not provided this": `None` always
//! means that nothing was filed.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use crate::filing::codes::{Metal, Product, VariantKind};
use crate::filing::share::{CostShare, Shares};
use crate::quote::policy::VariantKinds;
use crate::types::{Cents, PlanId};

pub const PLAN: &str = "SELECT p.*, i.name AS issuer, i.phone, i.tty, n.name AS network_name, n.url AS network_url \
     FROM plan p JOIN issuer i USING (issuer_id) \
     LEFT JOIN network n ON n.issuer_id = p.issuer_id AND n.network_id = p.network_id WHERE p.plan_id = ?1";
/// The requested variant if it was filed, else the standard one.
pub const VARIANT_FILED: &str =
    "SELECT coalesce(max(variant_code), ?3) FROM variant WHERE plan_pk = ?1 AND variant_code = ?2";
pub const VARIANT: &str = "SELECT * FROM variant_detail WHERE plan_pk = ?1 AND variant_code = ?2";
pub const BENEFITS: &str = "SELECT b.name AS benefit, b.slug, c.* FROM cost_sharing c JOIN benefit b USING (benefit_id) \
     WHERE c.plan_pk = ?1 AND c.variant_code = ?2 ORDER BY b.name";
pub const LIMITS: &str = "SELECT kind, scope, network, who, cents FROM cost_limit \
     WHERE plan_pk = ?1 AND variant_code = ?2 ORDER BY kind, scope, network, who";
pub const EXAMPLES: &str = "SELECT example, deductible, copay, coinsurance, limit_exclusions FROM sbc_example \
     WHERE plan_pk = ?1 AND variant_code = ?2 ORDER BY example";

/// A plan with one of its variants.
#[derive(Debug, Clone)]
pub struct PlanRecord {
    pub plan_pk: i64,
    pub plan_id: String,
    /// Which of its variants this is.
    pub kind: VariantKind,
    pub product: Product,
    pub name: String,
    pub issuer: String,
    pub phone: Option<String>,
    pub tty: Option<String>,
    pub network_name: Option<String>,
    pub network_url: Option<String>,
    pub formulary_url: Option<String>,
    pub brochure_url: Option<String>,
    /// A standardized plan option, by name.
    pub design: Option<String>,
    pub is_new: bool,
    pub hsa: Option<bool>,
    /// Dental plans: whether the premium shown is final or an estimate.
    pub guaranteed_rate: Option<bool>,
    pub national_network: Option<bool>,
    pub referral_required: Option<bool>,
    pub referral_specialists: Option<String>,
    pub out_of_country: Option<bool>,
    pub out_of_country_description: Option<String>,
    pub out_of_service_area: Option<bool>,
    pub out_of_service_area_description: Option<String>,
    pub exclusions: Option<String>,
    pub stars: Stars,
    /// `None`: the catalogue has no details on this variant.
    pub variant: Option<VariantRecord>,
    /// By name.
    pub benefits: Vec<Benefit>,
    pub limits: Vec<Limit>,
    pub examples: Vec<Example>,
}

/// Quality ratings: 1 to 5, 0 for "not rated", `None` if none was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stars {
    pub overall: Option<i64>,
    pub member_experience: Option<i64>,
    pub medical_care: Option<i64>,
    pub plan_administration: Option<i64>,
}

/// What is filed for the variant alone.
#[derive(Debug, Clone)]
pub struct VariantRecord {
    /// Basis points: by CMS's calculator, else the issuer's own.
    pub actuarial_value_bp: Option<i64>,
    pub sbc_url: Option<String>,
    /// If this variant has a different one than the plan.
    pub brochure_url: Option<String>,
}

/// One benefit, with what a person pays in and out of network.
#[derive(Debug, Clone)]
pub struct Benefit {
    pub slug: String,
    pub name: String,
    pub in_network: Shares,
    /// Only if the plan has two tiers and files the second.
    pub second_tier: Option<Shares>,
    pub out_of_network: Shares,
    /// Quantity and unit.
    pub limit: Option<(String, String)>,
    pub exclusions: Option<String>,
    pub explanation: Option<String>,
    /// Does not count toward the in-network maximum.
    pub outside_maximum: bool,
}

/// One deductible or maximum as filed; codes of `filing::limits`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    pub kind: u8,
    pub scope: u8,
    pub network: u8,
    pub who: u8,
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
    /// What the patient pays in total; `None` unless every part is filed.
    pub fn total(&self) -> Option<Cents> {
        Some(self.deductible? + self.copay? + self.coinsurance? + self.limits?)
    }
}

impl PlanRecord {
    /// The plan, in the variant these terms would get (or the standard one if that was not filed).
    ///
    /// # Errors
    ///
    /// Any SQLite error, including a missing column.
    pub async fn read(
        pool: &SqlitePool,
        plan: &PlanId,
        variants: VariantKinds,
    ) -> Result<Option<PlanRecord>, sqlx::Error> {
        let Some(row) = sqlx::query(PLAN).bind(plan.as_str()).fetch_optional(pool).await? else { return Ok(None) };
        let plan_pk: i64 = row.try_get("plan_pk")?;
        let wanted = variants.of_metal(Metal::from_code(row.try_get("metal")?));
        let code: i64 = sqlx::query_scalar(VARIANT_FILED)
            .bind(plan_pk)
            .bind(wanted.code())
            .bind(VariantKind::Standard.code())
            .fetch_one(pool)
            .await?;
        let rows = |sql: &'static str| sqlx::query(sql).bind(plan_pk).bind(code).fetch_all(pool);
        let kind = VariantKind::from_code(code).unwrap_or(VariantKind::Standard);
        Ok(Some(PlanRecord {
            variant: rows(VARIANT).await?.first().map(variant).transpose()?,
            benefits: rows(BENEFITS).await?.iter().map(benefit).collect::<Result<_, _>>()?,
            limits: rows(LIMITS).await?.iter().map(limit).collect::<Result<_, _>>()?,
            examples: rows(EXAMPLES).await?.iter().map(example).collect::<Result<_, _>>()?,
            ..record(&row, kind)?
        }))
    }

    pub fn is_dental(&self) -> bool {
        self.product == Product::Dental
    }

    /// The variant's own, else the plan's.
    pub fn brochure(&self) -> Option<&String> {
        self.variant.as_ref().and_then(|variant| variant.brochure_url.as_ref()).or(self.brochure_url.as_ref())
    }

    pub fn limit(&self, kind: u8, scope: u8, network: u8, who: u8) -> Option<&Limit> {
        self.limits.iter().find(|l| (l.kind, l.scope, l.network, l.who) == (kind, scope, network, who))
    }
}

/// A filed text; blank counts as not filed.
fn text(row: &SqliteRow, column: &str) -> Result<Option<String>, sqlx::Error> {
    let text: Option<String> = row.try_get(column)?;
    Ok(text.map(|text| text.trim().to_string()).filter(|text| !text.is_empty()))
}

fn yes_no(row: &SqliteRow, column: &str) -> Result<Option<bool>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(|filed| filed == 1))
}

fn cents(row: &SqliteRow, column: &str) -> Result<Option<Cents>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Cents))
}

fn record(row: &SqliteRow, kind: VariantKind) -> Result<PlanRecord, sqlx::Error> {
    Ok(PlanRecord {
        plan_pk: row.try_get("plan_pk")?,
        plan_id: row.try_get("plan_id")?,
        kind,
        product: Product::from_code(row.try_get("product")?).unwrap_or_default(),
        name: row.try_get("name")?,
        issuer: row.try_get("issuer")?,
        phone: text(row, "phone")?,
        tty: text(row, "tty")?,
        network_name: text(row, "network_name")?,
        network_url: text(row, "network_url")?,
        formulary_url: text(row, "formulary_url")?,
        brochure_url: text(row, "brochure_url")?,
        design: text(row, "design")?,
        is_new: row.try_get::<i64, _>("is_new")? == 1,
        hsa: yes_no(row, "hsa")?,
        guaranteed_rate: yes_no(row, "guaranteed_rate")?,
        national_network: yes_no(row, "national_network")?,
        referral_required: yes_no(row, "referral_required")?,
        referral_specialists: text(row, "referral_specialists")?,
        out_of_country: yes_no(row, "out_of_country")?,
        out_of_country_description: text(row, "out_of_country_description")?,
        out_of_service_area: yes_no(row, "out_of_service_area")?,
        out_of_service_area_description: text(row, "out_of_service_area_description")?,
        exclusions: text(row, "exclusions")?,
        stars: Stars {
            overall: row.try_get("stars_overall")?,
            member_experience: row.try_get("stars_member_experience")?,
            medical_care: row.try_get("stars_medical_care")?,
            plan_administration: row.try_get("stars_plan_administration")?,
        },
        variant: None,
        benefits: Vec::new(),
        limits: Vec::new(),
        examples: Vec::new(),
    })
}

fn variant(row: &SqliteRow) -> Result<VariantRecord, sqlx::Error> {
    let (calculator, issuer): (Option<i64>, Option<i64>) =
        (row.try_get("av_calculator_bp")?, row.try_get("issuer_av_bp")?);
    Ok(VariantRecord {
        actuarial_value_bp: calculator.or(issuer),
        sbc_url: text(row, "sbc_url")?,
        brochure_url: text(row, "brochure_url")?,
    })
}

fn benefit(row: &SqliteRow) -> Result<Benefit, sqlx::Error> {
    let covered = yes_no(row, "covered")?;
    let side = |side: &str| -> Result<Shares, sqlx::Error> {
        let share = |what: &str| -> Result<(Option<CostShare>, Option<String>), sqlx::Error> {
            let kind = row.try_get(format!("{what}_{side}_kind").as_str())?;
            let amount = row.try_get(format!("{what}_{side}_amount").as_str())?;
            let filed = row.try_get(format!("{what}_{side}").as_str())?;
            Ok((CostShare::from_columns(kind, amount), filed))
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
        outside_maximum: yes_no(row, "excluded_in_moop")? == Some(true),
    })
}

fn limit(row: &SqliteRow) -> Result<Limit, sqlx::Error> {
    let code = |column| row.try_get::<u8, _>(column);
    Ok(Limit {
        kind: code("kind")?,
        scope: code("scope")?,
        network: code("network")?,
        who: code("who")?,
        cents: cents(row, "cents")?,
    })
}

fn example(row: &SqliteRow) -> Result<Example, sqlx::Error> {
    Ok(Example {
        key: row.try_get("example")?,
        deductible: cents(row, "deductible")?,
        copay: cents(row, "copay")?,
        coinsurance: cents(row, "coinsurance")?,
        limits: cents(row, "limit_exclusions")?,
    })
}
