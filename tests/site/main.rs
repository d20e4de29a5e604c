//! The site's tests: one linked binary.

mod web;
