//! The shop: anyone sees the real plans of a county at real prices, with nothing but an address.
//!
//! Called only by the public routes; one file answers one address. Prices come from `quote`, shared parts of a page
//! from `web`. It must never look at a cookie, a session or the store. All state is in the URL (docs/addresses.md), or given
//! by the office for a household that it knows (`fixed`).

pub mod cards;
pub mod care;
pub mod compare;
pub mod costs;
pub mod csv;
pub mod elsewhere;
pub mod filters;
pub mod fixed;
pub mod groups;
pub mod home;
pub mod how;
pub mod income;
pub mod links;
pub mod next_step;
pub mod open;
pub mod panel;
pub mod paper;
pub mod pay;
pub mod plan;
pub mod plans;
pub mod season;
pub mod sections;
pub mod shares;
pub mod sheet;
pub mod turning;
pub mod view;
pub mod words;
pub mod yearly;
