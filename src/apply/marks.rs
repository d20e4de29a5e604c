//! Addresses of the application's pages, and the marks that one page puts on the address of the next: what happened there.
//!
//! Called by every page of this room. A mark says nothing about a person.

use super::ROOT;
use crate::application::flow::Place;

pub const CHECK_PAGE: &str = "/account/apply/check";

/// It was sent before.
pub const AGAIN: &str = "again=1";
/// The check page led here, and is gone back to.
pub const FROM_CHECK: &str = "from=check";
/// The page asks more since it was answered.
pub const ASKS_MORE: &str = "more=1";
/// What was typed could not be kept.
pub const NOT_SAVED: &str = "lost=1";
/// The appeal was over before it was withdrawn.
pub const OVER: &str = "over=1";
/// The search that somebody came with was not added to the application that they have.
pub const SEARCH_UNUSED: &str = "kept=1";
/// An answer has set others aside.
pub const SET_ASIDE: &str = "aside=1";

/// The address of a page of questions.
pub fn address(place: &Place) -> String {
    format!("{ROOT}/{}", place.address())
}

/// An address with those of these marks that are set.
pub fn marked<const N: usize>(mut address: String, marks: [Option<&str>; N]) -> String {
    for mark in marks.into_iter().flatten() {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(mark);
    }
    address
}
