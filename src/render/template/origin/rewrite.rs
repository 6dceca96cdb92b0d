//! Puts marks into the text of a template, where they change nothing but the output.
//!
//! A mark stands before the first character of a literal line that is not blank: whitespace control takes blanks only,
//! so it takes as much as before. Around what `{{ … }}` writes stand two tags of their own, outside of the expression,
//! so that no filter or test of it sees a mark.

use std::sync::Arc;

use super::mark::{self, Mark};
use crate::load::TemplateSyntax;
use crate::render::template::scan::{Kind, Openings};
use crate::source::Span;

/// The functions that stand before and behind an expression.
pub(super) const OPEN: &str = "__hydrant_open";
pub(super) const CLOSE: &str = "__hydrant_close";

/// A range of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The template's path.
    pub(super) template: Arc<str>,
    pub(super) span: Span,
}

/// What the numbers in marks stand for.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Literal text: from the first character that is not blank to the end of its line, or to the next tag.
    pub(super) texts: Vec<Place>,
    /// What stands between the delimiters of `{{ … }}`, without blanks.
    pub(super) tags: Vec<Place>,
}

/// The text of a template with marks. What is no template stays as it is: the engine refuses it as it did before.
pub(super) fn rewrite(template: &str, text: &str, syntax: &TemplateSyntax, places: &mut Places) -> String {
    let mut rewriter = Rewriter {
        template: Arc::from(template),
        text,
        syntax,
        places,
        out: String::with_capacity(text.len() * 2),
        copied: 0,
    };
    rewriter.run();
    rewriter.out
}

struct Rewriter<'a> {
    template: Arc<str>,
    text: &'a str,
    syntax: &'a TemplateSyntax,
    places: &'a mut Places,
    out: String,
    /// Everything before is in `out`.
    copied: usize,
}

impl Rewriter<'_> {
    fn run(&mut self) {
        let mut openings = Openings::of(self.text, self.syntax);
        while let Some((start, (open, close), kind)) = openings.next_from(self.copied) {
            self.literal_to(start);
            let inside = start + open.len();
            match kind {
                Kind::Comment => self.copy_to(self.end_of(inside, close)),
                Kind::Block => match basic_tag(&self.text[inside..], "raw", close) {
                    Some(length) => self.raw(inside + length),
                    None => {
                        self.copy_to(self.end_of_tag(inside, close).map_or(self.text.len(), |end| end + close.len()))
                    }
                },
                Kind::Variable => match self.end_of_tag(inside, close) {
                    Some(end) => self.variable(inside, end, (open, close)),
                    None => self.copy_to(self.text.len()),
                },
            }
        }
        self.literal_to(self.text.len());
    }

    fn copy_to(&mut self, end: usize) {
        self.out.push_str(&self.text[self.copied..end]);
        self.copied = end;
    }

    /// Literal text, each line with a mark.
    fn literal_to(&mut self, end: usize) {
        let text = self.text;
        for line in text[self.copied..end].split_inclusive('\n') {
            let after = self.copied + line.len();
            let blanks = line.len() - line.trim_start().len();
            if blanks < line.len() {
                self.copy_to(self.copied + blanks);
                let number = number(&mut self.places.texts, &self.template, Span::new(self.copied, after));
                mark::write(Mark::Text(number), &mut self.out);
            }
            self.copy_to(after);
        }
    }

    /// What stands in a raw block is literal text, whatever it looks like.
    fn raw(&mut self, start: usize) {
        self.copy_to(start);
        let (open, close) = &self.syntax.block;
        let ends = self.text[start..].match_indices(open.as_str()).map(|(index, _)| start + index);
        let end = ends.into_iter().find_map(|index| {
            let inside = index + open.len();
            basic_tag(&self.text[inside..], "endraw", close).map(|length| (index, inside + length))
        });
        let (end, after) = end.unwrap_or((self.text.len(), self.text.len()));
        self.literal_to(end);
        self.copy_to(after);
    }

    fn variable(&mut self, inside: usize, end: usize, (open, close): (&str, &str)) {
        let text = self.text;
        let is_sign = |at: usize| matches!(text.as_bytes().get(at), Some(b'-' | b'+'));
        let start = inside + usize::from(is_sign(inside));
        let stop = if end > start && is_sign(end - 1) { end - 1 } else { end };
        let expression = text[start..stop].trim();
        if expression.is_empty() {
            return self.copy_to(end + close.len());
        }
        let from = stop - text[start..stop].trim_start().len();
        let number = number(&mut self.places.tags, &self.template, Span::new(from, from + expression.len()));
        self.copy_to(start);
        self.out.push_str(&format!(" {OPEN}({number}) {close}{open} "));
        self.copy_to(stop);
        self.out.push_str(&format!(" {close}{open} {CLOSE}() "));
        self.copy_to(end + close.len());
    }

    fn end_of(&self, from: usize, close: &str) -> usize {
        self.text[from..].find(close).map_or(self.text.len(), |found| from + found + close.len())
    }

    /// Where the closing delimiter of a tag stands: outside of quotes and brackets, as the engine looks for it.
    fn end_of_tag(&self, from: usize, close: &str) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (mut quote, mut depth, mut index) = (None, 0_i64, from);
        while index < bytes.len() {
            match (quote, bytes[index]) {
                (Some(_), b'\\') => index += 1,
                (Some(open), byte) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
                (None, _) if depth == 0 && bytes[index..].starts_with(close.as_bytes()) => return Some(index),
                (None, b'(' | b'[' | b'{') => depth += 1,
                (None, b')' | b']' | b'}') => depth -= 1,
                _ => {}
            }
            index += 1;
        }
        None
    }
}

