//! What is asked, read from the pairs of an address or a form, and written back in one canonical form.
//!
//! Reading never fails: what is blank, unknown or wrong is kept as typed and marked, for the page to say.

pub mod address;
pub mod facets;
pub mod money;
pub mod people;
pub mod rows;
