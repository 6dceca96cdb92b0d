//! The fast reader takes the plain part of YAML, in which nearly every manifest is written, straight to the tree.
//!
//! It covers block mappings and lists, scalars without a tag or an anchor, literal and folded blocks, and brackets that
//! hold simple scalars and close on the line they open on. Only the reader may call it, once for each piece of a text,
//! before the composer. It has one answer for everything else, and for everything that is wrong: nothing. The composer
//! then reads the piece from its start, so that giving up costs time and changes nothing: no limit is spent, no
//! diagnostic told, before the whole piece is read. For the same reason it may be stricter than YAML wherever that is
//! simpler, and never more lenient: what it does return, spans included, is what the composer returns (`tests/it/fast.rs`
//! compares the two over real, generated and damaged texts).

mod block;
mod flow;
mod scalar;

use std::ops::Range;

use super::mapping::has_repeated_keys;
use super::scalar::{Plain, resolve_plain};
use super::{Entry, Key, Node, Text, Value};
use crate::source::Span;

/// Keys that are longer than this are left to the composer: YAML limits their length in characters.
const LONGEST_KEY: usize = 512;

/// The column of a text's end: further left than any line.
const END: isize = -1;

/// What the fast reader may spend.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allowance {
    /// Nodes, keys included.
    pub(super) nodes: usize,
    /// Nesting of collections.
    pub(super) depth: usize,
}

/// A document with the number of nodes it was charged for.
#[derive(Debug)]
pub(super) struct Plainly {
    pub(super) root: Node,
    pub(super) nodes: usize,
}

/// Reads the only document of a piece; `None` for everything that is not plain.
///
/// The piece must hold no control characters and no line breaks but line feeds; see `charset::is_ordinary`.
pub(super) fn read(text: &str, piece: Range<usize>, allowance: Allowance, spare: &mut Spare) -> Option<Plainly> {
    let text = &text[..piece.end];
    let bytes = text.as_bytes();
    // what was given up on the way is still in it
    spare.entries.clear();
    spare.items.clear();
    let (at, line) = (piece.start, piece.start);
    let mut reader = Reader { text, bytes, at, line, column: 0, allowance, nodes: 0, spare };
    let root = reader.document()?;
    Some(Plainly { root, nodes: reader.nodes })
}

/// Memory that is used for piece after piece.
#[derive(Debug)]
pub(super) struct Spare {
    /// Entries and items of the collections that are open: each takes its own off the end when it is complete, so that
    /// none of them holds more memory than it needs.
    entries: Vec<Entry>,
    items: Vec<Node>,
    /// Where text that is not one run of the source is put together.
    scratch: String,
}

impl Default for Spare {
    /// As much as most manifests need at a time, so that nothing has to grow.
    fn default() -> Self {
        Self { entries: Vec::with_capacity(32), items: Vec::with_capacity(8), scratch: String::new() }
    }
}

struct Reader<'a> {
    /// The text up to the end of the piece: offsets are those of the whole text.
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the current line begins.
    line: usize,
    /// The column of the next thing to read, which begins at `at`.
    column: isize,
    allowance: Allowance,
    nodes: usize,
    spare: &'a mut Spare,
}

/// What stands where a value may be, or the key of a mapping.
enum Head {
    Key(Key),
    Value(Node),
}

