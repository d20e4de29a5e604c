//! The rules as dated data: every number of law lives in `data/rules/*.csv`, not in code.
//!
//! `Tables::load` reads and checks all tables once at start; everything else here is a lookup by state, year or
//! date. Called by every other module of this room. It never guesses: a lookup without a row answers `None`.

mod check;
mod income_rows;
mod market_rows;
mod read;
mod rows;
mod sources;

pub use income_rows::*;
pub use market_rows::*;
pub use read::{TableFault, read_rows};
pub use rows::*;
pub use sources::Sources;

use std::collections::HashMap;

use time::{Date, Month};

use super::reasons::Rule;
use super::state::{Area, State};

/// All rules, parsed, checked and indexed. Build it once and share it.
#[derive(Debug)]
pub struct Tables {
    guidelines: Vec<Guideline>,
    guideline_uses: Vec<GuidelineUse>,
    bands: HashMap<i32, Vec<ApplicableBand>>,
    credit_limits: HashMap<i32, CreditLimits>,
    csr_bands: Vec<CsrBand>,
    esi: HashMap<i32, EsiAffordability>,
    limits: Vec<Vec<MedicaidLimit>>,
    options: Vec<Vec<StateOption>>,
    immigration: Vec<Vec<ImmigrationRule>>,
    coverage_kinds: HashMap<String, CoverageKind>,
    income_kinds: HashMap<String, IncomeKind>,
    deductions: Vec<DeductionLimit>,
    losses: Vec<LossLimit>,
    workplace: Vec<WorkplacePlanLimit>,
    parent_standards: Vec<ParentStandard>,
    zips: HashMap<String, ZipStates>,
    assumptions: HashMap<super::assumptions::Code, AssumptionText>,
    filing: HashMap<i32, FilingThreshold>,
    numbers: Vec<Vec<DatedNumber>>,
    clocks: HashMap<State, StateClock>,
    daylight: HashMap<i32, DaylightTime>,
    marketplaces: Vec<Vec<Marketplace>>,
    agencies: HashMap<String, MedicaidAgency>,
    rounding: Vec<Rounding>,
    enrollment: Vec<EnrollmentSpan>,
    sep_kinds: Vec<SepKind>,
    changes: Vec<Change>,
    rules: Vec<RuleText>,
    years: Vec<i32>,
}

/// First and last day of a plan year.
pub fn plan_year_days(year: i32) -> Option<(Date, Date)> {
    Some((
        Date::from_calendar_date(year, Month::January, 1).ok()?,
        Date::from_calendar_date(year, Month::December, 31).ok()?,
    ))
}

fn holds(from: Date, to: Option<Date>, day: Date) -> bool {
    from <= day && to.is_none_or(|to| day <= to)
}

fn holds_year(from: i32, to: Option<i32>, year: i32) -> bool {
    from <= year && to.is_none_or(|to| year <= to)
}

impl Tables {
    /// Reads the tables that the program carries. All faults come at once.
    pub fn load() -> Result<Tables, Vec<TableFault>> {
        Tables::from_sources(&Sources::embedded())
    }

    /// Plan years for which every yearly table has its rows, ascending.
    pub fn years_supported(&self) -> &[i32] {
        &self.years
    }

    /// The first day for which a household can be determined.
    pub fn first_day(&self) -> Option<Date> {
        self.guideline_uses.iter().filter(|u| u.program == GuidelineProgram::Medicaid).map(|u| u.from).min()
    }

    /// The poverty guideline that measures a program on a day, and the row that says so.
    pub fn guideline(&self, program: GuidelineProgram, day: Date, area: Area) -> Option<(&Guideline, &GuidelineUse)> {
        let which = self.guideline_uses.iter().find(|u| u.program == program && holds(u.from, u.to, day))?;
        let line = self.guidelines.iter().find(|g| g.guideline_year == which.guideline_year && g.area == area)?;
        Some((line, which))
    }

    /// Bands of the applicable percentage of a plan year, ascending; empty for a year without rules.
    pub fn bands(&self, plan_year: i32) -> &[ApplicableBand] {
        self.bands.get(&plan_year).map_or(&[], Vec::as_slice)
    }

    pub fn credit_limits(&self, plan_year: i32) -> Option<&CreditLimits> {
        self.credit_limits.get(&plan_year)
    }

    pub fn csr_bands(&self, plan_year: i32) -> impl Iterator<Item = &CsrBand> {
        self.csr_bands.iter().filter(move |b| holds_year(b.plan_year_from, b.plan_year_to, plan_year))
    }

    pub fn esi(&self, plan_year: i32) -> Option<&EsiAffordability> {
        self.esi.get(&plan_year)
    }

    pub fn filing(&self, plan_year: i32) -> Option<&FilingThreshold> {
        self.filing.get(&plan_year)
    }

    /// The limits of deductions in a plan year.
    pub fn deduction_limits(&self, plan_year: i32) -> impl Iterator<Item = &DeductionLimit> {
        self.deductions.iter().filter(move |d| holds_year(d.plan_year_from, d.plan_year_to, plan_year))
    }

    /// Where a pension plan at work shrinks a retirement contribution.
    pub fn workplace_plan(&self, plan_year: i32, who: PlanAtWork) -> Option<&WorkplacePlanLimit> {
        self.workplace.iter().find(|w| w.who == who && holds_year(w.plan_year_from, w.plan_year_to, plan_year))
    }

    /// The limits of losses in a plan year.
    pub fn loss_limits(&self, plan_year: i32) -> impl Iterator<Item = &LossLimit> {
        self.losses.iter().filter(move |l| holds_year(l.plan_year_from, l.plan_year_to, plan_year))
    }

