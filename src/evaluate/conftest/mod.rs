//! Conftest: its conventions, kept: which packages are asked for messages, what is excepted from them, what is told of
//! the file that is judged, and many documents as one input.

mod combined;
mod exception;
mod file;
mod namespace;
mod tally;
mod unqueried;

pub use namespace::{NamespaceError, NamespacePattern, Namespaces};
pub use tally::Tally;

pub(super) use combined::{
    diagnostic as combined_diagnostic, element, failed as combined_failed, input as combined_input,
};
pub(super) use exception::{ExceptionRule, Exceptions, Form, inspect as inspect_exception};
pub(super) use file::{JudgedFile, is_named as names_judged_file, with_file};
pub(super) use namespace::choose;
pub(super) use tally::Definitions;
pub(super) use unqueried::inspect as unqueried_packages;
