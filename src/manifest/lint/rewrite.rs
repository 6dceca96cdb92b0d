//! Rewrite: the edit that would mend a lint. Whether it changes a meaning is for `fix` to find out.

use std::ops::Range;

use super::fix::Reading;
use super::words::decimal;
use super::{Kind, Lint, entry, gaps, lines};
use crate::diagnostic::RuleId;
use crate::manifest::mapping::{Overlap, Remark};
use crate::manifest::{Entry, Node, Value, write};
use crate::source::Span;

/// More lines than this are not written out in place of a merge.
const FEW_LINES: usize = 24;

/// One edit of a text: all its changes are made, or none.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    /// What it mends.
    pub(super) rule: RuleId,
    /// Where that stands.
    pub(super) span: Span,
    /// Bytes and what replaces them.
    pub(super) changes: Vec<(Range<usize>, String)>,
}

/// An edit for every lint that has one.
pub(super) fn edits(reading: &Reading) -> Vec<Edit> {
    let edit = |lint: &Lint| {
        let changes = changes(reading, lint)?;
        Some(Edit { rule: lint.rule(), span: lint.span, changes })
    };
    reading.lints.iter().filter_map(edit).collect()
}

fn changes(reading: &Reading, lint: &Lint) -> Option<Vec<(Range<usize>, String)>> {
    let text = reading.text();
    let written = &text[lint.span.range()];
    let replacement = match &lint.kind {
        Kind::Boolean(value) => value.to_string(),
        Kind::LeadingZero(value) | Kind::NumberSpelling(value) => decimal(value, written),
        Kind::Base60 => format!("\"{written}\""),
        Kind::NonStringKey { name, .. } => format!("\"{name}\""),
        Kind::ByteOrderMark => String::new(),
        Kind::DocumentEnd => return Some(vec![end_marker(text, lint.span.start as usize)]),
        Kind::TabSeparator => {
            let mut scalars = Vec::new();
            reading.stream.documents.iter().for_each(|document| gaps::scalars(&document.root, &mut scalars));
            let tabs = gaps::signs(text, scalars).tabs;
            return Some(tabs.into_iter().map(|tab| (tab..tab + 1, " ".to_owned())).collect());
        }
        Kind::MixedLineEnds => return line_ends(text),
        Kind::MergeOverlap { overlap, .. } => return written_out(reading, overlap).map(|change| vec![change]),
        Kind::RepeatedMerge { first } => return one_merge(text, *first, lint.span),
        Kind::LossyNumber { .. } | Kind::CustomTag => return None,
    };
    Some(vec![(lint.span.range(), replacement)])
}

/// The whole line of `...`, unless a comment stands on it.
fn end_marker(text: &str, at: usize) -> (Range<usize>, String) {
    let end = text[at..].find('\n').map_or(text.len(), |feed| at + feed + 1);
    match text[at..end].find('#') {
        Some(comment) => (at..at + comment, String::new()),
        None => (at..end, String::new()),
    }
}

fn line_ends(text: &str) -> Option<Vec<(Range<usize>, String)>> {
    let (_, crlf) = lines::minority(text)?;
    let wanted = if crlf { "\r\n" } else { "\n" };
    let rare = lines::line_ends(text).filter(|(_, is_crlf)| *is_crlf != crlf);
    Some(rare.map(|(at, is_crlf)| (at..at + 1 + usize::from(is_crlf), wanted.to_owned())).collect())
}

/// The line of a merge, replaced by those merged entries that count.
fn written_out(reading: &Reading, overlap: &Overlap) -> Option<(Range<usize>, String)> {
    let text = reading.text();
    let is_merged_with_another = reading.stream.remarks.iter().any(
        |remark| matches!(remark, Remark::SecondMerge { again, first } if [again, first].contains(&&overlap.merge)),
    );
    let line = entry::line(text, overlap.merge.start as usize);
    let after = text[overlap.value.end as usize..].lines().next().unwrap_or_default();
    // what is merged may be written on further lines, and a comment would lose what it speaks of
    if is_merged_with_another || !line.contains(&(overlap.value.end as usize)) || !after.trim().is_empty() {
        return None;
    }
    let mut merged = String::new();
    let entries = merged_entries(reading, overlap)?;
    write(&Node::synthetic(Value::Mapping(entries.to_vec())), &mut merged).ok()?;
    let column = entry::column(text, overlap.merge)?;
    let end = if text[line.clone()].ends_with("\r\n") { "\r\n" } else { "\n" };
    if entries.is_empty() {
        let alone = text[line.start..overlap.merge.start as usize].trim().is_empty();
        return alone.then(|| (line, String::new()));
    }
    let lines: Vec<&str> = merged.lines().collect();
    let indented: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(index, line)| if index == 0 || line.is_empty() { (*line).to_owned() } else { " ".repeat(column) + line })
        .collect();
    (lines.len() <= FEW_LINES).then(|| (overlap.merge.start as usize..line.end, indented.join(end) + end))
}

/// What a mapping has from its merges.
fn merged_entries<'a>(reading: &'a Reading, overlap: &Overlap) -> Option<&'a [Entry]> {
    let first = overlap.first_own?;
    let entries = reading.stream.documents.iter().find_map(|document| mapping_beginning_with(&document.root, first))?;
    entries.get(overlap.own..)
}

fn mapping_beginning_with(node: &Node, first: Span) -> Option<&[Entry]> {
    match &node.value {
        Value::Mapping(entries) if entries.first().is_some_and(|entry| entry.key.span == first) => Some(entries),
        Value::Mapping(entries) => entries.iter().find_map(|entry| mapping_beginning_with(&entry.value, first)),
        Value::Sequence(items) => items.iter().find_map(|item| mapping_beginning_with(item, first)),
        _ => None,
    }
}

/// Two lines `<<: *a` and `<<: *b` as one: `<<: [*a, *b]`.
fn one_merge(text: &str, first: Span, again: Span) -> Option<Vec<(Range<usize>, String)>> {
    let (one, other) = (merged_alias(text, first)?, merged_alias(text, again)?);
    let line = entry::line(text, again.start as usize);
    let alone = text[line.start..again.start as usize].trim().is_empty();
    alone.then(|| vec![(one.clone(), format!("[{}, {}]", &text[one], &text[other])), (line, String::new())])
}

/// The only alias behind a `<<`, if nothing else stands on its line.
fn merged_alias(text: &str, key: Span) -> Option<Range<usize>> {
    let line = entry::line(text, key.start as usize);
    let rest = &text[key.end as usize..line.end];
    let alias = rest.trim_start_matches([' ', '\t']).strip_prefix(':')?.trim();
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let start = key.end as usize + rest.find('*')?;
    alias.strip_prefix('*').is_some_and(is_name).then(|| start..start + alias.len())
}
