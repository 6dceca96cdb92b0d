//! Text that does to a terminal what it says and nothing else: file contents and messages may hold control characters.

use std::borrow::Cow;

/// The text with a visible sign for everything that would steer a terminal or turn the reading direction: control
/// characters other than line feed and tab, and the bidirectional controls of Unicode (UAX #9, "Trojan Source"). Each
/// sign has as many bytes as what it stands for, so that every span stays where it is.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let sign = |char: char| match char {
        char if !steers(char) => char,
        char if char.len_utf8() == 1 => '?',
        char if char.len_utf8() == 2 => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(sign).collect())
}

fn steers(char: char) -> bool {
    // a carriage return belongs to the end of a line in files from Windows, and miette leaves it out
    match char {
        '\n' | '\t' | '\r' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => true,
        char => char.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn nothing_steers_the_terminal_and_nothing_moves() {
        let text = "a\u{1b}[31mb\u{7f}\u{9b}c\u{202e}d\u{61c}\te\nf\u{0}";
        let shown = visible(text);
        assert_eq!(shown, "a?[31mb?¿c\u{fffd}d¿\te\nf?");
        assert_eq!(shown.len(), text.len());
        assert!(matches!(visible("plain — text"), std::borrow::Cow::Borrowed(_)));
    }
}
