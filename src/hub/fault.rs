//! Why there is no answer. What each means for a job is said here, and nowhere else.

use std::fmt;

/// Why the hub gave no answer. None of these ever means "not verified": the question stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubFault {
    /// The hub or the source behind it is away: no connection, no answer in time, `HX…`, 5xx, 429, a refused token, no
    /// hub configured, or too many failures before. To be asked again later; it costs no attempt. In our own words,
    /// without anything about a person.
    Down(String),
    /// The hub says that our question is wrong, or it was never sent because it would be. Asking the same again is no
    /// use: something for an operator.
    Refused(Code),
    /// What came is no answer to what was asked: not JSON, not the schema, too large, about somebody else. Kept aside for
    /// an operator, asked again later, and counted as an attempt.
    Garbage {
        /// In our own words; repeats nothing of the body.
        why: String,
        /// What came, at most [`super::transport::BODY_MAX`] bytes of it. Personal: to be sealed, never logged.
        body: Vec<u8>,
    },
}

impl HubFault {
    /// For metrics and logs: a word of a closed list.
    pub fn word(&self) -> &'static str {
        match self {
            HubFault::Down(_) => "down",
            HubFault::Refused(_) => "refused",
            HubFault::Garbage { .. } => "garbage",
        }
    }
}

/// Says nothing of the body.
impl fmt::Display for HubFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HubFault::Down(why) => write!(f, "the federal hub did not answer: {why}"),
            HubFault::Refused(code) => write!(f, "the federal hub refuses the question: {code}"),
            HubFault::Garbage { why, .. } => write!(f, "the federal hub's answer cannot be read: {why}"),
        }
    }
}

impl std::error::Error for HubFault {}

/// Why a question was refused: codes of the hub (`HS001001,HS001002`), a status of HTTP (`http:400`), or a field that kept us
/// from sending it (`unsent:personGivenName`). Holds nothing that a person typed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Code(String);

/// What was never sent.
const UNSENT: &str = "unsent:";
/// Letters of a code: more than that is no code.
const CODE_MAX: usize = 80;

impl Code {
    /// Keeps letters, digits and what parts codes; the rest of what a server says is not repeated.
    pub(super) fn new(text: &str) -> Code {
        let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ',' | ':');
        Code(text.chars().filter(fits).take(CODE_MAX).collect())
    }

    /// This field of the question does not fit the schema.
    pub(super) fn unsent(field: &str) -> Code {
        Code::new(&format!("{UNSENT}{field}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The field that kept us from asking.
    pub fn unsent_field(&self) -> Option<&str> {
        self.0.strip_prefix(UNSENT)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
