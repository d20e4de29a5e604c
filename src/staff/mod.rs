//! Who may work at the desk: accounts that only a terminal makes, a password and an app's codes for each sign-in, short
//! sessions.
//!
//! Called by the pages of `desk` and by `windowshop desk`. It shares nothing with people's accounts: other tables, another
//! cookie, another router. It must never let anybody in without the second factor, or log what was typed.

pub mod people;
pub mod session;
