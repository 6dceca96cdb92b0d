//! XML: text and attributes that read back as what was written.

/// Text between tags.
pub(in crate::report) fn text(text: &str) -> String {
    escaped(text, false)
}

/// An attribute with a blank before it: ` name="value"`.
pub(in crate::report) fn attribute(name: &str, value: &str) -> String {
    format!(" {name}=\"{}\"", escaped(value, true))
}

fn escaped(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if in_attribute => out.push_str("&quot;"),
            // readers make a line feed of it, and blanks of both in an attribute
            '\r' => out.push_str("&#13;"),
            '\n' if in_attribute => out.push_str("&#10;"),
            '\t' if in_attribute => out.push_str("&#9;"),
            sign if is_allowed(sign) => out.push(sign),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

/// What XML 1.0 can hold at all, even as a reference.
fn is_allowed(sign: char) -> bool {
    matches!(sign, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an XML reader makes of text or of the value of an attribute; `None` where it would refuse.
    fn read_back(written: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = written;
        while let Some(sign) = rest.chars().next() {
            rest = &rest[sign.len_utf8()..];
            match sign {
                '<' | '>' => return None,
                '&' => {
                    let (name, after) = rest.split_once(';')?;
                    rest = after;
                    out.push(match name {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        number => char::from_u32(number.strip_prefix('#')?.parse().ok()?)?,
                    });
                }
                sign => out.push(sign),
            }
        }
        Some(out)
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back(words in "\\PC*|[\\x00-\\x7f]*|.*") {
            let expected: String =
                words.chars().map(|sign| if is_allowed(sign) { sign } else { char::REPLACEMENT_CHARACTER }).collect();
            let written = text(&words);
            proptest::prop_assert!(!written.contains('\r'));
            proptest::prop_assert_eq!(read_back(&written), Some(expected.clone()));
            let written = attribute("name", &words);
            let value = written.strip_prefix(" name=\"").and_then(|rest| rest.strip_suffix('"')).expect("its quotes");
            proptest::prop_assert!(!value.contains(['"', '\n', '\r', '\t']));
            proptest::prop_assert_eq!(read_back(value), Some(expected));
        }
    }

    #[test]
    fn a_value_cannot_end_its_tag() {
        assert_eq!(attribute("message", "a \"b\" <c> & d\n"), " message=\"a &quot;b&quot; &lt;c&gt; &amp; d&#10;\"");
        assert_eq!(text("]]>\u{0}"), "]]&gt;\u{fffd}");
    }
}
