//! Likely yearly cost in words: kinds of care, notes on a plan's data, why there is no estimate, what people expect.
//!
//! Called by the list, plan and comparison pages and by `care`. It only says what `costs` found; it must never
//! compute a cost. Sentences on expected care come from the utilization table, not from anybody's guess.

use crate::costs::rules::Field;
use crate::costs::service::{Counted, SERVICES};
use crate::costs::utilization::{CareRow, Condition, DECILES, Sex, YearKind};
use crate::costs::{DataNote, Gap, Member, Service, Size, Use};
use crate::types::Cents;
use crate::web::page::Cx;

/// "Primary care visits".
pub fn service_words(cx: &Cx, service: Service) -> &str {
    cx.t(&format!("care.{}", service.code()))
}

/// What the reader must be told about the data of one plan: one sentence for each kind of note, with all its
/// services.
pub fn note_words(cx: &Cx, notes: &[DataNote]) -> Vec<String> {
    let listed = |of: fn(&DataNote) -> Option<Service>| -> Option<String> {
        let names: Vec<String> = notes.iter().filter_map(of).map(|s| inside(service_words(cx, s))).collect();
        // Names contain commas themselves.
        (!names.is_empty()).then(|| names.join("; "))
    };
    // Each of these is marked in every line: a list of twenty names helps nobody.
    let average = notes.iter().filter(|note| matches!(note, DataNote::AverageShare(_))).count();
    let general = listed(|note| if let DataNote::GeneralRule(service) = note { Some(*service) } else { None });
    // `Repeated` only occurs in CMS's program, which no page shows.
    let preventive = notes.contains(&DataNote::PreventiveByLaw).then(|| cx.t("cost.note_preventive").to_string());
    [
        (average > 0).then(|| cx.n("cost.note_average", average as i64)),
        preventive,
        general.map(|services| cx.tf("cost.note_general", &[("services", &services)])),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A name inside a sentence: "primary care visits", but "X-rays" and "CT, PET and MRI scans" keep their capitals.
fn inside(name: &str) -> String {
    let mut letters = name.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => name.to_string(),
    }
}

/// Why a plan has no estimate.
pub fn gap_words(cx: &Cx, gap: Gap) -> String {
    let key = match gap {
        Gap::NoPeople => "cost.gap_no_people",
        Gap::NoDeductible(Size::Individual) => "cost.gap_deductible_individual",
        Gap::NoDeductible(Size::Family) => "cost.gap_deductible_family",
        Gap::NoMaximum(Size::Individual) => "cost.gap_maximum_individual",
        Gap::NoMaximum(Size::Family) => "cost.gap_maximum_family",
        Gap::TooFewShares(Field::Visits) => "cost.gap_visits",
        Gap::TooFewShares(Field::Hospital) => "cost.gap_hospital",
        Gap::TooFewShares(Field::Drugs) => "cost.gap_drugs",
        Gap::UnknownPair(service) => {
            return cx.tf("cost.gap_unknown_words", &[("service", &inside(service_words(cx, service)))]);
        }
    };
    cx.t(key).to_string()
}

/// "Low: little care", "Having a baby".
pub fn use_label(cx: &Cx, usage: Use) -> String {
    let key = match usage {
        Use::Any => "use.any",
        Use::Low => "use.low",
        Use::Medium => "use.medium",
        Use::High => "use.high",
        Use::Decile(n) => return cx.tf("use.decile", &[("n", &n.to_string())]),
        Use::Condition(condition) => return cx.t(&format!("use.{}", condition.word())).to_string(),
    };
    cx.t(key).to_string()
}

/// What a choice means for a person of this age: "A year with about 6 visits, 3 tests and 11 prescriptions. That care
/// costs about $2,000 before insurance." `millionths`: the price index of the plan year. If the sex is not given, the
/// mean of both. `None` if the table has hardly anything.
pub fn use_sentence(cx: &Cx, age: u8, sex: Option<Sex>, usage: Use, millionths: u32) -> Option<String> {
    let person = Member { age, sex, usage };
    let (key, row) = match usage {
        Use::Any => ("use.sentence_any", mean_of_deciles(&person)),
        Use::Condition(condition) if !condition.is_whole_year() => ("use.sentence_on_top", on_top(&person)),
        _ => ("use.sentence_year", person.row(YearKind::Average, 0)),
    };
    let (care, price) = (care_words(cx, &row)?, about(row.allowed() * f64::from(millionths) / 1e6)?);
    let mut words = cx.tf(key, &[("care", &care), ("price", &price.dollars())]);
    if lacks_drugs(&person) {
        // For some conditions the table leaves out what costs most: nobody should take its price for the total.
        words.push(' ');
        words.push_str(cx.t("use.no_drugs"));
    }
    Some(words)
}

/// Whether the table has no prescriptions for the condition that the person expects to live with.
pub fn lacks_drugs(person: &Member) -> bool {
    matches!(person.usage, Use::Condition(condition) if !condition.is_whole_year())
        && units(&on_top(person), Counted::Prescription) == 0.0
}

/// The table's ten conditions, in this language's order.
pub fn conditions(cx: &Cx) -> Vec<Condition> {
    let mut all = Condition::ALL.to_vec();
    all.sort_by_cached_key(|condition| use_label(cx, Use::Condition(*condition)).to_lowercase());
    all
}

/// The mean of the ten years of somebody who has not said what to expect.
fn mean_of_deciles(person: &Member) -> CareRow {
    let rows: Vec<CareRow> = DECILES.map(|decile| person.row(YearKind::Average, decile)).collect();
    let mean = |of: fn(&CareRow) -> &[f64; SERVICES], i: usize| -> f64 {
        rows.iter().map(|row| of(row)[i]).sum::<f64>() / rows.len() as f64
    };
    CareRow {
        units: std::array::from_fn(|i| mean(|r| &r.units, i)),
        price: std::array::from_fn(|i| mean(|r| &r.price, i)),
    }
}

/// The care for a condition alone, without the rest of the year.
fn on_top(person: &Member) -> CareRow {
    let with = person.row(YearKind::Good, 0);
    let rest = Member { usage: Use::Any, ..*person }.row(YearKind::Good, 0);
    // The table's units are whole here: a thousandth is left over from adding and subtracting.
    let less = |a: &[f64; SERVICES], b: &[f64; SERVICES]| {
        std::array::from_fn(|i| if a[i] - b[i] < 0.001 { 0.0 } else { a[i] - b[i] })
    };
    CareRow { units: less(&with.units, &rest.units), price: less(&with.price, &rest.price) }
}

fn units(row: &CareRow, counted: Counted) -> f64 {
    Service::all().filter(|service| service.counted() == counted).map(|service| row.units[service as usize]).sum()
}

/// Fewer units per year than this are left out: once in twenty years does not describe a year.
const UNITS_MIN: f64 = 0.05;

/// "about 6 visits, 3 tests and less than one hospital day"; `None` if nothing is counted.
fn care_words(cx: &Cx, row: &CareRow) -> Option<String> {
    let kinds = [
        ("use.visits", Counted::Visit),
        ("use.tests", Counted::Test),
        ("use.prescriptions", Counted::Prescription),
        ("use.hospital_days", Counted::HospitalDay),
    ];
    let (mut many, mut few) = (Vec::new(), Vec::new());
    for (key, counted) in kinds {
        let units = units(row, counted);
        // Units of a year are far below any limit of the type.
        match units.round() as i64 {
            0 if units < UNITS_MIN => {}
            0 => few.push(cx.t(&format!("{key}_few")).to_string()),
            n => many.push(cx.n(key, n)),
        }
    }
    let counted = !many.is_empty();
    // "About" applies to the counted ones, so they come first.
    let words = joined(cx, [many, few].concat())?;
    Some(if counted { cx.tf("use.about", &[("care", &words)]) } else { words })
}

/// "a, b and c".
pub fn joined(cx: &Cx, items: Vec<String>) -> Option<String> {
    (!items.is_empty()).then(|| cx.list(&items))
}

/// Dollars the way people say them: to the nearest ten, from a thousand on to the nearest hundred. `None` if that is
/// zero.
fn about(dollars: f64) -> Option<Cents> {
    let step = if dollars < 1000.0 { 10.0 } else { 100.0 };
    // A year's care costs less than a million dollars in every row.
    let whole = ((dollars / step).round() * step) as i64;
    (whole > 0).then_some(Cents(whole * 100))
}
