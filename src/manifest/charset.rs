//! Characters that YAML forbids, and line breaks on which its versions disagree.

/// What stands in a text that should not.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Oddities {
    /// The first character that no YAML text may hold. The search ends there.
    pub(super) control: Option<(usize, char)>,
    /// U+0085, U+2028 and U+2029: line breaks in YAML 1.1, which Kubernetes reads, and text in YAML 1.2.
    pub(super) breaks: Vec<usize>,
}

/// Bytes that begin or are an odd character; the rest of the text is skipped at the speed of a table.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = !matches!(byte, 0x09 | 0x0A | 0x0D);
        byte += 1;
    }
    table[0x7F] = true;
    table[0xC2] = true;
    table[0xE2] = true;
    table[0xEF] = true;
    table
};

/// Whether a text holds no character about which anything would have to be said, and no carriage return.
pub(super) fn is_ordinary(text: &str) -> bool {
    // a whole block is judged at once, without a branch for each byte
    let is_simple = |block: &[u8]| {
        block.iter().fold(true, |all, byte| all & (matches!(byte, b' '..=b'~') | (*byte == b'\n') | (*byte == b'\t')))
    };
    if text.as_bytes().chunks(128).all(is_simple) {
        return true;
    }
    oddities(text) == Oddities::default() && !text.contains(['\r', '\u{feff}'])
}

/// Looks through a text.
pub(super) fn oddities(text: &str) -> Oddities {
    let bytes = text.as_bytes();
    let mut found = Oddities::default();
    let mut at = 0;
    while let Some(skipped) = bytes[at..].iter().position(|byte| SUSPECT[usize::from(*byte)]) {
        let offset = at + skipped;
        let character = text[offset..].chars().next().unwrap_or_default();
        match character {
            '\u{85}' | '\u{2028}' | '\u{2029}' => found.breaks.push(offset),
            '\0'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                found.control = Some((offset, character));
                return found;
            }
            _ => {}
        }
        at = offset + character.len_utf8();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_script_is_not_odd() {
        assert_eq!(oddities("a: \"é – 日本 😀 \u{a0}\u{feff}\"\t\r\n"), Oddities::default());
    }

    #[test]
    fn control_characters_and_old_line_breaks_are_found() {
        assert_eq!(oddities("a\u{85}b\u{2028}").breaks, [1, 4]);
        for character in ['\0', '\u{7}', '\u{7f}', '\u{80}', '\u{9f}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(oddities(&format!("ab{character}")).control, Some((2, character)));
        }
    }
}
