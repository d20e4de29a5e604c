//! Builds `Tables` from the files and refuses what cannot be relied on: gaps and overlaps in dates, a year without
//! all of its tables, a state or rule without a row. Called at start and by `windowshop check`.

use std::collections::{BTreeSet, HashMap};

use serde::de::DeserializeOwned;
use time::{Date, Month};

use super::income_rows::*;
use super::market_rows::*;
use super::read::{Row, Stretch, TableFault, check_stretches, rows};
use super::rows::*;
use super::sources::Sources;
use super::{State, Tables, holds, holds_year, plan_year_days};
use crate::eligibility::assumptions::Code;
use crate::eligibility::reasons::Rule;

fn fault(file: &'static str, reason: String) -> TableFault {
    TableFault { file, line: 0, reason }
}

/// Checks dated rows for gaps and overlaps; `f` gives key, first and last day.
fn dated<T>(
    file: &'static str,
    rows: &[Row<T>],
    f: impl Fn(&T) -> (String, Date, Option<Date>),
    faults: &mut Vec<TableFault>,
) {
    let stretches = rows.iter().map(|row| {
        let (key, from, to) = f(&row.data);
        Stretch { key, from, to, line: row.line }
    });
    check_stretches(file, stretches.collect(), faults);
}

/// The same for rows that hold for plan years.
fn yearly<T>(
    file: &'static str,
    rows: &[Row<T>],
    f: impl Fn(&T) -> (String, i32, Option<i32>),
    faults: &mut Vec<TableFault>,
) {
    let day = |year: i32, last: bool| plan_year_days(year).map(|(a, b)| if last { b } else { a });
    let stretches = rows.iter().filter_map(|row| {
        let (key, from, to) = f(&row.data);
        Some(Stretch { key, from: day(from, false)?, to: to.and_then(|y| day(y, true)), line: row.line })
    });
    check_stretches(file, stretches.collect(), faults);
}

/// A table with one row per key; a second is a fault.
fn keyed<K: std::hash::Hash + Eq + std::fmt::Debug, T: DeserializeOwned>(
    sources: &Sources<'_>,
    file: &'static str,
    key: impl Fn(&T) -> K,
    faults: &mut Vec<TableFault>,
) -> HashMap<K, T> {
    let mut out = HashMap::new();
    for row in rows(file, sources.text(file), faults) {
        let k = key(&row.data);
        let named = format!("{k:?}");
        if out.insert(k, row.data).is_some() {
            faults.push(TableFault { file, line: row.line, reason: format!("{named} has a row already") });
        }
    }
    out
}

/// Spreads rows over slots, so that a lookup is an index.
fn slots<T>(rows: Vec<Row<T>>, count: usize, slot: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut out: Vec<Vec<T>> = (0..count).map(|_| Vec::new()).collect();
    for row in rows {
        out[slot(&row.data)].push(row.data);
    }
    out
}

fn bare<T>(rows: Vec<Row<T>>) -> Vec<T> {
    rows.into_iter().map(|r| r.data).collect()
}

/// Bands of a plan year must start at 0 and meet end to end.
fn bands_by_year(rows: Vec<Row<ApplicableBand>>, faults: &mut Vec<TableFault>) -> HashMap<i32, Vec<ApplicableBand>> {
    const FILE: &str = "applicable_percentages";
    let mut by_year: HashMap<i32, Vec<(u64, ApplicableBand)>> = HashMap::new();
    for row in rows {
        by_year.entry(row.data.plan_year).or_default().push((row.line, row.data));
    }
    let mut out = HashMap::new();
    for (year, mut bands) in by_year {
        bands.sort_by_key(|(_, b)| b.fpl_from);
        let mut reached = Some(crate::eligibility::rounding::Pct(0));
        for (line, band) in &bands {
            if reached != Some(band.fpl_from) {
                let reason = format!("plan year {year}: gap or overlap in the bands at {} %", band.fpl_from.decimal());
                faults.push(TableFault { file: FILE, line: *line, reason });
            }
            if band.fpl_to.is_some_and(|to| to <= band.fpl_from) || band.final_percent < band.initial_percent {
                let reason = format!("plan year {year}: the band runs backwards");
                faults.push(TableFault { file: FILE, line: *line, reason });
            }
            reached = band.fpl_to;
        }
        out.insert(year, bands.into_iter().map(|(_, b)| b).collect());
    }
    out
}

