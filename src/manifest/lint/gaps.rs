//! Gaps are what stands between the keys and scalars of a text: indentation, signs, tags, anchors and comments.

use std::ops::Range;

use super::{Kind, Lint};
use crate::manifest::{Node, Value};
use crate::source::Span;

/// Tags with a meaning in YAML 1.1 that readers agree on.
const CORE: &[&str] =
    &["!", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!map", "!!seq", "!!merge", "!!timestamp"];

/// Whether a text may hold something in its gaps; most texts have neither of the signs looked for.
pub(super) fn are_of_interest(text: &str) -> bool {
    has_tabs(text) || places(text, b'!').any(|at| could_be_tag(text, at))
}

/// Tabs may stand anywhere in JSON.
fn has_tabs(text: &str) -> bool {
    let json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    !json && places(text, b'\t').any(|at| !is_indentation(text, at))
}

/// Looks at the gaps of a text without mistakes.
pub(super) fn lint(text: &str, scalars: Vec<Span>, found: &mut Vec<Lint>) {
    let signs = signs(text, scalars);
    found.extend(signs.tags.into_iter().map(|span| Lint { kind: Kind::CustomTag, span }));
    if let Some(first) = signs.tabs.first().filter(|_| has_tabs(text)) {
        found.push(Lint { kind: Kind::TabSeparator, span: Span::new(*first, first + 1) });
    }
}

/// Where a byte occurs.
fn places(text: &str, wanted: u8) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    // the search for the first, which most texts do not have, is the fast one
    let rest = if bytes.contains(&wanted) { bytes } else { &[] };
    rest.iter().enumerate().filter(move |(_, byte)| **byte == wanted).map(|(at, _)| at)
}

/// Scripts and queries are full of `!`, and few of those begin a word and are followed by a name.
fn could_be_tag(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let named = bytes.get(at + 1).is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, b'!' | b'<'));
    named && begins_word(bytes, at)
}

fn begins_word(bytes: &[u8], at: usize) -> bool {
    at == 0 || bytes[at - 1].is_ascii_whitespace() || matches!(bytes[at - 1], b'[' | b'{' | b',')
}

/// What stands in the gaps of a text.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Tabs behind the first word of a line.
    pub(super) tabs: Vec<usize>,
    /// Tags that Kubernetes drops.
    pub(super) tags: Vec<Span>,
}

/// Looks through all gaps between some scalars.
pub(super) fn signs(text: &str, mut scalars: Vec<Span>) -> Signs {
    scalars.sort_unstable();
    let mut signs = Signs::default();
    let mut at = 0;
    for scalar in scalars {
        let range = scalar.range();
        if range.start >= at {
            signs.gap(text, at..range.start);
        }
        at = at.max(range.end);
    }
    signs.gap(text, at..text.len());
    signs
}

/// Adds the places of all keys and scalars of a document.
pub(super) fn scalars(node: &Node, found: &mut Vec<Span>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Mapping(entries) => entries.iter().for_each(|entry| {
            found.push(entry.key.span);
            scalars(&entry.value, found);
        }),
        _ => found.push(node.span),
    }
}

impl Signs {
    fn gap(&mut self, text: &str, gap: Range<usize>) {
        let bytes = text.as_bytes();
        let mut at = gap.start;
        while at < gap.end {
            match bytes[at] {
                b'#' if begins_word(bytes, at) => at += text[at..gap.end].find('\n').unwrap_or(gap.end - at),
                b'\t' if !is_indentation(text, at) => {
                    self.tabs.push(at);
                    at += 1;
                }
                b'!' if begins_word(bytes, at) => {
                    let ends = |sign: char| sign.is_whitespace() || matches!(sign, ',' | ']' | '}');
                    let end = text[at..].find(ends).map_or(text.len(), |length| at + length);
                    if !CORE.contains(&&text[at..end]) {
                        self.tags.push(Span::new(at, end));
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
    }
}

/// Whether nothing but blanks stands before an offset on its line.
fn is_indentation(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    text[line..at].trim_matches([' ', '\t']).is_empty()
}
