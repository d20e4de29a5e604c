//! However an amount is typed, in either language, the answer is the same, or the amount is asked about: property tests
//! over styles of typing, and what holds for any text of digits and marks (public reports, F3).

use proptest::prelude::*;
use serde_json::json;
use windowshop::quote::ask::money::{read_amount, read_signed};
use windowshop::types::Cents;

use super::{ask, try_ask};

/// Thousands in groups of three.
fn grouped(dollars: i64, mark: &str) -> String {
    let digits = dollars.to_string();
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = Vec::new();
    if head > 0 {
        groups.push(&digits[..head]);
    }
    groups.extend(digits.as_bytes()[head..].chunks(3).map(|group| std::str::from_utf8(group).expect("digits")));
    groups.join(mark)
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).expect("a sign") } else { c })
        .collect()
}

/// Every way in which people write an amount that has one reading; `dollars` of at least 10,000.
fn styles(dollars: i64, cents: i64) -> Vec<String> {
    let mut out = vec![
        format!("{dollars}.{cents:02}"),
        format!("{}.{cents:02}", grouped(dollars, ",")),
        format!("{},{cents:02}", grouped(dollars, ".")),
        format!("{},{cents:02}", grouped(dollars, " ")),
        format!("{}.{cents:02}", grouped(dollars, "\u{a0}")),
        format!("{},{cents:02}", grouped(dollars, "\u{202f}")),
        format!("{},{cents:02}", grouped(dollars, "\u{2009}")),
        format!("{dollars},{cents:02}"),
        format!("${}.{cents:02}", grouped(dollars, ",")),
        format!("$ {},{cents:02}", grouped(dollars, ".")),
        format!("US$ {}.{cents:02}", grouped(dollars, ",")),
        format!("{}.{cents:02} USD", grouped(dollars, ",")),
        format!("{},{cents:02} dólares", grouped(dollars, ".")),
        format!(" \t{dollars}.{cents:02}\u{200b} "),
        full_width(&format!("{}.{cents:02}", grouped(dollars, ","))),
    ];
    if cents == 0 {
        out.extend([dollars.to_string(), grouped(dollars, ","), grouped(dollars, " "), grouped(dollars, "\u{a0}")]);
        out.extend((dollars % 1000 == 0).then(|| format!("{}k", dollars / 1000)));
        out.extend((dollars % 1000 == 0).then(|| format!("{} mil", dollars / 1000)));
        out.extend((dollars % 1000 == 500).then(|| format!("{}.5 K", dollars / 1000)));
    }
    out
}

#[test]
fn amounts_with_two_readings_and_no_amounts_are_asked_about() {
    let asked = [
        "45.000",
        "45,00",
        "1.500",
        "350,50",
        "45,000,00",
        "12.500",
        "1.234.56",
        "1,234,56",
        "1,23,456",
        "1 23 4",
        "1.2,34.5",
        "40k-50k",
        "30000-40000",
        "30.000 a 40.000",
        "~45000",
        "45000/year",
        "about 45",
        "1e5",
        "0x10",
        "NaN",
        "∞",
        "45k5",
        "k",
        "mil",
        "$",
        ",",
        ".",
        "-",
        "()",
        "1.234,567",
        "12,3456",
        "١٢٣",
        "45 mil 500",
        "45'000",
        "1-2",
        "--5",
    ];
    for typed in asked {
        assert!(read_amount(typed).is_err(), "{typed}: {:?}", read_amount(typed));
        let household = json!({"plan_year": 2026, "state": "OH", "household_income": typed, "people": [{"age": 40}]});
        assert!(try_ask(&household, "2026-06-01").is_err(), "{typed}");
    }
    for typed in ["-20000", "−20.000,00", "(20,000)", "- 20 000", "$-20,000", "-$20000", "–20000"] {
        assert_eq!(read_signed(typed), Ok(Some(Cents(-2_000_000))), "{typed}");
        assert_eq!(read_amount(typed), Err("ask.amount_negative"), "{typed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_style_of_typing_never_changes_an_answer(
        dollars in prop_oneof![10_000_i64..150_000, (10_i64..150).prop_map(|k| k * 1000), (10_i64..150).prop_map(|k| k * 1000 + 500)],
        cents in prop_oneof![Just(0_i64), 1_i64..100],
    ) {
        let of = |income: serde_json::Value| {
            let household = json!({"plan_year": 2026, "state": "OH", "household_income": income, "benchmark_monthly": 700,
                "people": [{"age": 40}, {"age": 7, "relationship": "child"}]});
            let answer = ask(&household, "2026-06-01");
            serde_json::to_string(&answer.people).and_then(|people| Ok((people, serde_json::to_string(&answer.tax_households)?)))
                .expect("an answer")
        };
        let plain = of(json!((dollars * 100 + cents) as f64 / 100.0));
        for typed in styles(dollars, cents) {
            prop_assert_eq!(read_amount(&typed), Ok(Some(Cents(dollars * 100 + cents))), "{}", typed);
            prop_assert_eq!(&of(json!(typed)), &plain, "{}", typed);
        }
    }

    /// Whatever is typed: no mark ever moves the value by a power of ten that the text does not say.
    #[test]
    fn any_text_of_digits_and_marks_is_read_as_it_stands_or_refused(text in "[0-9]{1,4}([., \u{a0}][0-9]{1,4}){0,3}") {
        let Ok(Some(Cents(read))) = read_signed(&text) else { return Ok(()) };
        let digits: i64 = text.chars().filter(char::is_ascii_digit).collect::<String>().parse().expect("digits");
        let after = text.rsplit(['.', ',', ' ', '\u{a0}']).next().expect("a part").len();
        let marked = text.contains(['.', ',', ' ', '\u{a0}']);
        // Three digits after the last mark are thousands; one or two are cents.
        let times = match (marked, after) {
            (false, _) | (true, 3) => 100,
            (true, 1) => 10,
            (true, 2) => 1,
            _ => return Err(TestCaseError::fail(format!("{text} was read as {read}"))),
        };
        prop_assert_eq!(read, digits * times, "{}", text);
    }
}
