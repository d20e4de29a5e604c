//! Runs `sql/catalogue/checks.sql`: named queries that must find nothing in a catalogue fit to be served.
//!
//! Called by `load` before it publishes a catalogue, and by `verify` on any file. It must never write.

use sqlx::SqliteConnection;

pub const CHECKS: &str = include_str!("../../sql/catalogue/checks.sql");

/// One query of `checks.sql`.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// What must hold, in words.
    pub rule: &'static str,
    pub sql: &'static str,
    /// `-- check:` rows that find something block publication; `-- warn:` rows are only reported.
    pub must_hold: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// Every broken rule, with the first rows that break it.
    #[error("{0}")]
    Broken(String),
    #[error("SQLite, {rule}: {source}")]
    Unread { rule: &'static str, source: sqlx::Error },
}

pub fn all() -> Vec<Check> {
    let mut checks = Vec::new();
    let mut rest = CHECKS;
    while let Some(start) = rest.find("\n-- check: ").into_iter().chain(rest.find("\n-- warn: ")).min() {
        let block = &rest[start + 1..];
        let (title, body) = block.split_once('\n').unwrap_or((block, ""));
        let end = body.find("\n-- check: ").into_iter().chain(body.find("\n-- warn: ")).min().unwrap_or(body.len());
        let (kind, rule) = title.trim_start_matches("-- ").split_once(": ").unwrap_or(("check", title));
        checks.push(Check { rule, sql: body[..end].trim(), must_hold: kind == "check" });
        rest = &body[end..];
    }
    checks
}

/// Returns the warnings.
///
/// # Errors
///
/// If a rule is broken, or the file cannot be queried.
pub async fn run(connection: &mut SqliteConnection) -> Result<Vec<String>, Unsound> {
    let (mut broken, mut warnings) = (Vec::new(), Vec::new());
    for check in all() {
        let asked = sqlx::query_scalar(check.sql).fetch_all(&mut *connection).await;
        let rows: Vec<String> = asked.map_err(|source| Unsound::Unread { rule: check.rule, source })?;
        if rows.is_empty() {
            continue;
        }
        let (rule, rows) = (check.rule, rows.join("; "));
        match check.must_hold {
            true => broken.push(format!("not so: {rule}: {rows}")),
            false => warnings.push(format!("{rule}: {rows}")),
        }
    }
    if broken.is_empty() { Ok(warnings) } else { Err(Unsound::Broken(broken.join("\n"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_of_the_file_is_found() {
        let checks = all();
        assert_eq!(checks.len(), CHECKS.matches("\n-- check: ").count() + CHECKS.matches("\n-- warn: ").count());
        assert!(checks.len() > 15 && checks.iter().filter(|c| !c.must_hold).count() == 2);
        for check in checks {
            assert!(check.sql.ends_with(';') && check.sql.matches(';').count() == 1, "{}", check.rule);
        }
    }
}
