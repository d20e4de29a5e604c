//! The application: what is asked, in which order, and what the engine is given.

pub mod flow;
mod household;
mod reminders;
mod sending;
