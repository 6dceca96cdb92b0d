//! Texts: `sprintf` as OPA has it, which never fails on a format and values of the right types.
//!
//! regorus fails on `%d` of a fraction, on a verb without a value and on a value without a verb; the message would be
//! undefined, and with it the violation. OPA writes what is wrong into the message. So a call that is not plain goes
//! through a function of our own: `%v` writes the integers that `%d` writes, and anything else as well.

use regorus::unstable::Expr;

/// What takes the place of `sprintf`.
pub(super) const SPRINTF: &str = "data.__hydrant_text__.written";

/// Writes the parts of an interpolated text, and puts them together.
pub(super) const PART: &str = "data.__hydrant_text__.part";
pub(super) const JOINED: &str = "data.__hydrant_text__.joined";

/// The package of these functions.
pub(super) const PACKAGE: &str = "__hydrant_text__";

/// Built-in functions of regorus that differ from OPA's, and what takes their place.
pub(super) const REPLACED: [(&str, usize, &str); 4] = [
    ("json.is_valid", 1, "data.__hydrant_text__.is_json"),
    ("numbers.range_step", 3, "data.__hydrant_text__.range_step"),
    ("strings.count", 2, "data.__hydrant_text__.occurrences"),
    ("yaml.is_valid", 1, "data.__hydrant_text__.is_yaml"),
];

/// The module that defines it, for both engines.
const MODULE: &str = r#"package __hydrant_text__

written(format, values) := text if {
	type_name(format) == "string"
	type_name(values) == "array"
	not contains(format, "%%")
	text := sprintf(replace(format, "%d", "%v"), values)
	text == text
} else := text if {
	type_name(format) == "string"
	type_name(values) == "array"
	text := sprintf(format, values)
	text == text
} else := text if {
	type_name(format) == "string"
	type_name(values) == "array"
	text := concat(" ", [format, json.marshal(values)])
	text == text
}

part(values) := "<undefined>" if count(values) == 0

part(values) := "set()" if values == {set()}

part(values) := text if {
	count(values) == 1
	values != {set()}
	text := concat("", [sprintf("%v", [value]) | some value in values])
	text == text
}

joined(parts) := text if {
	text := concat("", parts)
	text == text
}

is_json(text) := false if type_name(text) != "string"

is_json(text) := valid if {
	type_name(text) == "string"
	valid := json.is_valid(text)
	valid == valid
}

is_yaml(text) := false if type_name(text) != "string"

is_yaml(text) := valid if {
	type_name(text) == "string"
	valid := yaml.is_valid(text)
	valid == valid
}

range_step(from, to, step) := [from] if {
	beyond(from, to, step)
	from == floor(from)
	to == floor(to)
	step == floor(step)
}

range_step(from, to, step) := all if {
	not beyond(from, to, step)
	all := numbers.range_step(from, to, step)
	all == all
}

beyond(from, to, step) if step > abs(from - to)

occurrences(text, word) := number if {
	word == ""
	number := count(text) + 1
	type_name(text) == "string"
}

occurrences(text, word) := number if {
	word != ""
	number := count(split(text, word)) - 1
	number == number
}
"#;

/// Name and text of the module, if some text calls it.
pub(super) fn module(texts: &[(String, String)]) -> Option<(String, String)> {
    let needed = texts.iter().any(|(_, text)| text.contains(PACKAGE));
    needed.then(|| ("<texts>".to_owned(), MODULE.to_owned()))
}

/// Whether a call has as many values as its format has verbs, and only verbs that take any value.
pub(super) fn is_plain(arguments: &[impl AsRef<Expr>]) -> bool {
    let [format, values] = arguments else { return true }; // the engine complains of the number itself
    let (Expr::String { value, .. } | Expr::RawString { value, .. }, Expr::Array { items, .. }) =
        (format.as_ref(), values.as_ref())
    else {
        return false;
    };
    let Ok(format) = value.as_string() else { return false };
    let mut verbs = 0;
    let mut signs = format.chars();
    while let Some(sign) = signs.next() {
        if sign == '%' {
            match signs.next() {
                Some('%') => {}
                Some('v' | 's') => verbs += 1,
                _ => return false,
            }
        }
    }
    verbs == items.len()
}
