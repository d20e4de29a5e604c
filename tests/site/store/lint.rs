//! All SQL of the office, held to what both engines read alike: four types, no word of a dialect, and each statement
//! prepared on each engine.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _};
use windowshop::store::schema::{self, Kind, MIGRATIONS};

use super::engines::on_each_engine;
use crate::web::repository::texts;

/// Where statements may stand.
const ROOMS: [&str; 12] = [
    "src/store",
    "src/account",
    "src/operator",
    "src/application",
    "src/work",
    "src/verify",
    "src/documents",
    "src/staff",
    "src/desk",
    "src/transfer",
    "src/enrollment",
    "src/insurer",
];
/// Knows the dialects, so that nothing else has to.
const DIALECT: &str = "src/store/dialect.rs";
/// Put statements together: from names of our own migrations; by repeating the places of a statement that is written out.
const ASSEMBLED: [&str; 2] = ["src/store/backup.rs", "src/store/many.rs"];
/// Words that only one engine knows, or that each reads in its own way.
const REFUSED: [&str; 30] = [
    "::",
    "||",
    "now()",
    "current_timestamp",
    "current_date",
    "ilike",
    "glob",
    "regexp",
    "json",
    "jsonb",
    "boolean",
    "true",
    "false",
    "serial",
    "autoincrement",
    "rowid",
    "or ignore",
    "or replace",
    "ifnull",
    "strftime",
    "datetime",
    "unixepoch",
    "extract",
    "group_concat",
    "string_agg",
    "random",
    "offset",
    "uuid",
    "timestamp",
    "numeric",
];

/// A statement and where it stands.
struct Statement {
    place: String,
    text: String,
}

/// The string literals of a source that are SQL. Understands `\"`, and `\` at the end of a line.
fn literals(path: &str, source: &str) -> Vec<Statement> {
    let (product, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    let code: Vec<&str> = product.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let (mut found, mut rest) = (Vec::new(), code.join("\n"));
    rest = rest.replace("'\"'", "' '");
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut text = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => match chars.next() {
                    Some('\n') => text.push(' '),
                    Some(c) => text.push(c),
                    None => {}
                },
                c => text.push(c),
            }
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let verb = text.split(' ').next().unwrap_or_default();
        if matches!(verb, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "WITH") {
            found.push(Statement { place: path.to_string(), text });
        }
    }
    found
}

fn sources() -> Vec<(String, String)> {
    let root = crate::web::repository::root().display().to_string() + "/";
    let rooms = ROOMS.iter().filter(|room| crate::web::repository::root().join(room).is_dir());
    let sources = rooms.flat_map(|room| texts(room, ".rs"));
    sources.map(|(path, text)| (path.replace(&root, ""), text)).collect()
}

/// Every statement of the office that is written out.
fn statements() -> Vec<Statement> {
    let sources = sources().into_iter().filter(|(path, _)| path != DIALECT && !ASSEMBLED.contains(&path.as_str()));
    sources.flat_map(|(path, text)| literals(&path, &text)).collect()
}

/// Statements of a file of SQL, without comments.
fn split(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let statements = code.join("\n");
    let statements = statements.split(';').map(|one| one.split_whitespace().collect::<Vec<_>>().join(" "));
    statements.filter(|one| !one.is_empty()).collect()
}

/// The words of a statement, text in quotes taken out.
fn bare(statement: &str) -> String {
    statement.split('\'').step_by(2).collect::<Vec<_>>().join("''").to_lowercase()
}

fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        let alone = |c: Option<char>| !c.is_some_and(part);
        !word.starts_with(part) || (alone(before) && (alone(after) || word.ends_with(')')))
    })
}

/// What is wrong with a statement.
fn faults(statement: &str) -> Vec<String> {
    let text = bare(statement);
    let mut faults: Vec<String> =
        REFUSED.iter().filter(|word| has_word(&text, word)).map(|word| format!("says {word:?}")).collect();
    if has_word(&text, "limit") && !has_word(&text, "order by") {
        faults.push("LIMIT without ORDER BY".to_string());
    }
    if text.contains("exists(") || text.contains("exists (") {
        let before_from = text.split(" from ").next().unwrap_or_default();
        if before_from.contains("exists") {
            faults.push("EXISTS as a column: a BOOLEAN there, a number here".to_string());
        }
    }
    // Text is sorted by the locale on one engine and by bytes on the other.
    let tables = schema::tables().iter().flat_map(|table| &table.columns);
    let numbers: BTreeSet<&str> =
        tables.filter(|column| column.kind == Kind::Integer).map(|column| column.name).collect();
    if let Some((_, order)) = text.split_once("order by ") {
        let order = order.split(" limit ").next().unwrap_or_default();
        for term in order.split(',') {
            let column = term.split_whitespace().next().unwrap_or_default();
            let column = column.rsplit('.').next().unwrap_or_default();
            if !numbers.contains(column) {
                faults.push(format!("ORDER BY {column}, which is no BIGINT"));
            }
        }
    }
    faults
}

