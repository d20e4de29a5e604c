//! "Everything else" of a plan's page: every deductible and maximum, every benefit, ratings, networks, examples.
//!
//! Called by `plan` alone. Only what is filed stands in it: that a plan has no standard design, or no limit out of
//! network, is not said in a row of its own.

use crate::filing::codes::{Packed, Program};
use crate::filing::limits;
use crate::quote::plan_record::{Benefit, Example, PlanRecord};
use crate::shop::pay;
use crate::shop::plan::Line;
use crate::shop::sections::{self, SECTIONS};
use crate::shop::shares;
use crate::shop::view::{Card, stars_words};
use crate::shop::words::costs::joined;
use crate::shop::words::plan::{benefit_limit, benefit_name, yes_no};
use crate::types::Cents;
use crate::web::page::Cx;

pub struct Section {
    pub heading: String,
    pub benefits: Vec<BenefitView>,
}

pub struct BenefitView {
    pub name: String,
    pub in_network: String,
    pub second_tier: Option<String>,
    pub out_of_network: String,
    /// Ours, before a text of the insurer's.
    pub notes: Vec<Note>,
}

/// Words of ours, words of the insurer's, or both.
pub struct Note {
    pub ours: String,
    pub filed: String,
}

pub struct ExampleView {
    pub name: String,
    pub about: String,
    pub total: String,
    pub parts: Vec<(String, String)>,
}

pub struct Everything {
    pub limits: Vec<Line>,
    pub sections: Vec<Section>,
    /// The parts of the page for which there is nothing, and whose gap that is.
    pub missing: Vec<String>,
    pub about: Vec<Line>,
    pub access: Vec<Line>,
    pub examples: Vec<ExampleView>,
    pub programs: Vec<String>,
    pub exclusions: Option<String>,
}

impl Everything {
    pub fn new(cx: &Cx, record: &PlanRecord, packed: Option<Packed>) -> Everything {
        let bits = packed.map_or(0, Packed::programs);
        let programs = Program::ALL.iter().filter(|program| bits & program.bit() != 0);
        let (sections, missing) = benefit_sections(cx, record);
        Everything {
            limits: limit_rows(cx, record),
            sections,
            missing,
            about: about(cx, record),
            access: access(cx, record),
            examples: record.examples.iter().map(|example| example_view(cx, example)).collect(),
            programs: programs.map(|program| cx.t(program.message()).to_string()).collect(),
            exclusions: record.exclusions.clone(),
        }
    }
}

fn about(cx: &Cx, record: &PlanRecord) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(value) = record.variant.as_ref().and_then(|variant| variant.actuarial_value_bp) {
        lines.push(Line::new(cx.t("plan.actuarial_value"), shares::percent(value), Some("actuarial-value")));
    }
    if record.is_dental() {
        let key = match record.guaranteed_rate {
            Some(true) => "plan.rate_guaranteed",
            Some(false) => "plan.rate_estimated",
            None => "share.not_provided",
        };
        lines.push(Line::new(cx.t("plan.guaranteed_rate"), cx.t(key), None));
    } else {
        lines.push(Line::new(cx.t("plan.hsa"), yes_no(cx, record.hsa), Some("hsa")));
    }
    if let Some(design) = record.design.clone() {
        lines.push(Line { filed: true, ..Line::new(cx.t("plan.design"), design, Some("standard-design")) });
    }
    if record.is_new {
        lines.push(Line::new(cx.t("plan.is_new"), cx.t("words.yes"), None));
    }
    let stars = record.stars;
    let star = |key: &str, stars| Line::new(cx.t(key), stars_words(cx, stars), Some("star-rating"));
    lines.extend([
        star("stars.overall", stars.overall),
        star("stars.member_experience", stars.member_experience),
        star("stars.medical_care", stars.medical_care),
        star("stars.plan_administration", stars.plan_administration),
    ]);
    lines
}

const NETWORKS: [(u8, &str); 4] =
    [(limits::TIER1, "tier1"), (limits::TIER2, "tier2"), (limits::OUT, "out"), (limits::IN_AND_OUT, "in_and_out")];
const WHO_PAYS: [(u8, &str); 3] = [
    (limits::INDIVIDUAL, "limit.individual"),
    (limits::FAMILY_PER_PERSON, "limit.per_person"),
    (limits::FAMILY_PER_GROUP, "limit.family"),
];

/// Every deductible and maximum with an amount, in network first: "$4,700 one person alone; $9,400 whole family".
fn limit_rows(cx: &Cx, record: &PlanRecord) -> Vec<Line> {
    let mut rows = Vec::new();
    for (kind, kind_key) in [(limits::DEDUCTIBLE, "deductible"), (limits::MOOP, "moop")] {
        for (scope, scope_key) in [(limits::COMBINED, "combined"), (limits::MEDICAL, "medical"), (limits::DRUG, "drug")]
        {
            let amounts_in = |network| {
                WHO_PAYS.map(|(who, _)| record.limit(kind, scope, network, who).and_then(|limit| limit.cents))
            };
            for (network, network_key) in NETWORKS {
                let amounts = amounts_in(network);
                let as_first = network == limits::TIER2 && amounts == amounts_in(limits::TIER1);
                if as_first || amounts == [None; 3] {
                    continue;
                }
                let term = format!(
                    "{} · {}",
                    cx.t(&format!("limit.{kind_key}_{scope_key}")),
                    cx.t(&format!("limit.{network_key}"))
                );
                rows.push(Line::new(&term, amounts_words(cx, amounts), None));
            }
        }
    }
    rows
}

