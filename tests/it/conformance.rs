//! What Hydrant makes of material that nobody here wrote: `COMPATIBILITY.md` is what these tests find.
//!
//! `HYDRANT_BLESS=1 cargo test conformance` writes its tables anew; without it a table that is not up to date is a
//! failure.

mod battery;
mod conftest;
mod gatekeeper;
mod judge;
mod kubeconform;
pub(crate) mod kubectl;
mod kubectl_validate;
mod pod_security;
mod pointers;
mod settle;
mod suite;
mod trees;
mod verdicts;

pub(crate) use suite::texts as yaml_test_suite;

pub(crate) use settle::settle;
