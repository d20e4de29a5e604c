//! Catalogue keys that are composed of other keys: one integer is found in half the time of two columns.
//!
//! Written by `load`, read by `catalogue` and `quote`. `sql/catalogue/schema.sql` repeats the arithmetic as CHECKs,
//! and a test compares the two. No other code may do this arithmetic.

use crate::filing::codes::VariantKind;

/// Plan keys count up from 1 and stay below this: two hundred times as many plans as the whole country has.
pub const PLAN_PK_BITS: u32 = 20;

/// A plan's variants are stored next to each other.
const VARIANT_BITS: u32 = 3;

/// Multiplies `rating_area_pk` in [`rate_pk`].
pub const RATING_AREA_STEP: i64 = 1 << PLAN_PK_BITS;
/// Multiplies `plan_pk` in [`variant_pk`].
pub const VARIANT_STEP: i64 = 1 << VARIANT_BITS;

/// Key of `variant`: a plan plus the last two digits of the variant's ID.
pub const fn variant_pk(plan_pk: i64, variant_code: i64) -> i64 {
    plan_pk * VARIANT_STEP + variant_code
}

/// The key of another variant of the same plan.
pub const fn sibling(of: i64, kind: VariantKind) -> i64 {
    of / VARIANT_STEP * VARIANT_STEP + kind.code()
}

/// The kind of a [`variant_pk`]; `None` for a code that CMS does not use.
pub fn kind_of_variant(variant_pk: i64) -> Option<VariantKind> {
    VariantKind::from_code(variant_pk % VARIANT_STEP)
}

/// Key of `rate`: a plan's prices in a rating area.
pub const fn rate_pk(rating_area_pk: i64, plan_pk: i64) -> i64 {
    rating_area_pk * RATING_AREA_STEP + plan_pk
}
