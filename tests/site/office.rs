//! The office's pages as a person without JavaScript uses them: each story on every engine.

pub mod affairs;
mod fences;
mod guests;
mod letters;
mod locks;
mod pages;
mod others;
pub mod people;
mod planted;
mod resets;
mod signs;
mod timing;
mod trouble;
