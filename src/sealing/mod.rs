//! Secrets: the site's key file, and what is sealed under its keys.
//!
//! Called by `web` for private answers in addresses; rooms that store people's data derive their own keys here, one
//! per purpose. It never logs, and nothing in it can print a key or an unsealed text.

pub mod address;
pub mod keys;

pub use address::{AddressFault, AddressSealer};
pub use keys::{KeyFault, KeyRing};
