//! From a result to coverage: what somebody chose, signed and has.
//!
//! Called by the pages of choosing and of coverage, and by `insurer` when files come back. One function prices a group
//! (`price::search_for`), so list, plan page, signing page and record cannot disagree; the day on which coverage starts is one
//! of the dated tables' (`dates`); what was signed is frozen (`record`) and never changes: a change is another row. It must
//! never ask anything outside, and never put a word of a person anywhere but into sealed columns.

pub mod amounts;
pub mod check;
pub mod choice;
pub mod dates;
pub mod dental;
pub mod end_rules;
pub mod ended;
pub mod ending;
pub mod event_proof;
pub mod groups;
pub mod households;
pub mod leave;
pub mod leaving;
pub mod levels;
pub mod outlook;
pub mod price;
pub mod proof_clock;
mod proof_words;
pub mod record;
pub mod reminders;
pub mod renewal;
pub mod renewal_rules;
pub mod renewal_words;
pub mod renewing;
pub mod results;
pub mod share;
pub mod sign;
pub mod signed;
pub mod special_rules;
pub mod step;
pub mod tax_year;
pub mod timeline;
pub mod whole;
pub mod words;

pub use record::{ChangeRow, Enrollment};
pub use results::Results;
pub use signed::{Signed, SignedPerson, SignedPlace, SignedPlan, Why};
