//! Files that a load can do without: Plan ID Crosswalk, Network and Business Rules PUFs.
//!
//! Called by `load::gather` for those that are in the folder. Words of rules are kept as filed and must never be
//! interpreted here.

use super::geo::Counts;
use super::model::Plans;
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values::{self, Market};
use super::write::{Cell, Out, Rows, cell};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Every crosswalk row of both markets' plans: a plan of last year may belong to an issuer that has left.
pub fn crosswalk(source: &Source, meter: Meter, problems: &mut Problems, out: &Out) -> Result<Counts, LoadError> {
    let year = source.year.unwrap_or_default();
    let mut opened = source.open()?;
    let required = ["State", "FIPSCode", "CrosswalkLevel"];
    let mut table = source.table(&mut opened, meter, &required, &["ZipCode", "ReasonForCrosswalk", "DentalPlan"])?;
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
        let Ok(Some(before)) = values::plan_id(&filed) else {
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
        // All zeros: no plan takes over.
        let plan = |at: Option<usize>| at.and_then(|at| values::plan_id(&row.at(at)).ok()?).map(|id| id.to_string());
        let (next, age_off, state) = (plan(next), plan(age_off), row.text("State"));
        // 00000 means the whole county.
        let code = |column: &str| values::whole(&row.text(column)).ok().flatten().filter(|n| (1..=99_999).contains(n));
        let (zip, county) = (code("ZipCode"), code("FIPSCode"));
        rows.push([
            cell(before.as_str()),
            cell(&*state),
            cell(county),
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

/// Names of networks by insurer and network, with the market of the name: a network may have another name in each
/// market, and the individual market's is the one shown.
#[derive(Debug, Default)]
pub struct Networks(BTreeMap<(i64, String), (Market, String, Option<String>)>);

impl Networks {
    /// Reads a file: the names and addresses of the networks of insurers in this catalogue.
    pub fn read(
        &mut self,
        source: &Source,
        meter: Meter,
        plans: &Plans,
        problems: &mut Problems,
    ) -> Result<Counts, LoadError> {
        let mut opened = source.open()?;
        let optional = ["BusinessYear", "NetworkURL", "MarketCoverage"];
        let mut table = source.table(&mut opened, meter, &["IssuerId", "NetworkName", "NetworkId"], &optional)?;
        let mut kept = 0;
        while let Some(row) = table.next_row(problems)? {
            let market = values::market(&row.text("MarketCoverage")).unwrap_or(Market::Both);
            if market == Market::SmallGroup {
                continue;
            }
            let Some(issuer) = issuer(&row, plans, problems) else { continue };
            let (id, name, filed) = (row.text("NetworkId"), row.text("NetworkName"), row.text("NetworkURL"));
            if id.is_empty() || name.is_empty() {
                row.problem(
                    problems,
                    "NetworkId, NetworkName",
                    &id,
                    Fault::Missing,
                    "a network's id and name are wanted",
                );
                continue;
            }
            let url = values::link(&filed).unwrap_or_else(|(fault, reason)| {
                row.value_problem(problems, "NetworkURL", &filed, fault, reason);
                None
            });
            kept += u64::from(self.name(
                (issuer, id.to_ascii_uppercase()),
                (market, name.to_string(), url),
                &row,
                problems,
            ));
        }
        Ok((table.read, kept))
    }

    /// False if the network is already there: it is listed once for each market, and repeating the same name is no
    /// fault.
    fn name(
        &mut self,
        network: (i64, String),
        (market, name, url): (Market, String, Option<String>),
        row: &Row,
        problems: &mut Problems,
    ) -> bool {
        match self.0.entry(network) {
            Entry::Vacant(place) => {
                place.insert((market, name, url));
                true
            }
            Entry::Occupied(mut place) => {
                let (held_market, held, held_url) = place.get_mut();
                match (*held_market == market, *held == name) {
                    (_, true) => *held_url = held_url.take().or(url),
                    (true, false) => {
                        let reason = "this network has another name already";
                        row.problem(problems, "NetworkName", &name, Fault::Duplicate, reason);
                    }
                    (false, false) if market == Market::Individual => *place.get_mut() = (market, name, url),
                    (false, false) => {}
                }
                false
            }
        }
    }

    pub fn write(&self, out: &Out) -> Result<(), LoadError> {
        let mut rows = Rows::new(out, "network", &["issuer_id", "network_id", "name", "url"]);
        for ((issuer, id), (_, name, url)) in &self.0 {
            rows.push([cell(*issuer), cell(id), cell(name), cell(url)])?;
        }
        rows.finish().map(drop)
    }
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

/// The position of the plan's ID among them.
const PLAN: usize = 1;

/// The individual market's rules of insurers in this catalogue.
pub fn business_rules(
    source: &Source,
    meter: Meter,
    plans: &Plans,
    problems: &mut Problems,
    out: &Out,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let optional: Vec<&'static str> =
        RULES.iter().map(|(column, _)| *column).chain(["BusinessYear", "MarketCoverage"]).collect();
    let mut table = source.table(&mut opened, meter, &["IssuerId"], &optional)?;
    let columns: Vec<&str> = ["issuer_id"].into_iter().chain(RULES.iter().map(|(_, column)| *column)).collect();
    let mut rows = Rows::new(out, "business_rule", &columns);
    while let Some(row) = table.next_row(problems)? {
        // A rule without a market is for both.
        if values::market(&row.text("MarketCoverage")) == Ok(Market::SmallGroup) {
            continue;
        }
        let Some(issuer) = issuer(&row, plans, problems) else { continue };
        let filed = RULES.map(|(column, _)| row.text(column));
        let plan = values::plan_id(&filed[PLAN]).ok().flatten().map(|id| id.to_string());
        let cells = filed.iter().enumerate().map(|(at, text)| -> Cell {
            if at == PLAN { cell(plan.as_deref()) } else { cell(values::words(text)) }
        });
        rows.push([cell(issuer)].into_iter().chain(cells))?;
    }
    Ok((table.read, rows.finish()?))
}

/// The issuer of a row; `None`: not in this catalogue, or a fault that was reported.
fn issuer(row: &Row, plans: &Plans, problems: &mut Problems) -> Option<i64> {
    let filed = row.text("IssuerId");
    match values::issuer(&filed) {
        Ok(Some(id)) => plans.issuers.contains_key(&id).then_some(id),
        _ => {
            row.problem(problems, "IssuerId", &filed, Fault::Number, "an issuer's number is wanted");
            None
        }
    }
}
