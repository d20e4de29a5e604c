//! The fifty states and the District of Columbia: the places with a marketplace and rules in our tables.
//!
//! Used by tables and household. Territories must be refused here, in words, because federal credits do not reach
//! them.

use std::fmt;

/// Postal code and county prefix (FIPS), in the order of the postal codes.
const STATES: [(&str, u8); 51] = [
    ("AK", 2),
    ("AL", 1),
    ("AR", 5),
    ("AZ", 4),
    ("CA", 6),
    ("CO", 8),
    ("CT", 9),
    ("DC", 11),
    ("DE", 10),
    ("FL", 12),
    ("GA", 13),
    ("HI", 15),
    ("IA", 19),
    ("ID", 16),
    ("IL", 17),
    ("IN", 18),
    ("KS", 20),
    ("KY", 21),
    ("LA", 22),
    ("MA", 25),
    ("MD", 24),
    ("ME", 23),
    ("MI", 26),
    ("MN", 27),
    ("MO", 29),
    ("MS", 28),
    ("MT", 30),
    ("NC", 37),
    ("ND", 38),
    ("NE", 31),
    ("NH", 33),
    ("NJ", 34),
    ("NM", 35),
    ("NV", 32),
    ("NY", 36),
    ("OH", 39),
    ("OK", 40),
    ("OR", 41),
    ("PA", 42),
    ("RI", 44),
    ("SC", 45),
    ("SD", 46),
    ("TN", 47),
    ("TX", 48),
    ("UT", 49),
    ("VA", 51),
    ("VT", 50),
    ("WA", 53),
    ("WI", 55),
    ("WV", 54),
    ("WY", 56),
];

/// A state or DC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(u8);

/// Which of the three poverty guidelines applies to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Area {
    #[serde(rename = "48")]
    Contiguous,
    #[serde(rename = "AK")]
    Alaska,
    #[serde(rename = "HI")]
    Hawaii,
}

impl State {
    /// Hours from UTC to the standard time of most of the state (15 USC 261, 263). In summer clocks are an hour further
    /// on: near midnight the day said may be yesterday's, never tomorrow's.
    pub fn standard_time(self) -> i8 {
        match self.code() {
            "AS" => -11,
            "HI" => -10,
            "AK" => -9,
            "CA" | "NV" | "OR" | "WA" => -8,
            "AZ" | "CO" | "ID" | "MT" | "NM" | "UT" | "WY" => -7,
            "AL" | "AR" | "IA" | "IL" | "KS" | "LA" | "MN" | "MO" | "MS" | "ND" | "NE" | "OK" | "SD" | "TN" | "TX"
            | "WI" => -6,
            "PR" | "VI" => -4,
            "GU" | "MP" => 10,
            _ => -5,
        }
    }

    pub const COUNT: usize = STATES.len();

    /// Parses `OH` and `oh`; `None` for territories and anything else.
    pub fn parse(text: &str) -> Option<State> {
        let text = text.trim();
        STATES.iter().position(|(code, _)| code.eq_ignore_ascii_case(text)).map(|i| State(i as u8))
    }

    /// The state of a county, by the first two digits of its FIPS code.
    pub fn of_county(county_fips: u32) -> Option<State> {
        STATES.iter().position(|(_, fips)| u32::from(*fips) == county_fips / 1000).map(|i| State(i as u8))
    }

    pub fn all() -> impl Iterator<Item = State> {
        (0..Self::COUNT as u8).map(State)
    }

    pub fn code(self) -> &'static str {
        STATES[self.index()].0
    }

    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    pub fn area(self) -> Area {
        match self.code() {
            "AK" => Area::Alaska,
            "HI" => Area::Hawaii,
            _ => Area::Contiguous,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for State {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for State {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<State, D::Error> {
        let text = String::deserialize(from)?;
        State::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a state's postal code")))
    }
}
