//! What became of the plans and insurers that were filed: kept, left out and why, sold.
//!
//! Filled by `attributes` and finished by `gather` once it is known what is sold; it goes into the catalogue's
//! `meta`, the report, and loud warnings if a whole insurer is missing. It must never decide anything.

use super::model::{MEDICAL, Plan, Plans};
use super::problems::{Fault, Problems};
use super::survey::{ById, by_id};
use crate::filing::slug::slug;
use std::collections::{BTreeMap, BTreeSet, HashSet};

#[derive(Debug, Default)]
struct Filed {
    issuer: i64,
    state: String,
    medical_on_exchange: bool,
    on_exchange: bool,
    /// The first fault that cost it a row.
    fault: Option<(String, Fault)>,
    kept: bool,
}

#[derive(Debug, Default)]
pub struct Census {
    plans: BTreeMap<String, Filed>,
    pub small_group: HashSet<String>,
    /// Rows whose plan cannot be identified.
    pub nameless: u64,
    names: BTreeMap<i64, String>,
}

/// How many of each are named in a warning.
const NAMED: usize = 20;

impl Census {
    /// Records a row of the individual market, and why it was lost, if it was.
    pub fn row(&mut self, plan: &Plan, lost: Option<(String, Fault)>) {
        let filed = self.plans.entry(plan.id.clone()).or_default();
        filed.issuer = plan.issuer_id;
        filed.state.clone_from(&plan.state);
        if lost.is_none() || filed.fault.is_none() {
            filed.on_exchange |= plan.qhp_type.is_empty() || plan.on_exchange();
            filed.medical_on_exchange |= filed.on_exchange && plan.product == MEDICAL;
        }
        filed.fault = filed.fault.take().or(lost);
    }

    /// The IDs of all plans filed.
    pub fn filed(&self) -> impl Iterator<Item = &str> {
        self.plans.keys().map(String::as_str)
    }

    /// All plans and insurers filed, and whether they are kept.
    pub fn by_id(&self) -> (ById, ById) {
        by_id(self.plans.iter().map(|(id, filed)| (id.as_str(), filed.issuer, filed.kept)))
    }

    /// Records the plans that are in the catalogue.
    pub fn kept(&mut self, plans: &Plans) {
        for plan in &plans.list {
            if let Some(filed) = self.plans.get_mut(&plan.id) {
                filed.kept = true;
                filed.on_exchange = plan.on_exchange();
                filed.medical_on_exchange = plan.on_exchange() && plan.product == MEDICAL;
            }
        }
        self.names = plans.issuers.iter().map(|(id, issuer)| (*id, issuer.name.clone())).collect();
    }

    fn insurers(&self, which: impl Fn(&&Filed) -> bool) -> BTreeSet<i64> {
        self.plans.values().filter(which).map(|filed| filed.issuer).collect()
    }

    /// Why plans were left out, with the number for each cause.
    fn causes(&self) -> BTreeMap<String, usize> {
        let mut causes = BTreeMap::new();
        for filed in self.plans.values().filter(|filed| !filed.kept) {
            *causes.entry(cause(filed)).or_default() += 1;
        }
        causes
    }

