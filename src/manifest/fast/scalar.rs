//! Plain and quoted scalars, on one line or several.

use super::{Reader, Span};
use crate::manifest::scalar::{Plain, resolve_plain};
use crate::manifest::{Node, Value};

/// Bytes at which a plain scalar may end, or which the composer had better judge.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    table[b'\n' as usize] = true;
    table[b'\t' as usize] = true;
    table[b':' as usize] = true;
    table[b'#' as usize] = true;
    table
};

/// Bytes with which a plain scalar may begin, whatever follows.
const STARTS: [bool; 256] = letters_and(b"_./$()+;<=\\^~");

/// A table of all letters and digits, of any script, and of some signs.
pub(super) const fn letters_and(signs: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        table[byte] = letter.is_ascii_alphanumeric() || letter >= 0x80;
        byte += 1;
    }
    let mut sign = 0;
    while sign < signs.len() {
        table[signs[sign] as usize] = true;
        sign += 1;
    }
    table
}

impl Reader<'_> {
    /// Reads the first line of a plain scalar; returns where its text ends. The reader stands where the line ends, at a
    /// comment, or at a colon.
    pub(super) fn plain_line(&mut self) -> Option<usize> {
        let first = self.byte(self.at);
        let starts = STARTS[usize::from(first)] || (first == b'-' && !self.is_blank(self.at + 1));
        if !starts {
            return None;
        }
        self.plain_rest()
    }

    fn plain_rest(&mut self) -> Option<usize> {
        let start = self.at;
        let mut at = start;
        let stop = loop {
            let rest = &self.bytes[at..];
            at += rest.iter().position(|byte| STOPS[usize::from(*byte)]).unwrap_or(rest.len());
            match self.byte(at) {
                b'\n' => break at,
                b':' if self.is_blank(at + 1) => break at,
                b':' if self.byte(at + 1) == b'\t' => return None,
                b'#' if at > start && self.bytes[at - 1] == b' ' => break at,
                b'\t' => return None,
                _ => at += 1,
            }
        };
        self.at = stop;
        let mut end = stop;
        while self.bytes[end - 1] == b' ' {
            end -= 1;
        }
        // a comment wants the blank before it
        if self.byte(stop) == b'#' {
            self.at = stop - 1;
        }
        Some(end)
    }

    /// The value of a plain scalar whose first line is read; the lines below that are further right than `parent`
    /// continue it.
    pub(super) fn plain_value(&mut self, start: usize, end: usize, parent: isize) -> Option<Node> {
        if self.byte(self.at) != b'\n' {
            self.end_value()?;
            return self.resolved(start, end);
        }
        let mut last = end;
        let mut folded = false;
        loop {
            let breaks = self.line_breaks();
            let continues = self.column > parent && self.byte(self.at) != b'#';
            if !continues {
                break;
            }
            if !folded {
                folded = true;
                self.spare.scratch.clear();
                self.spare.scratch.push_str(&self.text[start..end]);
            }
            push_fold(&mut self.spare.scratch, breaks);
            let from = self.at;
            last = self.plain_rest()?;
            if self.is_at_colon() {
                return None;
            }
            self.spare.scratch.push_str(&self.text[from..last]);
            if self.byte(self.at) != b'\n' {
                self.end_value()?;
                return Some(self.folded(start, last));
            }
        }
        // comments, borders and tabs are met here
        self.at = self.line;
        self.next_line()?;
        if folded { Some(self.folded(start, last)) } else { self.resolved(start, end) }
    }

    fn folded(&self, start: usize, end: usize) -> Node {
        Node { span: Span::new(start, end), value: Value::String(self.spare.scratch.as_str().into()) }
    }

    fn resolved(&self, start: usize, end: usize) -> Option<Node> {
        let text = &self.text[start..end];
        let value = match resolve_plain(text) {
            Plain::Text => Value::String(text.into()),
            Plain::Value(value) => value,
            Plain::NotFinite => return None,
        };
        Some(Node { span: Span::new(start, end), value })
    }

    /// From the end of a line to the first thing on a later line; returns how many lines were ended. Stands at the end
    /// of the text, with its column, if there is none.
    fn line_breaks(&mut self) -> usize {
        let mut breaks = 0;
        loop {
            if self.at >= self.bytes.len() {
                self.line = self.at;
                self.column = super::END;
                return breaks;
            }
            self.at += 1;
            breaks += 1;
            self.line = self.at;
            self.skip_spaces();
            if self.bytes.get(self.at).is_some_and(|byte| *byte != b'\n') {
                self.column = self.column_of(self.at);
                return breaks;
            }
        }
    }

    /// Passes a quoted scalar and leaves its text in `scratch`. Returns whether it is on one line.
    pub(super) fn quoted(&mut self, parent: isize) -> Option<bool> {
        let quote = self.bytes[self.at];
        self.at += 1;
        self.spare.scratch.clear();
        let mut run = self.at;
        let mut one_line = true;
        loop {
            let rest = &self.bytes[self.at..];
            self.at += rest.iter().position(|byte| *byte == quote || matches!(byte, b'\\' | b'\n'))?;
            match self.bytes[self.at] {
                b'\n' => {
                    one_line = false;
                    self.fold_in_quotes(run, parent)?;
                    run = self.at;
                }
                b'\\' if quote == b'"' => {
                    self.spare.scratch.push_str(&self.text[run..self.at]);
                    self.spare.scratch.push(escape(self.byte(self.at + 1))?);
                    self.at += 2;
                    run = self.at;
                }
                b'\'' if quote == b'\'' && self.byte(self.at + 1) == b'\'' => {
                    self.spare.scratch.push_str(&self.text[run..=self.at]);
                    self.at += 2;
                    run = self.at;
                }
                byte if byte == quote => {
                    self.spare.scratch.push_str(&self.text[run..self.at]);
                    self.at += 1;
                    return Some(one_line);
                }
                _ => self.at += 1,
            }
        }
    }

    /// Takes the line that ends here, without its trailing blanks, and goes to the text of the next.
    fn fold_in_quotes(&mut self, run: usize, parent: isize) -> Option<()> {
        let line = self.text[run..self.at].trim_end_matches(' ');
        if line.ends_with('\t') {
            return None;
        }
        self.spare.scratch.push_str(line);
        let breaks = self.line_breaks();
        if self.column <= parent || self.column == 0 || self.byte(self.at) == b'\t' {
            return None;
        }
        push_fold(&mut self.spare.scratch, breaks);
        Some(())
    }
}

/// One line break is a space; of more, all but the first are kept.
fn push_fold(text: &mut String, breaks: usize) {
    if breaks == 1 {
        text.push(' ');
    } else {
        text.extend(std::iter::repeat_n('\n', breaks - 1));
    }
}

/// The escapes that JSON and both versions of YAML know, without numbers.
fn escape(letter: u8) -> Option<char> {
    Some(match letter {
        b'"' => '"',
        b'\\' => '\\',
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        _ => return None,
    })
}