fn number(places: &mut Vec<Place>, template: &Arc<str>, span: Span) -> u32 {
    let number = u32::try_from(places.len()).unwrap_or(u32::MAX);
    places.push(Place { template: Arc::clone(template), span });
    number
}

/// The length of a tag that holds one word only, from behind its opening delimiter to behind its closing one.
fn basic_tag(rest: &str, word: &str, close: &str) -> Option<usize> {
    let inside = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_ascii_start();
    let after = inside.strip_prefix(word)?.trim_ascii_start();
    let after = after.strip_prefix(['-', '+']).unwrap_or(after);
    let after = after.strip_prefix(close)?;
    Some(rest.len() - after.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> (String, Places) {
        let mut places = Places::default();
        let out = rewrite("a.yaml.j2", text, &TemplateSyntax::default(), &mut places);
        (out, places)
    }

    #[test]
    fn marks_stand_before_what_whitespace_control_leaves() {
        let (out, places) = rewritten("  a:\n\n    {{- x }} b\n");
        assert_eq!(
            mark::without(&out),
            format!("  a:\n\n    {{{{- {OPEN}(0) }}}}{{{{  x  }}}}{{{{ {CLOSE}() }}}} b\n")
        );
        let texts: Vec<_> = places.texts.iter().map(|place| place.span.range()).collect();
        assert_eq!(texts, [2..5, 19..21]);
        assert_eq!(places.tags[0].span.range(), 14..15);
        assert!(out.starts_with("  \u{10FFF0}"));
    }

    #[test]
    fn braces_and_quotes_in_a_tag_do_not_end_it() {
        for expression in ["{'a': {'b': '}}'}}", "\"}}\" ~ x", "[{}]"] {
            let (_, places) = rewritten(&format!("{{{{ {expression} -}}}}\nrest"));
            assert_eq!(places.tags.len(), 1);
            assert_eq!(places.tags[0].span.len(), expression.len(), "{expression}");
        }
    }

    #[test]
    fn comments_stay_and_raw_text_is_text() {
        let (out, places) = rewritten("{# {{ a }} #}{% raw -%} {{ b }} {% endraw %}{{ c }}");
        assert_eq!((places.texts.len(), places.tags.len()), (1, 1));
        assert!(out.starts_with("{# {{ a }} #}{% raw -%} \u{10FFF0}"));
    }
}
