//! Render: turns the closed inputs of one unit into YAML texts.
//!
//! An engine sees nothing but its [`Unit`]: no files, no network, no clock, no environment, no randomness.

mod plain;
pub mod template;

pub use template::origin::{Origin, Origins, origins};

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::load::{EngineKind, Input, Unit};
use crate::source::Source;
use crate::tree::RepoPath;

/// Renders one unit with the engine it asks for.
#[must_use]
pub fn render(unit: &Unit, limits: &RenderLimits) -> Rendered {
    let engine: &dyn Engine = match unit.engine {
        EngineKind::Template => &template::Template,
        EngineKind::Plain => &plain::Plain,
    };
    engine.render(unit, limits)
}

/// A way to turn the inputs of a unit into texts.
///
/// An engine gives every input of the unit's own folder exactly one outcome, in order of path, and goes on after a
/// file that fails. Its diagnostics say which environment and app they belong to.
pub trait Engine: Sync {
    /// Renders one unit.
    fn render(&self, unit: &Unit, limits: &RenderLimits) -> Rendered;
}

/// What one template may cost. Exceeding any of them is the finding `render-limit`.
#[derive(Debug, Clone)]
pub struct RenderLimits {
    /// Engine steps for one output file (minijinja fuel). Memory costs steps too: 64 bytes each.
    pub steps: u64,
    /// Nesting of includes, macros and blocks.
    pub depth: usize,
    /// Bytes of one output file.
    pub output_bytes: usize,
    /// Time for one file. The last resort: the others end a template at the same place on any machine.
    pub time: Duration,
}

impl Default for RenderLimits {
    fn default() -> Self {
        Self { steps: 2_000_000, depth: 64, output_bytes: 32 * 1024 * 1024, time: Duration::from_secs(30) }
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

impl Rendered {
    /// Takes an input as it is: the text is shared, not copied.
    fn pass_on(&mut self, path: &RepoPath, input: &Input) {
        self.files.push(RenderedFile { input: path.clone(), source: Arc::clone(&input.source) });
        self.outcomes.push((path.clone(), Outcome::Rendered));
    }

    /// Accounts for an input that should have given a text; why it did not is told elsewhere.
    fn failed(&mut self, path: &RepoPath) {
        self.outcomes.push((path.clone(), Outcome::Failed));
    }

    /// Accounts for an input that gives no text.
    fn skip(&mut self, path: &RepoPath, reason: &'static str) {
        self.outcomes.push((path.clone(), Outcome::Skipped(reason)));
    }
}

/// The inputs of the unit's own folder in order of path, without the shared ones.
fn own_inputs(unit: &Unit) -> impl Iterator<Item = (&RepoPath, &Input)> {
    unit.inputs.files.iter().filter(|(_, input)| !input.shared)
}
