//! People's accounts: who somebody is, and how they come back.
//!
//! Called by the router of private pages. Every page of it is its owner's alone: `no-store`, uncompressed, without
//! scripts. The shop never imports it. It must never say whether an address has an account, log what was typed, or
//! change anything on a GET.

pub mod breached;
pub mod changes;
pub mod codes;
pub mod cookie;
pub mod drafts;
pub mod guessing;
pub mod office;
pub mod owned;
pub mod password;
pub mod pending;
pub mod people;
pub mod record;
pub mod renewal;
pub mod retention;
pub mod session;
pub mod standing;
pub mod steps;
