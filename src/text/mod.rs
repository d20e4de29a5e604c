//! Words and files that are the site's own: messages in every language, calendar files, embedded assets.
//!
//! Called by every room that answers people. It knows of no request and no plan.

pub mod assets;
pub mod calendar;
pub mod i18n;
pub mod languages;

/// What `build.rs` listed: messages of every language, assets.
pub mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}
