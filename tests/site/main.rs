//! The tests of the whole: one linked binary.

mod account;
mod application;
mod apply;
mod choose;
mod costs;
mod costs_laws;
mod coverage;
mod desk;
mod eligibility;
mod enrollment;
mod hub;
mod insurer;
mod load;
mod office;
mod proof;
mod rotate;
mod shop;
mod site;
mod store;
mod surge;
mod transfer;
mod verify;
mod web;
mod work;
mod x834;
