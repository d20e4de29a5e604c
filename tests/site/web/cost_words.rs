//! Likely yearly cost in words: every service, note, gap and expected use, in both languages.

use axum::http::Uri;
use windowshop::costs::price_index::AS_THEY_ARE;
use windowshop::costs::rules::Field;
use windowshop::costs::utilization::{Condition, Sex};
use windowshop::costs::{DataNote, Gap, Service, Size, Use};
use windowshop::shop::words::costs::{conditions, gap_words, note_words, service_words, use_label, use_sentence};
use windowshop::web::page::Cx;

use crate::site::Site;

/// English and Spanish.
fn both(site: &Site) -> [Cx; 2] {
    ["/", "/es"].map(|path| Cx::new(&site.app, &Uri::from_static(path), ""))
}

fn uses() -> impl Iterator<Item = Use> {
    let plain = [Use::Any, Use::Low, Use::Medium, Use::High].into_iter();
    plain.chain((1..=10).map(Use::Decile)).chain(Condition::ALL.into_iter().map(Use::Condition))
}

#[tokio::test]
async fn every_service_gap_and_use_has_its_own_words() {
    let site = Site::empty(&[]).await;
    let gaps = [
        Gap::NoPeople,
        Gap::NoDeductible(Size::Individual),
        Gap::NoDeductible(Size::Family),
        Gap::NoMaximum(Size::Individual),
        Gap::NoMaximum(Size::Family),
        Gap::TooFewShares(Field::Visits),
        Gap::TooFewShares(Field::Hospital),
        Gap::TooFewShares(Field::Drugs),
        Gap::UnknownPair(Service::XRay),
    ];
    for cx in both(&site) {
        let mut all: Vec<String> = Service::all().map(|service| service_words(&cx, service).to_string()).collect();
        all.extend(gaps.iter().map(|gap| gap_words(&cx, *gap)));
        all.extend(uses().map(|usage| use_label(&cx, usage)));
        assert!(all.iter().all(|words| !words.contains(['[', '{'])), "{all:?}");
        let (said, mut different) = (all.len(), all.clone());
        different.sort();
        different.dedup();
        assert_eq!(different.len(), said, "{all:?}");
        assert_eq!(conditions(&cx).len(), 10);
    }
    let [en, es] = both(&site);
    assert_eq!(service_words(&en, Service::PrimaryCare), "Primary care visits");
    assert_eq!(
        gap_words(&en, Gap::TooFewShares(Field::Drugs)),
        "No estimate: the insurer filed no costs for drugs in the data we have."
    );
    assert_eq!(use_label(&es, Use::Decile(7)), "Grupo 7 de 10 según el gasto");
    // Each language has its own order.
    assert_eq!(conditions(&en).last(), Some(&Condition::Schizophrenia));
    assert_eq!(conditions(&es).last(), Some(&Condition::Hiv));
}

#[tokio::test]
async fn notes_of_a_kind_are_one_sentence() {
    let site = Site::empty(&[]).await;
    let [en, es] = both(&site);
    let notes = [
        DataNote::AverageShare(Service::Chiropractic),
        DataNote::GeneralRule(Service::MentalHealth),
        DataNote::AverageShare(Service::AdvancedImaging),
        DataNote::PreventiveByLaw,
        DataNote::AverageShare(Service::XRay),
        DataNote::Repeated(Service::Dialysis),
    ];
    let said = note_words(&en, &notes);
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(
        said[0],
        "The insurer filed no cost for these in the data we have: chiropractor visits; CT, PET and MRI scans; X-rays. \
         We took the plan's average share."
    );
    assert!(said[1].contains("45 CFR 147.130") && said[2].contains(": mental health visits."), "{said:?}");
    assert_eq!(note_words(&es, &notes).len(), 3);
    assert_eq!(note_words(&en, &[]), Vec::<String>::new());
}

#[tokio::test]
async fn sentences_count_in_both_languages_and_leave_out_zeros() {
    let site = Site::empty(&[]).await;
    let [en, es] = both(&site);
    let said = |cx: &Cx, age, sex, usage| use_sentence(cx, age, sex, usage, AS_THEY_ARE).unwrap_or_default();
    assert_eq!(
        said(&en, 40, Some(Sex::Female), Use::Medium),
        "A year with about 6 visits, 3 tests and 11 prescriptions. That care costs about $2,000 before insurance."
    );
    assert_eq!(
        said(&es, 40, Some(Sex::Female), Use::Medium),
        "Un año con alrededor de 6 consultas, 3 pruebas y 11 recetas. Esa atención cuesta unos $2,000 antes del seguro."
    );
    // Less than one of anything: nothing to count, nothing is "about".
    assert_eq!(
        said(&en, 30, Some(Sex::Male), Use::Low),
        "A year with less than one visit and less than one prescription. That care costs about $10 before insurance."
    );
    let high = said(&en, 40, Some(Sex::Male), Use::High);
    assert!(high.contains(" and 1 hospital day. That care costs about $34,600 "), "{high}");
    let mean = said(&en, 40, None, Use::Any);
    assert!(mean.starts_with("The average of good and bad years has about "), "{mean}");
    assert!(mean.contains("prescriptions and less than one hospital day."), "{mean}");
    // The care for a condition alone, including one hospital day; and a warning where the table has no drugs.
    assert_eq!(
        said(&es, 30, None, Use::Condition(Condition::Maternity)),
        "Además de cualquier otra atención en el año: alrededor de 23 consultas, 22 pruebas, 2 recetas y 1 día de hospital. \
         Eso agrega unos $7,100 antes del seguro."
    );
    assert!(said(&en, 30, None, Use::Condition(Condition::Hiv)).contains("no drugs from a pharmacy"));
    assert!(said(&en, 30, None, Use::Condition(Condition::Asthma)).starts_with("A year with about 10 visits"));
    for age in [0, 12, 20, 30, 40, 50, 64, 120] {
        for sex in [None, Some(Sex::Female), Some(Sex::Male)] {
            for usage in uses() {
                let words = said(&es, age, sex, usage);
                assert!(!words.contains(['[', '{']) && !words.contains(" 0 "), "{age} {sex:?} {usage:?}: {words}");
            }
        }
    }
}
