//! What keeps the shop quick when everybody comes at once. So far: the cache of finished public pages.
//!
//! Called by the router as a layer, and by `app`, which owns the cache. It knows nothing of plans or people, and never
//! keeps an answer that is not everybody's.

pub mod page_cache;
pub mod squeeze;
pub mod store;
