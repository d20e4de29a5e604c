//! What people still have to send, as a person without JavaScript sends it: each story on every engine.

pub mod fences;
pub mod files;
mod kinds;
pub mod needs;
mod pages;
mod uploads;
