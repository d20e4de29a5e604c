//! Several rows by one statement: a round trip to the engine costs more than a row.
//!
//! Each statement is written out for one row, so that it can be read and tried like all others; its group of places, the
//! first `VALUES (…)`, is repeated here. Places before the group have the lower numbers. It must never put a value into a
//! statement.

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, FromRow};

use super::dialect::Engine;
use super::{StoreError, Tx};

/// Rows of one statement: few sizes, because an engine keeps each text that it has prepared.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// A statement that values are bound to.
pub type Asked = Query<'static, Any, AnyArguments>;

/// Runs a statement for each row; how many rows it touched. `before` binds what stands before the group.
///
/// # Errors
///
/// If the store is away, or one of the rows is refused: the caller's transaction is then undone.
pub async fn run<T>(
    tx: &mut Tx,
    statement: &'static str,
    before: impl Fn(Asked) -> Asked,
    (rows, bind): (&[T], impl Fn(Asked, &T) -> Asked),
) -> Result<u64, StoreError> {
    let mut touched = 0;
    for part in parts(rows) {
        let asked = part.iter().fold(before(asked(tx, statement, part.len())), &bind);
        touched += asked.execute(tx.conn()).await?.rows_affected();
    }
    Ok(touched)
}

/// The same, with what the statement returns, in no order.
///
/// # Errors
///
/// As [`run`].
pub async fn fetch<T, Found: for<'r> FromRow<'r, AnyRow>>(
    tx: &mut Tx,
    statement: &'static str,
    before: impl Fn(Asked) -> Asked,
    (rows, bind): (&[T], impl Fn(Asked, &T) -> Asked),
) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for part in parts(rows) {
        let asked = part.iter().fold(before(asked(tx, statement, part.len())), &bind);
        for row in asked.fetch_all(tx.conn()).await? {
            found.push(Found::from_row(&row)?);
        }
    }
    Ok(found)
}

/// Nothing stands before the group.
pub fn nothing(asked: Asked) -> Asked {
    asked
}

fn parts<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while let Some(size) = SIZES.into_iter().find(|size| *size <= rows.len()) {
        let (part, rest) = rows.split_at(size);
        parts.push(part);
        rows = rest;
    }
    parts
}

fn asked(tx: &mut Tx, statement: &'static str, rows: usize) -> Asked {
    let text = repeated(statement, rows);
    let text = if Engine::of(tx.conn()).has_bare_places() { bare(text) } else { text };
    sqlx::query(AssertSqlSafe(text))
}

/// `$1` … as bare `?`, if each place stands once and in its order; else as it was.
fn bare(text: String) -> String {
    let mut pieces = text.split('$');
    let mut bare = pieces.next().unwrap_or_default().to_string();
    for (at, piece) in pieces.enumerate() {
        let (number, digits) = place(piece);
        if number != at + 1 {
            return text;
        }
        bare.push('?');
        bare.push_str(&piece[digits..]);
    }
    bare
}

/// The number that a piece begins with, and its digits.
fn place(piece: &str) -> (usize, usize) {
    let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
    (piece[..digits].parse().unwrap_or_default(), digits)
}

/// `VALUES ($2, $3)` for two rows: `VALUES ($2, $3), ($4, $5)`.
fn repeated(statement: &str, rows: usize) -> String {
    let Some((head, rest)) = statement.split_once("VALUES (") else { return statement.to_string() };
    let mut depth = 1_i32;
    let end = rest.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    let (group, tail) = rest.split_at(end.unwrap_or(rest.len()));
    let places = group.split('$').skip(1).map(|part| place(part).0);
    let (first, last) = (places.clone().min().unwrap_or(1), places.max().unwrap_or_default());
    let mut text = format!("{head}VALUES (");
    for row in 0..rows {
        if row > 0 {
            text.push_str("), (");
        }
        let mut pieces = group.split('$');
        text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (number, digits) = place(piece);
            text.push_str(&format!("${}{}", number + row * (last + 1 - first), &piece[digits..]));
        }
    }
    text + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_repeated_with_places_of_its_own() {
        let one = "INSERT INTO a (b, c) VALUES ($1, CAST($2 AS BIGINT)) ON CONFLICT DO NOTHING";
        assert_eq!(repeated(one, 1), one);
        assert_eq!(
            repeated(one, 3),
            "INSERT INTO a (b, c) VALUES ($1, CAST($2 AS BIGINT)), ($3, CAST($4 AS BIGINT)), ($5, CAST($6 AS BIGINT)) \
             ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            repeated("UPDATE a SET b = $1 WHERE c = $2 AND d IN (VALUES ($3))", 2),
            "UPDATE a SET b = $1 WHERE c = $2 AND d IN (VALUES ($3), ($4))"
        );
        assert_eq!(
            repeated("INSERT INTO a VALUES ($1, $2, $2, 'x', NULL)", 2),
            "INSERT INTO a VALUES ($1, $2, $2, 'x', NULL), ($3, $4, $4, 'x', NULL)"
        );
    }

    #[test]
    fn places_are_bare_only_where_their_order_says_which_is_which() {
        let bare = |text: &str| super::bare(text.to_string());
        let text =
            "UPDATE a SET b = $1 FROM (VALUES ($2, CAST($3 AS BIGINT)), ($4, CAST($5 AS BIGINT))) AS c WHERE d = 0";
        let expected =
            "UPDATE a SET b = ? FROM (VALUES (?, CAST(? AS BIGINT)), (?, CAST(? AS BIGINT))) AS c WHERE d = 0";
        assert_eq!(bare(text), expected);
        for kept in ["INSERT INTO a VALUES ($1, $2, $2)", "UPDATE a SET b = $2 WHERE c = $1", "DELETE FROM a"] {
            assert_eq!(bare(kept), kept);
        }
    }

    #[test]
    fn any_number_of_rows_is_a_few_sizes() {
        let sizes = |rows: usize| parts(&vec![(); rows]).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(sizes(0), Vec::<usize>::new());
        assert_eq!(sizes(39), [16, 16, 4, 1, 1, 1]);
        assert_eq!(sizes(65), [64, 1]);
    }
}
