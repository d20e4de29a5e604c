//! What is asked, read from the pairs of an address or a form, and written back in one canonical form.
//!
//! Called by `quote::settle` and the pages. Reading never fails: blank, unknown or wrong values are kept as typed and
//! marked, for the page to explain.

pub mod address;
pub mod facets;
pub mod money;
pub mod people;
pub mod rows;
pub mod search;
