//! Scalars: what a word of YAML means to Kubernetes (go-yaml v2 as sigs.k8s.io/yaml uses it), and how Go prints numbers.

use super::Value;

/// What an unquoted scalar means.
#[derive(Debug, PartialEq)]
pub(super) enum Plain {
    /// Text, as written.
    Text,
    /// `.inf` or `.nan`: a number that JSON cannot hold.
    NotFinite,
    /// `null`, a boolean or a number.
    Value(Value),
}

/// Resolves an unquoted scalar by the rules of YAML 1.1, in the order in which go-yaml tries them.
pub(super) fn resolve_plain(text: &str) -> Plain {
    match text.bytes().next() {
        None => Plain::Value(Value::Null),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => resolve_word(text),
        Some(b'.') => resolve_dot(text),
        Some(b'+' | b'-' | b'0'..=b'9') => resolve_number(text),
        Some(_) => Plain::Text,
    }
}

/// The type a tag such as `!!int` asks for, with what the scalar would be without it.
pub(super) fn resolve_as(wanted: &str, text: &str) -> Option<Plain> {
    match (wanted, resolve_plain(text)) {
        ("int", found @ Plain::Value(Value::Int(_) | Value::UInt(_))) if !is_float(text) => Some(found),
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for it")]
        ("float", Plain::Value(Value::Int(number))) => Some(Plain::Value(float_value(number as f64))),
        ("float", found @ (Plain::NotFinite | Plain::Value(Value::Float(_)))) => Some(found),
        ("bool", found @ Plain::Value(Value::Bool(_))) => Some(found),
        ("null", found @ Plain::Value(Value::Null)) => Some(found),
        _ => None,
    }
}

fn resolve_word(text: &str) -> Plain {
    Plain::Value(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => return Plain::Text,
    })
}

fn resolve_dot(text: &str) -> Plain {
    if matches!(text, ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF") {
        return Plain::NotFinite;
    }
    // here Go's own rule for underscores holds: single ones, between digits
    if text.contains('_') && !underscores_stand_between_digits(text) {
        return Plain::Text;
    }
    resolve_float(&text.replace('_', ""))
}

fn resolve_number(text: &str) -> Plain {
    if matches!(text, "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF") {
        return Plain::NotFinite;
    }
    // nothing else that begins like a number holds other signs; most image tags, dates and addresses leave here
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"_+-.xXoO".contains(&byte)) {
        return Plain::Text;
    }
    let without_underscores;
    let digits = if text.contains('_') {
        without_underscores = text.replace('_', "");
        &without_underscores
    } else {
        text
    };
    match resolve_integer(digits) {
        Some(value) => Plain::Value(value),
        None => resolve_float(digits),
    }
}

/// Go's `ParseInt` and `ParseUint` with base 0: a leading `0` alone means octal.
fn resolve_integer(text: &str) -> Option<Value> {
    if let Some(digits) = text.strip_prefix("0b") {
        // go-yaml hands these digits to ParseInt a second time, sign included
        return i64::from_str_radix(digits, 2).ok().map(Value::Int).or_else(|| parse_unsigned(digits, 2));
    }
    let (negative, signed, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    let (radix, digits) = radix_of(magnitude);
    let number = match parse_unsigned(digits, radix)? {
        Value::Int(number) => number,
        Value::UInt(number) if negative && number == 1 << 63 => return Some(Value::Int(i64::MIN)),
        // a sign, even `+`, keeps Go from reading an unsigned number
        unsigned => return (!signed).then_some(unsigned),
    };
    Some(Value::Int(if negative { -number } else { number }))
}

fn radix_of(magnitude: &str) -> (u32, &str) {
    match magnitude.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    }
}

fn parse_unsigned(digits: &str, radix: u32) -> Option<Value> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    Some(i64::try_from(number).map_or(Value::UInt(number), Value::Int))
}

/// A float; one without a fraction is an integer, because Go's JSON prints it as one before Kubernetes reads it again.
/// A float beyond the range of 64 bits stays text.
fn resolve_float(text: &str) -> Plain {
    if !is_float_syntax(text.as_bytes()) {
        return Plain::Text;
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Plain::Value(float_value(number)),
        _ => Plain::Text,
    }
}

/// Go prints the shortest digits and pads with zeros, so above 2^53 the integer may differ from the float.
fn float_value(number: f64) -> Value {
    if number.fract() != 0.0 {
        return Value::Float(number);
    }
    number.to_string().parse().map_or(Value::Float(number), Value::Int)
}

/// Whether a text that resolves to a number is written as a float: `!!int 1.0` is an error although `1.0` means 1.
fn is_float(text: &str) -> bool {
    let digits = text.replace('_', "");
    resolve_integer(&digits).is_none()
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float_syntax(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    let (whole, rest) = skip_digits(rest);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => skip_digits(rest),
        None => (0, rest),
    };
    if whole + fraction == 0 {
        return false;
    }
    match rest.split_first() {
        None => true,
        Some((b'e' | b'E', exponent)) => {
            let digits = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
            let (count, rest) = skip_digits(digits);
            count > 0 && rest.is_empty()
        }
        Some(_) => false,
    }
}

