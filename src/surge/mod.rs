//! What keeps the shop fast when everybody comes at once. So far: the cache of finished public pages.
//!
//! Called by the router as a layer, by `app`, which owns the cache, and by `web` for codings and validators. It knows
//! nothing about plans, people or catalogues, and must never keep an answer that is not public.

pub mod coding;
pub mod heads;
pub mod page_cache;
pub mod squeeze;
pub mod store;
pub mod validators;
