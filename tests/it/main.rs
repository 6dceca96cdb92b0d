//! Behaviour of the whole: one binary, one module a subject.

// helpers of tests are no tests to clippy, which lets those unwrap and print
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

mod architecture;
mod argocd;
mod attest;
mod branch;
mod cases;
mod config;
mod conformance;
mod conftest;
mod corpus;
mod diff;
mod docs;
mod docs_book;
mod docs_generated;
mod docs_picture;
mod documents;
mod drift;
mod evaluate;
mod evaluate_lines;
mod evaluate_lines_held;
mod fast;
mod formats;
mod gatekeeper;
mod hostile;
mod html;
mod hydrate;
mod init;
mod integrations;
mod judged;
mod lines;
mod lint;
mod load;
mod location;
mod loose;
mod loose_hostile;
mod opa;
mod operations;
mod plan;
mod promoter;
mod publication;
mod push;
mod render;
mod rules;
mod sandbox;
mod shipped;
mod sign;
mod source_maps;
mod staged;
mod testing;
mod validate;
mod waivers;
mod watch;
mod writers;
mod yaml;
