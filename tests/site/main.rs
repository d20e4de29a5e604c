//! The tests of the whole: one linked binary.

mod costs;
mod costs_laws;
mod eligibility;
mod load;
mod rotate;
mod shop;
mod web;
