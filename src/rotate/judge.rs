//! Which limits a new catalogue exceeds. Called by `rotate`. A pure function: differences and limits in, findings
//! out.

use super::compare::{Differences, State};
use super::limits::{Limits, Percent};

/// One limit that is exceeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What exceeds the limit: "Insurers that sell nothing any more".
    pub what: &'static str,
    pub found: String,
    pub limit: String,
    /// The flag with the value that would let this pass: `--max-insurers-gone 2`.
    pub accept: String,
    /// Where, at most a screen of lines.
    pub details: Vec<String>,
}

/// Further details are only counted.
const DETAILS: usize = 12;

fn finding(what: &'static str, (found, limit): (String, String), accept: String, mut details: Vec<String>) -> Finding {
    if details.len() > DETAILS {
        let more = details.len() - DETAILS;
        details.truncate(DETAILS);
        details.push(format!("… and {more} more"));
    }
    Finding { what, found, limit, accept, details }
}

/// All limits that are exceeded; none means: publish.
pub fn judge(found: &Differences, faulty_rows: i64, limits: &Limits) -> Vec<Finding> {
    let mut findings = counted(found, faulty_rows, limits);
    findings.extend(by_state(found, limits));
    findings.extend(by_table(found, limits));
    findings
}

fn counted(found: &Differences, faulty_rows: i64, limits: &Limits) -> Vec<Finding> {
    let insurers: Vec<String> = found
        .insurers_gone
        .iter()
        .map(|gone| format!("{} {:05} {} (plans: {})", gone.state, gone.issuer_id, gone.name, gone.plans))
        .collect();
    let counties: Vec<String> = found
        .counties_emptied
        .iter()
        .map(|gone| {
            format!("{} {:05} {}: no {} plan", gone.state, gone.county_fips, gone.name, gone.product.to_lowercase())
        })
        .collect();
    let lists = [
        ("Insurers that sell nothing any more", insurers, limits.max_insurers_gone, "--max-insurers-gone"),
        ("Counties left without a plan", counties, limits.max_counties_emptied, "--max-counties-emptied"),
    ];
    let mut findings = Vec::new();
    for (what, list, limit, flag) in lists {
        let n = list.len() as i64;
        if n > limit {
            findings.push(finding(what, (n.to_string(), limit.to_string()), format!("{flag} {n}"), list));
        }
    }
    if faulty_rows > limits.max_faulty_rows {
        let said = (faulty_rows.to_string(), limits.max_faulty_rows.to_string());
        let accept = format!("--max-faulty-rows {faulty_rows}");
        findings.push(finding("Rows left out for a fault", said, accept, Vec::new()));
    }
    findings
}

/// A share that is measured in each state.
struct Share {
    what: &'static str,
    flag: &'static str,
    limit: Percent,
    of: fn(&State) -> (i64, i64),
}

fn by_state(found: &Differences, limits: &Limits) -> Vec<Finding> {
    let shares = [
        Share {
            what: "Plans that are not sold any more",
            flag: "--max-plans-gone",
            limit: limits.max_plans_gone,
            of: |state| (state.plans_gone, state.plans.0),
        },
        Share {
            what: "Offers (a plan in a county) that are gone",
            flag: "--max-offers-gone",
            limit: limits.max_offers_gone,
            of: |state| (state.offers_gone, state.offers.0),
        },
        Share {
            what: "Premiums that jumped",
            flag: "--max-jumps",
            limit: limits.max_jumps,
            of: |state| (state.premiums_jumped, state.premiums),
        },
        Share {
            what: "Variants with another deductible or out-of-pocket maximum",
            flag: "--max-amounts-changed",
            limit: limits.max_amounts_changed,
            of: |state| (state.amounts_changed, state.variants),
        },
    ];
    let mut findings: Vec<Finding> = shares.iter().filter_map(|share| over(found, share)).collect();
    let moved = found.states.iter().map(|(name, state)| (name, Percent(state.mean_change().0.abs()), state));
    let moved: Vec<_> = moved.filter(|(_, change, _)| *change > limits.max_state_change).collect();
    if let Some(most) = moved.iter().map(|(_, change, _)| *change).max() {
        let details = moved.iter().map(|(name, _, state)| format!("{name}: {} %", state.mean_change())).collect();
        let said = (format!("{most} %"), format!("{} %", limits.max_state_change));
        let accept = format!("--max-state-change {most}");
        findings.push(finding("A state's mean premium at 40 moved", said, accept, details));
    }
    findings
}

fn over(found: &Differences, share: &Share) -> Option<Finding> {
    let states = found.states.iter().map(|(name, state)| (name, (share.of)(state)));
    let states: Vec<_> = states.map(|(name, (part, whole))| (name, part, whole, Percent::of(part, whole))).collect();
    let over: Vec<_> = states.iter().filter(|(.., percent)| *percent > share.limit).collect();
    let most = over.iter().map(|(.., percent)| *percent).max()?;
    let details =
        over.iter().map(|(name, part, whole, percent)| format!("{name}: {part} of {whole} ({percent} %)")).collect();
    let said = (format!("{most} % of a state's"), format!("{} %", share.limit));
    Some(finding(share.what, said, format!("{} {most}", share.flag), details))
}

fn by_table(found: &Differences, limits: &Limits) -> Vec<Finding> {
    // A table that was empty (an optional file that has arrived) has gained no share of anything.
    let changes = found.tables.iter().filter(|(_, (before, _))| *before > 0);
    let changes: Vec<_> = changes.map(|(table, (before, now))| (table, *before, *now)).collect();
    let directions = [
        ("Rows that a table lost", "--max-rows-lost", limits.max_rows_lost, -1),
        ("Rows that a table gained", "--max-rows-gained", limits.max_rows_gained, 1),
    ];
    let mut findings = Vec::new();
    for (what, flag, limit, sign) in directions {
        let moved = changes
            .iter()
            .map(|(table, before, now)| (table, before, now, Percent::of(((now - before) * sign).max(0), *before)));
        let moved: Vec<_> = moved.filter(|(.., percent)| *percent > limit).collect();
        let Some(most) = moved.iter().map(|(.., percent)| *percent).max() else { continue };
        let details =
            moved.iter().map(|(table, before, now, percent)| format!("{table}: {before} → {now} ({percent} %)"));
        let said = (format!("{most} %"), format!("{limit} %"));
        findings.push(finding(what, said, format!("{flag} {most}"), details.collect()));
    }
    findings
}
