//! What keeps the shop quick when everybody comes at once. So far: the cache of finished public pages.
//!
//! Called by the router as a layer, by `app`, which owns the cache, and by `web` for codings and validators. It knows
//! nothing of plans, people or catalogues, and never keeps an answer that is not everybody's.

pub mod coding;
pub mod page_cache;
pub mod squeeze;
pub mod store;
pub mod validators;
