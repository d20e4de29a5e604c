//! What people send to answer a data-matching issue: which files are taken, how they are kept, what became of each.
//!
//! Called by the person's pages (`proof`), by the desk, by an operator's export. A file is looked at and never decoded; it is
//! kept sealed under a key of its own and handed out as an attachment only. It must never log a name or a byte of one.

pub mod handed;
pub mod kinds;
pub mod name;
pub mod stored;
