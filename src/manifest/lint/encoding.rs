//! Encoding: the text of a file's bytes, or what they are instead.

use std::fmt;

/// Why bytes are no text that Kubernetes could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotText {
    /// They are UTF-16: this is their text.
    Utf16(String),
    /// They begin as UTF-16 does, and are damaged.
    BrokenUtf16,
    /// They are not UTF-8 from here on.
    Bytes {
        /// The line, from 1.
        line: usize,
        /// The first byte that is not UTF-8.
        byte: u8,
    },
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf16(_) => f.write_str("it is UTF-16"),
            Self::BrokenUtf16 => f.write_str("it begins like UTF-16, and is damaged"),
            Self::Bytes { line, byte } => write!(f, "byte 0x{byte:02x} on line {line}"),
        }
    }
}

/// The text of a file's bytes.
///
/// # Errors
///
/// Bytes that are no UTF-8; UTF-16 is recognised by its mark, or by the zero bytes of ASCII signs.
pub fn text_of(bytes: &[u8]) -> Result<&str, NotText> {
    match (std::str::from_utf8(bytes), byte_order(bytes)) {
        (Ok(text), None) => Ok(text),
        (_, Some(order)) => Err(decode(bytes, order).map_or(NotText::BrokenUtf16, NotText::Utf16)),
        (Err(error), None) => {
            let valid = &bytes[..error.valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(NotText::Bytes { line, byte: bytes[error.valid_up_to()] })
        }
    }
}

/// [`text_of`] for bytes that nobody else needs: they are not copied.
///
/// # Errors
///
/// As there.
pub fn into_text(bytes: Vec<u8>) -> Result<String, NotText> {
    if byte_order(&bytes).is_some() {
        return text_of(&bytes).map(str::to_owned);
    }
    String::from_utf8(bytes).or_else(|error| text_of(error.as_bytes()).map(str::to_owned))
}

#[derive(Debug, Clone, Copy)]
enum ByteOrder {
    Big,
    Little,
}

/// YAML begins with an ASCII sign, so the first two bytes tell even without a mark. UTF-8 text never holds a zero byte
/// there: YAML forbids it.
fn byte_order(bytes: &[u8]) -> Option<ByteOrder> {
    match bytes {
        [0xff, 0xfe, ..] => Some(ByteOrder::Little),
        [0xfe, 0xff, ..] => Some(ByteOrder::Big),
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => Some(ByteOrder::Big),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => Some(ByteOrder::Little),
        _ => None,
    }
}

fn decode(bytes: &[u8], order: ByteOrder) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| match order {
        ByteOrder::Big => u16::from_be_bytes(*pair),
        ByteOrder::Little => u16::from_le_bytes(*pair),
    };
    let text: String = char::decode_utf16(pairs.iter().map(unit)).collect::<Result<_, _>>().ok()?;
    rest.is_empty().then(|| text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str, order: ByteOrder) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            ByteOrder::Big => unit.to_be_bytes(),
            ByteOrder::Little => unit.to_le_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn utf_16_is_known_by_its_mark_or_its_zeros() {
        for order in [ByteOrder::Big, ByteOrder::Little] {
            for text in ["\u{feff}a: ä 😀\n", "a: ä 😀\n"] {
                assert_eq!(text_of(&encode(text, order)), Err(NotText::Utf16("a: ä 😀\n".to_owned())), "{order:?}");
            }
            let mut damaged = encode("\u{feff}a: 1\n", order);
            damaged.pop();
            assert_eq!(text_of(&damaged), Err(NotText::BrokenUtf16));
        }
    }

    #[test]
    fn utf_8_is_text_and_anything_else_is_told_by_its_line() {
        for text in ["", "a", "a: ä\n", "\u{feff}a: 1\n", "日本"] {
            assert_eq!(text_of(text.as_bytes()), Ok(text));
        }
        assert_eq!(text_of(b"a: 1\nb: \xff\n"), Err(NotText::Bytes { line: 2, byte: 0xff }));
    }
}