fn skip_digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &text[count..])
}

fn underscores_stand_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(index, _)| digit(index.checked_sub(1)) && digit(index.checked_add(1)))
}

/// The key that sigs.k8s.io/yaml makes of a whole number, which may be written as a float (`1e6`).
pub(super) fn integer_key(written: &str, number: i64) -> String {
    let digits = written.replace('_', "");
    match digits.parse::<f64>() {
        Ok(float) if resolve_integer(&digits).is_none() => float_key(float),
        _ => number.to_string(),
    }
}

/// The key that sigs.k8s.io/yaml makes of a float: Go's `FormatFloat(…, 'g', -1, 32)`.
pub(super) fn float_key(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Kubernetes rounds float keys to 32 bits")]
    let narrow = number as f32;
    if narrow.is_infinite() {
        return if narrow > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    go_float(&format!("{narrow:e}"))
}

/// A float as Go prints it with `'g'`: plain between 1e-5 and 1e6, else with an exponent. Reads back as the same float.
pub(super) fn format_float(number: f64) -> String {
    go_float(&format!("{number:e}"))
}

/// Lays out Rust's shortest digits (`-1.25e7`) as Go does (`-1.25e+07`).
pub(super) fn go_float(scientific: &str) -> String {
    let (sign, unsigned) = match scientific.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", scientific),
    };
    let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{direction}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    let magnitude = usize::try_from(exponent.abs()).unwrap_or(0);
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(magnitude - 1));
    }
    let whole = magnitude + 1;
    match digits.split_at_checked(whole) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(text: &str) -> Option<i64> {
        match resolve_plain(text) {
            Plain::Value(Value::Int(number)) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn booleans_are_those_of_yaml_1_1_with_y_and_n() {
        for text in ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"] {
            assert_eq!(resolve_plain(text), Plain::Value(Value::Bool(true)), "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"] {
            assert_eq!(resolve_plain(text), Plain::Value(Value::Bool(false)), "{text}");
        }
        for text in ["tRue", "yEs", "nUll", "oN", "NaN", "nan", "inf", "yes "] {
            assert_eq!(resolve_plain(text), Plain::Text, "{text}");
        }
    }

    #[test]
    fn integers_follow_go_with_octal_by_a_leading_zero() {
        let cases = [
            ("0", 0),
            ("-0", 0),
            ("0644", 420),
            ("0o644", 420),
            ("0777", 511),
            ("0x1F", 31),
            ("0x_1F", 31),
            ("0b101", 5),
            ("-0b101", -5),
            ("0b-101", -5),
            ("1_000", 1000),
            ("1_", 1),
            ("+5", 5),
            ("08", 8),
            ("0888", 888),
            ("1.0", 1),
            ("1e2", 100),
            ("-0.0", 0),
            ("092438497331243376", 92_438_497_331_243_380),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, number) in cases {
            assert_eq!(int(text), Some(number), "{text}");
        }
        for text in
            ["0x", "0o", "0b", "+", "-", "_1", "22:22", "190:20:30", "1.2.3", "1,000", "0x1G", "--1", "1e", "e3"]
        {
            assert_eq!(resolve_plain(text), Plain::Text, "{text}");
        }
    }

    #[test]
    fn numbers_beyond_64_bits_become_floats_and_beyond_floats_stay_text() {
        assert_eq!(resolve_plain("9223372036854775808"), Plain::Value(Value::UInt(1 << 63)));
        assert_eq!(resolve_plain("18446744073709551616"), Plain::Value(Value::Float(18_446_744_073_709_551_616.0)));
        assert_eq!(resolve_plain("+9223372036854775808"), Plain::Value(Value::Float(9_223_372_036_854_775_808.0)));
        assert_eq!(resolve_plain("1e400"), Plain::Text);
        assert_eq!(resolve_plain("9007199254740993"), Plain::Value(Value::Int(9_007_199_254_740_993)));
    }

    #[test]
    fn dates_are_text_and_infinity_is_refused() {
        for text in ["2024-01-01", "2024-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5"] {
            assert_eq!(resolve_plain(text), Plain::Text, "{text}");
        }
        for text in [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN"] {
            assert_eq!(resolve_plain(text), Plain::NotFinite, "{text}");
        }
    }

    #[test]
    fn floats_print_as_go_prints_them() {
        for (number, text) in [
            (1_234_567.5, "1.2345675e+06"),
            (12_345.678, "12345.678"),
            (1e20, "1e+20"),
            (0.000_01, "1e-05"),
            (0.000_1, "0.0001"),
            (0.5, "0.5"),
            (-100.0, "-100"),
            (18_446_744_073_709_551_616.0, "1.8446744073709552e+19"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(format_float(number), text);
        }
        assert_eq!(float_key(1.1), "1.1");
    }
}
