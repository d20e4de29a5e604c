//! Test people: the last name says what each service answers. Names with several parts ("Nossn-Medicare") have all of it;
//! every other name gets the good answer.

use serde_json::Value;

/// Documented in docs/hub.md; a test holds the two together.
pub const TABLE: &str = include_str!("../../data/hub/test_people.csv");

/// The parts of a last name.
pub struct Name(Vec<String>);

impl Name {
    pub fn of(last: &Value) -> Name {
        let last = last.as_str().unwrap_or_default().to_ascii_lowercase();
        Name(last.split([' ', '-']).map(str::to_string).collect())
    }

    pub fn is(&self, part: &str) -> bool {
        self.0.iter().any(|own| own == part)
    }

    /// The value of the first part that is there.
    pub fn pick<T: Copy>(&self, table: &[(&str, T)], otherwise: T) -> T {
        table.iter().find(|(part, _)| self.is(part)).map_or(otherwise, |(_, value)| *value)
    }
}

/// What a person does to any answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, strum::IntoStaticStr, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Trouble {
    /// HX005001 as the whole answer.
    Away,
    /// 500.
    Error,
    /// 503, with `Retry-After: 1`.
    Busy,
    /// 429, with `Retry-After: 1`.
    TooMany,
    /// 401, whatever the token.
    Locked,
    /// 302.
    Moved,
    /// No answer ever.
    Hang,
    /// Half an answer, then the connection closes.
    Cut,
    /// Bytes that are no text.
    Garbage,
    /// A page of something in between, with status 200.
    Page,
    /// JSON that breaks off, as if whole.
    HalfJson,
    /// JSON of another shape.
    OtherShape,
    /// A number that nobody has.
    HugeNumber,
    /// Lists in lists in lists.
    Deep,
    /// About another person or case.
    Stranger,
    /// 2 MB.
    Huge,
    /// Each answer twice.
    Doubled,
    /// The question is wrong.
    Refused,
}

impl Name {
    pub fn trouble(&self) -> Option<Trouble> {
        let table = [
            ("down", Some(Trouble::Away)),
            ("hang", Some(Trouble::Hang)),
            ("broken", Some(Trouble::Garbage)),
            ("stranger", Some(Trouble::Stranger)),
            ("doubled", Some(Trouble::Doubled)),
            ("huge", Some(Trouble::Huge)),
            ("rejected", Some(Trouble::Refused)),
        ];
        self.pick(&table, None)
    }
}
