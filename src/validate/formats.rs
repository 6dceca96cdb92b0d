//! The `format`s that the API server checks, as it checks them.
//!
//! Names it does not know mean nothing to it, so the validator's own ideas of them are switched off.

use serde_json::{Map, Value, json};

use super::addresses;
use super::compile::Options;

/// Formats that the API server does not know, though the validator does.
pub(super) const UNCHECKED: [&str; 10] = [
    "idn-email",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri-reference",
    "uri-template",
];

/// A name, and whether a text has the format.
type Check = (&'static str, fn(&str) -> bool);

const CHECKS: &[Check] = &[
    ("quantity", is_quantity),
    ("byte", is_base64),
    ("duration", is_duration),
    ("ipv4", addresses::is_ipv4),
    ("ipv6", addresses::is_ipv6),
    ("cidr", addresses::is_cidr),
    ("mac", addresses::is_mac),
    ("uuid", addresses::is_uuid),
    ("uuid3", addresses::is_uuid3),
    ("uuid4", addresses::is_uuid4),
    ("uuid5", addresses::is_uuid5),
    ("hexcolor", addresses::is_hexcolor),
    ("hostname", addresses::is_hostname),
    ("email", addresses::is_email),
    ("uri", addresses::is_request_uri),
];

/// Installs the checks. `date` and `date-time` are those of the validator. Not checked, though the API server would, are
/// `bsonobjectid`, `creditcard`, `isbn`, `rgbcolor` and `ssn`: nobody writes them.
pub(super) fn install(options: Options) -> Options {
    let options = UNCHECKED.iter().fold(options, |options, name| options.with_format(*name, |_: &str| true));
    CHECKS.iter().fold(options, |options, (name, check)| options.with_format(*name, check))
}

/// The range a number format stands for, as keywords: the validator checks formats of strings only.
pub(super) fn bounds(format: &str) -> Option<Map<String, Value>> {
    let (low, high) = match format {
        "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        "int64" => (i64::MIN, i64::MAX),
        _ => return None,
    };
    match json!({"minimum": low, "maximum": high}) {
        Value::Object(bounds) => Some(bounds),
        _ => None,
    }
}

/// Whether a text has a format, as far as it is one of ours.
pub(super) fn accepts(format: &str, text: &str) -> bool {
    CHECKS.iter().any(|(name, check)| *name == format && check(text))
}

/// What a format is called in a message, and an example of it.
pub(super) fn describe(format: &str) -> Option<(&'static str, &'static str)> {
    Some(match format {
        "quantity" => ("a quantity", "`100m`, `0.5` or `1Gi`"),
        "byte" => ("base64", "`aHlkcmFudA==`"),
        "duration" => ("a duration", "`1h30m` or `15s`"),
        "date-time" => ("a date and time (RFC 3339)", "`2026-01-31T12:00:00Z`"),
        "date" => ("a date", "`2026-01-31`"),
        "ipv4" => ("an IPv4 address", "`10.0.0.1`"),
        "ipv6" => ("an IPv6 address", "`fd00::1`"),
        "cidr" => ("an address range in CIDR notation", "`10.0.0.0/8`"),
        "mac" => ("a MAC address", "`00:00:5e:00:53:01`"),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => ("a UUID", "`6ba7b810-9dad-41d1-80b4-00c04fd430c8`"),
        "hexcolor" => ("a colour in hex digits", "`#1e90ff`"),
        "hostname" => ("a host name", "`web.example.com`"),
        "email" => ("an e-mail address", "`ann@example.com`"),
        "uri" => ("a URL or an absolute path", "`https://example.com/path`"),
        _ => return None,
    })
}

/// A number with an optional suffix or exponent, as `resource.ParseQuantity` reads it.
pub(super) fn is_quantity(text: &str) -> bool {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number = unsigned.len() - unsigned.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '.').len();
    let (number, suffix) = unsigned.split_at(number);
    let well_formed = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    well_formed && (is_unit(suffix) || is_exponent(suffix))
}

fn is_unit(suffix: &str) -> bool {
    matches!(suffix, "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei")
}

fn is_exponent(suffix: &str) -> bool {
    let digits = suffix.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Base64 with padding, as Go's decoder takes it: line breaks do not count, nor do the bits that no byte needs.
fn is_base64(text: &str) -> bool {
    let signs = || text.bytes().rev().filter(|byte| !matches!(byte, b'\n' | b'\r'));
    let padding = signs().take_while(|byte| *byte == b'=').count();
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    padding <= 2 && signs().count().is_multiple_of(4) && signs().skip(padding).all(digit)
}

/// A Go duration (`1h2m3.5s`), or what the API server takes besides: whole numbers and units in words (`3 days 2 hours`).
fn is_duration(text: &str) -> bool {
    is_go_duration(text) || is_worded_duration(text)
}

fn is_go_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let Some((_, after)) = leading_number(rest) else { return false };
        // the longer unit first: `m` is the beginning of `ms`
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"].iter().find_map(|unit| after.strip_prefix(unit));
        let Some(after) = unit else { return false };
        rest = after;
    }
    true
}

fn is_worded_duration(text: &str) -> bool {
    let mut rest = text.trim();
    let mut known = false;
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
        let after = unit.trim_start().trim_start_matches(|sign: char| sign.is_ascii_alphabetic() || sign == 'µ');
        let word = unit.trim_start().strip_suffix(after).unwrap_or_default();
        if unit.len() == rest.len() || word.is_empty() {
            return false;
        }
        known |= is_unit_in_words(&word.to_lowercase());
        rest = after.trim_start();
    }
    known
}

/// A unit, or a word that begins with a long one: `days`, `microseconds`.
fn is_unit_in_words(word: &str) -> bool {
    const UNITS: [&str; 11] = ["ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
    const BEGINNINGS: [&str; 8] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    UNITS.contains(&word) || BEGINNINGS.iter().any(|beginning| word.starts_with(beginning))
}

/// Digits with at most one point among them, and what follows.
fn leading_number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let valid = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    valid.then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_with_a_suffix_or_an_exponent() {
        for good in ["0", "100m", "1.5", ".5", "5.", "+1Gi", "-1", "12e6", "12E-3", "1E", "100k", " 1Gi "] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "lots", "1gb", "1 Gi", "1KI", "1K", "1.2.3", "e3", "1e", "1Gib", "m", "."] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn durations_are_those_of_go_not_of_iso_8601() {
        for good in ["0", "15s", "1h2m3.5s", "-1.5h", "100ms", "1µs", "3 days", "2w", "1 hour", "1 day 2 hours", "5MIN"]
        {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "P1D", "15", "s", "1y", "abc", "1.5 days", "3 months"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }

    #[test]
    fn base64_may_be_broken_into_lines() {
        assert!(is_base64("aHlk\ncmFudA==\n"));
        assert!(is_base64(""));
        assert!(is_base64("YR=="), "Go ignores the bits left over");
        assert!(!is_base64("hydrant!") && !is_base64("a===") && !is_base64("=aaa"));
        assert!(!is_base64("aHlkcmFudA"), "padding is not optional");
    }
}
