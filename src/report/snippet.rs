//! A snippet is the piece of a source that a report shows around a span.

use std::borrow::Cow;
use std::sync::OnceLock;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::rendered_for;
use super::visible::visible;
use crate::source::{Location, Source};

/// The longest line that is shown whole, in bytes; of longer ones only the part around the span is.
const LONGEST_LINE: usize = 400;

/// A source as miette reads it, through the source's own line index: miette's own scans from the first byte for
/// every label, which costs seconds where one large file has many findings.
pub(super) struct Snippet<'a> {
    source: &'a Source,
    text: Cow<'a, str>,
    /// The whole text made visible, once a window needs it.
    visible: OnceLock<String>,
    name: String,
}

impl<'a> Snippet<'a> {
    pub(super) fn new(location: &'a Location) -> Self {
        let name = visible(&display_name(location)).into_owned();
        Self { source: &location.source, text: location.source.masked(), visible: OnceLock::new(), name }
    }
}

/// The file as a person knows it: what was rendered says so, because its lines are not the template's.
pub(super) fn display_name(location: &Location) -> String {
    match rendered_for(location) {
        None => location.source.name().to_owned(),
        Some(environment) => format!("{} rendered for {environment}", location.source.name()),
    }
}

impl SourceCode for Snippet<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = &*self.text;
        let start = span.offset();
        let end = start + span.len();
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.source.line_of(start).saturating_sub(context_lines_before);
        let last = self.source.line_of(end.saturating_sub(1).max(start)) + context_lines_after;
        // without context miette asks for the place itself, to print its line and column
        let from = if context_lines_before == 0 { start } else { self.source.line_start(first).unwrap_or_default() };
        let to = self.source.line_start(last + 1).unwrap_or(text.len());
        let (from, to) = shorten(text, from, to, start, end);
        let column = start_column(self.source, from);
        let shown = match visible(&text[from..to]) {
            Cow::Borrowed(shown) => shown,
            Cow::Owned(_) => &self.visible.get_or_init(|| visible(text).into_owned())[from..to],
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            shown.as_bytes(),
            (from, to - from).into(),
            self.source.line_of(from),
            column,
            self.source.line_count(),
        )))
    }
}

/// Cuts a window that is too wide to read (a minified JSON file is one line) down to what surrounds the span.
fn shorten(text: &str, from: usize, to: usize, start: usize, end: usize) -> (usize, usize) {
    let wide = text[from..to].split('\n').any(|line| line.len() > LONGEST_LINE);
    if !wide {
        return (from, to);
    }
    let line_from = text[from..start].rfind('\n').map_or(from, |at| from + at + 1);
    let line_to = text[end..to].find('\n').map_or(to, |at| end + at);
    let near_from = floor_char_boundary(text, start.saturating_sub(LONGEST_LINE / 4)).max(line_from);
    let near_to = floor_char_boundary(text, (end + LONGEST_LINE / 4).min(line_to)).max(end);
    (near_from, near_to)
}

fn floor_char_boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn start_column(source: &Source, offset: usize) -> usize {
    let line = source.line_start(source.line_of(offset)).unwrap_or_default();
    source.text()[line..offset].chars().count()
}

/// One line around a place, for reports that draw their own snippets.
pub(super) struct ShownLine {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Its text, without what is secret, cut where it is too long.
    pub(super) text: String,
    /// The bytes of it that belong to the place.
    pub(super) marked: Option<std::ops::Range<usize>>,
}

/// The lines of a place, and some before and after it. Of a place of many lines, the first ones.
pub(super) fn lines_around(location: &Location, context: usize) -> Vec<ShownLine> {
    const MOST_LINES: usize = 12;
    let source = &*location.source;
    let text = source.masked();
    let (start, end) = (location.span.start as usize, location.span.start as usize + location.span.len());
    if end > text.len() {
        return Vec::new();
    }
    let first = source.line_of(start).saturating_sub(context);
    let last = (source.line_of(end.saturating_sub(1).max(start)) + context).min(first + MOST_LINES);
    let mut lines = Vec::new();
    for line in first..=last {
        let Some(from) = source.line_start(line) else { break };
        let to = source.line_start(line + 1).unwrap_or(text.len());
        let whole = text[from..to].trim_end_matches(['\n', '\r']);
        if whole.is_empty() && to == text.len() && line > 0 && from == to {
            break;
        }
        let to = from + whole.len();
        let (mark_from, mark_to) = (start.clamp(from, to), end.clamp(from, to));
        let (cut_from, cut_to) = if whole.len() > LONGEST_LINE {
            let near = floor_char_boundary(&text, mark_from.saturating_sub(LONGEST_LINE / 4)).max(from);
            (near, floor_char_boundary(&text, (near + LONGEST_LINE).min(to)).max(near))
        } else {
            (from, to)
        };
        let (mark_from, mark_to) = (mark_from.clamp(cut_from, cut_to), mark_to.clamp(cut_from, cut_to));
        let marked = (mark_to > mark_from).then(|| mark_from - cut_from..mark_to - cut_from);
        lines.push(ShownLine { number: line + 1, text: text[cut_from..cut_to].to_owned(), marked });
    }
    lines
}
