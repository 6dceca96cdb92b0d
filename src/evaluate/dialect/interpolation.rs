//! Interpolation: `$"{object} is {word}"`, which regorus does not read, written as a call that it does.
//!
//! To OPA what stands in braces may be undefined, and is then written `<undefined>`. So each becomes a set of at most one
//! member, which the function writes. This works on characters, before there are tokens.

use crate::evaluate::edit::{Edit, Lowered, apply};
use crate::evaluate::texts::{JOINED, PART};

/// How deep templates may lie in templates.
const DEPTH: usize = 16;

/// Writes the templates of a text. `None` if there is none, or if one has no end.
pub(super) fn written_out(text: &str) -> Option<Lowered> {
    if !text.contains("$\"") && !text.contains("$`") {
        return None;
    }
    let mut scanner = Scanner { text: text.as_bytes(), at: 0, edits: Vec::new(), depth: 0, names: 0 };
    while scanner.at < text.len() {
        scanner.code(None)?;
    }
    if scanner.edits.is_empty() { None } else { apply(text, (0, text.len()), scanner.edits) }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    edits: Vec<Edit>,
    depth: usize,
    names: usize,
}

impl Scanner<'_> {
    fn replace(&mut self, length: usize, text: String) {
        self.edits.push(Edit { start: self.at, end: self.at + length, text });
        self.at += length;
    }

    fn starts_with(&self, sign: &str) -> bool {
        self.text[self.at..].starts_with(sign.as_bytes())
    }

    /// Up to the end of the text, or up to the brace that closes an expression.
    fn code(&mut self, closing: Option<()>) -> Option<()> {
        let mut braces = 0_usize;
        while let Some(sign) = self.text.get(self.at) {
            match sign {
                b'#' => self.at += self.text[self.at..].iter().take_while(|sign| **sign != b'\n').count(),
                b'"' => self.string()?,
                b'`' => self.at += 2 + self.text[self.at + 1..].iter().position(|sign| *sign == b'`')?,
                b'$' if self.starts_with("$\"") || self.starts_with("$`") => self.template()?,
                b'{' => {
                    braces += 1;
                    self.at += 1;
                }
                b'}' if braces == 0 && closing.is_some() => return Some(()),
                b'}' => {
                    braces = braces.saturating_sub(1);
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        if closing.is_some() { None } else { Some(()) }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.text.get(self.at)? {
                b'\n' => return None,
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    fn template(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let quote = self.text[self.at + 1];
        let sign = char::from(quote);
        self.replace(2, format!("{JOINED}([{sign}"));
        loop {
            match *self.text.get(self.at)? {
                b'\\' if self.starts_with("\\{") => self.replace(2, "{".to_owned()),
                b'\\' if quote == b'"' => self.at += 2,
                b'\n' if quote == b'"' => return None,
                b'{' => {
                    self.names += 1;
                    let name = format!("__part_{}", self.names);
                    self.replace(1, format!("{sign}, {PART}({{{name} | {name} := "));
                    self.code(Some(()))?;
                    self.replace(1, format!(" }}), {sign}"));
                }
                end if end == quote => {
                    self.replace(1, format!("{sign}])"));
                    self.depth -= 1;
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        written_out(text).map(|lowered| lowered.text)
    }

    #[test]
    fn every_expression_is_a_part_of_its_own() {
        assert_eq!(
            written("x := $\"a \\{b} {y[\"}\"]}\"").as_deref(),
            Some(
                "x := data.__hydrant_text__.joined([\"a {b} \", data.__hydrant_text__.part({__part_1 | __part_1 := y[\"}\"] }), \"\"])"
            )
        );
    }

    #[test]
    fn what_only_looks_like_a_template_stays() {
        for text in ["x := \"$\" # $\"{y}\"", "x := `$\"{y}\"`", "x := 1 # $`", "x := $\"{y"] {
            assert_eq!(written(text), None, "{text}");
        }
    }
}
