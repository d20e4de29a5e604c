//! What of a row's citation people see: the law and official publications it names. Where a number was read, how it was checked
//! and what would settle it stays in the row, for `determine` and the documents.
//!
//! Called by the pages and notices that print a source. It leaves out; it must never write a citation.

/// How a reference begins: the title's number before these,
const CODES: [&str; 3] = ["USC", "CFR", "FR"];
/// or one of these.
const BEGINS: [&str; 4] = ["P.L. ", "Rev. Proc. ", "IRS Notice ", "IRS Publication "];
/// Words inside of a reference that hold no digit.
const INSIDE: [&str; 10] = ["USC", "CFR", "FR", "P.L.", "s.", "Rev.", "Proc.", "IRS", "Notice", "Publication"];

/// `26 USC 36B(b)(3)(A); P.L. 119-21 s. 71301`; empty: the row names none.
pub fn law(citation: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    for part in citation.split(';') {
        let reference = reference(part.trim());
        if !reference.is_empty() && !found.contains(&reference) {
            found.push(reference);
        }
    }
    found.join("; ")
}

/// The reference at the beginning of a part, without what is said about it.
fn reference(part: &str) -> String {
    let mut words = part.split(' ');
    let numbered = words.next().is_some_and(is_number) && words.next().is_some_and(|word| CODES.contains(&word));
    if !numbered && !BEGINS.iter().any(|begin| part.starts_with(begin)) {
        return String::new();
    }
    let mut reference = String::new();
    for word in part.split(' ') {
        let plain = word.trim_end_matches([',', ':']);
        if !INSIDE.contains(&plain) && !is_place(plain) {
            break;
        }
        if !reference.is_empty() {
            reference.push(' ');
        }
        reference.push_str(word.trim_end_matches(':'));
        if word.ends_with(':') {
            break;
        }
    }
    balanced(reference.trim_end_matches(','))
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.36B-2(c)(3)`, `(f),`, `2025-32`.
fn is_place(word: &str) -> bool {
    if word.starts_with('(') {
        let inside = word.trim_matches(['(', ')']);
        return word.ends_with(')') && inside.split([')', '(', ',']).all(|own| own.len() <= 4);
    }
    word.contains(|c: char| c.is_ascii_digit())
}

/// Without a bracket that was opened before the reference, or is closed after it.
fn balanced(reference: &str) -> String {
    let mut open = 0_i32;
    let mut whole = String::new();
    for sign in reference.chars() {
        open += i32::from(sign == '(') - i32::from(sign == ')');
        if open < 0 {
            break;
        }
        whole.push(sign);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eligibility::tables::Sources;

    #[test]
    fn people_see_the_law_and_not_where_a_number_was_read() {
        for (row, seen) in [
            ("HealthCare.gov answers of plan year 2026 (28 of 28)", ""),
            (
                "42 USC 1396a(a)(10)(A)(i)(VIII); NFIB v. Sebelius; state decisions as listed by KFF",
                "42 USC 1396a(a)(10)(A)(i)(VIII)",
            ),
            ("26 USC 36B(b)(3)(A)(iii), as extended by P.L. 117-169 s. 12001", "26 USC 36B(b)(3)(A)(iii)"),
            ("42 USC 1396b(v)(4) (CHIPRA s. 214); read 2026-11-27", "42 USC 1396b(v)(4)"),
            (
                "26 USC 164(f), 1401, 1402(a)(12): half of 15.3 % of 92.35 % of the profit",
                "26 USC 164(f), 1401, 1402(a)(12)",
            ),
            ("Rev. Proc. 2026-24 (29 May 2026), as in the parameters", "Rev. Proc. 2026-24"),
            (
                "P.L. 119-21 s. 71109; 45 CFR 155.420(d)(1)(i), (c)(6)",
                "P.L. 119-21 s. 71109; 45 CFR 155.420(d)(1)(i), (c)(6)",
            ),
        ] {
            assert_eq!(law(row), seen, "{row}");
        }
    }

    #[test]
    fn no_row_shows_people_a_note_of_ours() {
        for (table, text) in &Sources::embedded().0 {
            let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
            let heads = rows.headers().expect("a head").clone();
            for row in rows.records() {
                let row = row.expect("a row");
                for (head, value) in heads.iter().zip(row.iter()).filter(|(head, _)| head.contains("citation")) {
                    let seen = law(value);
                    let word = seen.split([' ', ';', ',']).find(|word| {
                        word.chars().filter(|c| c.is_alphabetic()).count() > 4
                            && !INSIDE.contains(word)
                            && !word.contains('(')
                    });
                    assert_eq!(word, None, "{table}, {head}: {value}: {seen}");
                }
            }
        }
    }
}
