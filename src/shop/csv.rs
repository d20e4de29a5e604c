//! `/plans.csv` and `/compare.csv`: the same query, the same numbers, all results, for a spreadsheet.
//!
//! Money is plain decimals, missing is empty, column names never change (docs/addresses.md).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::catalogue::variants::CARD_SERVICES;
use crate::quote::market;
use crate::quote::yearly::YearlyCosts;
use crate::shop::compare;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::view::Card;
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// The first columns; one more for each of [`CARD_SERVICES`] follows.
const HEADER: [&str; 17] = [
    "plan_id",
    "name",
    "issuer",
    "metal",
    "type",
    "premium",
    "deductible",
    "moop",
    "stars",
    "deductible_individual",
    "deductible_family",
    "drug_deductible",
    "moop_individual",
    "moop_family",
    "hsa",
    "national_network",
    "standard_design",
];

/// Columns that came later stand at the end.
const ADDED: [&str; 5] = ["premium_after_credit", "credit_applied", "cost_good", "cost_average", "cost_bad"];

/// `GET /plans.csv`.
pub async fn plans(cx: Cx) -> Result<Response, Instead> {
    let page = Page::new("/plans.csv").any_spelling();
    let Open { search, catalogue, policy, .. } = open(&cx, &page)?;
    let mut tally = market::tally(&catalogue, &search).await?;
    if let Some(years) = &mut YearlyCosts::new(&search) {
        tally.estimate_years(years);
    }
    let results = tally.results(search.sort).into_iter();
    let cards: Vec<Card> = results.map(|offer| Card::new(&catalogue, offer)).collect();
    Ok(answer(&cx, &cards, &format!("plans-{}-{}.csv", search.year, search.place.zip), policy)?)
}

/// `GET /compare.csv`.
pub async fn comparison(cx: Cx) -> Result<Response, Instead> {
    let page = Page::new("/compare.csv").any_spelling();
    let open = open(&cx, &page)?;
    let compared = compare::compared(&cx, &open).await?;
    Ok(answer(&cx, &compared.cards, &format!("compare-{}.csv", open.search.year), open.policy)?)
}

fn answer(cx: &Cx, cards: &[Card], file_name: &str, policy: CachePolicy) -> Result<Response, Failure> {
    let mark: &[u8] = if plain(&cx.query) { &[] } else { &BYTE_ORDER_MARK };
    let csv = [mark, &write(cx, cards).map_err(Failure::internal)?[..]].concat();
    let mut response = page::send(cx, StatusCode::OK, "text/csv; charset=utf-8", csv, policy);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{file_name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Without it Excel for Windows reads accents as two characters each.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A program asked for the bare text: `bom=no`.
fn plain(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "bom" && value == "no")
}

fn write(cx: &Cx, cards: &[Card]) -> anyhow::Result<Vec<u8>> {
    use crate::filing::codes::Feature;
    let mut csv = csv::Writer::from_writer(Vec::new());
    let header = HEADER.into_iter().chain(CARD_SERVICES).chain(ADDED);
    csv.write_record(header)?;
    let money = |amount: Option<Cents>| amount.map(Cents::decimal).unwrap_or_default();
    for card in cards {
        let yes = |feature| if card.packed.has(feature) { "1" } else { "0" }.to_string();
        let mut record = vec![
            card.plan_id.clone(),
            safe(&card.name),
            safe(&card.issuer),
            card.metal_key().to_string(),
            card.type_key().to_string(),
            card.premium.decimal(),
            money(card.deductible),
            money(card.moop),
            card.stars.filter(|stars| *stars > 0).map(|stars| stars.to_string()).unwrap_or_default(),
            money(card.deductible_individual),
            money(card.deductible_family),
            money(card.drug_deductible),
            money(card.moop_individual),
            money(card.moop_family),
            yes(Feature::Hsa),
            yes(Feature::NationalNetwork),
            yes(Feature::StandardDesign),
        ];
        record.extend(card.service_words(cx).into_iter().map(|(_, words)| safe(&words)));
        record.extend([card.net.decimal(), card.credit.decimal()]);
        let range = card.range();
        let years = [range.map(|r| r.good), range.map(|r| r.average), range.map(|r| r.bad)];
        record.extend(years.map(money));
        csv.write_record(record)?;
    }
    csv.into_inner().map_err(|error| anyhow::anyhow!("the CSV could not be finished: {}", error.error()))
}

/// A filed name that begins like a formula must not become one in a spreadsheet (OWASP ASVS 5.0, 1.2.10).
fn safe(text: &str) -> String {
    // The wide forms of Japanese keyboards too: spreadsheets take them for the same.
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        true => format!("'{text}"),
        false => text.to_string(),
    }
}
