//! The tests of the whole: one linked binary.

mod account;
mod costs;
mod costs_laws;
mod eligibility;
mod load;
mod office;
mod rotate;
mod shop;
mod site;
mod store;
mod surge;
mod web;
mod work;
