//! How a text is written so that every YAML 1.1 and 1.2 reader takes it for the same text: the quotes of the canonical
//! style, and what other styles share with it.

use std::fmt::Write as _;

use super::super::scalar::{self, Plain};

/// The way a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// `'…'`: it holds signs that mean something in YAML.
    Single,
    /// `"…"`: without quotes it would be a number, boolean, null or date, or it needs escapes.
    Double,
    /// `|`: several lines.
    Literal,
}

/// Chooses the form of a text of any length.
pub(super) fn form_of(text: &str) -> Form {
    let bytes = text.as_bytes();
    if bytes.is_empty() || !is_printable(text) {
        return Form::Double;
    }
    if bytes.contains(&b'\n') {
        return if is_literal(text) { Form::Literal } else { Form::Double };
    }
    if is_ambiguous(text) {
        return Form::Double;
    }
    if needs_quotes(text) { Form::Single } else { Form::Plain }
}

/// The form of a key: on one line, and never `<<` or `=`, which some readers take for a merge or a default.
pub(super) fn key_form_of(text: &str) -> Form {
    match form_of(text) {
        Form::Literal => Form::Double,
        Form::Plain if matches!(text, "<<" | "=") => Form::Double,
        form => form,
    }
}

/// Writes a text in single quotes.
pub(super) fn single(text: &str, out: &mut String) {
    out.push('\'');
    let mut parts = text.split('\'');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("''");
        out.push_str(part);
    }
    out.push('\'');
}

/// How a character is escaped in double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Line breaks beyond ASCII by number.
    Plain,
    /// `\N`, `\L`, `\P`; and everything, even letters, in a text that begins with a byte order mark.
    GoYaml,
}

