//! Reading: one look through a text, or through a part of one, piece by piece as kubectl cuts it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::vec;

use serde::de::IgnoredAny;

use super::budget::Budget;
use super::charset::{is_ordinary, oddities};
use super::compose::{Composed, Composer, Halt};
use super::fast::{self, Plainly, Spare};
use super::problems::Problems;
use super::split::{Piece, split};
use super::suspects::indentation_tabs;
use super::{Document, Node, ReadLimits, RepeatedKeys, Value, compose};
use crate::source::{Source, Span};

/// A text cut into parts that can be read in any order: no document goes over the border of a part, because none goes
/// over the border of a piece.
pub(super) struct Cut {
    pub(super) parts: Vec<Vec<Piece>>,
    /// What is wrong with the borders.
    pub(super) problems: Problems,
}

/// Cuts a text into about so many parts; `None` if it is of one part, or begins as JSON, where the end of one value is
/// the border of the next.
pub(super) fn cut(source: &Arc<Source>, wanted: usize) -> Option<Cut> {
    let text = source.text();
    if begins_as_json(text) {
        return None;
    }
    let (pieces, disagreements) = split(text, 0);
    let mut problems = Problems::of(source);
    disagreements.iter().for_each(|disagreement| problems.split(disagreement));
    let size = text.len().div_ceil(wanted.max(1));
    let mut parts: Vec<Vec<Piece>> = Vec::with_capacity(wanted + 1);
    let mut end = 0;
    for piece in pieces {
        match parts.last_mut() {
            Some(part) if piece.range.start < end => part.push(piece),
            _ => {
                end = piece.range.start + size;
                parts.push(vec![piece]);
            }
        }
    }
    (parts.len() > 1).then_some(Cut { parts, problems })
}

#[derive(Debug)]
pub(super) struct Reading<'a> {
    source: &'a Arc<Source>,
    most_bytes: usize,
    repeated_keys: RepeatedKeys,
    pub(super) budget: Budget,
    pub(super) problems: Problems,
    /// Those that were read and not yet taken.
    documents: VecDeque<Document>,
    pub(super) failed: usize,
    /// Documents that the fast reader read.
    pub(super) plain: usize,
    /// A limit was exceeded: nothing more is read.
    pub(super) exhausted: bool,
    /// Whether the fast reader may try first.
    fast: bool,
    /// What the fast reader needs for every piece anew.
    spare: Spare,
}

impl<'a> Reading<'a> {
    pub(super) fn new(source: &'a Arc<Source>, limits: &ReadLimits) -> Self {
        Self {
            source,
            most_bytes: limits.bytes,
            repeated_keys: limits.repeated_keys,
            budget: Budget::new(limits),
            problems: Problems::of(source),
            documents: VecDeque::new(),
            failed: 0,
            plain: 0,
            exhausted: false,
            fast: true,
            spare: Spare::default(),
        }
    }

    pub(super) fn without_fast_reader(self) -> Self {
        Self { fast: false, ..self }
    }

    /// Reads the whole text: JSON values that follow each other at its start, and YAML behind them.
    pub(super) fn everything(&mut self) -> Documents<'_, 'a> {
        if self.source.text().len() > self.most_bytes.min(u32::MAX as usize) {
            self.problems.too_large(self.most_bytes);
            self.failed = 1;
            return self.pieces(Vec::new());
        }
        let (objects, rest) = json_objects(self.source.text());
        let yaml = rest.map(|at| Behind { at, broken_off: objects.len() > 1 });
        let objects: Vec<_> = objects.into_iter().map(|range| Piece { range, torn: false }).collect();
        Documents { reading: self, pieces: objects.into_iter(), json: true, yaml }
    }

    /// Reads pieces of YAML that follow each other.
    pub(super) fn pieces(&mut self, pieces: Vec<Piece>) -> Documents<'_, 'a> {
        Documents { reading: self, pieces: pieces.into_iter(), json: false, yaml: None }
    }

    /// Cuts the YAML that follows JSON, or the whole text if there is none.
    fn cut(&mut self, Behind { at, broken_off }: Behind) -> Vec<Piece> {
        if broken_off {
            self.problems.json_broken_off(at);
        }
        let (pieces, disagreements) = split(self.source.text(), at);
        for disagreement in &disagreements {
            self.problems.split(disagreement);
        }
        pieces
    }

