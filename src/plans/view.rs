//! One plan with its price, as list, plan page, comparison, print and CSV all show it: [`Card`].
//!
//! Its price and amounts come from the `Offer` that `query::build_query` found; a number shown anywhere comes from
//! here, so no two pages can disagree.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::address::{Search, write_query};
use super::codes::{Feature, Metal, Packed, PlanType};
use super::shares::{Share, Shares};
use super::tally::Offer;
use crate::load::cost_share::ShareKind;
use crate::types::Cents;
use crate::web::page::Cx;

/// Display columns of plans by key, in the order of the list: `?1` keys as a JSON array, `?2` and `?3` the variants of
/// silver plans and of others. One text for every search, so that it is prepared once.
pub const CARDS: &str =
    "SELECT p.plan_pk, p.plan_id, p.name, p.issuer_id, i.name AS issuer, v.packed, p.stars_overall, p.design,
  v.drug_deductible_individual, v.drug_deductible_family, d.plan_variant_id,
  c1.covered AS primary_covered, c1.copay_tier1_kind AS primary_copay_kind, c1.copay_tier1_amount AS primary_copay,
  c1.coins_tier1_kind AS primary_coins_kind, c1.coins_tier1_amount AS primary_coins,
  c2.covered AS specialist_covered, c2.copay_tier1_kind AS specialist_copay_kind,
  c2.copay_tier1_amount AS specialist_copay, c2.coins_tier1_kind AS specialist_coins_kind,
  c2.coins_tier1_amount AS specialist_coins,
  c3.covered AS generic_covered, c3.copay_tier1_kind AS generic_copay_kind, c3.copay_tier1_amount AS generic_copay,
  c3.coins_tier1_kind AS generic_coins_kind, c3.coins_tier1_amount AS generic_coins,
  c4.covered AS emergency_covered, c4.copay_tier1_kind AS emergency_copay_kind,
  c4.copay_tier1_amount AS emergency_copay, c4.coins_tier1_kind AS emergency_coins_kind,
  c4.coins_tier1_amount AS emergency_coins
FROM json_each(?1) w
CROSS JOIN plan p ON p.plan_pk = w.value
CROSS JOIN variant v ON v.variant_pk = p.plan_pk * 8 + CASE p.metal WHEN 4 THEN ?2 ELSE ?3 END
CROSS JOIN issuer i ON i.issuer_id = p.issuer_id
CROSS JOIN variant_detail d ON d.plan_pk = v.plan_pk AND d.variant_code = v.variant_code
LEFT JOIN cost_sharing c1 ON c1.plan_pk = v.plan_pk AND c1.variant_code = v.variant_code AND c1.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'primary-care-visit-to-treat-an-injury-or-illness')
LEFT JOIN cost_sharing c2 ON c2.plan_pk = v.plan_pk AND c2.variant_code = v.variant_code AND c2.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'specialist-visit')
LEFT JOIN cost_sharing c3 ON c3.plan_pk = v.plan_pk AND c3.variant_code = v.variant_code AND c3.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'generic-drugs')
LEFT JOIN cost_sharing c4 ON c4.plan_pk = v.plan_pk AND c4.variant_code = v.variant_code AND c4.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'emergency-room-services')
ORDER BY w.key";

/// The services on every card: key of the message, prefix of the columns in [`CARDS`].
pub const CARD_SERVICES: [&str; 4] = ["primary", "specialist", "generic", "emergency"];

#[derive(Debug, Clone)]
pub struct Card {
    pub plan_pk: i64,
    pub plan_id: String,
    pub plan_variant_id: String,
    pub name: String,
    pub issuer_id: u32,
    pub issuer: String,
    pub packed: Packed,
    /// NULL: no row in the Quality PUF. 0: filed as "Not Rated".
    pub stars: Option<i64>,
    pub design: Option<String>,
    pub premium: Cents,
    /// Of this household: the individual's, or the family's where two or more are covered.
    pub deductible: Option<Cents>,
    pub moop: Option<Cents>,
    pub deductible_individual: Option<Cents>,
    pub deductible_family: Option<Cents>,
    /// Only where drugs have a deductible of their own.
    pub drug_deductible: Option<Cents>,
    pub moop_individual: Option<Cents>,
    pub moop_family: Option<Cents>,
    pub services: [Shares; 4],
}

