//! The rotation's report, for the person who reads it with the first coffee: what was done, what is wrong, where, and
//! the exact flags that would let it pass. Made by `rotate`. English, like everything on the command line.

use std::fmt;

use super::compare::Differences;
use super::judge::Finding;
use super::limits::Percent;

/// What a rotation did with one plan year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Served from now on.
    Published,
    /// Put on the shelf, but a person has pinned another version.
    Held { pinned: String },
    /// The same input gave the same catalogue: nothing to publish.
    Same,
    /// Exceeds a limit; the old one stays.
    Stopped,
    /// Good, but another plan year of this rotation was stopped.
    Waiting,
    /// Would have been published, but `--dry-run` was given.
    Good,
}

/// One plan year.
#[derive(Debug, Clone)]
pub struct Year {
    pub year: u16,
    /// Yesterday's version; `None`: there was none.
    pub old: Option<String>,
    pub new: String,
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
    /// Why there was nothing to compare with, if so.
    pub not_compared: Option<String>,
    pub found: Differences,
}

#[derive(Debug, Clone)]
pub struct Report {
    pub when: String,
    pub years: Vec<Year>,
    /// The loader's own report on its input.
    pub problems: String,
    /// Old files that were removed.
    pub removed: Vec<String>,
    /// What a person should know although it stopped nothing.
    pub notes: Vec<String>,
}

impl Report {
    pub fn stopped(&self) -> bool {
        self.years.iter().any(|year| year.verdict == Verdict::Stopped)
    }

    /// 0: published, or nothing to do. 3: a person has to look.
    pub fn exit_code(&self) -> u8 {
        let needs_a_person = |year: &Year| matches!(year.verdict, Verdict::Stopped | Verdict::Held { .. });
        if self.years.iter().any(needs_a_person) { 3 } else { 0 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.stopped() { "STOPPED: nothing was published" } else { "done" };
        writeln!(f, "Rotation of {}: {verdict}", self.when)?;
        for year in &self.years {
            writeln!(f)?;
            headline(f, year)?;
            year.not_compared.iter().try_for_each(|why| writeln!(f, "  {why}"))?;
            findings(f, &year.findings)?;
            if year.old.is_some() && year.not_compared.is_none() && year.verdict != Verdict::Same {
                by_state(f, &year.found)?;
                tables(f, &year.found)?;
            }
        }
        if !self.removed.is_empty() {
            writeln!(f, "\nRemoved, because newer ones are kept: {}", self.removed.join(", "))?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "\n{note}"))?;
        if self.stopped() {
            let accept: Vec<&str> =
                self.years.iter().flat_map(|year| &year.findings).map(|found| found.accept.as_str()).collect();
            writeln!(f, "\nIf all of this is right, run the same command once more with\n  {}", accept.join(" "))?;
        }
        if !self.problems.is_empty() {
            writeln!(f, "\nWhat the loader said of the files:\n{}", self.problems.trim_end())?;
        }
        Ok(())
    }
}

fn headline(f: &mut fmt::Formatter<'_>, year: &Year) -> fmt::Result {
    let old = year.old.as_deref().unwrap_or("What was there");
    let (n, new) = (year.year, &year.new);
    match &year.verdict {
        Verdict::Published if year.old.is_none() => {
            writeln!(f, "Plan year {n}: {new} is published, the first of its plan year.")
        }
        Verdict::Published => writeln!(f, "Plan year {n}: {new} is published and takes over from {old}."),
        Verdict::Held { pinned } => writeln!(
            f,
            "Plan year {n}: {new} is good and on the shelf, but {pinned} is pinned and goes on being served.\n  \
             Let it go with: windowshop catalogue use --newest {n}"
        ),
        Verdict::Same => writeln!(f, "Plan year {n}: the files say the same as {old}. Nothing to do."),
        Verdict::Stopped => writeln!(f, "Plan year {n}: {new} was NOT published. {old} goes on being served."),
        Verdict::Waiting => {
            writeln!(
                f,
                "Plan year {n}: {new} is good, but waits for the plan year that was stopped. {old} goes on being served."
            )
        }
        Verdict::Good => {
            writeln!(f, "Plan year {n}: {new} would be published (--dry-run: it was not). {old} goes on being served.")
        }
    }
}

fn findings(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    for finding in findings {
        writeln!(f, "  ✗ {}: {}, allowed {}", finding.what, finding.found, finding.limit)?;
        finding.details.iter().try_for_each(|detail| writeln!(f, "      {detail}"))?;
    }
    Ok(())
}

/// Only states where something changed.
fn by_state(f: &mut fmt::Formatter<'_>, found: &Differences) -> fmt::Result {
    let different = found.states.iter().filter(|(_, state)| {
        state.plans.0 != state.plans.1
            || state.offers.0 != state.offers.1
            || [state.plans_gone, state.offers_gone, state.premiums_changed, state.amounts_changed]
                .iter()
                .any(|n| *n > 0)
    });
    let different: Vec<_> = different.collect();
    writeln!(f, "  States compared: {}; different: {}", found.states.len(), different.len())?;
    if !different.is_empty() {
        writeln!(
            f,
            "  state {:>13} {:>6} {:>17} {:>7} {:>19} {:>7} {:>9} {:>8}",
            "plans", "gone", "offers", "gone", "premiums changed", "jumped", "mean at 40", "amounts"
        )?;
    }
    for (name, state) in different {
        let arrow = |(before, now): (i64, i64)| format!("{before} → {now}");
        let changed = format!("{} of {}", state.premiums_changed, state.premiums);
        let change = format!("{} %", signed(state.mean_change()));
        writeln!(
            f,
            "  {name:<5} {:>13} {:>6} {:>17} {:>7} {changed:>19} {:>7} {change:>10} {:>8}",
            arrow(state.plans),
            state.plans_gone,
            arrow(state.offers),
            state.offers_gone,
            state.premiums_jumped,
            state.amounts_changed
        )?;
    }
    if !found.jumps.is_empty() {
        writeln!(f, "  The greatest jumps (plan, rating area, greatest change at any age, premium at 40):")?;
    }
    for jump in &found.jumps {
        let (before, now) = jump.at_40;
        let (change, area) = (jump.change, jump.rating_area);
        writeln!(
            f,
            "    {} area {area}: {change} %, {} → {}",
            jump.plan_id,
            before.dollars_cents(),
            now.dollars_cents()
        )?;
    }
    Ok(())
}

fn signed(change: Percent) -> String {
    if change.0 > 0 { format!("+{change}") } else { change.to_string() }
}

fn tables(f: &mut fmt::Formatter<'_>, found: &Differences) -> fmt::Result {
    let different: Vec<String> = found
        .tables
        .iter()
        .filter(|(_, (before, now))| before != now)
        .map(|(table, (before, now))| format!("{table} {before} → {now}"))
        .collect();
    match different.is_empty() {
        true => writeln!(f, "  Rows: every table has as many as before."),
        false => writeln!(f, "  Rows: {}.", different.join(", ")),
    }
}
