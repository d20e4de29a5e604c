//! Amounts of money in the JSON of a household.
//!
//! Called by serde for the fields of `household`, `pay` and `offers`. It must never guess at an amount that has two
//! readings: the error says how to write it.

use serde::{Deserialize, Deserializer};

use crate::types::{AmountFault, Cents};

/// Dollars from JSON: a number with at most two decimals, or text as people write it (`"$40,000.50"`).
pub(super) fn money<'de, D: Deserializer<'de>>(from: D) -> Result<Cents, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Whole(i64),
        Decimal(f64),
        Text(String),
    }
    let bad = |text: &str| {
        let text = super::json::short(text);
        let message = format!("`{text}` is not an amount of money; write dollars, for example 40000 or \"40,000.50\"");
        serde::de::Error::custom(message)
    };
    let neither = |_| {
        serde::de::Error::custom(
            "what is neither a number nor text is not an amount of money (JSON has no NaN and no Infinity); write \
             dollars, for example 40000 or \"40,000.50\"",
        )
    };
    match Said::deserialize(from).map_err(neither)? {
        Said::Whole(dollars) => dollars.checked_mul(100).map(Cents).ok_or_else(|| bad(&dollars.to_string())),
        Said::Decimal(dollars) => Cents::read(&dollars.to_string()).map_err(|_| bad(&dollars.to_string())),
        Said::Text(text) => Cents::read(&text).map_err(|fault| match fault {
            AmountFault::NotANumber => bad(&text),
            AmountFault::TwoReadings => serde::de::Error::custom(format!(
                "`{text}` is not an amount of money that has one reading; write thousands as 45,000 or 45000 and cents as 45.50"
            )),
        }),
    }
}

pub(super) fn some_money<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cents>, D::Error> {
    #[derive(Deserialize)]
    struct Dollars(#[serde(deserialize_with = "money")] Cents);
    Ok(Option::<Dollars>::deserialize(from)?.map(|d| d.0))
}

pub(super) fn maybe_each_money<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<Cents>>, D::Error> {
    #[derive(Deserialize)]
    struct Dollars(#[serde(deserialize_with = "money")] Cents);
    Ok(Vec::<Option<Dollars>>::deserialize(from)?.into_iter().map(|d| d.map(|d| d.0)).collect())
}
