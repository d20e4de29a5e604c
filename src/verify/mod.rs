//! What is checked after an application was sent, and what follows: answers of the federal hub, data-matching issues with
//! their clock, reminders, redetermination, notices, history.
//!
//! Everything here is a job of `work`, or is called by one of a day's chores; nobody waits for it. The application stays as
//! it was sent. A source that is down is never an answer, an open question is never a denial, and each effect is there
//! once, whenever a worker dies. It must never put a word of a person anywhere but into sealed columns, and shows nobody
//! what tax data says (IRS Publication 1075).

pub mod amend;
pub mod appeal;
pub mod aside;
pub mod asks;
pub mod carry;
pub mod case;
pub mod check;
pub mod clock;
pub mod dmi;
pub mod effective;
pub mod facts;
pub mod follow;
pub mod history;
pub mod notice;
pub mod plan;
pub mod redetermine;
pub mod renew;

pub mod rules;
pub mod settle;
pub mod table;
pub mod verdict;
pub mod words;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::account::people::Means;
use crate::eligibility::Tables;
use crate::eligibility::clock::Days;
use crate::hub::Hub;
use crate::store::{Millis, Store};
use crate::text::i18n::Messages;
use crate::types::hex;
use crate::work::worker::Handled;

pub use dmi::Dmi;
pub use effective::Effective;
pub use rules::{Rules, Subject};

/// What checking is done by: rules and words. Read once for the whole process.
pub struct Knows {
    pub tables: Tables,
    pub rules: Rules,
    pub messages: Messages,
    /// From which day changes hold.
    pub effective: Effective,
}

impl Knows {
    /// # Errors
    ///
    /// Every fault of the tables and messages in this binary.
    pub fn load() -> anyhow::Result<Knows> {
        let told = |faults: Vec<String>| anyhow::anyhow!("this build is not whole:\n  {}", faults.join("\n  "));
        let tables = Tables::load().map_err(|faults| told(faults.iter().map(ToString::to_string).collect()))?;
        let rules = Rules::load().map_err(|faults| told(faults.iter().map(ToString::to_string).collect()))?;
        let effective = Effective::load().map_err(|faults| told(faults.iter().map(ToString::to_string).collect()))?;
        Ok(Knows { tables, rules, messages: Messages::load().map_err(told)?, effective })
    }
}

impl Knows {
    /// The days of a household's state at a moment.
    fn days(&self, case: &case::Case, at: Millis) -> Days {
        self.tables.days(case.state(), moment(at))
    }
}

/// What a handler works with. A clone is the same.
#[derive(Clone)]
pub struct Room {
    pub store: Store,
    pub means: Means,
    pub knows: Arc<Knows>,
}

/// Every kind of job of this room with who does it.
pub fn handled(room: &Room, hub: Hub) -> Vec<Handled> {
    let plans = Arc::new(plan::Plans { room: room.clone() });
    let checks = Arc::new(check::Checks { room: room.clone(), hub });
    let redeterminations = Arc::new(redetermine::Redeterminations { room: room.clone() });
    let mut all: Vec<Handled> = vec![(&plan::VERIFY, plans.clone()), (&plan::NOTICE, plans)];
    all.push((&redetermine::REDETERMINE, redeterminations));
    for kind in check::KINDS {
        all.push((kind, checks.clone()));
    }
    all
}

/// A moment of the store as the rest of the program has it.
pub fn moment(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// An ID derived from what it names, so that doing the same thing twice makes one row.
pub fn id_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize()[..16])
}
