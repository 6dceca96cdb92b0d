//! Hydrant renders templated manifests, gates them, and publishes the result as a signed branch.
//!
//! The story, in the order of the folders. Each stage is a function from values to values; only the first and the last
//! touch the world, through [`tree::ReadTree`] and [`git`].
//!
//! | stage | takes | gives |
//! |---|---|---|
//! | [`config`] | `hydrant.yaml` | [`config::Project`] |
//! | [`load`] | a tree of files and the project | [`load::Loaded`]: one [`load::Unit`] for every environment × app |
//! | [`render`] | a unit | [`render::Rendered`]: texts |
//! | [`parse`] | a text | [`parse::Parsed`]: [`manifest::Manifest`]s |
//! | [`validate`] | a manifest, schemas | diagnostics |
//! | [`evaluate`] | a manifest, Rego policies | diagnostics |
//! | [`admit`] | everything found and checked | [`admit::Admitted`], or a refusal |
//! | [`hydrate`] | what was admitted | [`hydrate::HydratedTree`]: paths and bytes, and their record |
//! | [`attest`] | a record, and the trees of its apps | [`attest::Attestation`]: what outlives the commit |
//! | [`sign`] | a commit | [`sign::Signed`] |
//! | [`git`] | a signed commit | a branch, moved by compare-and-swap |
//! | [`verify`] | a branch | [`verify::Verdict`] |
//! | [`takeover`] | another tool's files | what a `hydrant.yaml` says instead, and what it cannot |
//! | [`compare`] | two sets of objects | what differs, object by object and field by field |
//!
//! [`pipeline`] is the order of the stages, [`report`] words what they found, [`cli`] is the terminal.
//! [`source`], [`diagnostic`], [`date`], [`manifest`] and [`tree`] are the words all of them share.

pub mod admit;
pub mod attest;
pub mod cli;
pub mod compare;
pub mod config;
pub mod date;
pub mod diagnostic;
pub mod evaluate;
pub mod git;
pub mod hydrate;
pub mod load;
pub mod manifest;
pub mod parse;
pub mod pipeline;
pub mod render;
pub mod report;
pub mod sign;
pub mod source;
pub mod takeover;
pub mod tree;
pub mod validate;
pub mod verify;
