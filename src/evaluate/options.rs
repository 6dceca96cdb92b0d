//! Options: which files make a set of policies, how they are read, and which of them are asked.

use std::sync::Arc;

use super::Dialect;
use super::conftest::Namespaces;
use super::set::DataDocument;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Source;

/// The policies of a set.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyFiles<'a> {
    /// Of the user.
    pub own: &'a [Arc<Source>],
    /// Of packs that are shipped: their packages are asked whatever the namespaces are.
    pub shipped: &'a [Arc<Source>],
    /// What they see below `data`.
    pub data: &'a [DataDocument],
}

/// How policies are read, and which of them are asked.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// The Rego version that the user's files are written in.
    pub dialect: Dialect,
    /// Which packages of the user's are asked for messages.
    pub namespaces: Namespaces,
    /// Rules that can never report, and packages that nothing asks, are warnings: Conftest passes them over.
    pub as_conftest: bool,
    /// Whether packages are told that nothing asks.
    pub tells_unqueried: bool,
    /// The folder that relative names of files are told from, as `data.conftest.file.dir` has it; `/` by default.
    pub folder: String,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            namespaces: Namespaces::default(),
            as_conftest: false,
            tells_unqueried: true,
            folder: String::new(),
        }
    }
}

impl PolicyOptions {
    /// What Conftest would pass over is a warning to those who asked for that.
    pub(super) fn as_told(&self, mut found: Diagnostic) -> Diagnostic {
        if self.as_conftest {
            found.severity = found.severity.min(Severity::Warning);
        }
        found
    }
}
