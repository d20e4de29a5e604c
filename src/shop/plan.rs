//! `GET /plans/{plan_id}`: everything filed about a plan, with its price for the household if the address has one.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::filing::codes::{Metal, Packed, PlanType, Program};
use crate::filing::limits;
use crate::quote::ask::address::{BASKET_MAX, Search, write_query};
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::plan_record::{Benefit, Example, PlanRecord};
use crate::quote::policy::VariantKinds;
use crate::quote::yearly::YearlyCosts;
use crate::shop::cards::cards_of;
use crate::shop::costs::YearSum;
use crate::shop::open::{Instead, Open, OpenOrBare, Page, open_or_bare};
use crate::shop::sections::{self, SECTIONS};
use crate::shop::shares;
use crate::shop::view::{Card, stars_words};
use crate::shop::words::plan::{benefit_limit, benefit_name, yes_no};
use crate::shop::words::search as words;
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// Similar plans shown: a way on, not another list.
const SIMILAR_MAX: usize = 3;

/// The parts of an address that a plan's page keeps.
const WHO: [&str; 10] =
    ["year", "zip", "county", "people", "sex", "care", "income", "monthly", "offer", "offer_family"];

/// A row of "deductibles and maximums": what it is, and the amounts for one person and for a family.
pub struct LimitRow {
    pub words: String,
    pub individual: String,
    pub per_person: String,
    pub family: String,
}

/// A term, its value in words, the glossary entry that explains it.
pub struct Line {
    pub term: String,
    pub words: String,
    pub slug: Option<&'static str>,
}

pub struct Section {
    pub heading: String,
    pub benefits: Vec<BenefitView>,
}

pub struct BenefitView {
    pub name: String,
    pub in_network: String,
    pub second_tier: Option<String>,
    pub out_of_network: String,
    pub notes: Vec<String>,
}

pub struct ExampleView {
    pub name: String,
    pub about: String,
    pub total: String,
    pub parts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    cx: &'a Cx,
    name: String,
    issuer: String,
    subtitle: String,
    /// Price and the household's own amounts; `None` while we do not know who and where.
    card: Option<&'a Card>,
    who: Option<String>,
    /// Why there is no price.
    no_price: Option<String>,
    back: String,
    change: String,
    /// The list with this plan ticked, and where others are ticked already the comparison with them.
    ticked: Option<String>,
    compare: Option<String>,
    warnings: Vec<String>,
    notes: Vec<String>,
    highlights: Vec<Line>,
    stars: Vec<Line>,
    limits: Vec<LimitRow>,
    documents: Vec<(String, Option<String>)>,
    contact: Vec<Line>,
    access: Vec<Line>,
    sections: Vec<Section>,
    programs: Vec<&'a str>,
    examples: Vec<ExampleView>,
    exclusions: Option<String>,
    similar: Vec<(String, String, String)>,
    /// The yearly cost; `None` without a household, and for dental plans.
    year: Option<YearSum>,
    who_query: String,
    dental: bool,
}

/// `GET /plans/{plan_id}`.
pub async fn plan(cx: Cx, Path(id): Path<String>) -> Result<Response, Instead> {
    let plan_id = PlanId::parse(&id).ok_or(Failure::NotFound)?;
    let path = format!("/plans/{plan_id}");
    let opened = match open_or_bare(&cx, &Page::new(&path), &WHO)? {
        OpenOrBare::Bare(bare) => {
            let facts = facts(&bare.catalogue, &plan_id, VariantKinds::STANDARD).await?;
            let page = build(&cx, None, &bare.asked.pairs(), &bare.catalogue, &facts, None);
            return Ok(page::render(&cx, PlanPage { notes: bare.notes, ..page }, bare.policy));
        }
        OpenOrBare::Open(open) => *open,
    };
    let Open { mut search, catalogue, notes, policy, .. } = opened;
    // The list that the visitor comes from, and goes back to.
    let list = search.clone();
    let facts = facts(&catalogue, &plan_id, search.policy.variants()).await?;
    // The plan's own product decides which list it is looked up in.
    search.product = facts.product;
    search.facets = Default::default();
    let tally = market::tally(&catalogue, &search).await?;
    let (mut card, mut similar, mut year) = (None, Vec::new(), None);
    if let Some(offer) = tally.find(facts.plan_pk) {
        let mut years = YearlyCosts::new(&search);
        card = cards_of(&catalogue, &search, &tally, &mut years, &[offer]).pop();
        similar = self::similar(&cx, &list, &catalogue, (&tally, offer));
        year = YearSum::new(&cx, &search, offer, &mut years);
    }
    let page = build(&cx, Some(&list), &list.pairs(), &catalogue, &facts, card.as_ref());
    Ok(page::render(&cx, PlanPage { notes, similar, year, ..page }, policy))
}

