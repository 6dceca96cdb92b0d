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
const FUNCTIONS: [(&str, &str); 18] = [
    ("array.concat", "data.__hydrant_bounded__.appended"),
    ("base64.encode", "data.__hydrant_bounded__.base64"),
    ("base64url.encode", "data.__hydrant_bounded__.base64url"),
    ("base64url.encode_no_pad", "data.__hydrant_bounded__.base64url_no_pad"),
    ("bits.lsh", "data.__hydrant_bounded__.shifted"),
    ("concat", "data.__hydrant_bounded__.joined"),
    ("hex.encode", "data.__hydrant_bounded__.hexadecimal"),
    ("json.marshal", "data.__hydrant_bounded__.json"),
    ("json.marshal_with_options", "data.__hydrant_bounded__.json_with_options"),
    ("net.cidr_expand", "data.__hydrant_bounded__.expanded"),
    ("numbers.range", "data.__hydrant_bounded__.range"),
    ("numbers.range_step", "data.__hydrant_bounded__.range_step"),
    ("product", "data.__hydrant_bounded__.multiplied"),
    ("regex.replace", "data.__hydrant_bounded__.rewritten"),
    ("replace", "data.__hydrant_bounded__.replaced"),
    ("sprintf", "data.__hydrant_bounded__.worded"),
    ("strings.replace_n", "data.__hydrant_bounded__.replaced_each"),
    ("yaml.marshal", "data.__hydrant_bounded__.yaml"),
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

replaced_each(patterns, text) := strings.replace_n(patterns, text) if {
	small(count(text) * (sum([count(new) | some new in patterns]) + 1), 100000000)
}

worded(format, values) := sprintf(format, values) if {
	small(count(regex.find_n(`%[-+# 0-9.]*[0-9]{5}`, format, 1)), 0)
	small(weight(values), 4000000)
}

weight(value) := count(value) if is_string(value) else := sum([inner(member) | some member in value]) if {
	is_collection(value)
} else := 1

inner(value) := count(value) if is_string(value) else := sum([count(text) | some text in value; is_string(text)]) if {
	is_collection(value)
} else := 1

is_collection(value) if type_name(value) in {"array", "object", "set"}

base64(text) := base64.encode(text) if small(count(text), 4000000)

base64url(text) := base64url.encode(text) if small(count(text), 4000000)

base64url_no_pad(text) := base64url.encode_no_pad(text) if small(count(text), 4000000)

hexadecimal(text) := hex.encode(text) if small(count(text), 4000000)

json(value) := json.marshal(value) if small(weight(value), 4000000)

json_with_options(value, options) := json.marshal_with_options(value, options) if small(weight(value), 4000000)

yaml(value) := yaml.marshal(value) if small(weight(value), 4000000)

shifted(number, places) := bits.lsh(number, places) if small(places, 100000)

multiplied(list) := product(list) if small(count(list), 10000)

host_bits(range) := 128 - to_number(split(range, "/")[1]) if contains(range, ":") else := 32 - to_number(split(range, "/")[1])

expanded(range) := net.cidr_expand(range) if small(host_bits(range), 16)
"#;

/// What regorus says where something is too large.
pub(super) const TOO_LARGE: &str = "exceeded size limit";

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
    let built = built(text, &tokens);
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
            if is_it
                && word(at + places) == "("
                && !(name == "sprintf" && is_narrow(text, &tokens, at + places + 1, &built))
            {
                let end = tokens[at + places - 1].end;
                edits.push(Edit { start: tokens[at].start, end, text: instead.to_owned() });
            }
        }
    }
    edits
}

/// The names that may stand for a text of `sprintf`: what is assigned one, or is a function of one, with its arguments;
/// and what is assigned such a name. Most policies word their messages and do nothing more with them.
fn built<'a>(text: &'a str, tokens: &[Token]) -> BTreeSet<&'a str> {
    let mut assignments: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    let (mut left, mut right, mut depth, mut end) = (Vec::new(), None::<Vec<&str>>, 0_usize, 0);
    for token in tokens {
        let word = token.word(text);
        if depth == 0 && text[end..token.start].contains('\n') || word == ";" {
            assignments.extend(right.take().map(|right| (std::mem::take(&mut left), right)));
            left.clear();
        }
        end = token.end;
        match word {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            ":=" | "=" | "in" | "contains" if depth == 0 => right = Some(right.take().unwrap_or_default()),
            _ if token.is_name() => right.as_mut().unwrap_or(&mut left).push(word),
            _ => {}
        }
    }
    assignments.extend(right.map(|right| (left, right)));
    let mut built = BTreeSet::from(["sprintf"]);
    loop {
        let before = built.len();
        for (left, right) in &assignments {
            if right.iter().any(|name| built.contains(name)) {
                built.extend(left);
            }
        }
        if built.len() == before {
            return built;
        }
    }
}

/// Whether a format is written out, asks for no great width, and does not join texts that were themselves joined so.
fn is_narrow(text: &str, tokens: &[Token], at: usize, built: &BTreeSet<&str>) -> bool {
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
    if most.max().unwrap_or_default() >= 5 && format.contains('%') {
        return false;
    }
    let mut depth = 1_usize;
    let mut arguments = tokens[at + 1..].iter().take_while(|token| {
        match token.word(text) {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        depth > 0
    });
    format.matches('%').count() < 2 || !arguments.any(|token| token.is_name() && built.contains(token.word(text)))
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

    #[test]
    fn a_text_that_is_put_together_again_is_looked_at() {
        for (text, is_bounded) in [
            ("x := sprintf(\"%s%s\", [y, y])", false),
            ("deny contains msg if {\n\tx := y\n\tmsg := sprintf(\"%s%s\", [x, y])\n}", false),
            ("x := sprintf(\"%s\", [y])\nz := sprintf(\"%s\", [x])", false),
            ("x := sprintf(\"%s\", [y])\nz := sprintf(\"%s%s\", [x, x])", true),
            ("x := sprintf(\"%s\", [y])\na := x\nz := sprintf(\"%s%s\", [a, a])", true),
            ("f(x) := sprintf(\"%s%s\", [x, x])", true),
            ("f(x) := y if {\n\ty := sprintf(\"%s%s\", [x, x])\n}", true),
            ("x := sprintf(\"%s%s\", [sprintf(\"%s%s\", [y, y]), y])", true),
            ("s contains x if x := sprintf(\"%s\", [y])\nz := sprintf(\"%s%s\", [s[_], 1])", true),
        ] {
            assert_eq!(bounded(text, &[]).contains("__hydrant_bounded__.worded("), is_bounded, "{text}");
        }
    }
}
