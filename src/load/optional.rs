//! Files that a load may do without: Plan ID Crosswalk, Network and Business Rules PUFs.
//!
//! Called by `load::gather` for those that are in the folder. Words of rules are kept as filed.

use super::geo::Counts;
use super::model::Plans;
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values;
use super::write::{Cell, Out, Rows, cell};
use crate::types::{CountyFips, PlanId, Zip5};

/// Every crosswalk row of both markets' plans: a plan of last year may be of an issuer that has left.
pub fn crosswalk(source: &Source, meter: Meter, problems: &mut Problems, out: &Out) -> Result<Counts, LoadError> {
    let year = source.year.unwrap_or_default();
    let mut opened = source.open()?;
    let required = ["State", "FIPSCode", "ZipCode", "CrosswalkLevel", "ReasonForCrosswalk"];
    let mut table = source.table(&mut opened, meter, &required, &["DentalPlan"])?;
    let wanted = [format!("PlanID_{}", year - 1), format!("PlanID_{year}"), format!("AgeOffPlanID_{year}")];
    let [previous, next, age_off] = wanted.each_ref().map(|name| table.index(name));
    let Some(previous) = previous else {
        let (file, [columns, ..]) = (source.name.clone(), wanted);
        return Err(LoadError::MissingColumn { file, kind: source.kind.name(), columns });
    };
    let columns =
        ["previous_plan_id", "state", "county_fips", "zip", "level", "reason", "plan_id", "age_off_plan_id", "dental"];
    let mut rows = Rows::new(out, "crosswalk", &columns);
    while let Some(row) = table.next_row(problems)? {
        let filed = row.at(previous);
        let Some(before) = PlanId::parse(&filed) else {
            row.problem(problems, &wanted[0], &filed, Fault::PlanId, "last year's 14-character plan id is wanted");
            continue;
        };
        let (Ok(level), Ok(reason)) =
            (values::whole(&row.text("CrosswalkLevel")), values::whole(&row.text("ReasonForCrosswalk")))
        else {
            let value = format!("{} {}", row.text("CrosswalkLevel"), row.text("ReasonForCrosswalk"));
            row.problem(
                problems,
                "CrosswalkLevel, ReasonForCrosswalk",
                &value,
                Fault::Number,
                "whole numbers are wanted",
            );
            continue;
        };
        let plan = |at: Option<usize>| at.and_then(|at| PlanId::parse(&row.at(at))).map(|id| id.to_string());
        let (next, age_off, state) = (plan(next), plan(age_off), row.text("State"));
        // 00000 means the whole county.
        let zip = Zip5::parse(&row.text("ZipCode")).map(Zip5::number).filter(|zip| *zip > 0);
        let county = CountyFips::parse(&format!("{:0>5}", row.text("FIPSCode"))).map(CountyFips::number);
        rows.push([
            cell(before.as_str()),
            cell(&*state),
            cell(county.filter(|county| *county > 0)),
            cell(zip),
            cell(level),
            cell(reason),
            cell(&next),
            cell(&age_off),
            cell(values::yes_no(&row.text("DentalPlan")).unwrap_or_default()),
        ])?;
    }
    Ok((table.read, rows.finish()?))
}

/// The names and addresses of the networks of insurers in this catalogue.
pub fn network(
    source: &Source,
    meter: Meter,
    plans: &Plans,
    problems: &mut Problems,
    out: &Out,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let mut table =
        source.table(&mut opened, meter, &["BusinessYear", "IssuerId", "NetworkName", "NetworkId"], &["NetworkURL"])?;
    let mut rows = Rows::new(out, "network", &["issuer_id", "network_id", "name", "url"]);
    let mut seen = std::collections::HashMap::new();
    while let Some(row) = table.next_row(problems)? {
        let Some(issuer) = issuer(&row, plans, problems) else { continue };
        let (id, name, filed) = (row.text("NetworkId"), row.text("NetworkName"), row.text("NetworkURL"));
        if id.is_empty() || name.is_empty() {
            row.problem(problems, "NetworkId, NetworkName", &id, Fault::Missing, "a network's id and name are wanted");
            continue;
        }
        let url = values::link(&filed).unwrap_or_else(|(fault, reason)| {
            row.problem(problems, "NetworkURL", &filed, fault, reason);
            None
        });
        // A network is listed once for each market: the same name again is no fault.
        match seen.insert((issuer, id.to_string()), name.to_string()) {
            None => rows.push([cell(issuer), cell(&*id), cell(&*name), cell(url)])?,
            Some(before) if before == name => {}
            Some(_) => {
                row.problem(problems, "NetworkName", &name, Fault::Duplicate, "this network has another name already")
            }
        }
    }
    Ok((table.read, rows.finish()?))
}

const RULES: [(&str, &str); 12] = [
    ("ProductId", "product_id"),
    ("StandardComponentId", "plan_id"),
    ("EnrolleeContractRateDeterminationRule", "rate_determination"),
    ("TwoParentFamilyMaxDependentsRule", "two_parent_max_dependents"),
    ("SingleParentFamilyMaxDependentsRule", "single_parent_max_dependents"),
    ("DependentMaximumAgRule", "dependent_max_age"),
    ("ChildrenOnlyContractMaxChildrenRule", "child_only_max_children"),
    ("DomesticPartnerAsSpouseIndicator", "domestic_partner_as_spouse"),
    ("SameSexPartnerAsSpouseIndicator", "same_sex_partner_as_spouse"),
    ("AgeDeterminationRule", "age_determination_rule"),
    ("MinimumTobaccoFreeMonthsRule", "tobacco_free_months"),
    ("CohabitationRule", "cohabitation"),
];

/// The individual market's rules of insurers in this catalogue.
pub fn business_rules(
    source: &Source,
    meter: Meter,
    plans: &Plans,
    problems: &mut Problems,
    out: &Out,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let optional: Vec<&'static str> = RULES.iter().map(|(column, _)| *column).chain(["MarketCoverage"]).collect();
    let mut table =
        source.table(&mut opened, meter, &["BusinessYear", "IssuerId", "AgeDeterminationRule"], &optional)?;
    let columns: Vec<&str> = ["issuer_id"].into_iter().chain(RULES.iter().map(|(_, column)| *column)).collect();
    let mut rows = Rows::new(out, "business_rule", &columns);
    while let Some(row) = table.next_row(problems)? {
        // A rule without a market is for both.
        if row.text("MarketCoverage").starts_with("SHOP") {
            continue;
        }
        let Some(issuer) = issuer(&row, plans, problems) else { continue };
        let filed = RULES.map(|(column, _)| row.text(column));
        let cells = filed.iter().map(|text| -> Cell { cell(values::words(text)) });
        rows.push([cell(issuer)].into_iter().chain(cells))?;
    }
    Ok((table.read, rows.finish()?))
}

/// The issuer of a row; `None`: not in this catalogue, or a fault that was reported.
fn issuer(row: &Row, plans: &Plans, problems: &mut Problems) -> Option<i64> {
    let filed = row.text("IssuerId");
    match values::whole(&filed) {
        Ok(Some(id)) => plans.issuers.contains_key(&id).then_some(id),
        _ => {
            row.problem(problems, "IssuerId", &filed, Fault::Number, "an issuer's number is wanted");
            None
        }
    }
}
