//! The site's tests: one linked binary.

mod shop;
mod web;