async fn facts(catalogue: &Catalogue, plan_id: &PlanId, variants: VariantKinds) -> Result<PlanRecord, Failure> {
    PlanRecord::read(&catalogue.pool, plan_id, variants).await?.ok_or(Failure::NotFound)
}

fn build<'a>(
    cx: &'a Cx,
    search: Option<&Search>,
    pairs: &[(&'static str, String)],
    catalogue: &Catalogue,
    facts: &PlanRecord,
    card: Option<&'a Card>,
) -> PlanPage<'a> {
    let packed = catalogue.variants.variant(facts.plan_pk, facts.kind).map(|facts| facts.packed);
    let bits = packed.map_or(0, Packed::programs);
    let programs = Program::ALL.iter().copied().filter(|program| bits & program.bit() != 0);
    let dental = facts.is_dental();
    let no_price = match (search, card) {
        (_, Some(_)) => None,
        (Some(search), None) => Some(cx.tf("plan.not_sold", &[("county", &words::county_words(cx, search))])),
        (None, None) => Some(cx.t("plan.no_household").to_string()),
    };
    let with = card.and(search).cloned().map(|search| ticked(search, facts));
    PlanPage {
        name: facts.name.clone(),
        issuer: facts.issuer.clone(),
        subtitle: subtitle(cx, packed, facts),
        who: search.map(|search| words::who(cx, search)),
        no_price,
        back: cx.href(&match search {
            Some(search) => format!("/plans?{}", search.canonical()),
            None => "/".to_string(),
        }),
        change: cx.href(&format!("/?{}", write_query(pairs))),
        ticked: with.as_ref().map(|with| cx.href(&format!("/plans?{}", with.canonical()))),
        compare: with
            .filter(|with| with.basket.len() > 1)
            .map(|with| cx.href(&format!("/compare?{}", with.canonical()))),
        warnings: words::warnings(cx, catalogue),
        notes: Vec::new(),
        highlights: highlights(cx, facts, card),
        stars: stars(cx, facts),
        limits: limit_rows(cx, facts),
        documents: documents(cx, facts),
        contact: contact(cx, facts),
        access: access(cx, facts),
        sections: sections(cx, facts, dental),
        programs: programs.map(|program| cx.t(program.message())).collect(),
        examples: facts.examples.iter().map(|example| example_view(cx, example)).collect(),
        exclusions: facts.exclusions.clone(),
        similar: Vec::new(),
        year: None,
        who_query: search.map(Search::canonical).unwrap_or_default(),
        dental,
        card,
        cx,
    }
}

/// The search with this plan among those to compare.
fn ticked(mut search: Search, facts: &PlanRecord) -> Search {
    let id = PlanId::parse(&facts.plan_id);
    if let Some(id) = id.filter(|id| !search.basket.contains(id)) {
        // The newest of a full basket gives way: what was just asked for must not be lost.
        search.basket.truncate(BASKET_MAX - 1);
        search.basket.push(id);
    }
    search
}

/// "Silver · HMO · 33931OH0070006".
fn subtitle(cx: &Cx, packed: Option<Packed>, facts: &PlanRecord) -> String {
    let metal = packed.and_then(|packed| Metal::from_code(packed.metal())).map(|m| cx.t(m.message()));
    let plan_type = packed.and_then(|packed| PlanType::from_code(packed.plan_type())).map(|t| cx.t(t.message()));
    let parts: Vec<&str> = [metal, plan_type].into_iter().flatten().collect();
    format!("{} · {}", parts.join(" · "), facts.plan_id)
}

