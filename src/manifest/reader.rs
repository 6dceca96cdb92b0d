//! Reader: YAML or JSON text to documents as Kubernetes reads them, with everything that is wrong told at once.

use std::ops::Range;
use std::sync::Arc;

use serde::de::IgnoredAny;

use super::charset::oddities;
use super::compose::{Budget, Composed, Composer, Halt, Piece};
use super::problems::Problems;
use super::split::{self, split};
use super::{Node, Value};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// What one text may cost to read.
#[derive(Debug, Clone)]
pub struct ReadLimits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Nesting of collections. Never more than 512, whatever stands here: later stages walk the tree by recursion.
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
    /// Errors in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Documents that could not be read; each has a diagnostic.
    pub failed: usize,
}

/// Reads a text.
///
/// The text is cut into documents as kubectl cuts it; where YAML would cut differently, that is an error. A document
/// that cannot be read does not hide the next.
#[must_use]
pub fn read(source: &Arc<Source>, limits: &ReadLimits) -> Stream {
    let mut problems = Problems::of(source);
    if source.text().len() > limits.bytes.min(u32::MAX as usize) {
        problems.too_large(limits.bytes);
        return Stream { failed: 1, diagnostics: problems.into_diagnostics(), ..Stream::default() };
    }
    let mut reading =
        Reading { source, budget: Budget::new(limits), problems, documents: Vec::new(), failed: 0, exhausted: false };
    let rest = reading.json_objects();
    reading.yaml_pieces(rest);
    Stream { documents: reading.documents, diagnostics: reading.problems.into_diagnostics(), failed: reading.failed }
}

struct Reading<'a> {
    source: &'a Arc<Source>,
    budget: Budget,
    problems: Problems,
    documents: Vec<Document>,
    failed: usize,
    /// A limit was exceeded: nothing more is read.
    exhausted: bool,
}

impl Reading<'_> {
    /// Reads JSON values that follow each other at the start of the text; returns where YAML begins.
    fn json_objects(&mut self) -> usize {
        let text = self.source.text();
        let (objects, rest) = json_objects(text);
        let count = objects.len();
        for range in objects {
            self.piece(range, true, false);
        }
        let Some(rest) = rest else { return text.len() };
        if count > 1 {
            self.problems.json_broken_off(rest);
        }
        rest
    }

    fn yaml_pieces(&mut self, from: usize) {
        let (pieces, disagreements) = split(self.source.text(), from);
        for disagreement in &disagreements {
            self.problems.split(disagreement);
        }
        for split::Piece { range, torn } in pieces {
            self.piece(range, false, torn);
        }
    }

    fn piece(&mut self, range: Range<usize>, json: bool, torn: bool) {
        if self.exhausted {
            self.failed += 1;
            return;
        }
        let oddities = oddities(&self.source.text()[range.clone()]);
        if let Some((offset, character)) = oddities.control {
            self.problems.control_character(range.start + offset, character);
            self.failed += 1;
            return;
        }
        let breaks = if json { Vec::new() } else { oddities.breaks.iter().map(|at| range.start + at).collect() };
        let piece = Piece { source: self.source, range: range.clone(), json };
        let mut composer = Composer::new(&piece, breaks, &mut self.budget, &mut self.problems);
        let outcome = composer.run();
        let documents = std::mem::take(&mut composer.documents);
        let odd_breaks = composer.odd_breaks().to_vec();
        for offset in &odd_breaks {
            self.problems.odd_line_break(*offset);
        }
        self.keep(documents, &range, torn, !odd_breaks.is_empty(), outcome.is_ok());
        match outcome {
            Ok(()) => {}
            Err(Halt::Syntax(error)) => {
                self.problems.syntax(&error, range.start);
                self.failed += 1;
            }
            Err(Halt::Limit(exceeded, span)) => {
                self.problems.limit(exceeded, span);
                self.failed += 1;
                self.exhausted = true;
            }
        }
    }

    fn keep(&mut self, composed: Vec<Composed>, range: &Range<usize>, torn: bool, doubtful: bool, complete: bool) {
        if composed.is_empty() && complete {
            let root = Node { span: Span::at(range.start), value: Value::Null };
            self.documents.push(Document { root });
        }
        for (index, Composed { root, broken }) in composed.into_iter().enumerate() {
            let before = &self.source.text()[range.start..(root.span.start as usize).max(range.start)];
            if !torn && (index > 0 || before.lines().any(|line| line.starts_with("..."))) {
                self.problems.unseen_document(root.span);
            }
            if broken || doubtful {
                self.failed += 1;
            } else {
                self.documents.push(Document { root });
            }
        }
    }
}

/// The JSON values with which a text begins, as kubectl finds them, and where it goes on with YAML; `None` if nowhere.
fn json_objects(text: &str) -> (Vec<Range<usize>>, Option<usize>) {
    if !text.trim_start().starts_with('{') {
        return (Vec::new(), Some(0));
    }
    let mut objects = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut end = 0;
    loop {
        let blank = text[end..].len() - text[end..].trim_start().len();
        match values.next() {
            None => return (objects, None),
            Some(Ok(_)) => {
                let start = end + blank;
                end = values.byte_offset();
                objects.push(start..end);
            }
            // kubectl skips blanks up to and with the first line feed, then reads lines
            Some(Err(_)) => {
                let rest = &text[end..];
                let line = rest.find('\n').filter(|at| rest[..*at].trim().is_empty()).map_or(0, |at| at + 1);
                return (objects, Some(end + line));
            }
        }
    }
}
