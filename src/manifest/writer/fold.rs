//! Folding: a long text goes on in the next line, where readers put one space in place of the break.

use super::indent;
use super::quote::{self, Escapes, Form};

/// Where lines end and begin.
pub(super) struct Page {
    /// A text breaks at the first possible space behind this many characters.
    pub(super) width: usize,
    /// Where it goes on.
    pub(super) indent: usize,
}

/// Writes a text of one line behind the last line of `out`, folded. Spaces at its ends, and those beside other
/// spaces, do not survive folding and stay, except that double quotes can escape them.
pub(super) fn write(form: Form, text: &str, page: &Page, out: &mut String) {
    let line = out.rfind('\n').map_or(0, |at| at + 1);
    let mut column = out[line..].chars().count();
    let mut written = out.len();
    let mark = match form {
        Form::Plain => "",
        Form::Single => "'",
        Form::Double | Form::Literal => "\"",
    };
    out.push_str(mark);
    let escapes_all = quote::is_escaped_throughout(text);
    let mut behind_space = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        column += out[written..].chars().count();
        written = out.len();
        let is_space = character == ' ' && !(escapes_all && mark == "\"");
        let next_is_space = characters.peek().is_some_and(|(_, next)| *next == ' ');
        let inside = at > 0 && characters.peek().is_some();
        let folds = is_space && !behind_space && column > page.width && inside && (mark == "\"" || !next_is_space);
        if folds {
            out.push('\n');
            indent(out, page.indent);
            (column, written) = (page.indent, out.len());
            if next_is_space {
                out.push('\\');
            }
        } else {
            match (mark, character) {
                ("'", '\'') => out.push_str("''"),
                ("\"", _) => quote::double_character(character, escapes_all, Escapes::GoYaml, out),
                _ => out.push(character),
            }
        }
        behind_space = is_space;
    }
    out.push_str(mark);
}
