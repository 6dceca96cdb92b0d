//! Bounded: built-in functions that could make a value of any size in one step, and what asks first how large it gets.
//!
//! The engines count steps and look at the clock between them; a single `numbers.range(1, 1000000000)` outruns both. So
//! such calls go through functions of our own, which look at the arguments first. Too much is an error to both
//! engines, even below `not`. regorus has one such error that a policy can cause, that of a regular expression that is
//! too large; so one is compiled, and fails.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};

use regorus::unstable::Source as RegoSource;

use super::edit::{Edit, Lowered, apply};
use super::tokens::{Token, tokens};

/// Each function, and what takes its place.
const FUNCTIONS: [(&str, &str); 10] = [
    ("array.concat", "data.__hydrant_bounded__.appended"),
    ("bits.lsh", "data.__hydrant_bounded__.shifted"),
    ("concat", "data.__hydrant_bounded__.joined"),
    ("net.cidr_expand", "data.__hydrant_bounded__.expanded"),
    ("numbers.range", "data.__hydrant_bounded__.range"),
    ("numbers.range_step", "data.__hydrant_bounded__.range_step"),
    ("product", "data.__hydrant_bounded__.multiplied"),
    ("regex.replace", "data.__hydrant_bounded__.rewritten"),
    ("replace", "data.__hydrant_bounded__.replaced"),
    ("sprintf", "data.__hydrant_bounded__.worded"),
];

const NAME: &str = "<bounded functions>";
const PACKAGE: &str = "data.__hydrant_bounded__.";

/// For both engines. Members of lists, signs of texts: generous for policies, harmless for the machine.
const MODULE: &str = r#"package __hydrant_bounded__

small(number, limit) if number <= limit else := regex.match("((a{1000}){1000}){1000}", "")

range(from, to) := numbers.range(from, to) if small(abs(to - from), 1000000)

range_step(from, to, step) := numbers.range_step(from, to, step) if {
	step > 0
	small(abs(to - from) / step, 1000000)
} else := to_number("a step that is not positive") if step <= 0

appended(one, other) := array.concat(one, other) if small(count(one) + count(other), 1000000)

joined(between, texts) := concat(between, texts) if {
	small(sum([count(text) | some text in texts]) + (count(between) * count(texts)), 4000000)
}

replaced(text, old, new) := replace(text, old, new) if small(count(text) * (count(new) + 1), 100000000)

rewritten(text, pattern, new) := regex.replace(text, pattern, new) if small(count(text) * (count(new) + 1), 20000000)

worded(format, values) := sprintf(format, values) if small(count(regex.find_n(`%[-+# 0-9.]*[0-9]{5}`, format, 1)), 0)

shifted(number, places) := bits.lsh(number, places) if small(places, 100000)

multiplied(list) := product(list) if small(count(list), 10000)

host_bits(range) := 128 - to_number(split(range, "/")[1]) if contains(range, ":") else := 32 - to_number(split(range, "/")[1])

expanded(range) := net.cidr_expand(range) if small(host_bits(range), 16)
"#;

/// What regorus says where something is too large.
const TOO_LARGE: &str = "exceeded size limit";

/// What is said of an error that tells of a limit; `None` for another error.
pub(super) fn limit(error: &str) -> Option<&'static str> {
    let says = |words: &str| error.to_ascii_lowercase().contains(words);
    if is_too_large(error) {
        Some("a value or a regular expression gets too large")
    } else if says("maximum instruction limit") {
        Some("it takes too many steps for this object")
    } else if says("exceeded time limit") {
        Some("it takes too long for this object")
    } else {
        None
    }
}

/// Whether an error says that something gets too large: at once, and not after a long time.
pub(super) fn is_too_large(error: &str) -> bool {
    error.to_ascii_lowercase().contains(TOO_LARGE)
}

/// The built-in function that one of these takes the place of.
pub(super) fn stands_for(bounded: &str) -> Option<&'static str> {
    FUNCTIONS.iter().find(|(_, instead)| *instead == bounded).map(|(name, _)| *name)
}