    /// Rows for `meta`, and the sentence of the report. `sold` holds the IDs of plans that are sold anywhere.
    pub fn finish(&self, sold: &HashSet<&str>, problems: &mut Problems) -> (Vec<(String, String)>, String) {
        let count = |which: &dyn Fn(&Filed) -> bool| self.plans.values().filter(|filed| which(filed)).count();
        let (filed, kept) = (self.plans.len(), count(&|filed| filed.kept));
        let medical = count(&|filed| filed.medical_on_exchange);
        let medical_kept = count(&|filed| filed.medical_on_exchange && filed.kept);
        let medical_sold =
            self.plans.iter().filter(|(id, filed)| filed.medical_on_exchange && sold.contains(id.as_str())).count();
        let insurers = self.insurers(|_| true);
        let insurers_kept = self.insurers(|filed| filed.kept);
        let selling: BTreeSet<i64> =
            self.plans.iter().filter(|(id, _)| sold.contains(id.as_str())).map(|(_, filed)| filed.issuer).collect();
        self.warn(&insurers_kept, &selling, problems);
        let mut meta: Vec<(String, String)> = [
            ("plans.filed", filed),
            ("plans.kept", kept),
            ("plans.left_out", filed - kept),
            ("plans.small_group", self.small_group.len()),
            ("plans.rows_without_a_plan", usize::try_from(self.nameless).unwrap_or(usize::MAX)),
            ("plans.medical_on_exchange.filed", medical),
            ("plans.medical_on_exchange.kept", medical_kept),
            ("plans.medical_on_exchange.sold", medical_sold),
            ("plans.sold", sold.len()),
            ("insurers.filed", insurers.len()),
            ("insurers.kept", insurers_kept.len()),
            ("insurers.selling", selling.len()),
        ]
        .map(|(key, n)| (key.to_string(), n.to_string()))
        .to_vec();
        meta.extend(self.causes().iter().map(|(cause, n)| (format!("plans.left_out.{}", slug(cause)), n.to_string())));
        let lost: Vec<String> = insurers.difference(&insurers_kept).map(|id| format!("{id:05}")).collect();
        if !lost.is_empty() {
            meta.push(("insurers.left_out".to_string(), lost.join(" ")));
        }
        let words = format!(
            "plans filed {filed}, kept {kept}, left out {}; medical on-exchange plans filed {medical}, kept {medical_kept}, \
             sold {medical_sold}; insurers filed {}, kept {}, selling {}",
            filed - kept,
            insurers.len(),
            insurers_kept.len(),
            selling.len()
        );
        (meta, words)
    }

    fn warn(&self, kept: &BTreeSet<i64>, selling: &BTreeSet<i64>, problems: &mut Problems) {
        for (cause, n) in self.causes() {
            let first = self.plans.iter().find(|(_, filed)| !filed.kept && self::cause(filed) == cause);
            let first = first.map_or("", |(id, _)| id.as_str());
            problems.warn(format!("plans left out for {cause}: {n} (the first: {first})"));
        }
        let gone: Vec<i64> = self.insurers(|_| true).difference(kept).copied().collect();
        for issuer in gone.iter().take(NAMED) {
            let of: Vec<&Filed> = self.plans.values().filter(|filed| filed.issuer == *issuer).collect();
            let (state, cause) = of.first().map_or(("", String::new()), |filed| (filed.state.as_str(), cause(filed)));
            problems.warn(format!(
                "INSURER MISSING: {issuer:05} ({state}) filed {} plans and none is in the catalogue; the first was left out for {cause}",
                of.len()
            ));
        }
        let on_exchange = self.insurers(|filed| filed.kept && filed.on_exchange);
        let unsold: Vec<i64> = on_exchange.difference(selling).copied().collect();
        for issuer in unsold.iter().take(NAMED) {
            let of =
                self.plans.values().filter(|filed| filed.issuer == *issuer && filed.kept && filed.on_exchange).count();
            let name = self.names.get(issuer).map_or("", String::as_str);
            problems.warn(format!(
                "INSURER NOT SOLD: {name} ({issuer:05}) has {of} on-exchange plans and none is sold anywhere"
            ));
        }
        for (more, words) in [(gone.len(), "are missing"), (unsold.len(), "sell nothing")] {
            if more > NAMED {
                problems.warn(format!("{} more insurers {words}", more - NAMED));
            }
        }
        let unnamed = self.names.iter().filter(|(id, name)| **name == super::attributes::unnamed(**id)).count();
        if unnamed > 0 {
            problems.warn(format!("insurers that no file names, shown by their number: {unnamed}"));
        }
    }
}

fn cause(filed: &Filed) -> String {
    match &filed.fault {
        Some((column, fault)) => format!("{column}: {}", fault.words()),
        None => "no row that could be read".to_string(),
    }
}
