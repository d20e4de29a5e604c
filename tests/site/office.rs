//! The office's pages as a person without JavaScript uses them: each story on every engine.

pub mod affairs;
mod fences;
mod guests;
mod letters;
mod locks;
mod others;
mod pages;
pub mod people;
mod planted;
mod resets;
mod signs;
mod timing;
mod trouble;
mod visits;
