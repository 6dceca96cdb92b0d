//! A source is one text that diagnostics point into, with the name a person knows it by.
//!
//! A [`Source`] is a file of the repository, or what an engine rendered from one. Spans are byte ranges into its
//! text; lines and columns are computed only when a diagnostic is shown.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A range of bytes in one source: `start` included, `end` excluded.
///
/// Offsets are 32 bits: a source is at most 4 GiB, and every reader refuses far smaller inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`; an `end` before `start` gives an empty span at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self { start, end: end.max(start) }
    }

    /// An empty span at one offset.
    #[must_use]
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The span as a range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A place as editors count: both from 1; the column counts characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Where a source's text came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The text is a file of the repository (or of the product itself, for the shipped policies).
    File,
    /// The text is what an engine made of the file for one environment; lines count in the rendered text.
    Rendered {
        /// The environment it was rendered for.
        environment: String,
    },
}

/// One text and its name. Shared by reference: every diagnostic and manifest that came from it holds one.
#[derive(Debug)]
pub struct Source {
    name: String,
    origin: Origin,
    text: String,
    line_starts: OnceLock<Vec<u32>>,
    hidden: Mutex<Vec<Span>>,
}

impl Source {
    /// A file, named by its path.
    #[must_use]
    pub fn file(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::new(name, Origin::File, text)
    }

    /// What an engine rendered from the template `name` for `environment`.
    #[must_use]
    pub fn rendered(name: impl Into<String>, environment: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Self::new(name, Origin::Rendered { environment: environment.into() }, text)
    }

    fn new(name: impl Into<String>, origin: Origin, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            origin,
            text: text.into(),
            line_starts: OnceLock::new(),
            hidden: Mutex::default(),
        })
    }

    /// The path as the repository knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is a file or what was rendered from it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under a span; empty if the span does not lie on character borders of this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Says which parts of the text are secret: reports show asterisks in their place. Whoever learns of one says so, and
    /// what was once said stays.
    pub fn hide(&self, spans: impl IntoIterator<Item = Span>) {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    }

    /// The parts that no report may show, sorted.
    #[must_use]
    pub fn hidden(&self) -> Vec<Span> {
        let mut spans = self.hidden.lock().unwrap_or_else(PoisonError::into_inner).clone();
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// The text with asterisks for what is secret, byte for byte, so that every span stays where it is.
    #[must_use]
    pub fn masked(&self) -> Cow<'_, str> {
        let hidden = self.hidden();
        if hidden.is_empty() {
            return Cow::Borrowed(self.text());
        }
        let mut bytes = self.text().as_bytes().to_vec();
        for span in hidden {
            let secret = bytes.get_mut(span.range()).unwrap_or_default();
            secret.iter_mut().filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| *byte = b'*');
        }
        // whole values are hidden, so no character is cut; if one were, nothing would be shown rather than half a secret
        Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(self.text().len())))
    }

    /// The byte offset at which line `line` (from 0) begins; `None` past the end.
    #[must_use]
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.line_starts().get(line).map(|start| *start as usize)
    }

    /// How many lines the text has; a text that ends with a line feed has no further empty line.
    #[must_use]
    pub fn line_count(&self) -> usize {
        let starts = self.line_starts();
        let trailing = starts.len() > 1 && starts.last().is_some_and(|last| *last as usize == self.text.len());
        starts.len() - usize::from(trailing)
    }

    /// The line (from 0) that holds a byte offset; offsets past the end belong to the last line.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        let offset = u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        self.line_starts().partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Line and column of a byte offset, as editors count.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_of(offset);
        let start = self.line_starts()[line] as usize;
        let before = self.text.get(start..offset.min(self.text.len())).unwrap_or_default();
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Position { line: number(line + 1), column: number(before.chars().count() + 1) }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index + 1);
            std::iter::once(0).chain(ends).map(|start| u32::try_from(start).unwrap_or(u32::MAX)).collect()
        })
    }
}

/// A span in a source: what a diagnostic points at.
#[derive(Debug, Clone)]
pub struct Location {
    /// The text.
    pub source: Arc<Source>,
    /// The place in it.
    pub span: Span,
}

impl Location {
    /// A place in a source.
    #[must_use]
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self { source: Arc::clone(source), span }
    }

    /// Line and column of its first byte.
    #[must_use]
    pub fn position(&self) -> Position {
        self.source.position(self.span.start as usize)
    }

    /// Line and column of the byte after its last.
    #[must_use]
    pub fn end_position(&self) -> Position {
        self.source.position(self.span.end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::file("a.yaml", "a: 1\nä: b\n");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 2, column: 1 });
        assert_eq!(source.position(7), Position { line: 2, column: 2 }, "ä is two bytes and one column");
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
        assert_eq!(source.line_count(), 2);
    }

    #[test]
    fn an_empty_text_has_one_line() {
        let source = Source::file("empty.yaml", "");
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.line_count(), 1);
    }
}
