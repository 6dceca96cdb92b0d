//! Parse: reads a rendered text into manifests with identity, and accounts for every document.

use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;

/// What one text held.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The objects, Lists expanded, in document order.
    pub manifests: Vec<Manifest>,
    /// What was found wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Documents as YAML sees them, empty ones not counted.
    pub documents: usize,
    /// Documents that held nothing but comments or `null`.
    pub empty: usize,
    /// Documents that gave no object because of a diagnostic.
    pub failed: usize,
}