fn highlights(cx: &Cx, facts: &PlanRecord, card: Option<&Card>) -> Vec<Line> {
    let line = |key: &str, words: String, slug| Line { term: cx.t(key).to_string(), words, slug };
    let mut lines = Vec::new();
    if let Some(card) = card {
        lines.push(line(
            "plan.deductible_individual",
            Card::amount_words(cx, card.deductible_individual),
            Some("deductible"),
        ));
        lines.push(line("plan.deductible_family", Card::amount_words(cx, card.deductible_family), Some("deductible")));
        if let Some(drug) = card.drug_deductible {
            lines.push(line("plan.drug_deductible", drug.dollars(), Some("deductible")));
        }
        lines.push(line(
            "plan.moop_individual",
            Card::amount_words(cx, card.moop_individual),
            Some("out-of-pocket-maximum"),
        ));
        lines.push(line("plan.moop_family", Card::amount_words(cx, card.moop_family), Some("out-of-pocket-maximum")));
    }
    if let Some(value) = facts.variant.as_ref().and_then(|variant| variant.actuarial_value_bp) {
        lines.push(line("plan.actuarial_value", shares::percent(value), Some("actuarial-value")));
    }
    if !facts.is_dental() {
        lines.push(line("plan.hsa", yes_no(cx, facts.hsa).to_string(), Some("hsa")));
        let design = facts
            .design
            .as_ref()
            .map_or_else(|| cx.t("words.no").to_string(), |design| format!("{}: {design}", cx.t("words.yes")));
        lines.push(line("plan.design", design, Some("standard-design")));
    }
    lines.push(line("plan.is_new", yes_no(cx, Some(facts.is_new)).to_string(), None));
    if facts.is_dental() {
        let key = match facts.guaranteed_rate {
            Some(true) => "plan.rate_guaranteed",
            Some(false) => "plan.rate_estimated",
            None => "share.not_provided",
        };
        lines.push(line("plan.guaranteed_rate", cx.t(key).to_string(), None));
    }
    lines
}

fn stars(cx: &Cx, facts: &PlanRecord) -> Vec<Line> {
    let line = |key: &str, stars| Line {
        term: cx.t(key).to_string(),
        words: stars_words(cx, stars),
        slug: Some("star-rating"),
    };
    vec![
        line("stars.overall", facts.stars.overall),
        line("stars.member_experience", facts.stars.member_experience),
        line("stars.medical_care", facts.stars.medical_care),
        line("stars.plan_administration", facts.stars.plan_administration),
    ]
}

const NETWORKS: [(u8, &str); 4] =
    [(limits::TIER1, "tier1"), (limits::TIER2, "tier2"), (limits::OUT, "out"), (limits::IN_AND_OUT, "in_and_out")];
const WHO_PAYS: [u8; 3] = [limits::INDIVIDUAL, limits::FAMILY_PER_PERSON, limits::FAMILY_PER_GROUP];

/// Every deductible and maximum filed, in network first; a row for each kind, scope and network.
fn limit_rows(cx: &Cx, facts: &PlanRecord) -> Vec<LimitRow> {
    let mut rows = Vec::new();
    for (kind, kind_key) in [(limits::DEDUCTIBLE, "deductible"), (limits::MOOP, "moop")] {
        for (scope, scope_key) in [(limits::COMBINED, "combined"), (limits::MEDICAL, "medical"), (limits::DRUG, "drug")]
        {
            for (network, network_key) in NETWORKS {
                let of = |who| facts.limit(kind, scope, network, who);
                if WHO_PAYS.into_iter().all(|who| of(who).is_none_or(|limit| limit.cents.is_none())) {
                    continue;
                }
                let amount = |who| match of(who) {
                    Some(limit) => limit.cents.map_or_else(|| cx.t("plan.no_limit").to_string(), Cents::dollars),
                    None => cx.t("share.not_provided").to_string(),
                };
                rows.push(LimitRow {
                    words: format!(
                        "{} · {}",
                        cx.t(&format!("limit.{kind_key}_{scope_key}")),
                        cx.t(&format!("limit.{network_key}"))
                    ),
                    individual: amount(limits::INDIVIDUAL),
                    per_person: amount(limits::FAMILY_PER_PERSON),
                    family: amount(limits::FAMILY_PER_GROUP),
                });
            }
        }
    }
    rows
}