impl Card {
    pub fn read(row: &SqliteRow, offer: &Offer, family: bool) -> Result<Card, sqlx::Error> {
        let cents = |name: &str| row.try_get::<Option<i64>, _>(name).map(|cents| cents.map(Cents));
        let mut services: [Shares; 4] = Default::default();
        for (service, prefix) in services.iter_mut().zip(CARD_SERVICES) {
            let share = |what: &str| -> Result<Option<Share>, sqlx::Error> {
                let kind: Option<i64> = row.try_get(format!("{prefix}_{what}_kind").as_str())?;
                let amount: Option<i64> = row.try_get(format!("{prefix}_{what}").as_str())?;
                Ok(kind.and_then(ShareKind::from_code).map(|kind| Share { kind, amount }))
            };
            let covered: Option<i64> = row.try_get(format!("{prefix}_covered").as_str())?;
            *service = Shares {
                covered: covered.map(|covered| covered == 1),
                copay: share("copay")?,
                coinsurance: share("coins")?,
                ..Shares::default()
            };
        }
        Ok(Card {
            plan_pk: offer.plan_pk,
            plan_id: row.try_get("plan_id")?,
            plan_variant_id: row.try_get("plan_variant_id")?,
            name: row.try_get("name")?,
            issuer_id: row.try_get::<i64, _>("issuer_id")? as u32,
            issuer: row.try_get("issuer")?,
            packed: Packed(row.try_get("packed")?),
            stars: row.try_get("stars_overall")?,
            design: row.try_get("design")?,
            premium: offer.premium,
            deductible: offer.deductible,
            moop: offer.moop,
            deductible_individual: offer.facts.deductible_individual,
            deductible_family: offer.facts.deductible_family,
            drug_deductible: cents(if family { "drug_deductible_family" } else { "drug_deductible_individual" })?,
            moop_individual: offer.facts.moop_individual,
            moop_family: offer.facts.moop_family,
            services,
        })
    }

    pub fn metal(&self) -> Option<Metal> {
        Metal::from_code(self.packed.metal())
    }

    pub fn metal_key(&self) -> &'static str {
        self.metal().map_or("unknown", Metal::key)
    }

    pub fn type_key(&self) -> &'static str {
        PlanType::from_code(self.packed.plan_type()).map_or("unknown", PlanType::key)
    }

    pub fn metal_words<'a>(&self, cx: &'a Cx) -> &'a str {
        cx.t(&format!("metal.{}", self.metal_key()))
    }

    pub fn type_words<'a>(&self, cx: &'a Cx) -> &'a str {
        cx.t(&format!("plan_type.{}", self.type_key()))
    }

    pub fn premium_words(&self) -> String {
        self.premium.dollars_cents()
    }

    /// An amount, or that the insurer has not provided it: never $0 for missing.
    pub fn amount_words(cx: &Cx, amount: Option<Cents>) -> String {
        amount.map_or_else(|| cx.t("share.not_provided").to_string(), Cents::dollars)
    }

    pub fn deductible_words(&self, cx: &Cx) -> String {
        let main = Card::amount_words(cx, self.deductible);
        match self.drug_deductible {
            Some(drug) => cx.tf("card.plus_drug_deductible", &[("medical", &main), ("drug", &drug.dollars())]),
            None => main,
        }
    }

    pub fn moop_words(&self, cx: &Cx) -> String {
        Card::amount_words(cx, self.moop)
    }

    /// "4 out of 5", "Not rated": an unrated plan is not a bad one.
    pub fn stars_words(&self, cx: &Cx) -> String {
        stars_words(cx, self.stars)
    }

    /// (message key of the service, what a person pays).
    pub fn service_words(&self, cx: &Cx) -> Vec<(String, String)> {
        CARD_SERVICES
            .iter()
            .zip(&self.services)
            .map(|(service, shares)| (cx.t(&format!("service.{service}")).to_string(), shares.words(cx)))
            .collect()
    }

    pub fn badges<'a>(&self, cx: &'a Cx) -> Vec<&'a str> {
        [Feature::Hsa, Feature::NationalNetwork, Feature::StandardDesign, Feature::NoReferral, Feature::NewPlan]
            .into_iter()
            .filter(|feature| self.packed.has(*feature))
            .map(|feature| cx.t(&format!("badge.{}", feature.key())))
            .collect()
    }

    /// The plan's page for this household.
    pub fn href(&self, cx: &Cx, search: &Search) -> String {
        let mut pairs = search.who_and_where();
        if search.product != super::codes::Product::Medical {
            pairs.push(("product", search.product.key().to_string()));
        }
        cx.href(&format!("/plans/{}?{}", self.plan_id, write_query(&pairs)))
    }
}

/// Stars out of five in words. `None` and 0 are both "not rated", said as such.
pub fn stars_words(cx: &Cx, stars: Option<i64>) -> String {
    match stars {
        Some(n @ 1..=5) => cx.tf("stars.of_five", &[("n", &n.to_string())]),
        Some(_) => cx.t("stars.not_rated").to_string(),
        None => cx.t("stars.not_provided").to_string(),
    }
}
