//! Reading what an insurer has laid down: any mixture of TA1, 999 and 834 in one interchange.
//!
//! Called by `insurer`. The envelope and every answer to a file of ours are taken whole or refused with the whole file. One
//! enrollment that cannot be read is set apart with its fault, so that it stops no other.

use super::ack::{self, GroupAck, InterchangeAck};
use super::coverage::{self, Coverage};
use super::envelope::{self, Group, Set};
use super::segments::{self, Fault, Separators};
use super::{MOST_TRANSACTIONS, VERSION};

/// A file of an insurer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// ISA06, ISA08 without trailing blanks.
    pub sender: String,
    pub receiver: String,
    /// ISA13.
    pub control: u32,
    /// ISA15 `T`.
    pub test: bool,
    pub answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Interchange(InterchangeAck),
    Group(GroupAck),
    Coverage {
        said: Box<Coverage>,
        /// The transaction as it came, for whoever must look at it.
        text: String,
    },
    /// An enrollment that cannot be read.
    Unread {
        fault: Fault,
        text: String,
    },
}

/// Reads a file.
///
/// # Errors
///
/// Segment, element and reason.
pub fn read(bytes: &[u8]) -> Result<Received, Fault> {
    let file = segments::split(bytes)?;
    let envelope = envelope::open(&file)?;
    let mut answers = Vec::new();
    for segment in &envelope.acknowledgments {
        answers.push(Answer::Interchange(ack::interchange(segment)?));
    }
    for group in &envelope.groups {
        for set in &group.transactions {
            answers.push(answer(group, set, file.separators)?);
            if answers.len() > MOST_TRANSACTIONS {
                return Err(set.head().fault(0, format!("more than {MOST_TRANSACTIONS} answers")));
            }
        }
    }
    if answers.is_empty() {
        return Err(Fault::whole("an interchange that says nothing"));
    }
    let (sender, receiver) = (envelope.sender, envelope.receiver);
    Ok(Received { sender, receiver, control: envelope.control, test: envelope.test, answers })
}

fn answer(group: &Group<'_, '_>, set: &Set<'_, '_>, separators: Separators) -> Result<Answer, Fault> {
    match (group.kind, set.kind) {
        ("FA", "999") => Ok(Answer::Group(ack::group(group, set)?)),
        ("BE", "834") => {
            if group.version != VERSION {
                return Err(group.head.fault(8, format!("of no version that is read here ({VERSION})")));
            }
            let text = text(set, separators);
            match coverage::coverage(set) {
                Ok(said) => Ok(Answer::Coverage { said: Box::new(said), text }),
                Err(fault) => Ok(Answer::Unread { fault, text }),
            }
        }
        ("FA" | "BE", _) => Err(set.head().fault(1, "a transaction that does not belong into its group")),
        _ => Err(group.head.fault(1, "a kind of transaction that is not read here (834, 999)")),
    }
}

fn text(set: &Set<'_, '_>, separators: Separators) -> String {
    let mut text = String::new();
    for segment in set.segments {
        text += segment.text;
        text.push(char::from(separators.segment));
    }
    text
}
