//! Entries of block mappings as lines of text, and the edit that drops one that is given twice.

use std::ops::Range;

use super::fix::Reading;
use super::rewrite::Edit;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Node, ReadLimits, read};
use crate::source::{Source, Span};

/// An edit for every entry that stands in its mapping already, with an equal value.
pub(super) fn repeated(reading: &Reading, limits: &ReadLimits) -> Vec<Edit> {
    let is_repeated = |found: &&Diagnostic| found.rule == rules::DUPLICATE_KEY || found.rule == rules::COLLIDING_KEYS;
    reading.stream.diagnostics.iter().filter(is_repeated).filter_map(|found| without(reading, found, limits)).collect()
}

fn without(reading: &Reading, found: &Diagnostic, limits: &ReadLimits) -> Option<Edit> {
    let text = reading.text();
    let again = found.primary.as_ref()?.location.span;
    let first = found.secondary.first()?.location.span;
    let column = column(text, again)?;
    let lines = line(text, again.start as usize).start..end(text, again, column);
    let alone = text[lines.start..again.start as usize].trim_matches(' ').is_empty();
    if !alone || self::column(text, first)? != column {
        return None;
    }
    let entry = |key: Span| format!("{}{}", " ".repeat(column), &text[key.start as usize..end(text, key, column)]);
    let value = |key: Span| only_value(entry(key), limits);
    // each entry is read by itself: an error inside, or an alias of something outside, leaves the question open
    let equal = value(first)?.same_meaning(&value(again)?);
    equal.then(|| Edit { rule: found.rule.clone(), span: again, changes: vec![(lines, String::new())] })
}

/// The value of a text that holds one document with one entry.
fn only_value(text: String, limits: &ReadLimits) -> Option<Node> {
    let mut stream = read(&Source::file("entry", text), limits);
    let document = stream.documents.pop().filter(|_| stream.documents.is_empty() && stream.diagnostics.is_empty())?;
    match document.root.as_mapping()? {
        [entry] if stream.failed == 0 => Some(entry.value.clone()),
        _ => None,
    }
}

/// The line that holds an offset, with its end.
pub(super) fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    start..text[at..].find('\n').map_or(text.len(), |feed| at + feed + 1)
}

/// How far a key is indented; `None` if anything but blanks and the dashes of lists stands before it.
pub(super) fn column(text: &str, key: Span) -> Option<usize> {
    let before = text[line(text, key.start as usize).start..key.start as usize].trim_start_matches('\u{feff}');
    before.bytes().all(|byte| matches!(byte, b' ' | b'-')).then_some(before.len())
}

/// Where the last line of an entry ends: lines that are indented deeper belong to it, and so do the items of its list.
fn end(text: &str, key: Span, column: usize) -> usize {
    let mut end = line(text, key.start as usize).end;
    let mut at = end;
    while at < text.len() {
        let line = line(text, at);
        let content = text[line.clone()].trim_start_matches(' ');
        let indentation = line.len() - content.len();
        let item =
            indentation == column && content.strip_prefix('-').is_some_and(|rest| rest.starts_with([' ', '\r', '\n']));
        if !content.trim().is_empty() && (indentation > column || item) {
            end = line.end;
        } else if !content.trim().is_empty() && !content.starts_with('#') {
            break;
        }
        at = line.end;
    }
    end
}
