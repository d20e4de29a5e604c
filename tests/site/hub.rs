//! The client of the federal hub against `windowshop hub-sim`, a process of its own, over a socket; the published samples
//! against the client; both against the hub's schemas.

mod batches;
mod faults;
mod people;
mod samples;
mod schemas;
pub mod sim;
mod translate;