impl Reader<'_> {
    /// The whole piece, if it is one plain document.
    fn document(&mut self) -> Option<Node> {
        self.separator()?;
        self.next_line()?;
        if self.column == END {
            return None;
        }
        let root = self.below(END, 0)?;
        let is_collection = matches!(root.value, Value::Sequence(_) | Value::Mapping(_));
        (is_collection && self.column == END).then_some(root)
    }

    fn byte(&self, at: usize) -> u8 {
        // what ends a line also ends the text
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n')
    }

    fn column_of(&self, at: usize) -> isize {
        (at - self.line).cast_signed()
    }

    /// Charges for a node.
    fn enter(&mut self, depth: usize) -> Option<()> {
        self.nodes += 1;
        (self.nodes <= self.allowance.nodes && depth < self.allowance.depth).then_some(())
    }

    // ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────

    /// Passes the `---` with which the first piece of a text may begin.
    fn separator(&mut self) -> Option<()> {
        if !self.bytes[self.at..].starts_with(b"---") {
            return Some(());
        }
        self.at += 3;
        self.rest_of_line()
    }

    /// Passes the rest of a line that may hold blanks and a comment.
    fn rest_of_line(&mut self) -> Option<()> {
        let from = self.at;
        self.skip_spaces();
        match self.byte(self.at) {
            b'\n' => {}
            b'#' if self.at > from => self.skip_line(),
            _ => return None,
        }
        self.at = (self.at + 1).min(self.bytes.len());
        Some(())
    }

    fn skip_spaces(&mut self) {
        while self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }

    /// Goes to the end of the line.
    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    /// From the beginning of a line to the next thing that is neither blank nor a comment.
    fn next_line(&mut self) -> Option<()> {
        loop {
            self.line = self.at;
            self.skip_spaces();
            match self.bytes.get(self.at) {
                None => {
                    self.column = END;
                    return Some(());
                }
                Some(b'\n') => self.at += 1,
                Some(b'#') => {
                    self.skip_line();
                    self.at = (self.at + 1).min(self.bytes.len());
                }
                Some(b'\t') => return None,
                Some(_) => {
                    self.column = self.column_of(self.at);
                    let border = self.column == 0
                        && matches!(&self.bytes[self.at..], [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]);
                    return (!border).then_some(());
                }
            }
        }
    }

    /// Ends a value: nothing but a comment may follow it on its line.
    fn end_value(&mut self) -> Option<()> {
        self.rest_of_line()?;
        self.next_line()
    }

    // ── collections ───────────────────────────────────────────────────────────────────────────────────────────

    /// The value that begins a line further right than `parent`, or stands behind the dash of an item there.
    fn below(&mut self, parent: isize, depth: usize) -> Option<Node> {
        if self.byte(self.at) == b'-' && self.is_blank(self.at + 1) {
            return self.sequence(depth, false);
        }
        let column = self.column;
        match self.head(parent, depth, true)? {
            Head::Key(key) => self.mapping(key, column, depth),
            Head::Value(node) => Some(node),
        }
    }

    /// A list; one that is `level` with its key begins, to the composer, behind its first dash.
    fn sequence(&mut self, depth: usize, level: bool) -> Option<Node> {
        self.enter(depth)?;
        let (mut start, column, base) = (self.at, self.column, self.spare.items.len());
        while self.column == column && self.byte(self.at) == b'-' && self.is_blank(self.at + 1) {
            self.at += 1;
            self.skip_spaces();
            if level && self.spare.items.len() == base {
                // where it begins before a comment, only the composer knows
                if self.byte(self.at) == b'#' {
                    return None;
                }
                start = self.at;
            }
            if matches!(self.byte(self.at), b'\n' | b'#') {
                self.end_value_of_sign()?;
                // an item that is not written has a place that only the composer knows
                if self.column <= column {
                    return None;
                }
            } else {
                self.column = self.column_of(self.at);
            }
            let item = self.below(column, depth + 1)?;
            self.spare.items.push(item);
        }
        if self.column > column {
            return None;
        }
        let end = self.spare.items.last()?.span.end;
        let items = self.spare.items.drain(base..).collect();
        Some(Node { span: Span::new(start, end as usize), value: Value::Sequence(items) })
    }

    /// Passes the rest of a line behind `-` or `:`.
    fn end_value_of_sign(&mut self) -> Option<()> {
        self.at -= usize::from(self.byte(self.at) == b'#');
        self.end_value()
    }

    /// A mapping whose first key is read, and whose colon comes next.
    fn mapping(&mut self, first: Key, column: isize, depth: usize) -> Option<Node> {
        self.enter(depth)?;
        let (start, base) = (first.span.start, self.spare.entries.len());
        let mut key = first;
        loop {
            self.enter(depth + 1)?;
            let value = self.value_behind_colon(column, depth + 1)?;
            self.spare.entries.push(Entry { key, value });
            if self.column != column {
                break;
            }
            match self.head(column, depth + 1, true)? {
                Head::Key(next) => key = next,
                Head::Value(_) => return None,
            }
        }
        if self.column > column || has_repeated_keys(&self.spare.entries[base..]) {
            return None;
        }
        let end = self.spare.entries.last()?.value.span.end;
        let entries = self.spare.entries.drain(base..).collect();
        Some(Node { span: Span { start, end }, value: Value::Mapping(entries) })
    }

    /// The value behind a colon, at which the reader stands.
    fn value_behind_colon(&mut self, column: isize, depth: usize) -> Option<Node> {
        self.at += 1;
        let behind = self.at;
        self.skip_spaces();
        if !matches!(self.byte(self.at), b'\n' | b'#') {
            return match self.head(column, depth, false)? {
                Head::Value(node) => Some(node),
                Head::Key(_) => None,
            };
        }
        self.end_value_of_sign()?;
        if self.column > column {
            return self.below(column, depth);
        }
        if self.column == column && self.byte(self.at) == b'-' && self.is_blank(self.at + 1) {
            return self.sequence(depth, true);
        }
        self.enter(depth)?;
        Some(Node { span: Span::at(behind), value: Value::Null })
    }

    // ── scalars ───────────────────────────────────────────────────────────────────────────────────────────────

    /// A value, or a key with its colon where `key` allows one.
    fn head(&mut self, parent: isize, depth: usize, key: bool) -> Option<Head> {
        match self.byte(self.at) {
            b'"' | b'\'' => self.quoted_head(parent, depth, key),
            b'|' | b'>' => self.block_scalar(parent, depth).map(Head::Value),
            b'[' | b'{' => {
                let node = self.flow(depth)?;
                self.end_value()?;
                Some(Head::Value(node))
            }
            _ => self.plain_head(parent, depth, key),
        }
    }

    fn quoted_head(&mut self, parent: isize, depth: usize, key: bool) -> Option<Head> {
        let start = self.at;
        let one_line = self.quoted(parent)?;
        let span = Span::new(start, self.at);
        if key && one_line && self.is_before_colon() {
            return self.key(span, self.spare.scratch.as_str().into()).map(Head::Key);
        }
        self.enter(depth)?;
        let value = Value::String(self.spare.scratch.as_str().into());
        self.end_value()?;
        Some(Head::Value(Node { span, value }))
    }

    fn plain_head(&mut self, parent: isize, depth: usize, key: bool) -> Option<Head> {
        let start = self.at;
        let end = self.plain_line()?;
        if self.is_at_colon() {
            let name = &self.text[start..end];
            // a key that is no text, or merges, has a name of its own
            if !key || name == "<<" || resolve_plain(name) != Plain::Text {
                return None;
            }
            return self.key(Span::new(start, end), name.into()).map(Head::Key);
        }
        self.enter(depth)?;
        self.plain_value(start, end, parent).map(Head::Value)
    }

    /// A key, at whose colon the reader stands.
    fn key(&self, span: Span, name: Text) -> Option<Key> {
        (self.at - span.start as usize <= LONGEST_KEY).then_some(Key { span, name })
    }

    fn is_at_colon(&self) -> bool {
        self.byte(self.at) == b':' && self.is_blank(self.at + 1)
    }

    /// Goes to a colon if nothing but spaces is before it.
    fn is_before_colon(&mut self) -> bool {
        let from = self.at;
        self.skip_spaces();
        let found = self.is_at_colon();
        if !found {
            self.at = from;
        }
        found
    }
}
