//! The application's pages as people without JavaScript use them, from the shop to the confirmation.

pub mod appeals;
mod changes;
mod equality;
mod faults;
mod funnel;
mod report;
mod paper;
mod shop;
mod stories;
pub mod walk;
