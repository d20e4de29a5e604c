//! Secrets: the site's key file, and what is sealed under its keys.
//!
//! Called by the web for private answers in addresses; rooms that store people's data derive their own keys here, one
//! a purpose. It never logs, and nothing in it shows a key or a sealed text in words.

pub mod address;
pub mod keys;

pub use address::{AddressFault, AddressSealer};
pub use keys::{KeyFault, KeyRing};
