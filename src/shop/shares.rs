//! Cost sharing in words: what a person pays for one service, from the typed copay and coinsurance.
//!
//! Called by list, plan page, comparison and CSV alike, so "copay and coinsurance" becomes a sentence only here. It
//! must never turn a missing share into a zero.

use crate::filing::share::{CostShare, ShareKind, Shares};
use crate::types::Cents;
use crate::web::page::Cx;

/// A message and the value of its `{amount}`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Words {
    Message(&'static str, Option<String>),
    Filed(String),
}

/// "$30 copay", "40% after you meet the deductible", "$500 per stay, plus 20%", "Not covered" …
pub fn words(shares: &Shares, cx: &Cx) -> String {
    let say = |words: Words| match words {
        Words::Message(key, None) => cx.t(key).to_string(),
        Words::Message(key, Some(amount)) => cx.tf(key, &[("amount", &amount)]),
        Words::Filed(text) => text,
    };
    match parts(shares) {
        (first, None) => say(first),
        (first, Some(second)) => cx.tf("share.plus_both", &[("copay", &say(first)), ("coinsurance", &say(second))]),
    }
}

/// Whether the insurer filed anything on what a person pays.
pub fn is_filed(shares: &Shares) -> bool {
    shares.covered == Some(false) || shares.copay.is_some() || shares.coinsurance.is_some()
}

/// What a person pays, where that is a plain amount of money whatever came before: no share of the bill, no deductible.
pub fn figure(shares: &Shares) -> Option<Cents> {
    match parts(shares) {
        (Words::Message("share.no_charge", None), None) => Some(Cents::ZERO),
        (Words::Message("share.amount", Some(amount)), None) => Cents::parse(amount.strip_prefix('$')?),
        _ => None,
    }
}

/// Whether the words hold an amount, so that "or less" can follow it.
pub fn has_amount(shares: &Shares) -> bool {
    matches!(parts(shares).0, Words::Message(_, Some(_)))
}

fn parts(shares: &Shares) -> (Words, Option<Words>) {
    if shares.covered == Some(false) {
        return (Words::Message("share.not_covered", None), None);
    }
    let copay = shares.copay.and_then(|share| copay_words(share, shares.copay_filed.as_deref()));
    let coinsurance =
        shares.coinsurance.and_then(|share| coinsurance_words(share, shares.coinsurance_filed.as_deref()));
    match (copay, coinsurance) {
        (None, None) if shares.copay.is_none() && shares.coinsurance.is_none() => {
            (Words::Message("share.not_provided", None), None)
        }
        // Filed as "Not Applicable" on both sides: the insurer says that neither is charged.
        (None, None) => (Words::Message("share.not_applicable", None), None),
        (Some(one), None) | (None, Some(one)) => (one, None),
        (Some(copay), Some(coinsurance)) => both(copay, coinsurance),
    }
}

/// If one of the two is "no charge", the other alone is what a person pays.
fn both(copay: Words, coinsurance: Words) -> (Words, Option<Words>) {
    let is = |words: &Words, key: &str| matches!(words, Words::Message(k, _) if *k == key);
    if is(&coinsurance, "share.no_charge")
        || (is(&coinsurance, "share.no_charge_after_deductible") && !is(&copay, "share.no_charge"))
    {
        return (copay, None);
    }
    if is(&copay, "share.no_charge") || is(&copay, "share.no_charge_after_deductible") {
        return (coinsurance, None);
    }
    (copay, Some(coinsurance))
}

fn copay_words(share: CostShare, filed: Option<&str>) -> Option<Words> {
    let amount = share.amount;
    let key = match share.kind {
        ShareKind::NotApplicable => return None,
        ShareKind::Unparsed => return filed.map(|text| Words::Filed(text.to_string())),
        ShareKind::NoCharge => "share.no_charge",
        ShareKind::NoChargeAfterDeductible => "share.no_charge_after_deductible",
        ShareKind::Amount => "share.amount",
        ShareKind::AmountAfterDeductible => "share.amount_after_deductible",
        ShareKind::AmountBeforeDeductible => "share.amount_before_deductible",
        ShareKind::PerStay => "share.per_stay",
        ShareKind::PerStayAfterDeductible => "share.per_stay_after_deductible",
        ShareKind::PerStayBeforeDeductible => "share.per_stay_before_deductible",
        ShareKind::PerDay => "share.per_day",
        ShareKind::PerDayAfterDeductible => "share.per_day_after_deductible",
        ShareKind::PerDayBeforeDeductible => "share.per_day_before_deductible",
    };
    Some(match (amount, key) {
        (_, "share.no_charge" | "share.no_charge_after_deductible") => Words::Message(key, None),
        (0, "share.amount" | "share.per_stay" | "share.per_day") => Words::Message("share.no_charge", None),
        (0, "share.amount_after_deductible" | "share.per_stay_after_deductible" | "share.per_day_after_deductible") => {
            Words::Message("share.no_charge_after_deductible", None)
        }
        _ => Words::Message(key, Some(Cents(amount).dollars())),
    })
}

