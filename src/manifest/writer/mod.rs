//! Writer: YAML whose bytes read back as the same value, in Hydrant's own style or exactly as other tools print it.
//!
//! One core lays out blocks; a [`Style`] is a table of choices it asks on the way.

mod choices;
mod fold;
mod goyaml;
mod order;
mod quote;
mod timestamp;

use std::fmt::Write as _;

use self::choices::Choices;
use self::quote::Form;
use super::{Entry, Node, Value};

/// Deeper than anything the reader lets through.
const DEEPEST: usize = 1024;

/// Bytes of a key that is written on one line with its value; the same in every style.
const LONGEST_SIMPLE_KEY: usize = 128;

/// How YAML is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Hydrant's own: keys in natural order, lists not indented under their key, long texts as literal blocks, no
    /// folding, and quotes wherever some reader of YAML 1.1 or 1.2 would take a text for something else.
    #[default]
    Canonical,
    /// The bytes of go-yaml v2 behind `sigs.k8s.io/yaml`: Helm's `toYaml`, and what kustomize prints. Long texts are
    /// folded after column 80.
    GoYamlV2,
    /// The bytes of yaml.v3 with an indentation of 2, as Argo CD writes its `manifest.yaml`: lists are indented under
    /// their key, nothing is folded.
    GoYamlV3,
}

/// A value that cannot be written so that it reads back the same. Whose move it is: whoever made the value, or chose
/// the style; nothing that was read from YAML or JSON fails in the canonical style.
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
    /// A key that a style of other tools leaves without quotes, and that every reader then takes for a merge.
    #[error("a mapping has the key `<<`, which this style writes so that it reads back as a merge")]
    MergeKey,
}

/// Writes one document in the canonical style, ending in a line feed, without `---`.
pub fn write(node: &Node, out: &mut String) -> Result<(), WriteError> {
    write_styled(node, Style::Canonical, out)
}

/// Writes documents in the canonical style, joined by `---`, without one in front.
pub fn write_documents<'a>(roots: impl IntoIterator<Item = &'a Node>) -> Result<String, WriteError> {
    write_documents_styled(roots, Style::Canonical)
}

/// Writes one document, ending in a line feed, without `---`. What stands in `out` ends in a line feed, or is empty.
pub fn write_styled(node: &Node, style: Style, out: &mut String) -> Result<(), WriteError> {
    let mut writer = Writer { out, depth: 0, choices: Choices::of(style) };
    match &node.value {
        Value::Mapping(entries) if !entries.is_empty() => writer.mapping(entries, 0),
        Value::Sequence(items) if !items.is_empty() => writer.sequence(items, 0),
        value => writer.scalar(value, 0),
    }
}

/// Writes documents joined by `---`, without one in front.
pub fn write_documents_styled<'a>(
    roots: impl IntoIterator<Item = &'a Node>,
    style: Style,
) -> Result<String, WriteError> {
    let mut out = String::new();
    for root in roots {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        write_styled(root, style, &mut out)?;
    }
    Ok(out)
}

struct Writer<'a> {
    out: &'a mut String,
    depth: usize,
    choices: &'static Choices,
}

/// Whether a key stands on one line with its colon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    /// `key:`
    No,
    /// `? key`, and the colon on a line of its own.
    Yes,
}

impl Writer<'_> {
    /// Writes entries, the first where the pen stands, the others at `indent`.
    fn mapping(&mut self, entries: &[Entry], indent: usize) -> Result<(), WriteError> {
        self.descend()?;
        for (index, entry) in order::sorted(entries, self.choices.order)?.into_iter().enumerate() {
            if index > 0 {
                self.indent(indent);
            }
            let announced = self.key(&entry.key.name, indent)?;
            self.value(&entry.value, indent, announced)?;
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
    fn value(&mut self, node: &Node, indent: usize, announced: Announced) -> Result<(), WriteError> {
        let beside = announced == Announced::Yes && self.choices.collections_beside_announced_keys;
        match &node.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                self.begin_collection(beside, indent + 2);
                self.mapping(entries, indent + 2)
            }
            Value::Sequence(items) if !items.is_empty() => {
                let indent = if beside { indent + 2 } else { indent + self.choices.list_indent };
                self.begin_collection(beside, indent);
                self.sequence(items, indent)
            }
            value => {
                self.out.push(' ');
                self.scalar(value, indent)
            }
        }
    }

    fn begin_collection(&mut self, beside: bool, indent: usize) {
        if beside {
            self.out.push(' ');
        } else {
            self.out.push('\n');
            self.indent(indent);
        }
    }

    /// Writes a value of one line, a folded one or a literal block, and the line feed.
    fn scalar(&mut self, value: &Value, indent: usize) -> Result<(), WriteError> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            // writing to a string cannot fail
            Value::Int(number) => drop(write!(self.out, "{number}")),
            Value::UInt(number) => drop(write!(self.out, "{number}")),
            Value::Float(number) if !number.is_finite() => return Err(WriteError::NotFinite),
            Value::Float(number) => self.out.push_str(&(self.choices.format_float)(*number)),
            Value::String(text) => self.text((self.choices.form_of)(text), text, indent),
            Value::Sequence(_) => self.out.push_str("[]"),
            Value::Mapping(_) => self.out.push_str("{}"),
        }
        self.out.push('\n');
        Ok(())
    }

    /// Writes a text that may go on in further lines.
    fn text(&mut self, form: Form, text: &str, indent: usize) {
        match (form, self.choices.fold_after) {
            (Form::Literal, _) => self.literal(text, indent + 2),
            // what has no space has no place to fold
            (form, Some(width)) if text.contains(' ') => {
                fold::write(form, text, &fold::Page { width, indent: indent + 2 }, self.out);
            }
            (form, _) => self.line(form, text),
        }
    }

    /// Writes a text of one line.
    fn line(&mut self, form: Form, text: &str) {
        match form {
            Form::Plain => self.out.push_str(text),
            Form::Single => quote::single(text, self.out),
            Form::Double | Form::Literal => quote::double(text, self.choices.escapes, self.out),
        }
    }

    /// Writes a key and its colon. Readers need not find the colon of a key that is longer than 1024 characters, so a
    /// long one is announced by `?`.
    fn key(&mut self, name: &str, indent: usize) -> Result<Announced, WriteError> {
        if name == "<<" && self.choices.refuses_merge_keys {
            return Err(WriteError::MergeKey);
        }
        let form = (self.choices.key_form_of)(name);
        let announced = name.len() > LONGEST_SIMPLE_KEY || (self.choices.announces_key)(name);
        if announced {
            self.out.push_str("? ");
        }
        match announced && self.choices.announced_keys_are_texts {
            true => self.text(form, name, indent),
            false => self.line(form, name),
        }
        if announced {
            self.out.push('\n');
            self.indent(indent);
        }
        self.out.push(':');
        Ok(if announced { Announced::Yes } else { Announced::No })
    }

    /// Writes a literal block without its last line feed.
    fn literal(&mut self, text: &str, indent: usize) {
        let (body, chomping) = match text.strip_suffix('\n') {
            None => (text, "-"),
            Some(body) if body.ends_with('\n') || body.is_empty() => (body, "+"),
            Some(body) => (body, ""),
        };
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out.push('2');
        }
        self.out.push_str(chomping);
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
    }

    fn indent(&mut self, width: usize) {
        indent(self.out, width);
    }
}

fn indent(out: &mut String, width: usize) {
    const SPACES: &str = "                                                                ";
    let mut left = width;
    while left > SPACES.len() {
        out.push_str(SPACES);
        left -= SPACES.len();
    }
    out.push_str(&SPACES[..left]);
}
