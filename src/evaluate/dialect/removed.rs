//! Functions that v1 removed, for policies of v0: the same function under another name, or written in Rego.

use std::sync::Arc;

use regorus::unstable::{Expr, Module as Syntax};

use crate::evaluate::edit::Edit;
use crate::evaluate::graph::{name_of, written_path};
use crate::evaluate::walk::every_expression;
use crate::source::Source;

/// What takes the place of each; the functions are those below.
const REPLACED: [(&str, &str); 11] = [
    ("all", "data.__hydrant_v0__.all"),
    ("any", "data.__hydrant_v0__.any"),
    ("cast_array", "data.__hydrant_v0__.cast_array"),
    ("cast_boolean", "data.__hydrant_v0__.cast_boolean"),
    ("cast_null", "data.__hydrant_v0__.cast_null"),
    ("cast_object", "data.__hydrant_v0__.cast_object"),
    ("cast_set", "data.__hydrant_v0__.cast_set"),
    ("cast_string", "data.__hydrant_v0__.cast_string"),
    ("net.cidr_overlap", "net.cidr_contains"),
    ("re_match", "regex.match"),
    ("set_diff", "data.__hydrant_v0__.set_diff"),
];

/// As OPA defines them; for a value of another type they are undefined.
const FUNCTIONS: &str = r#"package __hydrant_v0__

collection(x) if type_name(x) == "array"

collection(x) if type_name(x) == "set"

all(x) := count([1 | some member in x; member != true]) == 0 if collection(x)

any(x) := count([1 | some member in x; member == true]) > 0 if collection(x)

cast_array(x) := [member | some member in x] if collection(x)

cast_set(x) := {member | some member in x} if collection(x)

cast_boolean(x) := x if type_name(x) == "boolean"

cast_null(x) := x if type_name(x) == "null"

cast_object(x) := x if type_name(x) == "object"

cast_string(x) := x if type_name(x) == "string"

set_diff(x, y) := x - y if {
	type_name(x) == "set"
	type_name(y) == "set"
}
"#;

/// The functions, as a file to be loaded beside the policies that call them.
pub(in crate::evaluate) fn functions() -> Arc<Source> {
    Source::file("<functions of Rego v0>", FUNCTIONS)
}

/// The edits that call what takes the place of a removed function.
pub(super) fn replaced(syntax: &Syntax) -> Vec<Edit> {
    let own: Vec<String> =
        syntax.policy.iter().filter_map(|rule| written_path(name_of(rule)).into_iter().next()).collect();
    let mut edits = Vec::new();
    every_expression(syntax, &mut |expression| {
        let Expr::Call { fcn, .. } = expression else { return };
        let name = written_path(fcn).join(".");
        let replacement = REPLACED.iter().find(|(removed, _)| *removed == name);
        if let Some((_, text)) = replacement.filter(|_| !own.contains(&name)) {
            let span = fcn.span();
            edits.push(Edit { start: span.start as usize, end: span.end as usize, text: (*text).to_owned() });
        }
    });
    edits
}

/// Whether a text calls the functions above.
pub(in crate::evaluate) fn calls_functions(text: &str) -> bool {
    text.contains("data.__hydrant_v0__.")
}
