//! What a person pays for one kind of care under a plan, and whose gap it is where that is not known.
//!
//! Three reasons are never mixed: the insurer filed nothing; our data does not have it; the law makes it $0. Called by
//! the plan page and the comparison, which say the same thing about the same plan because of it. It never fills in an
//! amount: where another variant's is shown, the words say that it is the most.

use crate::filing::codes::VariantKind;
use crate::quote::plan_record::{Benefit, PlanRecord};
use crate::shop::shares;
use crate::types::Cents;
use crate::web::page::Cx;

/// In network without cost sharing by law (45 CFR 147.130).
const PREVENTIVE: &str = "preventive-care-screening-immunization";

/// The kinds of care that people meet most, in the order of the plan page. All are essential health benefits.
pub const COMMON: [&str; 8] = [
    PREVENTIVE,
    "primary-care-visit-to-treat-an-injury-or-illness",
    "specialist-visit",
    "urgent-care-centers-or-facilities",
    "emergency-room-services",
    "mental-behavioral-health-outpatient-services",
    "generic-drugs",
    "inpatient-hospital-services-e-g-hospital-stay",
];

/// What is paid, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pay {
    pub words: String,
    /// Where it is a plain amount of money.
    pub figure: Option<Cents>,
    /// The figure is the most that it can be.
    pub at_most: bool,
}

impl Pay {
    pub fn said(words: impl Into<String>) -> Pay {
        Pay { words: words.into(), figure: None, at_most: false }
    }

    fn by_law(cx: &Cx) -> Pay {
        Pay { figure: Some(Cents::ZERO), ..Pay::said(cx.t("share.by_law")) }
    }

    /// Nothing is known: whose gap it is.
    fn missing(cx: &Cx, record: &PlanRecord, slug: &str) -> Pay {
        Pay::said(cx.t(if record.is_unfiled(slug) { "share.not_provided" } else { "share.not_in_data" }))
    }
}

/// Zero cost sharing: nothing is paid for essential health benefits (45 CFR 156.420(b)(1)).
pub fn is_free(record: &PlanRecord) -> bool {
    record.kind == VariantKind::ZeroCostSharing
}

/// In network, for any kind of care.
pub fn in_network(cx: &Cx, record: &PlanRecord, slug: &str) -> Pay {
    match record.benefit(slug) {
        Some(benefit) => of_benefit(cx, record, benefit),
        None if free_by_law(record, slug) => Pay::by_law(cx),
        None => Pay::missing(cx, record, slug),
    }
}

fn free_by_law(record: &PlanRecord, slug: &str) -> bool {
    !record.is_dental() && (slug == PREVENTIVE || is_free(record) && COMMON.contains(&slug))
}

/// In network, for a kind of care that is filed.
pub fn of_benefit(cx: &Cx, record: &PlanRecord, benefit: &Benefit) -> Pay {
    let shares = &benefit.in_network;
    let free = is_free(record) && benefit.essential != Some(false);
    if shares.covered != Some(false) && (free || !shares::is_filed(shares) && free_by_law(record, &benefit.slug)) {
        return Pay::by_law(cx);
    }
    of_shares(cx, record, shares)
}

/// Out of network.
pub fn outside(cx: &Cx, record: &PlanRecord, benefit: &Benefit) -> Pay {
    // Another variant's amounts say nothing of what this one charges where the law makes it less.
    if is_free(record) && record.lent_by.is_some() && shares::figure(&benefit.out_of_network) != Some(Cents::ZERO) {
        let same = benefit.out_of_network.covered == Some(false) || !shares::has_amount(&benefit.out_of_network);
        return if same {
            of_shares(cx, record, &benefit.out_of_network)
        } else {
            Pay::said(cx.t("share.not_in_data"))
        };
    }
    of_shares(cx, record, &benefit.out_of_network)
}

/// As filed; "or less" where another variant filed it.
pub fn of_shares(cx: &Cx, record: &PlanRecord, filed: &crate::filing::share::Shares) -> Pay {
    let (words, figure) = (shares::words(filed, cx), shares::figure(filed));
    let lent = record.lent_by.is_some() && shares::has_amount(filed);
    match lent && figure != Some(Cents::ZERO) {
        true => Pay { words: cx.tf("share.or_less", &[("amount", &words)]), figure, at_most: true },
        false => Pay { words, figure, at_most: false },
    }
}

/// What has to be known to read the amounts: by law nothing, at most these, or nothing at Indian health care providers.
pub fn terms(cx: &Cx, record: &PlanRecord) -> Vec<String> {
    let key = match record.kind {
        VariantKind::ZeroCostSharing => Some("card.services_zero"),
        VariantKind::LimitedCostSharing => Some("pay.limited"),
        _ => None,
    };
    let lent = record.lent_by.is_some() && !is_free(record);
    key.into_iter().chain(lent.then_some("pay.at_most")).map(|key| cx.t(key).to_string()).collect()
}
