//! Writer: canonical YAML whose bytes read back as the same value, in the style of kubectl and kustomize.
//!
//! Keys in natural order, lists not indented under their key, long texts as literal blocks, no folding, and quotes
//! wherever some reader of YAML 1.1 or 1.2 would take a text for something else.

use std::fmt::Write as _;

use super::quote::{self, Style};
use super::{Entry, Node, Value, order, scalar};

/// Deeper than anything the reader lets through.
const DEEPEST: usize = 1024;

/// Bytes of a key that is written on one line with its value; the same as kubectl's writer.
const LONGEST_SIMPLE_KEY: usize = 128;

/// A value that cannot be written so that it reads back the same. Whose move it is: whoever made the value; nothing
/// that was read from YAML or JSON gives one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A number that JSON cannot hold: infinity or not-a-number.
    #[error("a number is not finite")]
    NotFinite,
    /// A mapping has one key twice: a reader would keep one of the two.
    #[error("a mapping has the same key twice")]
    DuplicateKey,
    /// Collections nest deeper than any reader follows.
    #[error("values are nested more than {DEEPEST} levels deep")]
    TooDeep,
}

/// Writes one document, ending in a line feed, without `---`.
pub fn write(node: &Node, out: &mut String) -> Result<(), WriteError> {
    let mut writer = Writer { out, depth: 0 };
    match &node.value {
        Value::Mapping(entries) if !entries.is_empty() => writer.mapping(entries, 0),
        Value::Sequence(items) if !items.is_empty() => writer.sequence(items, 0),
        value => writer.scalar(value, 0),
    }
}

/// Writes documents joined by `---`, without one in front.
pub fn write_documents<'a>(roots: impl IntoIterator<Item = &'a Node>) -> Result<String, WriteError> {
    let mut out = String::new();
    for root in roots {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        write(root, &mut out)?;
    }
    Ok(out)
}

struct Writer<'a> {
    out: &'a mut String,
    depth: usize,
}

impl Writer<'_> {
    /// Writes entries, the first where the pen stands, the others at `indent`.
    fn mapping(&mut self, entries: &[Entry], indent: usize) -> Result<(), WriteError> {
        self.descend()?;
        for (index, entry) in sorted(entries)?.into_iter().enumerate() {
            if index > 0 {
                self.indent(indent);
            }
            self.key(&entry.key.name, indent);
            self.value(&entry.value, indent)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn sequence(&mut self, items: &[Node], indent: usize) -> Result<(), WriteError> {
        self.descend()?;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.indent(indent);
            }
            self.out.push_str("- ");
            match &item.value {
                Value::Mapping(entries) if !entries.is_empty() => self.mapping(entries, indent + 2)?,
                Value::Sequence(items) if !items.is_empty() => self.sequence(items, indent + 2)?,
                value => self.scalar(value, indent)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn descend(&mut self) -> Result<(), WriteError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(WriteError::TooDeep) } else { Ok(()) }
    }

    /// Writes what follows a key and its colon.
    fn value(&mut self, node: &Node, indent: usize) -> Result<(), WriteError> {
        match &node.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                self.out.push('\n');
                self.indent(indent + 2);
                self.mapping(entries, indent + 2)
            }
            Value::Sequence(items) if !items.is_empty() => {
                self.out.push('\n');
                self.indent(indent);
                self.sequence(items, indent)
            }
            value => {
                self.out.push(' ');
                self.scalar(value, indent)
            }
        }
    }

    /// Writes a value of one line, or a literal block, and the line feed.
    fn scalar(&mut self, value: &Value, indent: usize) -> Result<(), WriteError> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            // writing to a string cannot fail
            Value::Int(number) => drop(write!(self.out, "{number}")),
            Value::UInt(number) => drop(write!(self.out, "{number}")),
            Value::Float(number) if number.is_finite() => self.out.push_str(&scalar::format_float(*number)),
            Value::Float(_) => return Err(WriteError::NotFinite),
            Value::String(text) => self.text(text, indent),
            Value::Sequence(_) => self.out.push_str("[]"),
            Value::Mapping(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
        Ok(())
    }

    fn text(&mut self, text: &str, indent: usize) {
        match quote::style_of(text) {
            Style::Plain => self.out.push_str(text),
            Style::Single => quote::single(text, self.out),
            Style::Double => quote::double(text, self.out),
            Style::Literal => self.literal(text, indent + 2),
        }
    }

    /// Writes a key and its colon. Readers need not find the colon of a key that is longer than 1024 characters, so a
    /// long one is announced by `?`.
    fn key(&mut self, name: &str, indent: usize) {
        let long = name.len() > LONGEST_SIMPLE_KEY;
        if long {
            self.out.push_str("? ");
        }
        match quote::key_style_of(name) {
            Style::Plain => self.out.push_str(name),
            Style::Single => quote::single(name, self.out),
            Style::Double | Style::Literal => quote::double(name, self.out),
        }
        if long {
            self.out.push('\n');
            self.indent(indent);
        }
        self.out.push(':');
    }

    /// Writes a literal block without its last line feed.
    fn literal(&mut self, text: &str, indent: usize) {
        let (body, header) = match text.strip_suffix('\n') {
            None => (text, "|-"),
            Some(body) if body.ends_with('\n') => (body, "|+"),
            Some(body) => (body, "|"),
        };
        self.out.push_str(header);
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
    }

    fn indent(&mut self, width: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = width;
        while left > SPACES.len() {
            self.out.push_str(SPACES);
            left -= SPACES.len();
        }
        self.out.push_str(&SPACES[..left]);
    }
}

/// The entries in natural order of their keys.
fn sorted(entries: &[Entry]) -> Result<Vec<&Entry>, WriteError> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    let compare = |a: &&Entry, b: &&Entry| order::natural(&a.key.name, &b.key.name);
    if !sorted.is_sorted_by(|a, b| compare(a, b).is_lt()) {
        sorted.sort_by(compare);
        if sorted.windows(2).any(|pair| pair[0].key.name == pair[1].key.name) {
            return Err(WriteError::DuplicateKey);
        }
    }
    Ok(sorted)
}
