//! Benefits and Cost Sharing PUF → what each variant's member pays for each kind of care.
//!
//! Called by `load::gather`. The file can have a million rows, so rows must go straight to the writer. It also notes
//! which plans cover children's and adults' dental care, which the hot columns need.

use super::cost_share::{CostShare, ShareKind, UnknownWords, parse_coinsurance, parse_copay, subject_to_deductible};
use super::geo::Counts;
use super::model::{Extras, Known, Plans};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values;
use super::write::{Cell, Out, Rows, cell};
use crate::filing::slug::slug;
use std::collections::{HashMap, HashSet};

/// No state's own file has copays: such benefits say what is covered, and nothing about the cost.
const REQUIRED: [&str; 2] = ["PlanId", "BenefitName"];
const OPTIONAL: [&str; 19] = [
    "BusinessYear",
    "CopayInnTier1",
    "CopayInnTier2",
    "CopayOutofNet",
    "CoinsInnTier1",
    "CoinsInnTier2",
    "CoinsOutofNet",
    "IsSubjToDedTier1",
    "IsSubjToDedTier2",
    "IsEHB",
    "IsCovered",
    "QuantLimitOnSvc",
    "LimitQty",
    "LimitUnit",
    "Exclusions",
    "Explanation",
    "EHBVarReason",
    "IsExclFromInnMOOP",
    "IsExclFromOonMOOP",
];
const COPAYS: [&str; 3] = ["CopayInnTier1", "CopayInnTier2", "CopayOutofNet"];
const COINSURANCES: [&str; 3] = ["CoinsInnTier1", "CoinsInnTier2", "CoinsOutofNet"];
/// By network tier: whether the deductible applies, filed separately from the amount (2014, 2015, states).
const DEDUCTIBLES: [&str; 2] = ["IsSubjToDedTier1", "IsSubjToDedTier2"];
pub const COLUMNS: [&str; 31] = [
    "plan_pk",
    "variant_code",
    "benefit_id",
    "covered",
    "is_ehb",
    "copay_tier1",
    "copay_tier1_kind",
    "copay_tier1_amount",
    "copay_tier2",
    "copay_tier2_kind",
    "copay_tier2_amount",
    "copay_out",
    "copay_out_kind",
    "copay_out_amount",
    "coins_tier1",
    "coins_tier1_kind",
    "coins_tier1_amount",
    "coins_tier2",
    "coins_tier2_kind",
    "coins_tier2_amount",
    "coins_out",
    "coins_out_kind",
    "coins_out_amount",
    "limited",
    "limit_qty",
    "limit_unit",
    "exclusions",
    "explanation",
    "ehb_variance",
    "excluded_in_moop",
    "excluded_out_moop",
];

/// Kinds of care by name, numbered in the order they are first seen.
#[derive(Debug, Default)]
pub struct Benefits {
    ids: HashMap<String, i64>,
    names: Vec<String>,
}

impl Benefits {
    pub fn id(&mut self, name: &str) -> i64 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        self.names.push(name.to_string());
        let id = self.names.len() as i64;
        self.ids.insert(name.to_string(), id);
        id
    }

    pub fn write(&self, out: &Out) -> Result<(), LoadError> {
        let mut rows = Rows::new(out, "benefit", &["benefit_id", "name", "slug"]);
        let mut slugs = HashSet::new();
        for (id, name) in (1_i64..).zip(&self.names) {
            let mut slug = slug(name);
            // Two names that differ only in punctuation.
            if !slugs.insert(slug.clone()) {
                slug = format!("{slug}-{id}");
                slugs.insert(slug.clone());
            }
            rows.push([cell(id), cell(name), cell(&slug)])?;
        }
        rows.finish().map(drop)
    }
}

/// Reads one file after another into one table.
pub struct Reader<'a> {
    plans: &'a Plans,
    rows: Rows,
    benefits: Benefits,
    seen: HashSet<i64>,
}

