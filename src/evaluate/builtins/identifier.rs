//! UUIDs, and what their bits say.

use std::collections::BTreeMap;

use regorus::Value;

use super::digest::hexadecimal;
use super::{Answer, Failure, text};

/// From October 1582, where UUIDs count from, to 1970, in steps of 100 nanoseconds.
const EPOCH: i64 = 0x01b2_1dd2_1381_4000;

/// The parts of a UUID.
pub(super) fn uuid(given: &[Value]) -> Answer {
    let bytes = bytes(text(given, 0)?).ok_or_else(|| Failure::undefined("no UUID"))?;
    let version = bytes[6] >> 4;
    let variant = match bytes[8] {
        bits if bits & 0xc0 == 0x80 => "RFC4122",
        bits if bits & 0xe0 == 0xc0 => "Microsoft",
        bits if bits & 0xe0 == 0xe0 => "Future",
        _ => "Reserved",
    };
    let mut parts = BTreeMap::from([("version", Value::from(u64::from(version))), ("variant", Value::from(variant))]);
    let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    if matches!(version, 1 | 2) {
        let high = (i64::from(word(4)) & 0xfff) << 48 | (i64::from(word(4)) >> 16) << 32;
        let node: Vec<String> = bytes[10..].iter().map(|byte| hexadecimal(&[*byte])).collect();
        let sequence = (u64::from(bytes[8]) << 8 | u64::from(bytes[9])) & 0x3fff;
        parts.insert("time", Value::from((high + i64::from(word(0)) - EPOCH) * 100));
        parts.insert("nodeid", Value::from(node.join("-")));
        parts.insert("macvariables", Value::from(kind_of_address(bytes[10])));
        parts.insert("clocksequence", Value::from(sequence));
    }
    if version == 2 {
        parts.insert("id", Value::from(u64::from(word(0))));
        let domain = match bytes[9] {
            0 => "Person".to_owned(),
            1 => "Group".to_owned(),
            2 => "Org".to_owned(),
            other => format!("Domain{other}"),
        };
        parts.insert("domain", Value::from(domain));
    }
    Ok(Value::from(parts.into_iter().map(|(name, value)| (Value::from(name), value)).collect::<BTreeMap<_, _>>()))
}

fn kind_of_address(first: u8) -> &'static str {
    match first & 3 {
        0 => "global:unicast",
        1 => "global:multicast",
        2 => "local:unicast",
        _ => "local:multicast",
    }
}

/// The bytes of a UUID, bare, in braces, after `urn:uuid:`, or without dashes.
fn bytes(text: &str) -> Option<[u8; 16]> {
    let bare = match text.len() {
        32 | 36 => text,
        38 => text.get(1..37)?,
        45 if text.get(..9)?.eq_ignore_ascii_case("urn:uuid:") => text.get(9..)?,
        _ => return None,
    };
    let digits: Vec<u8> = match bare.len() {
        32 => bare.bytes().collect(),
        _ if [8, 13, 18, 23].iter().all(|at| bare.as_bytes()[*at] == b'-') => {
            let kept = bare.bytes().enumerate().filter(|(at, _)| ![8, 13, 18, 23].contains(at));
            kept.map(|(_, byte)| byte).collect()
        }
        _ => return None,
    };
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(bytes)
}
