//! What YAML 1.2 allows and YAML 1.1, which Kubernetes reads, takes for something else: it is refused.

use std::ops::Range;

use granit_parser::{Event, ScalarStyle};

use super::Composer;
use crate::manifest::suspects;
use crate::source::Span;

impl Composer<'_> {
    /// YAML 1.1 reads on after a tag until a blank, even over a bracket or comma.
    pub(super) fn check_tag(&mut self, tag: Range<usize>) {
        let bytes = self.text.as_bytes();
        let ends = bytes.get(tag.end).is_none_or(u8::is_ascii_whitespace);
        if !ends || bytes[tag.clone()].contains(&b'#') {
            self.problem(|problems| problems.wrong_tag_end(Span::new(tag.start, tag.end)));
        }
    }

    /// YAML 1.1 ends an anchor's name at the first sign that is no letter, digit, `-` or `_`.
    pub(super) fn anchor_name(&mut self, name: &str, span: Span) {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            self.problem(|problems| problems.anchor_name(span));
        }
    }

    /// JSON and YAML 1.2 know escapes that YAML 1.1 does not.
    pub(super) fn check_escapes(&mut self, span: Span, style: ScalarStyle) {
        if self.json || style != ScalarStyle::DoubleQuoted {
            return;
        }
        let mut bytes = self.text.as_bytes()[span.range()].iter();
        while bytes.by_ref().any(|byte| *byte == b'\\') {
            if let [b'/', ..] | [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] = bytes.as_slice() {
                return self.problem(|problems| problems.json_escape(span));
            }
            bytes.next();
        }
    }

    /// In `{a:, b: 1}` YAML 1.1 takes the colon into the key, and it wants every key on one line.
    pub(super) fn check_flow_key(&mut self, event: &Event<'_>, span: Span) {
        let Event::Scalar(_, style, ..) = event else { return };
        if self.flow == 0 {
            return;
        }
        if self.text[span.range()].contains('\n') || (!self.json && self.has_late_colon(span)) {
            self.problem(|problems| problems.long_key(span));
        }
        if *style != ScalarStyle::Plain {
            return;
        }
        if let [b':', next, ..] = &self.text.as_bytes()[span.end as usize..]
            && !next.is_ascii_whitespace()
        {
            self.problem(|problems| problems.tight_colon(span));
        }
    }

    /// Whether the colon of a key in braces stands on a later line. After `?` it may.
    pub(super) fn has_late_colon(&self, key: Span) -> bool {
        let mut rest = &self.text[key.end as usize..];
        let mut later = false;
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r']);
            match rest.as_bytes().first() {
                Some(b'\n') => {
                    later = true;
                    rest = &rest[1..];
                }
                Some(b'#') => rest = rest.find('\n').map_or("", |end| &rest[end..]),
                Some(b':') => return later && !self.text[..key.start as usize].trim_end().ends_with('?'),
                _ => return false,
            }
        }
    }

    /// Tells the suspects that no value cleared. True if there are any: the meaning of the whole piece is open.
    pub(in crate::manifest) fn tell_suspects(&mut self) -> bool {
        for offset in self.odd_breaks.remaining() {
            self.problems.odd_line_break(offset);
        }
        // one mistake of many lines is told once
        if let Some(offset) = self.tabs.remaining().next() {
            self.problems.indentation_tab(offset);
        }
        self.odd_breaks.remaining().chain(self.tabs.remaining()).next().is_some()
    }

    pub(super) fn clear_suspects(&mut self, span: Span, style: ScalarStyle) {
        let text = self.text;
        if style == ScalarStyle::Plain {
            return self.judge_tabs_of_plain(span);
        }
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        self.tabs.clear(span.range(), |tab| !block || suspects::is_text_of_block(text, span.range(), tab));
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            self.odd_breaks.clear(span.range(), |offset| is_kept_in_quotes(text, offset, span));
        }
    }

    /// YAML 1.1 takes the blanks and blank lines behind a plain scalar for a part of it until it sees what follows, and
    /// a tab there has to be as far in as the scalar's lines.
    fn judge_tabs_of_plain(&mut self, span: Span) {
        if self.tabs.is_empty() {
            return;
        }
        let (text, indentation) = (self.text, self.indentation);
        let rest = &text[span.end as usize..self.end];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.tabs
            .judge(span.start as usize..span.end as usize + blanks, |tab| suspects::column(text, tab) >= indentation);
    }
}

/// Inside quotes, U+2028 and U+2029 survive the folding of lines, if no blank stands beside them; U+0085 does not.
fn is_kept_in_quotes(text: &str, offset: usize, quotes: Span) -> bool {
    let blank = |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace());
    let bytes = text.as_bytes();
    // a key must not hold a line break at all
    let is_key = text[quotes.end as usize..].trim_start_matches([' ', '\t']).starts_with(':');
    !is_key
        && bytes[offset] == 0xE2
        && !blank(offset.checked_sub(1).and_then(|before| bytes.get(before)))
        && !blank(bytes.get(offset + 3))
}
