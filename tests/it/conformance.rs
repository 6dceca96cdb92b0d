//! What Hydrant makes of material that nobody here wrote: `COMPATIBILITY.md` is what these tests find.
//!
//! `HYDRANT_BLESS=1 cargo test conformance` writes its tables anew; without it a table that is not up to date is a
//! failure.

mod battery;
mod kubectl;
mod pointers;
mod settle;
mod suite;

use settle::settle;