/// A person of a family is only named where another amount holds for one.
fn amounts_words(cx: &Cx, amounts: [Option<Cents>; 3]) -> String {
    let alone = amounts[0];
    let said = WHO_PAYS.iter().zip(amounts).enumerate().filter_map(|(i, ((_, key), amount))| {
        let amount = amount.filter(|amount| i != 1 || Some(*amount) != alone)?;
        Some(cx.tf("limit.amount", &[("amount", &amount.dollars()), ("who", cx.t(key))]))
    });
    said.collect::<Vec<_>>().join("; ")
}

fn access(cx: &Cx, record: &PlanRecord) -> Vec<Line> {
    // The filed words often say no more than yes or no.
    let with_words = |key: &str, answer: Option<bool>, text: &Option<String>, slug| match text {
        Some(words) if words.len() > 3 => {
            let term = format!("{}: {}", cx.t(key), yes_no(cx, answer));
            Line { filed: true, ..Line::new(&term, words.clone(), slug) }
        }
        _ => Line::new(cx.t(key), yes_no(cx, answer), slug),
    };
    let mut lines = Vec::new();
    if let Some(name) = record.network_name.clone() {
        lines.push(Line { filed: true, ..Line::new(cx.t("plan.network"), name, Some("network")) });
    }
    let national = yes_no(cx, record.national_network);
    lines.push(Line::new(cx.t("plan.national_network"), national, Some("national-network")));
    if !record.is_dental() {
        let (needed, who) = (record.referral_required, &record.referral_specialists);
        lines.push(with_words("plan.referral", needed, who, Some("referral")));
    }
    let (area, country) = (&record.out_of_service_area_description, &record.out_of_country_description);
    lines.push(with_words("plan.out_of_service_area", record.out_of_service_area, area, Some("service-area")));
    lines.push(with_words("plan.out_of_country", record.out_of_country, country, None));
    lines
}

/// Sections with a benefit; and one sentence for those without: our data has none of their kinds of care of any plan,
/// or the insurer filed none.
fn benefit_sections(cx: &Cx, record: &PlanRecord) -> (Vec<Section>, Vec<String>) {
    let (mut all, mut unfiled, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (key, slugs)) in SECTIONS.iter().enumerate() {
        let heading = cx.t(&format!("section.{key}")).to_string();
        let benefits: Vec<BenefitView> =
            sections::of(&record.benefits, number).into_iter().map(|benefit| view(cx, record, benefit)).collect();
        if !benefits.is_empty() {
            all.push(Section { heading, benefits });
        } else if !record.is_dental() {
            if slugs.iter().any(|slug| record.is_unfiled(slug)) { unfiled.push(heading) } else { unknown.push(heading) }
        }
    }
    let sentence = |key: &str, names: Vec<String>| joined(cx, names).map(|names| cx.tf(key, &[("sections", &names)]));
    let missing = [sentence("plan.sections_not_filed", unfiled), sentence("plan.sections_not_in_data", unknown)];
    (all, missing.into_iter().flatten().collect())
}

fn view(cx: &Cx, record: &PlanRecord, benefit: &Benefit) -> BenefitView {
    let ours = |words: String| Note { ours: words, filed: String::new() };
    let mut notes: Vec<Note> = benefit_limit(cx, benefit).map(ours).into_iter().collect();
    notes.extend(benefit.explanation.clone().map(|filed| Note { ours: String::new(), filed }));
    let not_included = || cx.t("plan.exclusions_note").to_string();
    notes.extend(benefit.exclusions.clone().map(|filed| Note { ours: not_included(), filed }));
    if benefit.outside_maximum {
        notes.push(ours(cx.t("plan.outside_maximum").to_string()));
    }
    let second = benefit.second_tier.as_ref().map(|tier| pay::of_shares(cx, record, tier).words);
    BenefitView {
        name: benefit_name(cx, benefit),
        in_network: pay::of_benefit(cx, record, benefit).words,
        second_tier: second.filter(|_| !pay::is_free(record)),
        out_of_network: pay::outside(cx, record, benefit).words,
        notes,
    }
}

fn example_view(cx: &Cx, example: &Example) -> ExampleView {
    let part = |key: &str, cents| (cx.t(key).to_string(), Card::amount_words(cx, cents));
    ExampleView {
        name: cx.t(&format!("sbc.{}.name", example.key)).to_string(),
        about: cx.t(&format!("sbc.{}.about", example.key)).to_string(),
        total: Card::amount_words(cx, example.total()),
        parts: vec![
            part("example.deductible", example.deductible),
            part("example.copay", example.copay),
            part("example.coinsurance", example.coinsurance),
            part("example.limits", example.limits),
        ],
    }
}