/// Each rule that an answer can name, in the order of the enum.
fn rules_in_order(sources: &Sources<'_>, faults: &mut Vec<TableFault>) -> Vec<RuleText> {
    let mut by_code = keyed(sources, "rules", |r: &RuleText| r.code, faults);
    let mut out = Vec::with_capacity(Rule::ALL.len());
    for rule in Rule::ALL {
        match by_code.remove(&rule) {
            Some(text) => out.push(text),
            None => faults.push(fault("rules", format!("no row for the rule {}", rule.code()))),
        }
    }
    out
}

impl Tables {
    /// Parses and checks the given tables.
    ///
    /// # Errors
    /// Every fault of every table: file, line and reason.
    pub fn from_sources(sources: &Sources<'_>) -> Result<Tables, Vec<TableFault>> {
        let mut faults = Vec::new();
        let tables = read_all(sources, &mut faults);
        if faults.is_empty() {
            check_states(&tables, &mut faults);
        }
        if faults.is_empty() { Ok(tables) } else { Err(faults) }
    }
}

fn read_all(sources: &Sources<'_>, faults: &mut Vec<TableFault>) -> Tables {
    let all = faults;
    let guidelines = rows("poverty_guidelines", sources.text("poverty_guidelines"), all);
    yearly("poverty_guidelines", &guidelines, guideline_key, all);
    let guideline_uses: Vec<Row<GuidelineUse>> = rows("guideline_use", sources.text("guideline_use"), all);
    dated("guideline_use", &guideline_uses, |u| (format!("{:?}", u.program), u.from, u.to), all);
    let limits: Vec<Row<MedicaidLimit>> = rows("medicaid_limits", sources.text("medicaid_limits"), all);
    dated("medicaid_limits", &limits, |l| (format!("{} {:?}", l.state, l.group), l.from, l.to), all);
    let options: Vec<Row<StateOption>> = rows("state_options", sources.text("state_options"), all);
    dated("state_options", &options, |o| (format!("{} {:?}", o.state, o.option), o.from, o.to), all);
    let immigration: Vec<Row<ImmigrationRule>> = rows("immigration", sources.text("immigration"), all);
    let who = |r: &ImmigrationRule| (format!("{:?} {:?}", r.program, r.immigration_status), r.from, r.to);
    dated("immigration", &immigration, who, all);
    let numbers: Vec<Row<DatedNumber>> = rows("dated_rules", sources.text("dated_rules"), all);
    dated("dated_rules", &numbers, |n| (format!("{:?}", n.code), n.from, n.to), all);
    let marketplaces: Vec<Row<Marketplace>> = rows("marketplaces", sources.text("marketplaces"), all);
    yearly("marketplaces", &marketplaces, |m| (m.state.to_string(), m.plan_year_from, m.plan_year_to), all);
    let rounding: Vec<Row<Rounding>> = rows("rounding", sources.text("rounding"), all);
    yearly("rounding", &rounding, |r| (format!("{:?}", r.platform), r.plan_year_from, r.plan_year_to), all);
    let enrollment: Vec<Row<EnrollmentSpan>> = rows("open_enrollment", sources.text("open_enrollment"), all);
    let span =
        |e: &EnrollmentSpan| (format!("{} {}", e.plan_year, e.marketplace), e.selected_from, Some(e.selected_to));
    dated("open_enrollment", &enrollment, span, all);
    let sep_kinds: Vec<Row<SepKind>> = rows("sep_kinds", sources.text("sep_kinds"), all);
    dated("sep_kinds", &sep_kinds, |s| (s.code.clone(), s.from, s.to), all);
    let changes: Vec<Row<Change>> = rows("changes", sources.text("changes"), all);
    dated("changes", &changes, |c| (format!("{} {}", c.plan_year, c.message_key), c.from, c.to), all);
    let (deductions, losses, workplace) = read_limits(sources, all);
    let parents: Vec<Row<ParentStandard>> = rows("parent_standards", sources.text("parent_standards"), all);
    dated("parent_standards", &parents, |p| (format!("{} {}", p.state, p.size), p.from, p.to), all);

    let mut tables = Tables {
        guidelines: bare(guidelines),
        guideline_uses: bare(guideline_uses),
        bands: bands_by_year(rows("applicable_percentages", sources.text("applicable_percentages"), all), all),
        credit_limits: keyed(sources, "credit_limits", |c: &CreditLimits| c.plan_year, all),
        csr_bands: bare(rows("csr_bands", sources.text("csr_bands"), all)),
        esi: keyed(sources, "esi_affordability", |e: &EsiAffordability| e.plan_year, all),
        limits: slots(limits, State::COUNT * Group::COUNT, |l| l.state.index() * Group::COUNT + l.group as usize),
        options: slots(options, State::COUNT * StateChoice::COUNT, |o| {
            o.state.index() * StateChoice::COUNT + o.option as usize
        }),
        immigration: slots(immigration, 4 * ImmigrationStatus::COUNT, |r| {
            r.program as usize * ImmigrationStatus::COUNT + r.immigration_status as usize
        }),
        coverage_kinds: keyed(sources, "coverage_kinds", |k: &CoverageKind| k.kind.clone(), all),
        income_kinds: keyed(sources, "income_kinds", |k: &IncomeKind| k.kind.clone(), all),
        deductions: bare(deductions),
        losses: bare(losses),
        workplace: bare(workplace),
        parent_standards: bare(parents),
        zips: keyed(sources, "zip_states", |z: &ZipStates| z.zip.clone(), all),
        assumptions: keyed(sources, "assumptions", |a: &AssumptionText| a.code, all),
        filing: keyed(sources, "filing_thresholds", |f: &FilingThreshold| f.plan_year, all),
        numbers: slots(numbers, NumberCode::COUNT, |n| n.code as usize),
        clocks: keyed(sources, "state_clocks", |c: &StateClock| c.state, all),
        daylight: keyed(sources, "daylight_time", |d: &DaylightTime| d.year, all),
        marketplaces: slots(marketplaces, State::COUNT, |m| m.state.index()),
        agencies: keyed(sources, "medicaid_agencies", |a: &MedicaidAgency| a.state.clone(), all),
        rounding: bare(rounding),
        enrollment: bare(enrollment),
        sep_kinds: bare(sep_kinds),
        changes: bare(changes),
        rules: rules_in_order(sources, all),
        years: Vec::new(),
    };
    tables.years = complete_years(&tables, all);
    tables
}