    /// A state's limit for parents in dollars a month for a size of household, where it is known to us.
    pub fn parent_standard(&self, state: State, size: usize, day: Date) -> Option<&ParentStandard> {
        self.parent_standards.iter().find(|p| p.state == state && p.size == size && holds(p.from, p.to, day))
    }

    /// The states that a five-digit ZIP code reaches into, as postal codes between spaces; `None`: we do not know.
    pub fn zip_states(&self, zip: &str) -> Option<&str> {
        let row = self.zips.get(zip).or_else(|| self.zips.get(zip.get(..3)?))?;
        Some(&row.states)
    }

    /// The words of an assumption.
    pub fn assumption(&self, code: super::assumptions::Code) -> &AssumptionText {
        &self.assumptions[&code]
    }

    /// The income limit of a group in a state on a day; `None` where the state does not have the group.
    pub fn limit(&self, state: State, group: Group, day: Date) -> Option<&MedicaidLimit> {
        self.limits[state.index() * Group::COUNT + group as usize].iter().find(|l| holds(l.from, l.to, day))
    }

    /// What a state chose on a day; `None` = the federal default.
    pub fn option(&self, state: State, option: StateChoice, day: Date) -> Option<&StateOption> {
        let rows = &self.options[state.index() * StateChoice::COUNT + option as usize];
        rows.iter().find(|o| holds(o.from, o.to, day))
    }

    /// Whether a state said `yes` to an option on a day.
    pub fn chose(&self, state: State, option: StateChoice, day: Date) -> bool {
        self.option(state, option, day).is_some_and(|o| o.value == "yes")
    }

    pub fn immigration(
        &self,
        program: ImmigrationProgram,
        status: ImmigrationStatus,
        day: Date,
    ) -> Option<&ImmigrationRule> {
        let rows = &self.immigration[program as usize * ImmigrationStatus::COUNT + status as usize];
        rows.iter().find(|r| holds(r.from, r.to, day))
    }

    pub fn coverage_kind(&self, kind: &str) -> Option<&CoverageKind> {
        self.coverage_kinds.get(kind)
    }

    pub fn income_kind(&self, kind: &str) -> Option<&IncomeKind> {
        self.income_kinds.get(kind)
    }

    /// Every kind of income we know, in alphabetical order: for forms and error messages.
    pub fn income_kinds(&self) -> Vec<&IncomeKind> {
        let mut kinds: Vec<_> = self.income_kinds.values().collect();
        kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
        kinds
    }

    /// Every kind of other coverage we know, in alphabetical order.
    pub fn coverage_kinds(&self) -> Vec<&CoverageKind> {
        let mut kinds: Vec<_> = self.coverage_kinds.values().collect();
        kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
        kinds
    }

    /// A number of law on a day; `None` when it is not in force.
    pub fn number(&self, code: NumberCode, day: Date) -> Option<&DatedNumber> {
        self.numbers[code as usize].iter().find(|n| holds(n.from, n.to, day))
    }

    pub(super) fn clock(&self, state: State) -> &StateClock {
        &self.clocks[&state]
    }

    pub(super) fn daylight_time(&self, year: i32) -> Option<&DaylightTime> {
        self.daylight.get(&year)
    }

    pub fn marketplace(&self, state: State, plan_year: i32) -> Option<&Marketplace> {
        self.marketplaces[state.index()].iter().find(|m| holds_year(m.plan_year_from, m.plan_year_to, plan_year))
    }

    /// Where people of a state (postal code; territories too) apply for Medicaid and CHIP.
    pub fn medicaid_agency(&self, state: &str) -> Option<&MedicaidAgency> {
        self.agencies.get(state)
    }

    pub fn rounding(&self, platform: Platform, plan_year: i32) -> Option<&Rounding> {
        let fits = |r: &&Rounding| r.platform == platform && holds_year(r.plan_year_from, r.plan_year_to, plan_year);
        self.rounding.iter().find(fits)
    }

    /// Open-enrollment stretches of a state and plan year: its own dates, else those of its platform.
    pub fn open_enrollment(&self, state: State, plan_year: i32) -> Vec<&EnrollmentSpan> {
        let of = |who: &str| -> Vec<&EnrollmentSpan> {
            self.enrollment.iter().filter(|e| e.plan_year == plan_year && e.marketplace == who).collect()
        };
        let own = of(state.code());
        if !own.is_empty() {
            return own;
        }
        match self.marketplace(state, plan_year).map(|m| m.kind.platform()) {
            Some(Platform::Federal) => of("federal"),
            Some(Platform::State) => of("state"),
            None => Vec::new(),
        }
    }

    pub fn sep_kind(&self, code: &str, day: Date) -> Option<&SepKind> {
        self.sep_kinds.iter().find(|s| s.code == code && holds(s.from, s.to, day))
    }

    /// Special enrollment periods in force on a day, in the order of 45 CFR 155.420(d).
    pub fn sep_kinds(&self, day: Date) -> impl Iterator<Item = &SepKind> {
        self.sep_kinds.iter().filter(move |s| holds(s.from, s.to, day))
    }

    /// What a shopper of a plan year should hear on a day.
    pub fn changes(&self, plan_year: i32, day: Date) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |c| c.plan_year == plan_year && holds(c.from, c.to, day))
    }

    /// The text and citation of a rule that an answer names.
    pub fn rule(&self, rule: Rule) -> &RuleText {
        &self.rules[rule as usize]
    }
}
