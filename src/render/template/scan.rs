//! Refuses templates that would exhaust the engine's parser, before it sees them.
//!
//! The engine parses `- - - …`, `a.b.c…` and `elif` chains by recursion without a limit of its own, and a stack
//! overflow ends the process. A tag of bounded length cannot nest deeper than it is long.

use std::ops::Range;

use crate::load::TemplateSyntax;

/// Bytes between the delimiters of one tag. The engine's folding of constants takes the square of this as time.
pub(super) const MAX_TAG: usize = 16 * 1024;

/// `elif` tags in one template: a chain of them nests, as `else { if }` does.
pub(super) const MAX_ELIF: usize = 10_000;

/// What is too much, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Excess {
    /// A tag is too long, or never closed.
    #[error("a tag is longer than {MAX_TAG} bytes")]
    Tag(Range<usize>),
    /// Too many `elif`.
    #[error("the template has more than {MAX_ELIF} `elif` tags")]
    Elif(Range<usize>),
}

impl Excess {
    /// Its place in the template.
    pub(super) fn range(&self) -> Range<usize> {
        match self {
            Self::Tag(range) | Self::Elif(range) => range.clone(),
        }
    }
}

/// Looks at every tag of a template.
pub(super) fn check(text: &str, syntax: &TemplateSyntax) -> Result<(), Excess> {
    let mut elifs = 0;
    let mut position = 0;
    let mut openings = Openings::of(text, syntax);
    while let Some((start, pair, kind)) = openings.next_from(position) {
        let inside = start + pair.0.len();
        if kind == Kind::Comment {
            position = end_of(text, inside, &pair.1);
            continue;
        }
        let end = end_of_tag(text, inside, &pair.1);
        if end - inside > MAX_TAG {
            return Err(Excess::Tag(start..inside));
        }
        position = end;
        let words = text[inside..end].trim_start_matches(['-', '+']).trim_start();
        if kind == Kind::Block && words.starts_with("raw") {
            position = end_of(text, end, "endraw");
        } else if kind == Kind::Block && words.starts_with("elif") {
            elifs += 1;
            if elifs > MAX_ELIF {
                return Err(Excess::Elif(start..end));
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Variable,
    Block,
    Comment,
}

/// The next opening delimiter of each kind; each is searched again only when it was passed.
pub(super) struct Openings<'a> {
    text: &'a str,
    next: [(&'a (String, String), Kind, Option<usize>); 3],
}

impl<'a> Openings<'a> {
    pub(super) fn of(text: &'a str, syntax: &'a TemplateSyntax) -> Self {
        let first = |pair: &'a (String, String), kind| (pair, kind, text.find(&pair.0));
        let next = [
            first(&syntax.variable, Kind::Variable),
            first(&syntax.block, Kind::Block),
            first(&syntax.comment, Kind::Comment),
        ];
        Self { text, next }
    }

    pub(super) fn next_from(&mut self, position: usize) -> Option<(usize, &'a (String, String), Kind)> {
        for (pair, _, at) in &mut self.next {
            if at.is_some_and(|at| at < position) {
                *at = self.text[position..].find(&pair.0).map(|found| found + position);
            }
        }
        self.next.iter().filter_map(|(pair, kind, at)| at.map(|at| (at, *pair, *kind))).min_by_key(|(at, ..)| *at)
    }
}

fn end_of(text: &str, from: usize, close: &str) -> usize {
    text[from..].find(close).map_or(text.len(), |found| from + found + close.len())
}

/// Where a tag ends: at its closing delimiter outside of quotes, or with the text.
fn end_of_tag(text: &str, from: usize, close: &str) -> usize {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut index = from;
    while index < bytes.len() {
        match (quote, bytes[index]) {
            (Some(_), b'\\') => index += 1,
            (Some(open), byte) if byte == open => quote = None,
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, _) if bytes[index..].starts_with(close.as_bytes()) => return index,
            _ => {}
        }
        index += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excess(text: &str) -> Option<Excess> {
        check(text, &TemplateSyntax::default()).err()
    }

    #[test]
    fn long_texts_comments_and_raw_blocks_are_no_tags() {
        let long = "x".repeat(MAX_TAG + 1);
        assert_eq!(excess(&format!("{long}{{{{ a }}}}{long}")), None);
        assert_eq!(excess(&format!("{{# {long} #}}{{{{ a }}}}")), None);
        assert_eq!(excess(&format!("{{% raw %}}{{{{ {long} }}}}{{% endraw %}}{{{{ a }}}}")), None);
    }

    #[test]
    fn a_long_tag_is_refused_even_if_a_string_in_it_looks_like_its_end() {
        let long = "-".repeat(MAX_TAG + 1);
        assert_eq!(excess(&format!("a\n{{{{ {long}1 }}}}")), Some(Excess::Tag(2..4)));
        assert_eq!(excess(&format!("{{{{ '\\'}}}}' {long}1 }}}}")), Some(Excess::Tag(0..2)));
        assert_eq!(excess(&format!("{{{{ a {long}")), Some(Excess::Tag(0..2)));
    }

    #[test]
    fn elif_without_end_is_refused() {
        assert_eq!(excess(&"{%- elif a %}".repeat(MAX_ELIF)), None);
        assert!(matches!(excess(&"{%- elif a %}".repeat(MAX_ELIF + 1)), Some(Excess::Elif(_))));
    }
}
