//! What every page shares: the request's context and rendering, errors, messages, assets, headers and limits.
//!
//! Called by all rooms that answer requests. It must never know about plans, prices or people.

pub mod admission;
pub mod assets;
pub mod content;
pub mod door;
pub mod error;
pub mod escape;
pub mod guard;
pub mod linked;
pub mod page;
pub mod privacy;
mod refusal;
pub mod sealed;
pub mod shared;
pub mod uploads;
