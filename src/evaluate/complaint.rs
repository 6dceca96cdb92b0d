//! A complaint is what regorus says went wrong, read back from its text: message, file, line and column.
//!
//! regorus has no error type; it formats `--> file:line:col`, the line, a caret and `error: message`.

use crate::source::Source;

/// One error of regorus, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What it says, without place.
    pub(super) message: String,
    /// File name, line and column, both from 1; a tab counts four columns.
    pub(super) place: Option<(String, u32, u32)>,
}

impl Complaint {
    /// Reads the text of an error.
    pub(super) fn parse(text: &str) -> Self {
        let message = text.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
        let place = text.lines().find_map(|line| {
            let named = line.trim().strip_prefix("--> ");
            // some errors are one line: `file:line:col error: message`
            let named = named.or_else(|| line.split_once(" error: ").map(|(place, _)| place))?;
            split_place(named)
        });
        let message = message
            .map(str::to_owned)
            .or_else(|| {
                text.lines().rev().find_map(|line| line.split_once(" error: ")).map(|(_, rest)| rest.to_owned())
            })
            .unwrap_or_else(|| text.trim().lines().last().unwrap_or("no reason was given").to_owned());
        Self { message, place }
    }
}

fn split_place(text: &str) -> Option<(String, u32, u32)> {
    let mut parts = text.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), line, column))
}

/// The byte at a line and column as regorus' lexer counts them.
pub(super) fn offset(source: &Source, line: u32, column: u32) -> Option<usize> {
    let start = source.line_start(line.checked_sub(1)? as usize)?;
    let text = source.text()[start..].split('\n').next().unwrap_or_default();
    let mut at = 1;
    for (index, sign) in text.char_indices() {
        if at >= column as usize {
            return Some(start + index);
        }
        at += if sign == '\t' { 4 } else { sign.len_utf8() };
    }
    Some(start + text.trim_end().len())
}

/// How long the word is that stands at the start of a text.
pub(super) fn word_length(text: &str) -> usize {
    let word = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')).count();
    match word {
        0 => text.chars().next().filter(|sign| *sign != '\n').map_or(0, char::len_utf8),
        count => count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_a_colon_in_the_file_name() {
        let text = "\n--> c:/p.rego:3:7\n  |\n3 |   foo(1)\n  |   ^\nerror: could not find function `foo`";
        let complaint = Complaint::parse(text);
        assert_eq!(complaint.message, "could not find function `foo`");
        assert_eq!(complaint.place, Some(("c:/p.rego".to_owned(), 3, 7)));
    }

    #[test]
    fn columns_count_a_tab_as_four() {
        let source = Source::file("p.rego", "package p\n\tfoo(1)\n");
        assert_eq!(offset(&source, 2, 5), Some(11));
        assert_eq!(word_length(&source.text()[11..]), 3);
    }

    #[test]
    fn an_error_without_a_place_keeps_its_words() {
        assert_eq!(Complaint::parse("timed out").message, "timed out");
        assert_eq!(Complaint::parse("timed out").place, None);
    }
}
