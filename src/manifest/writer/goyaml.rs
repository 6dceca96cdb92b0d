//! How go-yaml v2 and v3 write a text or a number: which quotes, and when a block.
//!
//! Two departures, both escaped here: U+2028 and U+2029, where go-yaml breaks the line, so that a reader of YAML 1.2, to
//! which these are no line breaks, gets another text; and in v3 a block that begins with a tab, which no go-yaml reads.

use super::super::scalar::{self, Plain};
use super::quote::{self, Form};
use super::timestamp;

/// The form of a text in go-yaml v2.
pub(super) fn form_in_v2(text: &str) -> Form {
    if text.contains('\n') {
        return if is_block(text) && quote::is_printable(text) { Form::Literal } else { Form::Double };
    }
    form_of_line(text, is_other_than_text(text))
}

/// The form of a text in yaml.v3.
pub(super) fn form_in_v3(text: &str) -> Form {
    if text.contains('\n') {
        // here tabs may stand in a block
        let printable = text.split('\t').all(quote::is_printable);
        return if is_block(text) && printable && !text.starts_with('\t') { Form::Literal } else { Form::Double };
    }
    form_of_line(text, is_other_than_text(text) || is_octal_with_inner_sign(text))
}

/// Whether a text holds what YAML 1.1 calls a line break; such a key is announced.
pub(super) fn holds_a_break(text: &str) -> bool {
    text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// A number as Helm and kustomize print it. Go's JSON stands before go-yaml: what is whole and fits 64 bits is digits.
pub(super) fn format_float_in_v2(number: f64) -> String {
    // shortest digits, padded with zeros, as Go's JSON prints them
    match number.to_string() {
        digits if digits.parse::<u64>().is_ok() => digits,
        _ => format_float_in_v3(number),
    }
}

/// A number as Argo CD prints it: Kubernetes' JSON stands before yaml.v3, whose integers have a sign.
pub(super) fn format_float_in_v3(number: f64) -> String {
    match number.to_string().parse::<i64>() {
        Ok(integer) => integer.to_string(),
        Err(_) => scalar::go_float(&shortest(number)),
    }
}

/// The shortest digits that mean this number. Where two texts are equally short and near, Rust takes one of them and
/// Go the one with an even last digit.
fn shortest(number: f64) -> String {
    let shortest = format!("{number:e}");
    let mantissa = shortest.split_once('e').map_or(&*shortest, |(mantissa, _)| mantissa);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) { even } else { shortest }
}

fn form_of_line(text: &str, is_other_than_text: bool) -> Form {
    if is_other_than_text || !quote::is_printable(text) {
        return Form::Double;
    }
    if quote::needs_quotes(text) { Form::Single } else { Form::Plain }
}

/// Whether a text of several lines may be a literal block: no line ends in a space, nor does the text.
fn is_block(text: &str) -> bool {
    !text.ends_with(' ') && !text.contains(" \n")
}

/// Whether go-yaml would read a bare text as something else, or knows that other readers do.
fn is_other_than_text(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return true };
    if first.is_ascii_alphabetic() && text.len() > "false".len() {
        return false;
    }
    scalar::resolve_plain(text) != Plain::Text || timestamp::is_timestamp(text) || is_base_60(text)
}

/// `190:20:30.15`: `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits_or_lines = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let is_sixtieth = |part: &str| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    };
    whole.contains(':')
        && first.starts_with(|sign: char| sign.is_ascii_digit())
        && digits_or_lines(first)
        && parts.all(is_sixtieth)
        && digits_or_lines(fraction)
}

/// `0o-7`, a number to yaml.v3 alone: it hands what follows `0o` to `ParseInt`, sign included.
fn is_octal_with_inner_sign(text: &str) -> bool {
    let digits = text.replace('_', "");
    let Some(signed) = digits.strip_prefix("0o") else { return false };
    signed.starts_with(['+', '-']) && i64::from_str_radix(signed, 8).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_yaml_quotes_less_than_we_do() {
        let plain = [
            "1e400",
            "0x",
            "NaN",
            "10:61",
            "2001-12-14 21:59:43.10 -5",
            "2024-13-01",
            "2023-02-29",
            "12:30:99",
            "0o9",
            "1_000_x",
            "a\u{200b}b",
            "<<",
            "=",
        ];
        for text in plain {
            assert_eq!(form_in_v2(text), Form::Plain, "{text}");
            assert_eq!(form_in_v3(text), Form::Plain, "{text}");
        }
        for text in ["", "y", "0o14", "08", "-0", "1_", "12:30:45", "22:22", "190:20:30.15", "2024-01-01", "a\tb"] {
            assert_eq!(form_in_v2(text), Form::Double, "{text}");
            assert_eq!(form_in_v3(text), Form::Double, "{text}");
        }
    }

    #[test]
    fn versions_differ_in_tabs_and_in_signed_octals() {
        assert_eq!((form_in_v2("0o-7"), form_in_v3("0o-7")), (Form::Plain, Form::Double));
        assert_eq!((form_in_v2("a\n\tb"), form_in_v3("a\n\tb")), (Form::Double, Form::Literal));
        assert_eq!(form_in_v3("\ta\nb"), Form::Double, "no reader finds the indentation of such a block");
    }

    #[test]
    fn whole_numbers_that_fit_64_bits_are_digits() {
        for (number, v2, v3) in [
            (-0.0, "0", "0"),
            (0.0, "0", "0"),
            (1e6, "1000000", "1000000"),
            (-1e18, "-1000000000000000000", "-1000000000000000000"),
            (1e19, "10000000000000000000", "1e+19"),
            (-1e19, "-1e+19", "-1e+19"),
            (1e20, "1e+20", "1e+20"),
            (1e-7, "1e-07", "1e-07"),
            (1_234_567.5, "1.2345675e+06", "1.2345675e+06"),
            (916_854_692_977_333.3, "9.168546929773332e+14", "9.168546929773332e+14"),
        ] {
            assert_eq!(format_float_in_v2(number), v2);
            assert_eq!(format_float_in_v3(number), v3);
        }
    }
}