/// Writes a text in double quotes. What is no plain ASCII or printable Unicode is escaped.
pub(super) fn double(text: &str, escapes: Escapes, out: &mut String) {
    out.push('"');
    if escapes == Escapes::GoYaml && is_escaped_throughout(text) {
        text.chars().for_each(|character| escape(character, escapes, out));
        out.push('"');
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.find(needs_escape) {
        out.push_str(&rest[..at]);
        let character = rest[at..].chars().next().unwrap_or_default();
        escape(character, escapes, out);
        rest = &rest[at + character.len_utf8()..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes one character of a text in double quotes.
pub(super) fn double_character(character: char, always: bool, escapes: Escapes, out: &mut String) {
    if always || needs_escape(character) {
        escape(character, escapes, out);
    } else {
        out.push(character);
    }
}

/// Whether go-yaml escapes every character: it looks for a byte order mark always at the beginning.
pub(super) fn is_escaped_throughout(text: &str) -> bool {
    text.starts_with('\u{feff}')
}

/// Whether a printable text of one line would mean something else, or lose spaces, without quotes.
pub(super) fn needs_quotes(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.starts_with(' ') || text.ends_with(' ') || begins_like_syntax(bytes) || holds_syntax(bytes)
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\') || !is_printable_character(character)
}

fn escape(character: char, escapes: Escapes, out: &mut String) {
    let named = match character {
        '\u{85}' if escapes == Escapes::GoYaml => "\\N",
        '\u{a0}' if escapes == Escapes::GoYaml => "\\_",
        '\u{2028}' if escapes == Escapes::GoYaml => "\\L",
        '\u{2029}' if escapes == Escapes::GoYaml => "\\P",
        '"' => "\\\"",
        '\\' => "\\\\",
        '\0' => "\\0",
        '\u{7}' => "\\a",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{b}' => "\\v",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        '\u{1b}' => "\\e",
        _ => "",
    };
    if !named.is_empty() {
        out.push_str(named);
        return;
    }
    let code = u32::from(character);
    // writing to a string cannot fail
    let _ = match code {
        0..=0xFF => write!(out, "\\x{code:02X}"),
        0x100..=0xFFFF => write!(out, "\\u{code:04X}"),
        _ => write!(out, "\\U{code:08X}"),
    };
}

/// Whether a text may stand outside double quotes. Line feeds may; tabs may not, nor what go-yaml escapes.
pub(super) fn is_printable(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    }
    text.chars().all(|character| character == '\n' || is_printable_character(character))
}

fn is_printable_character(character: char) -> bool {
    match character {
        ' '..='~' => true,
        // line breaks of YAML 1.1 and the byte order mark
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        '\u{a0}'..='\u{fffd}' => true,
        _ => false,
    }
}

/// Whether a text of several lines reads back from a literal block: no line ends in a blank, and the first line does
/// not begin with one, which would need an indentation indicator that readers disagree on.
fn is_literal(text: &str) -> bool {
    !text.starts_with([' ', '\n']) && !text.ends_with(' ') && !text.contains(" \n")
}

/// Whether some reader would take the bare text for something other than text.
fn is_ambiguous(text: &str) -> bool {
    let first = text.as_bytes()[0];
    if first.is_ascii_alphabetic() && text.len() > 5 {
        return false;
    }
    scalar::resolve_plain(text) != Plain::Text || looks_like_a_number(text) || looks_like_a_date(text.as_bytes())
}

/// Numbers of any YAML or programming language: `1_000`, `22:22`, `0o14`, `1e400`, `+.inf` and their relatives.
fn looks_like_a_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('.');
    let lower = digits.to_ascii_lowercase();
    if matches!(lower.as_str(), "inf" | "nan") && digits.len() < text.len() {
        return true;
    }
    if let Some(digits) = lower.strip_prefix("0x") {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    if let Some(digits) = lower.strip_prefix("0o").or_else(|| lower.strip_prefix("0b")) {
        return digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    }
    let Some(first) = lower.bytes().next() else { return false };
    if !first.is_ascii_digit() {
        return false;
    }
    is_base_60(&lower) || is_one_number(&lower)
}

/// `190:20:30.15`: base 60 in YAML 1.1.
fn is_base_60(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|byte| byte.is_ascii_digit() || b":_.".contains(&byte))
}

/// Digits with at most one point and at most one exponent, underscores anywhere.
fn is_one_number(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent = exponent.trim_start_matches(['+', '-']);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    mantissa.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits(&mantissa.replace('.', ""))
        && !exponent.is_empty()
        && digits(exponent)
}

/// `2024-01-01` or `2024-1-1`, and what follows it in a time stamp.
fn looks_like_a_date(text: &[u8]) -> bool {
    let Some((year, [b'-', rest @ ..])) = text.split_at_checked(4) else { return false };
    let month = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let day = rest.get(month + 1);
    year.iter().all(u8::is_ascii_digit)
        && (1..=2).contains(&month)
        && rest.get(month) == Some(&b'-')
        && day.is_some_and(u8::is_ascii_digit)
}

/// Whether the first signs of a bare text would be YAML's.
fn begins_like_syntax(text: &[u8]) -> bool {
    match text {
        [b'-' | b'?' | b':'] | [b'-' | b'?' | b':', b' ', ..] => true,
        [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] => true,
        [first, ..] => b"#,[]{}&*!|>'\"%@`".contains(first),
        [] => true,
    }
}

/// Whether a bare text would end early: at `: ` or ` #`.
fn holds_syntax(text: &[u8]) -> bool {
    text.last() == Some(&b':') || text.windows(2).any(|pair| matches!(pair, b": " | b" #"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_reader_takes_for_another_type_is_double_quoted() {
        for text in [
            "",
            "y",
            "N",
            "yes",
            "off",
            "True",
            "~",
            "null",
            "01",
            "0o14",
            "0x1F",
            "0b1",
            "1_000",
            "1.",
            ".5",
            "+1",
            "00",
            "08",
            "-0",
            "1_",
            "1e3",
            "1e400",
            "12:30:45",
            "22:22",
            "190:20:30.15",
            "2024-01-01",
            ".inf",
            "-.INF",
            ".NaN",
            "2024-01-01T00:00:00Z",
            "a\tb",
            "a\rb",
            "a\u{feff}",
            "\u{1F600}",
            "a \nb",
            "a\u{2028}b",
            "a\u{85}b",
            " a\nb",
        ] {
            assert_eq!(form_of(text), Form::Double, "{text:?}");
        }
    }

    #[test]
    fn signs_of_yaml_are_single_quoted() {
        for text in [
            "-", "- a", "---", "...", "?", "? a", ":", "a:", "a: b", "::", "# a", ", a", "[", "]", "{", "}", "&x",
            "*x", "!x", "|", ">", "' ", "\"a", "%a", "@a", "`a", "a #b", " a", "a ",
        ] {
            assert_eq!(form_of(text), Form::Single, "{text:?}");
        }
    }

    #[test]
    fn ordinary_words_stay_plain() {
        for text in [
            "--",
            "-a",
            "?a",
            ":a",
            "a:b",
            "a#b",
            "a'b",
            "a\"b",
            "a,b",
            "a=b",
            "~a",
            "1.2.3",
            "nUll",
            "tRue",
            "1 2",
            "+",
            "e3",
            "1,000",
            "\\",
            "é",
            "日本",
            "100m",
            "1Gi",
            "10.0.0.1",
            "v1",
            "apps/v1",
            "nginx:1.27",
            "5000-6000",
            "a\u{a0}b",
            "sha256:0123",
            "=",
            "<<",
            "10m",
            "NaN",
            "0.5Gi",
        ] {
            assert_eq!(form_of(text), Form::Plain, "{text:?}");
        }
        assert_eq!(key_form_of("<<"), Form::Double);
        assert_eq!(key_form_of("="), Form::Double);
    }
}
