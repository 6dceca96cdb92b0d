//! Behaviour of the whole: one binary, one module a subject.

// helpers of tests are no tests to clippy, which lets those unwrap and print
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod architecture;
mod branch;
mod cases;
mod config;
mod conformance;
mod corpus;
mod diff;
mod documents;
mod drift;
mod evaluate;
mod fast;
mod formats;
mod gatekeeper;
mod hostile;
mod lines;
mod lint;
mod load;
mod loose;
mod operations;
mod publication;
mod render;
mod rules;
mod sandbox;
mod shipped;
mod staged;
mod testing;
mod validate;
mod waivers;
mod writers;
mod yaml;
