//! The tables refuse what cannot be relied on, all faults at once, with file, line and reason.

use windowshop::eligibility::tables::Sources;
use windowshop::eligibility::{TableFault, Tables};

fn faults_with(file: &'static str, change: impl Fn(&str) -> String) -> Vec<TableFault> {
    let embedded = Sources::embedded();
    let text = change(embedded.text(file));
    match Tables::from_sources(&embedded.with(file, &text)) {
        Ok(_) => Vec::new(),
        Err(faults) => faults,
    }
}

fn without(text: &str, start: &str) -> String {
    let kept: Vec<&str> = text.lines().filter(|l| !l.starts_with(start)).collect();
    assert!(kept.len() < text.lines().count(), "no line starts with {start}");
    kept.join("\n")
}

#[test]
fn our_own_tables_are_whole_for_2024_to_2027() {
    assert_eq!(super::tables().years_supported(), [2024, 2025, 2026, 2027]);
}

#[test]
fn a_row_without_citation_is_refused_by_its_line() {
    let faults = faults_with("esi_affordability", |t| t.replace("26 CFR 1.36B-2(c)(3)(v)(C); Rev. Proc. 2024-35", ""));
    assert_eq!((faults[0].file, faults[0].line), ("esi_affordability", 4));
    assert!(faults[0].to_string().starts_with("data/rules/esi_affordability.csv line 4: citation: name the law"));
}

#[test]
fn gaps_and_overlaps_in_dates_are_refused() {
    let gap = faults_with("immigration", |t| t.replace("credit,refugee,2027-01-01", "credit,refugee,2027-02-01"));
    assert!(gap[0].reason.contains("gap between 2026-12-31"), "{gap:?}");
    let overlap = faults_with("immigration", |t| t.replace("credit,refugee,2027-01-01", "credit,refugee,2026-12-31"));
    assert!(overlap[0].reason.contains("overlaps"), "{overlap:?}");
    let open = faults_with("guideline_use", |t| t.replace("medicaid,2024-03-01,2025-02-28", "medicaid,2024-03-01,"));
    assert!(open[0].reason.contains("overlaps"), "{open:?}");
    let bands = faults_with("applicable_percentages", |t| t.replace("2026,150,200", "2026,151,200"));
    assert!(bands[0].reason.contains("gap or overlap in the bands at 151.00 %"), "{bands:?}");
}

#[test]
fn a_plan_year_without_all_its_tables_is_refused() {
    let faults = faults_with("esi_affordability", |t| without(t, "2027,"));
    assert_eq!(faults.len(), 1);
    assert!(faults[0].reason.contains("plan year 2027 cannot be used: no rows in esi_affordability"));
    let guideline = faults_with("poverty_guidelines", |t| without(t, "2026,AK"));
    assert!(guideline[0].reason.contains("plan year 2027"), "{guideline:?}");
    let rule = faults_with("rules", |t| without(t, "gap_filling"));
    assert_eq!(rule[0].reason, "no row for the rule gap_filling");
    let state = faults_with("medicaid_limits", |t| without(t, "WY,pregnant"));
    assert!(state[0].reason.contains("WY has no limit for Pregnant"), "{state:?}");
}

#[test]
fn every_fault_of_every_table_comes_at_once() {
    let embedded = Sources::embedded();
    let esi = embedded.text("esi_affordability").replace("9.96", "nine");
    let rounding = embedded.text("rounding").replace("nearest_cent", "somehow");
    let first = embedded.with("esi_affordability", &esi);
    let faults = Tables::from_sources(&first.with("rounding", &rounding)).unwrap_err();
    let files: std::collections::BTreeSet<_> = faults.iter().map(|f| f.file).collect();
    assert!(files.contains("esi_affordability") && files.contains("rounding"), "{faults:?}");
    assert!(faults.iter().any(|f| f.line == 5 && f.reason.contains("`nine` is not a percentage")), "{faults:?}");
}
