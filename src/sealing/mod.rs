//! Secrets: the site's key file, and what is sealed under its keys.
//!
//! Called by `web` for private answers in addresses; rooms that store people's data derive their own keys here, one
//! per purpose. It never logs, and nothing in it can print a key or an unsealed text.

pub mod address;
pub mod key_edit;
pub mod keys;
pub mod secret;
pub mod value;

pub use address::{AddressFault, AddressSealer};
pub use keys::{KeyFault, KeyRing, private_text};
pub use secret::Secret;
pub use value::{Column, DataKey, Place, SealFault};
