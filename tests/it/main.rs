//! Behaviour of the whole: one binary, one module a subject.

mod branch;
mod config;
mod load;
mod validate;
mod yaml;
