//! Behaviour of the whole: one binary, one module a subject.

mod branch;
mod config;
mod evaluate;
mod load;
mod render;
mod validate;
mod yaml;
