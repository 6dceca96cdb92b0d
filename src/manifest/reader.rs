//! Reader: YAML text to documents as Kubernetes reads them.

use std::sync::Arc;

use super::Node;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// What one text may cost to read.
#[derive(Debug, Clone)]
pub struct ReadLimits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Nesting of collections.
    pub depth: usize,
    /// Nodes of the stream after aliases are expanded.
    pub nodes: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { bytes: 64 * 1024 * 1024, depth: 256, nodes: 2_000_000 }
    }
}

/// One YAML document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its value; `Null` for a document of comments only.
    pub root: Node,
}

/// What a text held: documents that could be read, and what was wrong with the others.
#[derive(Debug, Default)]
pub struct Stream {
    /// In the order written.
    pub documents: Vec<Document>,
    /// Errors, each with its place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a text.
#[must_use]
pub fn read(source: &Arc<Source>, limits: &ReadLimits) -> Stream {
    let _ = (source, limits, Span::default());
    Stream::default()
}
