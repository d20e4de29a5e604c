//! The vocabulary of filings: the closed sets that CMS's files use, each with its code in the catalogue and its word in
//! an address.
//!
//! Used by the loader, the catalogue, the quote and the pages, so that each word is spelled once. No I/O.

pub mod codes;
pub mod keys;
pub mod limits;
pub mod marks;
pub mod share;
pub mod slug;