#[test]
fn migrations_use_four_types_and_no_dialect() {
    let mut told = Vec::new();
    for (number, _, text) in MIGRATIONS {
        for statement in split(text) {
            let text = bare(&statement);
            told.extend(faults(&statement).into_iter().map(|fault| format!("{number}: {fault}: {statement}")));
            let Some(rest) = text.strip_prefix("create table ") else { continue };
            let (_, columns) = rest.split_once('(').expect("columns");
            // Commas inside brackets are not between columns.
            let mut depth = 0;
            let columns = columns.trim_end_matches(')').split(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                c == ',' && depth == 0
            });
            for column in columns.map(str::trim) {
                let mut words = column.split_whitespace();
                let (name, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                if matches!(name, "primary" | "unique" | "foreign" | "check") {
                    continue;
                }
                let kind =
                    if kind == "double" { format!("double {}", words.next().unwrap_or_default()) } else { kind.into() };
                if !matches!(kind.as_str(), "text" | "bigint" | "double precision" | "bytea") {
                    told.push(format!("{number}: {name} is a {kind}, none of the four types"));
                }
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn statements_use_no_dialect_and_sort_by_numbers() {
    let statements = statements();
    assert!(statements.len() > 10, "the reader of statements finds them: {}", statements.len());
    let told: Vec<String> = statements
        .iter()
        .flat_map(|one| faults(&one.text).into_iter().map(|fault| format!("{}: {fault}: {}", one.place, one.text)))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn the_lint_sees_what_it_is_for() {
    for bad in [
        "SELECT a::text FROM b",
        "SELECT owner FROM data_key LIMIT 5",
        "SELECT owner FROM data_key ORDER BY owner",
        "SELECT number FROM audit ORDER BY at OFFSET 5",
        "SELECT now()",
        "SELECT a || b FROM c",
        "INSERT OR IGNORE INTO a VALUES ($1)",
        "SELECT EXISTS (SELECT 1 FROM a)",
        "UPDATE a SET b = TRUE",
    ] {
        assert!(!faults(bad).is_empty(), "{bad}");
    }
    for good in [
        "SELECT owner FROM data_key WHERE owner = 'now() or true' ORDER BY made_at DESC LIMIT $1",
        "SELECT count(*) FROM audit WHERE EXISTS (SELECT 1 FROM audit_lane)",
        "SELECT snow FROM b",
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
    let source =
        "let a = \"SELECT b \\\n     FROM c\"; // \"SELECT d\"\n// \"SELECT e\"\nlet f = '\"'; let g = \"words\";";
    let found: Vec<String> = literals("x", source).into_iter().map(|one| one.text).collect();
    assert_eq!(found, ["SELECT b FROM c", "SELECT d"]);
}

#[test]
fn only_one_file_puts_statements_together_and_only_one_opens_transactions() {
    for (path, text) in sources() {
        let may = |files: &[&str]| files.contains(&path.as_str());
        assert!(!text.contains("AssertSqlSafe") || may(&ASSEMBLED), "{path} puts a statement together");
        assert!(!text.contains(".begin(") && !text.contains("QueryBuilder"), "{path} goes past begin_write");
        let opens = text.contains("begin_with(");
        assert!(!opens || may(&["src/store/mod.rs", "src/store/write.rs"]), "{path} goes past begin_write");
        for call in ["sqlx::query(&", "sqlx::query(format", "query_as(&", "query_scalar(&"] {
            assert!(!text.contains(call), "{path}: a statement is a literal");
        }
    }
    // Nor does any other room: the shop goes on without a store.
    for (path, text) in texts("src", ".rs") {
        let office = ROOMS.iter().chain(&["src/sealing"]).any(|room| path.contains(room));
        assert!(office || !text.contains("AnyPool") && !text.contains("AnyConnection"), "{path} reaches for the store");
    }
}

#[tokio::test]
async fn every_statement_prepares_on_each_engine() {
    on_each_engine(async |bench| {
        bench.open().await.store.close().await;
        let mut connection = bench.raw().await;
        for one in statements() {
            let prepared = connection.prepare(AssertSqlSafe(one.text.clone()).into_sql_str()).await;
            assert!(prepared.is_ok(), "{}: {}: {}", one.place, one.text, prepared.err().expect("an error"));
        }
        connection.close().await.expect("it closes");
    })
    .await;
}