fn coinsurance_words(share: CostShare, filed: Option<&str>) -> Option<Words> {
    let amount = share.amount;
    let key = match share.kind {
        ShareKind::NotApplicable => return None,
        ShareKind::Unparsed => return filed.map(|text| Words::Filed(text.to_string())),
        ShareKind::NoCharge => return Some(Words::Message("share.no_charge", None)),
        ShareKind::NoChargeAfterDeductible => return Some(Words::Message("share.no_charge_after_deductible", None)),
        ShareKind::AmountAfterDeductible => "share.percent_after_deductible",
        _ => "share.percent",
    };
    Some(match (amount, key) {
        (0, "share.percent") => Words::Message("share.no_charge", None),
        (0, _) => Words::Message("share.no_charge_after_deductible", None),
        // 100 % out of network means that the plan pays nothing.
        (10_000, "share.percent") => Words::Message("share.full_cost", None),
        _ => Words::Message(key, Some(percent(amount))),
    })
}

/// Basis points as `40%` or `12.5%`.
pub fn percent(basis_points: i64) -> String {
    match basis_points % 100 {
        0 => format!("{}%", basis_points / 100),
        rest if rest % 10 == 0 => format!("{}.{}%", basis_points / 100, rest / 10),
        rest => format!("{}.{rest:02}%", basis_points / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(kind: ShareKind, amount: i64) -> Option<CostShare> {
        Some(CostShare { kind, amount })
    }

    fn key(shares: Shares) -> (String, bool) {
        match parts(&shares) {
            (Words::Message(key, amount), second) => {
                (format!("{key} {}", amount.unwrap_or_default()), second.is_some())
            }
            (Words::Filed(text), second) => (text, second.is_some()),
        }
    }

    #[test]
    fn filed_pairs_become_what_a_person_pays() {
        use ShareKind::*;
        let case = |copay, coinsurance| key(Shares { covered: Some(true), copay, coinsurance, ..Shares::default() });
        let one = |text: &str| (text.to_string(), false);
        assert_eq!(case(share(Amount, 3000), share(NotApplicable, 0)), one("share.amount $30"));
        assert_eq!(
            case(share(NotApplicable, 0), share(AmountAfterDeductible, 4000)),
            one("share.percent_after_deductible 40%")
        );
        assert_eq!(
            case(share(NoChargeAfterDeductible, 0), share(NotApplicable, 0)),
            one("share.no_charge_after_deductible ")
        );
        assert_eq!(case(share(Amount, 0), share(NotApplicable, 0)), one("share.no_charge "));
        assert_eq!(case(share(NotApplicable, 0), share(Amount, 10_000)), one("share.full_cost "));
        assert_eq!(case(share(NoCharge, 0), share(Amount, 2000)), one("share.percent 20%"));
        assert_eq!(case(share(NotApplicable, 0), share(NotApplicable, 0)), one("share.not_applicable "));
        assert_eq!(
            case(share(PerStay, 50_000), share(AmountAfterDeductible, 2000)),
            ("share.per_stay $500".to_string(), true)
        );
    }

    #[test]
    fn what_is_not_filed_is_never_a_zero() {
        assert_eq!(key(Shares::default()).0, "share.not_provided ");
        assert_eq!(key(Shares { covered: Some(false), ..Shares::default() }).0, "share.not_covered ");
        let filed = Shares {
            copay: share(ShareKind::Unparsed, 0),
            copay_filed: Some("See brochure".into()),
            ..Shares::default()
        };
        assert_eq!(key(filed).0, "See brochure");
    }

    #[test]
    fn percentages_keep_their_decimals() {
        assert_eq!([percent(4000), percent(1250), percent(1205)], ["40%", "12.5%", "12.05%"]);
    }
}
