//! Files to and from insurers in the office: batches and answers on every engine, processes that end between any two steps,
//! files that nobody should have laid down, audits compared.

mod kill;
mod leaving;
mod people;
mod stories;
mod strange;
