//! Behaviour of the whole: one binary, one module a subject.

mod architecture;
mod branch;
mod cases;
mod config;
mod corpus;
mod documents;
mod evaluate;
mod load;
mod publication;
mod render;
mod sandbox;
mod validate;
mod yaml;
