//! Texts: `sprintf` as OPA has it, which never fails on a format and values of the right types.
//!
//! regorus fails on `%d` of a fraction, on a verb without a value and on a value without a verb; the message would be
//! undefined, and with it the violation. OPA writes what is wrong into the message. So a call that is not plain goes
//! through a function of our own: `%v` writes the integers that `%d` writes, and anything else as well.

use regorus::unstable::Expr;

/// What takes the place of `sprintf`.
pub(super) const SPRINTF: &str = "data.__hydrant_text__.written";

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
"#;

/// Name and text of the module, if some text calls it.
pub(super) fn module(texts: &[(String, String)]) -> Option<(String, String)> {
    let needed = texts.iter().any(|(_, text)| text.contains(SPRINTF));
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