/// (name, address); an insurer that filed no address is said to have filed none.
fn documents(cx: &Cx, facts: &PlanRecord) -> Vec<(String, Option<String>)> {
    let sbc = facts.variant.as_ref().and_then(|variant| variant.sbc_url.clone());
    let mut documents = vec![
        (cx.t("document.sbc").to_string(), sbc),
        (cx.t("document.brochure").to_string(), facts.brochure().cloned()),
        (cx.t("document.providers").to_string(), facts.network_url.clone()),
    ];
    if !facts.is_dental() {
        documents.push((cx.t("document.formulary").to_string(), facts.formulary_url.clone()));
    }
    documents
}

fn contact(cx: &Cx, facts: &PlanRecord) -> Vec<Line> {
    let phone = facts.phone.clone().unwrap_or_else(|| cx.t("plan.phone_not_published").to_string());
    let mut lines = vec![Line { term: cx.t("plan.phone").to_string(), words: phone, slug: None }];
    if let Some(tty) = facts.tty.clone() {
        lines.push(Line { term: "TTY".to_string(), words: tty, slug: None });
    }
    lines
}

fn access(cx: &Cx, facts: &PlanRecord) -> Vec<Line> {
    let line = |key: &str, words: String, slug| Line { term: cx.t(key).to_string(), words, slug };
    let with_words = |filed: Option<bool>, text: &Option<String>| match text {
        // The filed words often say no more than yes or no.
        Some(words) if words.len() > 3 => format!("{}. {words}", yes_no(cx, filed)),
        _ => yes_no(cx, filed).to_string(),
    };
    let mut lines = vec![
        line("plan.national_network", yes_no(cx, facts.national_network).to_string(), Some("national-network")),
        line(
            "plan.out_of_service_area",
            with_words(facts.out_of_service_area, &facts.out_of_service_area_description),
            Some("service-area"),
        ),
        line("plan.out_of_country", with_words(facts.out_of_country, &facts.out_of_country_description), None),
    ];
    if !facts.is_dental() {
        lines.insert(
            1,
            line("plan.referral", with_words(facts.referral_required, &facts.referral_specialists), Some("referral")),
        );
    }
    if let Some(name) = facts.network_name.clone() {
        lines.insert(0, line("plan.network", name, Some("network")));
    }
    lines
}

fn sections(cx: &Cx, facts: &PlanRecord, dental: bool) -> Vec<Section> {
    let section = |(number, (key, _)): (usize, &(&str, &[&str]))| Section {
        heading: cx.t(&format!("section.{key}")).to_string(),
        benefits: sections::of(&facts.benefits, number).into_iter().map(|benefit| benefit_view(cx, benefit)).collect(),
    };
    // A section without a filed benefit stays, and says so; a dental plan's medical sections do not apply.
    let applies = |section: &Section| !dental || !section.benefits.is_empty();
    SECTIONS.iter().enumerate().map(section).filter(applies).collect()
}

fn benefit_view(cx: &Cx, benefit: &Benefit) -> BenefitView {
    let mut notes: Vec<String> = benefit_limit(cx, benefit).into_iter().collect();
    notes.extend(benefit.explanation.clone());
    notes.extend(benefit.exclusions.as_ref().map(|words| cx.tf("plan.exclusions_note", &[("words", words)])));
    if benefit.outside_maximum {
        notes.push(cx.t("plan.outside_maximum").to_string());
    }
    BenefitView {
        name: benefit_name(cx, benefit),
        in_network: shares::words(&benefit.in_network, cx),
        second_tier: benefit.second_tier.as_ref().map(|tier| shares::words(tier, cx)),
        out_of_network: shares::words(&benefit.out_of_network, cx),
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

/// Plans of the same level nearest in price: (name and insurer, premium, address).
fn similar(cx: &Cx, search: &Search, catalogue: &Catalogue, of: (&Tally, &Offer)) -> Vec<(String, String, String)> {
    let (tally, this) = of;
    let same_level = |offer: &&Offer| offer.facts.packed.metal() == this.facts.packed.metal();
    let mut near: Vec<&Offer> =
        tally.offers().iter().filter(|offer| offer.plan_pk != this.plan_pk).filter(same_level).collect();
    near.sort_by_key(|offer| ((offer.net().0 - this.net().0).abs(), offer.net(), offer.plan_pk));
    near.truncate(SIMILAR_MAX);
    let link = |card: &Card| {
        (format!("{} · {}", card.name, card.issuer), card.net_words(), card.href(cx, &search.canonical()))
    };
    near.into_iter().map(|offer| link(&Card::new(catalogue, offer))).collect()
}
