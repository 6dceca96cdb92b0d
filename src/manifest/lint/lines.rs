//! Marks and line ends: what a look at the bytes finds.

use super::{Kind, Lint};
use crate::source::Span;

const MARK: &str = "\u{feff}";

/// Looks through a text. Texts without any of this cost three searches for a byte.
pub(super) fn lint(text: &str, found: &mut Vec<Lint>) {
    // a search for one byte, or for whether a word occurs at all, is several times faster than one for every place
    if text.as_bytes().contains(&MARK.as_bytes()[0]) {
        found.extend(marks(text).map(|at| Lint { kind: Kind::ByteOrderMark, span: Span::new(at, at + MARK.len()) }));
    }
    if text.starts_with("...") || text.contains("\n...") {
        found.extend(end_markers(text).map(|at| Lint { kind: Kind::DocumentEnd, span: Span::new(at, at + 3) }));
    }
    if text.as_bytes().contains(&b'\r')
        && let Some((first, _)) = minority(text)
    {
        let length = if text.as_bytes()[first] == b'\r' { 2 } else { 1 };
        found.push(Lint { kind: Kind::MixedLineEnds, span: Span::new(first, first + length) });
    }
}

/// Byte order marks at the start of a document.
pub(super) fn marks(text: &str) -> impl Iterator<Item = usize> + '_ {
    let begins = |at: usize| {
        let before = &text[..at];
        before.is_empty()
            || (before.ends_with('\n')
                && before.trim_end_matches(['\n', '\r']).lines().last().is_some_and(is_separator))
    };
    text.match_indices(MARK).map(|(at, _)| at).filter(move |at| begins(*at))
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.trim().starts_with('#'))
}

/// Lines that begin with `...` and hold nothing else but a comment.
pub(super) fn end_markers(text: &str) -> impl Iterator<Item = usize> + '_ {
    let first = text.starts_with("...").then_some(0);
    first.into_iter().chain(text.match_indices("\n...").map(|(at, _)| at + 1)).filter(|at| {
        let rest = &text[at + 3..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        line.trim().is_empty() || (line.starts_with([' ', '\t']) && line.trim().starts_with('#'))
    })
}

/// Where the first line end of the rarer kind stands, and whether the more frequent kind is CRLF; `None` if there is but
/// one kind. LF wins if there are as many of both.
pub(super) fn minority(text: &str) -> Option<(usize, bool)> {
    let feeds = text.bytes().filter(|byte| *byte == b'\n').count();
    let crlf = text.matches("\r\n").count();
    let lf = feeds - crlf;
    if crlf == 0 || lf == 0 {
        return None;
    }
    let most_are_crlf = crlf > lf;
    Some((line_ends(text).find(|(_, is_crlf)| *is_crlf != most_are_crlf)?.0, most_are_crlf))
}

/// Every line end, and whether it is CRLF.
pub(super) fn line_ends(text: &str) -> impl Iterator<Item = (usize, bool)> + '_ {
    let bytes = text.as_bytes();
    text.match_indices('\n').map(move |(at, _)| match at.checked_sub(1) {
        Some(before) if bytes[before] == b'\r' => (before, true),
        _ => (at, false),
    })
}
