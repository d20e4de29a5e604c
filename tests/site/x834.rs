//! Files to and from insurers: what is written passes an outside validator and comes back as it was, what is read is taken
//! whole or refused with its place and reason.

mod hostile;
pub mod oracle;
pub mod people;
mod trip;
