//! Markdown: text that means nothing to it.

/// Longest run of backticks: a fence must be longer.
pub(super) fn fence_for(text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// A span of code in one line.
pub(super) fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    if longest == 0 {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence} {text} {fence}")
}

/// Text in one line that means nothing to Markdown or HTML. Words between backticks are shown as code.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        match after.split_once('`') {
            Some((word, end)) if !word.is_empty() => {
                plain(before, &mut out);
                out.push_str(&code(word));
                rest = end;
            }
            _ => break,
        }
    }
    plain(rest, &mut out);
    out
}

fn plain(text: &str, out: &mut String) {
    for sign in text.chars() {
        match sign {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // a name after `@` would be told of it
            '@' => out.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(sign);
            }
            '\n' | '\r' => out.push(' '),
            sign => out.push(sign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("`a*` is <b> @me [x](y)"), "`a*` is &lt;b&gt; @\u{200b}me \\[x\\](y)");
        assert_eq!(escape("one ` alone"), "one \\` alone");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(fence_for("```\nx"), "````");
    }
}