type Limits = (Vec<Row<DeductionLimit>>, Vec<Row<LossLimit>>, Vec<Row<WorkplacePlanLimit>>);

fn read_limits(sources: &Sources<'_>, all: &mut Vec<TableFault>) -> Limits {
    let deductions: Vec<Row<DeductionLimit>> = rows("deduction_limits", sources.text("deduction_limits"), all);
    yearly("deduction_limits", &deductions, |d| (d.kind.clone(), d.plan_year_from, d.plan_year_to), all);
    let losses: Vec<Row<LossLimit>> = rows("loss_limits", sources.text("loss_limits"), all);
    yearly("loss_limits", &losses, |l| (l.group.clone(), l.plan_year_from, l.plan_year_to), all);
    let workplace: Vec<Row<WorkplacePlanLimit>> =
        rows("workplace_plan_limits", sources.text("workplace_plan_limits"), all);
    yearly("workplace_plan_limits", &workplace, |w| (format!("{:?}", w.who), w.plan_year_from, w.plan_year_to), all);
    (deductions, losses, workplace)
}

fn guideline_key(g: &Guideline) -> (String, i32, Option<i32>) {
    (format!("{:?}", g.area), g.guideline_year, Some(g.guideline_year))
}

/// A plan year counts only with all of its tables; a year that has some is a fault.
fn complete_years(tables: &Tables, faults: &mut Vec<TableFault>) -> Vec<i32> {
    let named: BTreeSet<i32> =
        tables.bands.keys().chain(tables.credit_limits.keys()).chain(tables.esi.keys()).copied().collect();
    let mut years = Vec::new();
    for year in named {
        let mut missing = Vec::new();
        let Some((first, last)) = plan_year_days(year) else { continue };
        let mut need = |there: bool, what| {
            if !there {
                missing.push(what);
            }
        };
        need(tables.bands.contains_key(&year), "applicable_percentages");
        need(tables.credit_limits.contains_key(&year), "credit_limits");
        need(tables.esi.contains_key(&year), "esi_affordability");
        need(tables.filing.contains_key(&year), "filing_thresholds");
        need(tables.csr_bands(year).next().is_some(), "csr_bands");
        need(tables.enrollment.iter().any(|e| e.plan_year == year), "open_enrollment");
        for area in [super::Area::Contiguous, super::Area::Alaska, super::Area::Hawaii] {
            let there = |day| tables.guideline(GuidelineProgram::Credit, day, area).is_some();
            need(there(first) && there(last), "poverty_guidelines or guideline_use");
        }
        for platform in [Platform::Federal, Platform::State] {
            need(tables.rounding(platform, year).is_some(), "rounding");
        }
        missing.dedup();
        if missing.is_empty() {
            years.push(year);
        } else {
            let reason = format!("plan year {year} cannot be used: no rows in {}", missing.join(", "));
            faults.push(fault("applicable_percentages", reason));
        }
    }
    years
}

