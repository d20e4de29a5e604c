//! The application's pages as people without JavaScript use them, from the shop to the confirmation.

mod changes;
mod faults;
mod funnel;
mod stories;
pub mod walk;
