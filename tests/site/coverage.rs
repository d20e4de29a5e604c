//! What people have after signing, as a person without JavaScript sees it: each story on every engine.

mod ending;
mod fences;
mod leaving;
mod operator;
pub mod planted;
mod reminders;
mod renewal;
mod renewed;
mod status;
pub mod taxes;
