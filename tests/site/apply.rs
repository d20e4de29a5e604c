//! The application's pages as people without JavaScript use them, from the shop to the confirmation.

pub mod appeals;
mod changes;
mod disagree;
mod equality;
mod faults;
mod funnel;
mod paper;
mod report;
mod shop;
mod stories;
pub mod walk;
