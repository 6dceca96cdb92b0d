//! Brackets that close on the line they open on, around simple scalars and each other.

use super::scalar::letters_and;
use super::{Reader, Span};
use crate::manifest::mapping::has_repeated_keys;
use crate::manifest::scalar::{Plain, resolve_plain};
use crate::manifest::{Entry, Key, Node, Text, Value};

/// Bytes that mean themselves anywhere in a plain scalar in brackets.
const PLAIN: [bool; 256] = letters_and(b"_./-+$=~()^;");

impl Reader<'_> {
    /// A list or mapping in brackets, at which the reader stands.
    pub(super) fn flow(&mut self, depth: usize) -> Option<Node> {
        self.enter(depth)?;
        if self.bytes[self.at] == b'[' { self.flow_sequence(depth) } else { self.flow_mapping(depth) }
    }

    fn flow_sequence(&mut self, depth: usize) -> Option<Node> {
        let (start, base) = (self.at, self.spare.items.len());
        self.at += 1;
        self.skip_spaces();
        if self.byte(self.at) != b']' {
            loop {
                let item = self.flow_value(depth + 1)?;
                self.spare.items.push(item);
                if !self.goes_on(b']')? {
                    break;
                }
            }
        }
        self.at += 1;
        let items = self.spare.items.drain(base..).collect();
        Some(Node { span: Span::new(start, self.at), value: Value::Sequence(items) })
    }

    fn flow_mapping(&mut self, depth: usize) -> Option<Node> {
        let (start, base) = (self.at, self.spare.entries.len());
        self.at += 1;
        self.skip_spaces();
        if self.byte(self.at) != b'}' {
            loop {
                let key = self.flow_key(depth + 1)?;
                let value = self.flow_value(depth + 1)?;
                self.spare.entries.push(Entry { key, value });
                if !self.goes_on(b'}')? {
                    break;
                }
            }
        }
        self.at += 1;
        if has_repeated_keys(&self.spare.entries[base..]) {
            return None;
        }
        let entries = self.spare.entries.drain(base..).collect();
        Some(Node { span: Span::new(start, self.at), value: Value::Mapping(entries) })
    }

    /// Passes the comma before another value; false before the closing bracket.
    fn goes_on(&mut self, close: u8) -> Option<bool> {
        self.skip_spaces();
        match self.byte(self.at) {
            b',' => {
                self.at += 1;
                self.skip_spaces();
                // a comma before the bracket is left to the composer
                (self.byte(self.at) != close).then_some(true)
            }
            byte => (byte == close).then_some(false),
        }
    }

    /// A key, its colon, and the blanks behind it.
    fn flow_key(&mut self, depth: usize) -> Option<Key> {
        self.enter(depth)?;
        let (span, name) = match self.byte(self.at) {
            b'"' | b'\'' => self.flow_quoted()?,
            _ => {
                let span = self.flow_plain()?;
                let name = self.slice(span);
                if resolve_plain(name) != Plain::Text {
                    return None;
                }
                (span, name.into())
            }
        };
        if !self.is_before_colon() || self.byte(self.at + 1) != b' ' {
            return None;
        }
        self.at += 1;
        self.skip_spaces();
        self.key(span, name)
    }

    fn flow_value(&mut self, depth: usize) -> Option<Node> {
        match self.byte(self.at) {
            b'[' | b'{' => self.flow(depth),
            b'"' | b'\'' => {
                self.enter(depth)?;
                let (span, text) = self.flow_quoted()?;
                Some(Node { span, value: Value::String(text) })
            }
            _ => {
                self.enter(depth)?;
                let span = self.flow_plain()?;
                let text = self.slice(span);
                let value = match resolve_plain(text) {
                    Plain::Text => Value::String(text.into()),
                    Plain::Value(value) => value,
                    Plain::NotFinite => return None,
                };
                Some(Node { span, value })
            }
        }
    }

    fn flow_quoted(&mut self) -> Option<(Span, Text)> {
        let start = self.at;
        self.quoted(super::END)?.then_some(())?;
        let span = Span::new(start, self.at);
        Some((span, self.spare.scratch.as_str().into()))
    }

    /// A plain scalar without anything that has a meaning in brackets. A colon is part of it before a letter or `/`.
    fn flow_plain(&mut self) -> Option<Span> {
        let start = self.at;
        if self.byte(start) == b'-' && !self.byte(start + 1).is_ascii_alphanumeric() {
            return None;
        }
        let mut end = start;
        loop {
            match self.byte(self.at) {
                byte if PLAIN[usize::from(byte)] => end = self.at + 1,
                b':' if self.at > start
                    && (self.byte(self.at + 1) == b'/' || self.byte(self.at + 1).is_ascii_alphanumeric()) =>
                {
                    end = self.at + 1;
                }
                b' ' => {}
                b',' | b']' | b'}' | b':' => break,
                _ => return None,
            }
            self.at += 1;
        }
        self.at = end;
        (end > start).then(|| Span::new(start, end))
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }
}