    fn piece(&mut self, range: Range<usize>, json: bool, torn: bool) {
        if self.exhausted {
            self.failed += 1;
            return;
        }
        if self.fast && !json && !torn && self.is_read_fast(range.clone()) {
            return;
        }
        let oddities = oddities(&self.source.text()[range.clone()]);
        if let Some((offset, character)) = oddities.control {
            self.problems.control_character(range.start + offset, character);
            self.failed += 1;
            return;
        }
        let (mut breaks, mut tabs) = (Vec::new(), Vec::new());
        if !json {
            breaks.extend(oddities.breaks.iter().map(|at| range.start + at));
            tabs.extend(indentation_tabs(&self.source.text()[range.clone()]).iter().map(|at| range.start + at));
        }
        let piece =
            compose::Piece { source: self.source, range: range.clone(), json, repeated_keys: self.repeated_keys };
        let mut composer = Composer::new(&piece, breaks, tabs, &mut self.budget, &mut self.problems);
        let outcome = composer.run();
        // what was not reached cannot clear its suspects
        let doubtful = outcome.is_ok() && composer.tell_suspects();
        let documents = std::mem::take(&mut composer.documents);
        self.keep(documents, &range, torn, doubtful, outcome.is_ok());
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

    /// Reads a piece the fast way, if it can be.
    fn is_read_fast(&mut self, range: Range<usize>) -> bool {
        let text = self.source.text();
        if !is_ordinary(&text[range.clone()]) {
            return false;
        }
        let Some(Plainly { root, nodes }) = fast::read(text, range, self.budget.allowance(), &mut self.spare) else {
            return false;
        };
        self.budget.spend_nodes(nodes);
        self.documents.push_back(Document { root });
        self.plain += 1;
        true
    }

    fn keep(&mut self, composed: Vec<Composed>, range: &Range<usize>, torn: bool, doubtful: bool, complete: bool) {
        if composed.is_empty() && complete {
            if let Some(offset) = end_marker(&self.source.text()[range.clone()]) {
                self.problems.end_of_nothing(range.start + offset);
                self.failed += 1;
                return;
            }
            let root = Node { span: Span::at(range.start), value: Value::Null };
            self.documents.push_back(Document { root });
        }
        for (index, Composed { root, broken }) in composed.into_iter().enumerate() {
            let before = &self.source.text()[range.start..(root.span.start as usize).max(range.start)];
            if !torn && (index > 0 || before.lines().any(|line| line.starts_with("..."))) {
                self.problems.unseen_document(root.span);
            }
            if broken || doubtful {
                self.failed += 1;
            } else {
                self.documents.push_back(Document { root });
            }
        }
    }
}

/// The documents of a text or of a part of it, each read when it is asked for: whoever lets go of one before asking for
/// the next holds no more than one.
#[derive(Debug)]
pub struct Documents<'r, 'a> {
    reading: &'r mut Reading<'a>,
    pieces: vec::IntoIter<Piece>,
    /// Whether the pieces are JSON.
    json: bool,
    /// What follows those pieces.
    yaml: Option<Behind>,
}

/// Where YAML begins.
#[derive(Debug, Clone, Copy)]
struct Behind {
    at: usize,
    /// JSON objects end here that could have gone on.
    broken_off: bool,
}

impl Iterator for Documents<'_, '_> {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        loop {
            if let Some(document) = self.reading.documents.pop_front() {
                return Some(document);
            }
            match self.pieces.next() {
                Some(Piece { range, torn }) => self.reading.piece(range, self.json, torn),
                None => {
                    self.pieces = self.reading.cut(self.yaml.take()?).into_iter();
                    self.json = false;
                }
            }
        }
    }
}

/// Where a line begins with `...`.
fn end_marker(text: &str) -> Option<usize> {
    if text.starts_with("...") { Some(0) } else { text.find("\n...").map(|feed| feed + 1) }
}

/// The JSON values with which a text begins, as kubectl finds them, and where it goes on with YAML; `None` if nowhere.
fn json_objects(text: &str) -> (Vec<Range<usize>>, Option<usize>) {
    if !begins_as_json(text) {
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

fn begins_as_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}
