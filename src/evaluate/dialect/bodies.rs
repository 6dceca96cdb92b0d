//! Bodies: where they begin, told from braces that hold values. This works on tokens, before anything is parsed.
//!
//! `f(x) = y { … } { … }` is two definitions with one head, and each is written out: the parser takes the second body for
//! part of the first, or refuses it, and the engines then evaluate only one of them.

use regorus::unstable::{Lexer, Source, TokenKind};

use crate::evaluate::EvaluationLimits;
use crate::evaluate::edit::{Edit, Lowered, apply, insertion};
use crate::evaluate::module::lengths;

/// Writes the head before each further body. `None` if there is none, or if what is there is no Rego anyway.
pub(super) fn split(source: &Source, text: &str, limits: &EvaluationLimits) -> Option<Lowered> {
    let found = read(source, limits)?.further;
    let edits: Vec<Edit> = found
        .into_iter()
        .map(|Further { at, head: (start, end) }| insertion(at, format!("{} ", text[start..end].trim_end())))
        .collect();
    if edits.is_empty() { None } else { apply(text, (0, text.len()), edits) }
}

/// Where the bodies begin that no `if` stands before.
pub(super) fn without_if(source: &Source, limits: &EvaluationLimits) -> Vec<usize> {
    read(source, limits).map(|reader| reader.without_if).unwrap_or_default()
}

fn read(source: &Source, limits: &EvaluationLimits) -> Option<Reader> {
    let mut lexer = Lexer::new(source);
    lexer.set_max_col(lengths(limits).max_col);
    let mut reader = Reader::default();
    loop {
        let token = lexer.next_token().ok()?;
        let span = &token.1;
        let word = match token.0 {
            TokenKind::Eof => return Some(reader),
            // `set(` is one token
            _ if span.text() == "set(" => Word::Sign("("),
            TokenKind::Ident => Word::Name(span.text()),
            TokenKind::String | TokenKind::RawString | TokenKind::Number => Word::Value,
            _ => Word::Sign(span.text()),
        };
        reader.token(word, span.start as usize, span.line)?;
    }
}

/// A token, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Word<'a> {
    Name(&'a str),
    Sign(&'a str),
    Value,
}

/// A body that repeats the head of the one before.
struct Further {
    at: usize,
    head: (usize, usize),
}

#[derive(Default)]
struct Reader {
    depth: usize,
    line: u32,
    /// Where the definition at hand begins, and where its first body does.
    start: usize,
    body: Option<usize>,
    /// Whether the brace that is open, or was closed last, holds a body.
    in_body: bool,
    before: Before,
    /// Whether the definition at hand, or its `else`, has an `if`, and whether that was the last word.
    has_if: bool,
    after_if: bool,
    /// How many of `further` belong to the definition at hand.
    own: usize,
    further: Vec<Further>,
    without_if: Vec<usize>,
}

/// What the token before says about a brace or a name that follows it, outside of all brackets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
enum Before {
    /// A value has to follow: `=`, `contains`.
    #[default]
    Operator,
    /// A value or a head is complete.
    Operand,
    /// A body is complete.
    Body,
}

impl Reader {
    /// `None` for an `else` after bodies in a row, which OPA refuses.
    fn token(&mut self, word: Word<'_>, at: usize, line: u32) -> Option<()> {
        if self.depth == 0 {
            self.outside(word, at, line)?;
        }
        match word {
            Word::Sign("{" | "[" | "(") => self.depth += 1,
            Word::Sign("}" | "]" | ")") => {
                self.depth = self.depth.checked_sub(1)?;
                if self.depth == 0 {
                    let body = self.in_body && word == Word::Sign("}");
                    self.before = if body { Before::Body } else { Before::Operand };
                }
            }
            _ if self.depth == 0 => self.before = after(word),
            _ => {}
        }
        self.after_if = word == Word::Name("if");
        self.line = line;
        Some(())
    }

    fn outside(&mut self, word: Word<'_>, at: usize, line: u32) -> Option<()> {
        match word {
            Word::Name("else") if self.own > 0 => return None,
            Word::Name("else") => self.has_if = false,
            Word::Name("if") => self.has_if = true,
            Word::Name(_) if self.before == Before::Body || (line > self.line && self.before == Before::Operand) => {
                (self.start, self.body, self.own, self.has_if) = (at, None, 0, false);
            }
            Word::Sign("{") => self.brace(at),
            Word::Sign(_) => self.in_body = false,
            _ => {}
        }
        Some(())
    }

    fn brace(&mut self, at: usize) {
        // of what an `if` stands before, only what follows it at once is a body: `if every x in y { … }`
        self.in_body = self.before == Before::Body || (self.before == Before::Operand && self.has_if == self.after_if);
        match (self.before, self.body) {
            (Before::Body, Some(body)) => {
                self.further.push(Further { at, head: (self.start, body) });
                self.own += 1;
            }
            (Before::Operand, None) if self.in_body => self.body = Some(at),
            _ => {}
        }
        if self.in_body && !self.has_if {
            self.without_if.push(at);
        }
    }
}

fn after(word: Word<'_>) -> Before {
    match word {
        Word::Name("contains" | "in" | "default" | "import" | "package" | "as") | Word::Sign(_) => Before::Operator,
        Word::Name(_) | Word::Value => Before::Operand,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_text(text: &str) -> Option<String> {
        let limits = EvaluationLimits::default();
        let source = Source::from_contents("p.rego".to_owned(), text.to_owned()).expect("small");
        split(&source, text, &limits).map(|lowered| lowered.text)
    }

    #[test]
    fn each_body_gets_the_head() {
        let text = "package p\nf(x) = y {\n  y := x\n} {\n  y := {\"a\": [x]}\n}\n{\n  y := 1\n}\n";
        let expected =
            "package p\nf(x) = y {\n  y := x\n} f(x) = y {\n  y := {\"a\": [x]}\n}\nf(x) = y {\n  y := 1\n}\n";
        assert_eq!(split_text(text).as_deref(), Some(expected));
        let set = "package p\nx = {1} { input.a } { input.b }\ndeny[{\"msg\": m}] { m := \"a\" } { m := \"b\" }\n";
        let expected = "package p\nx = {1} { input.a } x = {1} { input.b }\n\
                        deny[{\"msg\": m}] { m := \"a\" } deny[{\"msg\": m}] { m := \"b\" }\n";
        assert_eq!(split_text(set).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_no_further_body_stays() {
        for text in [
            "package p\nx = {1}\ny = {2} { input.a }\n",
            "package p\nf(x) { input.a } else = {\"k\": 1} { input.b } else { input.c }\n",
            "package p\nx if { {1} == input.a }\ny contains {1} if { input.b }\n",
            "package p\nx { set() == input.a }\n\ny { input.b }\n",
            "package p\nx := {1 | input.a}\n\ny := z {\n  input.a\n}\n",
            "package p\nf(x) { input.a } { input.b } else = 1 { input.c }\n",
        ] {
            assert_eq!(split_text(text), None, "{text}");
        }
    }
}