/// Every state needs a marketplace each year, limits for children and pregnant people, and its expansion choice.
fn check_states(tables: &Tables, faults: &mut Vec<TableFault>) {
    let Ok(start) = Date::from_calendar_date(2024, Month::January, 1) else { return };
    for state in State::all() {
        for &year in &tables.years {
            if !tables.marketplaces[state.index()].iter().any(|m| holds_year(m.plan_year_from, m.plan_year_to, year)) {
                faults.push(fault("marketplaces", format!("{state} has no marketplace in {year}")));
            }
        }
        for group in [Group::Infant, Group::Child1To5, Group::Child6To18, Group::Pregnant, Group::Parent] {
            if tables.limit(state, group, start).is_none() {
                faults.push(fault("medicaid_limits", format!("{state} has no limit for {group:?} on {start}")));
            }
        }
        if tables.medicaid_agency(state.code()).is_none() {
            faults.push(fault("medicaid_agencies", format!("{state} has no agency")));
        }
        if tables.option(state, StateChoice::AdultExpansion, start).is_none() {
            faults.push(fault("state_options", format!("{state} has no adult_expansion on {start}")));
        }
    }
    for (i, rows) in tables.immigration.iter().enumerate() {
        if !rows.iter().any(|r| holds(r.from, r.to, start)) {
            let reason = format!("program {} has no row for status {}", i / 20, i % ImmigrationStatus::COUNT);
            faults.push(fault("immigration", reason));
        }
    }
    for code in Code::ALL {
        if !tables.assumptions.contains_key(&code) {
            faults.push(fault("assumptions", format!("no row for {code:?}")));
        }
    }
    let without =
        tables.deductions.iter().map(|d| &d.income_without).chain(tables.losses.iter().map(|l| &l.income_without));
    let lists = without.chain(tables.losses.iter().map(|l| &l.kinds)).flat_map(|list| list.split_whitespace());
    for kind in tables.deductions.iter().map(|d| d.kind.as_str()).chain(lists) {
        if tables.income_kind(kind).is_none() {
            faults.push(fault("deduction_limits", format!("`{kind}` has a limit and is no kind of income_kinds")));
        }
    }
    for (i, rows) in tables.numbers.iter().enumerate() {
        if rows.is_empty() {
            faults.push(fault("dated_rules", format!("the number {i} of the list has no row")));
        }
    }
}
