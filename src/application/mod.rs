//! The streamlined application (45 CFR 155.405; 42 CFR 435.907): what is asked, of whom, in which order; what was
//! answered; what follows from it.
//!
//! `steps` is the one list of what is asked: pages, the check before sending, the paper packet and the engine's household
//! all read it, so they cannot differ. Order and place are worked out from the answers, never stored. Called by `apply`,
//! whose pages show it. It must never ask a service outside while somebody waits, and never log an answer.

pub mod change;
pub mod determine;
pub mod disagree;
pub mod flow;
pub mod funnel;
pub mod household;
pub mod kinds;
pub mod paper;
pub mod record;
pub mod reminders;
pub mod renewal;
pub mod saved;
pub mod sheet;
pub mod steps;
pub mod submit;
pub mod view;
