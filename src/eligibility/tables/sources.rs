//! The tables as they lie in the program: the one list of files under `data/rules/`.

/// The text of each table, by the name of its file without `.csv`.
pub struct Sources<'a>(pub Vec<(&'static str, &'a str)>);

impl Sources<'_> {
    /// The tables that were in `data/rules/` when the program was built.
    pub fn embedded() -> Sources<'static> {
        Sources(vec![
            ("poverty_guidelines", include_str!("../../../data/rules/poverty_guidelines.csv")),
            ("guideline_use", include_str!("../../../data/rules/guideline_use.csv")),
            ("applicable_percentages", include_str!("../../../data/rules/applicable_percentages.csv")),
            ("credit_limits", include_str!("../../../data/rules/credit_limits.csv")),
            ("csr_bands", include_str!("../../../data/rules/csr_bands.csv")),
            ("esi_affordability", include_str!("../../../data/rules/esi_affordability.csv")),
            ("medicaid_limits", include_str!("../../../data/rules/medicaid_limits.csv")),
            ("state_options", include_str!("../../../data/rules/state_options.csv")),
            ("immigration", include_str!("../../../data/rules/immigration.csv")),
            ("coverage_kinds", include_str!("../../../data/rules/coverage_kinds.csv")),
            ("deduction_limits", include_str!("../../../data/rules/deduction_limits.csv")),
            ("loss_limits", include_str!("../../../data/rules/loss_limits.csv")),
            ("workplace_plan_limits", include_str!("../../../data/rules/workplace_plan_limits.csv")),
            ("parent_standards", include_str!("../../../data/rules/parent_standards.csv")),
            ("zip_states", include_str!("../../../data/rules/zip_states.csv")),
            ("assumptions", include_str!("../../../data/rules/assumptions.csv")),
            ("income_kinds", include_str!("../../../data/rules/income_kinds.csv")),
            ("filing_thresholds", include_str!("../../../data/rules/filing_thresholds.csv")),
            ("dated_rules", include_str!("../../../data/rules/dated_rules.csv")),
            ("state_clocks", include_str!("../../../data/rules/state_clocks.csv")),
            ("daylight_time", include_str!("../../../data/rules/daylight_time.csv")),
            ("marketplaces", include_str!("../../../data/rules/marketplaces.csv")),
            ("medicaid_agencies", include_str!("../../../data/rules/medicaid_agencies.csv")),
            ("rounding", include_str!("../../../data/rules/rounding.csv")),
            ("open_enrollment", include_str!("../../../data/rules/open_enrollment.csv")),
            ("sep_kinds", include_str!("../../../data/rules/sep_kinds.csv")),
            ("changes", include_str!("../../../data/rules/changes.csv")),
            ("rules", include_str!("../../../data/rules/rules.csv")),
        ])
    }

    /// The text of one table; empty (a fault when read) if the list does not have it.
    pub fn text(&self, file: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text)
    }

    /// The same tables with one of them replaced: how tests and analysts try a change.
    pub fn with<'b>(&'b self, file: &'static str, text: &'b str) -> Sources<'b> {
        Sources(self.0.iter().map(|&(name, old)| if name == file { (name, text) } else { (name, old) }).collect())
    }
}