/// Sends the calls in a module through functions that ask first. `own` are the names that its package defines itself.
pub(super) fn bound(lowered: Lowered, own: &BTreeSet<String>) -> Lowered {
    match calls(&lowered.text, own) {
        edits if edits.is_empty() => lowered,
        edits => lowered.edited(edits),
    }
}

/// The same for texts of ours that load together with such modules, and those functions, if something calls one.
pub(super) fn complete(texts: &mut Vec<(String, String)>) {
    for (_, text) in texts.iter_mut() {
        let edits = calls(text, &BTreeSet::new());
        if let Some(bounded) = (!edits.is_empty()).then(|| apply(text, (0, text.len()), edits)).flatten() {
            *text = bounded.text;
        }
    }
    if texts.iter().any(|(_, text)| text.contains(PACKAGE)) {
        texts.push((NAME.to_owned(), MODULE.to_owned()));
    }
}

fn calls(text: &str, own: &BTreeSet<String>) -> Vec<Edit> {
    // most policies call none of them
    if !FUNCTIONS.iter().any(|(name, _)| text.contains(name)) {
        return Vec::new();
    }
    let source =
        RegoSource::from_contents_with_limits(NAME.to_owned(), text.to_owned(), NonZeroUsize::MAX, NonZeroUsize::MAX);
    let Some(tokens) = source.ok().and_then(|source| tokens(&source, NonZeroU32::MAX).ok()) else { return Vec::new() };
    let word = |at: usize| tokens.get(at).map(|token| token.word(text)).unwrap_or_default();
    let mut edits = Vec::new();
    for at in 0..tokens.len() {
        // `data.lib.concat(…)` is another function
        if !tokens[at].is_name() || at > 0 && word(at - 1) == "." || own.contains(word(at)) {
            continue;
        }
        for (name, instead) in FUNCTIONS {
            let parts: Vec<&str> = name.split('.').collect();
            let places = 2 * parts.len() - 1;
            let is_it =
                (0..places).all(|place| word(at + place) == if place % 2 == 1 { "." } else { parts[place / 2] });
            if is_it && word(at + places) == "(" && !(name == "sprintf" && is_narrow(text, &tokens, at + places + 1)) {
                let end = tokens[at + places - 1].end;
                edits.push(Edit { start: tokens[at].start, end, text: instead.to_owned() });
            }
        }
    }
    edits
}

/// Whether a format is written out, and asks for no great width.
fn is_narrow(text: &str, tokens: &[Token], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    if !token.is_string() {
        return false;
    }
    let format = &text[token.start..token.end];
    let mut digits = 0;
    let most = format.bytes().map(|byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        digits
    });
    most.max().unwrap_or_default() < 5 || !format.contains('%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(text: &str, own: &[&str]) -> String {
        let own = own.iter().map(|name| (*name).to_owned()).collect();
        bound(Lowered::of_lines(text.to_owned(), []), &own).text
    }

    #[test]
    fn calls_are_sent_through_functions_that_ask_first() {
        assert_eq!(bounded("x := concat(\"a\", y)", &[]), "x := data.__hydrant_bounded__.joined(\"a\", y)");
        assert_eq!(bounded("x := numbers.range(1, 2)", &[]), "x := data.__hydrant_bounded__.range(1, 2)");
        assert_eq!(bounded("numbers.range_step(1, 2, 1)", &[]), "data.__hydrant_bounded__.range_step(1, 2, 1)");
    }

    #[test]
    fn what_is_no_call_of_them_stays() {
        for text in [
            "x := data.lib.concat(y)",
            "x := \"concat(y)\"",
            "x := concat",
            "x if y with concat as z",
            "# concat(y)\nx := 1",
            "x := sprintf(\"%v %5d\", [y])",
            "x := numbers.ranges(1)",
        ] {
            assert_eq!(bounded(text, &[]), text);
        }
        assert_eq!(bounded("x := concat(y)", &["concat"]), "x := concat(y)");
    }

    #[test]
    fn a_format_that_is_wide_or_computed_is_looked_at() {
        for text in ["x := sprintf(\"%1000000d\", [y])", "x := sprintf(f, [y])"] {
            assert!(bounded(text, &[]).contains("__hydrant_bounded__.worded("), "{text}");
        }
    }
}
