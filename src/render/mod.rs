//! Render: turns the closed inputs of one unit into YAML texts.
//!
//! An engine sees nothing but its [`Unit`]: no files, no network, no clock, no environment, no randomness.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::load::Unit;
use crate::source::Source;
use crate::tree::RepoPath;

/// What one template may cost. Exceeding any of them is the finding `render-limit`.
#[derive(Debug, Clone)]
pub struct RenderLimits {
    /// Engine steps for one output file (minijinja fuel).
    pub steps: u64,
    /// Nesting of includes, macros and blocks.
    pub depth: usize,
    /// Bytes of one output file.
    pub output_bytes: usize,
}

impl Default for RenderLimits {
    fn default() -> Self {
        Self { steps: 10_000_000, depth: 64, output_bytes: 32 * 1024 * 1024 }
    }
}

/// A text that an engine made, or passed on as it was.
#[derive(Debug, Clone)]
pub struct RenderedFile {
    /// The input it came from.
    pub input: RepoPath,
    /// The text, named after the input.
    pub source: Arc<Source>,
}

/// What became of one input file. Every input of the unit's own folder has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A text came out.
    Rendered,
    /// Nothing to render, with the reason: `partial`, `values`, `not a manifest`.
    Skipped(&'static str),
    /// A diagnostic tells why.
    Failed,
}

/// All that one unit gave.
#[derive(Debug, Default)]
pub struct Rendered {
    /// Texts in order of their inputs' paths.
    pub files: Vec<RenderedFile>,
    /// Every input of the app's own folder, in order of path, and what became of it.
    pub outcomes: Vec<(RepoPath, Outcome)>,
    /// What was found wrong, in input order.
    pub diagnostics: Vec<Diagnostic>,
}