impl<'a> Reader<'a> {
    pub fn new(plans: &'a Plans, out: &Out) -> Reader<'a> {
        let rows = Rows::new(out, "cost_sharing", &COLUMNS);
        Reader { plans, rows, benefits: Benefits::default(), seen: HashSet::new() }
    }

    pub fn read(
        &mut self,
        source: &Source,
        meter: Meter,
        extras: &mut Extras,
        problems: &mut Problems,
    ) -> Result<Counts, LoadError> {
        let mut opened = source.open()?;
        let mut table = source.table(&mut opened, meter, &REQUIRED, &OPTIONAL)?;
        let before = self.rows.written;
        while let Some(row) = table.next_row(problems)? {
            let Some((pk, variant)) = place(&row, self.plans, problems) else { continue };
            let name = row.text("BenefitName");
            if name.is_empty() {
                row.problem(problems, "BenefitName", "", Fault::Missing, "a kind of care is wanted");
                continue;
            }
            let covered = covered(&row, problems);
            let benefit = self.benefits.id(&name);
            // The three keys in one integer: a million of them are held.
            if !self.seen.insert(i64::from(pk) << 32 | variant << 24 | benefit) {
                row.problem(problems, "BenefitName", &name, Fault::Duplicate, "this variant has a row for it already");
                continue;
            }
            if covered == Some(true) {
                note_dental(extras, pk, &name);
            }
            write_row(&row, [cell(pk), cell(variant), cell(benefit), cell(covered)], problems, &mut self.rows)?;
        }
        Ok((table.read, self.rows.written - before))
    }

    pub fn finish(self, out: &Out) -> Result<(), LoadError> {
        self.benefits.write(out)?;
        self.rows.finish().map(drop)
    }
}

/// The plan's key and variant for a row; `None`: left out, with a report if that is a fault.
fn place(row: &Row, plans: &Plans, problems: &mut Problems) -> Option<(u32, i64)> {
    let id = row.text("PlanId");
    let (plan, code) = match values::split_variant(&id) {
        Some((plan, code)) => (plan.to_string(), Some(code)),
        None => (id.to_string(), None),
    };
    match plans.find(&plan) {
        Known::LeftOut => None,
        Known::Never => {
            row.problem(problems, "PlanId", &id, Fault::UnknownPlan, "the Plan Attributes PUF has no such plan");
            None
        }
        Known::Plan(pk) => {
            let known = |code: &i64| plans.get(pk).is_some_and(|plan| plan.variants.iter().any(|v| v.code == *code));
            let code = code.filter(known);
            if code.is_none() && !plans.lost_variants.contains(&*id.to_ascii_uppercase()) {
                row.problem(problems, "PlanId", &id, Fault::UnknownPlan, "the Plan Attributes PUF has no such variant");
            }
            Some((pk, code?))
        }
    }
}

/// `None`: not said, or not understood.
fn covered(row: &Row, problems: &mut Problems) -> Option<bool> {
    let value = row.text("IsCovered");
    match value.to_ascii_lowercase().as_str() {
        "covered" => Some(true),
        "not covered" => Some(false),
        _ => values::yes_no(&value).unwrap_or_else(|(fault, _)| {
            row.value_problem(problems, "IsCovered", &value, fault, "Covered or Not Covered is wanted");
            None
        }),
    }
}

fn note_dental(extras: &mut Extras, pk: u32, benefit: &str) {
    match benefit {
        "Dental Check-Up for Children" | "Basic Dental Care - Child" => drop(extras.child_dental.insert(pk)),
        "Routine Dental Services (Adult)" | "Basic Dental Care - Adult" => drop(extras.adult_dental.insert(pk)),
        _ => {}
    }
}

fn write_row(row: &Row, key: [Cell; 4], problems: &mut Problems, rows: &mut Rows) -> Result<(), LoadError> {
    let filed = |column: &str| row.text(column);
    let (copays, coinsurances) = (COPAYS.map(filed), COINSURANCES.map(filed));
    let mut shares = [[Ok(None); 3]; 2];
    for network in 0..3 {
        shares[0][network] = parse_copay(&copays[network]);
        shares[1][network] = parse_coinsurance(&coinsurances[network]);
        for (kind, column, filed) in
            [(0, COPAYS[network], &copays[network]), (1, COINSURANCES[network], &coinsurances[network])]
        {
            if shares[kind][network].is_err() {
                row.value_problem(problems, column, filed, Fault::Wording, "kept as filed");
            }
        }
    }
    for (network, column) in DEDUCTIBLES.iter().enumerate() {
        if let ([Ok(copay), Ok(coinsurance)], Ok(Some(true))) =
            ([shares[0][network], shares[1][network]], values::yes_no(&row.text(column)))
        {
            [shares[0][network], shares[1][network]] = subject_to_deductible([copay, coinsurance]).map(Ok);
        }
    }
    let shares = copays.iter().zip(shares[0]).chain(coinsurances.iter().zip(shares[1]));
    let quantity = row.text("LimitQty");
    let quantity = values::without_zero_decimals(&quantity);
    let [unit, exclusions, explanation, variance] =
        ["LimitUnit", "Exclusions", "Explanation", "EHBVarReason"].map(|column| row.text(column));
    // A yes/no that is neither says nothing, as a blank does; the filed benefit itself is still good.
    let yes_no = |column: &str| cell(values::yes_no(&row.text(column)).unwrap_or_default());
    let words = |text| cell(values::words(text));
    let cells = key.into_iter().chain([yes_no("IsEHB")]);
    let cells = cells.chain(shares.flat_map(|(filed, share)| share_cells(filed, share)));
    rows.push(cells.chain([
        yes_no("QuantLimitOnSvc"),
        words(quantity),
        words(&unit),
        words(&exclusions),
        words(&explanation),
        words(&variance),
        yes_no("IsExclFromInnMOOP"),
        yes_no("IsExclFromOonMOOP"),
    ]))
}

/// Filed words, kind and amount.
pub fn share_cells(filed: &str, share: Result<Option<CostShare>, UnknownWords>) -> [Cell<'_>; 3] {
    let (kind, amount) = match share {
        Ok(None) => return [cell(None::<i64>), cell(None::<i64>), cell(None::<i64>)],
        Ok(Some(share)) => (share.kind, Some(share.amount)),
        Err(UnknownWords) => (ShareKind::Unparsed, None),
    };
    [cell(filed), cell(kind.code()), cell(amount.filter(|_| kind.has_amount()))]
}
