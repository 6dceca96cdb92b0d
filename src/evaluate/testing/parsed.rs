//! Parsed: what Conftest's `parse_config`, `parse_config_file` and `parse_combined_config_files` give to a test, written in
//! their place before anything runs. So a test depends on nothing but texts that were read before.

use std::sync::Arc;

use regorus::Value as RegoValue;
use regorus::unstable::{Expr, Ref};

use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::EvaluationLimits;
use crate::evaluate::edit::Edit;
use crate::evaluate::graph::written_path;
use crate::evaluate::module::Module;
use crate::evaluate::value::{self, text};
use crate::evaluate::walk::every_expression;
use crate::manifest::{ReadLimits, read};
use crate::source::Source;

/// Reads a file by its path from a policy file, or says why not.
pub type Beside<'a> = dyn Fn(&str, &str) -> Result<Arc<Source>, String> + 'a;

/// The functions, by how many arguments they take.
const FUNCTIONS: [(&str, usize); 3] =
    [("parse_config", 2), ("parse_config_file", 1), ("parse_combined_config_files", 1)];

/// A module with values in the place of the calls.
pub(super) fn put_in(
    module: Module,
    beside: &Beside<'_>,
    limits: &EvaluationLimits,
) -> Result<Module, Box<Diagnostic>> {
    let (mut edits, mut refused): (Vec<Edit>, Option<Diagnostic>) = (Vec::new(), None);
    every_expression(&module.syntax, &mut |expression| {
        let Expr::Call { fcn, params, .. } = expression else { return };
        let Some((name, _)) = named(fcn, params) else { return };
        match parsed(&module, name, params, beside) {
            Ok(value) => {
                let (start, end) = module.range(expression.span());
                edits.push(Edit { start, end, text: value });
            }
            Err((reason, help)) => {
                refused.get_or_insert_with(|| {
                    Diagnostic::error(rules::POLICY_UNSUPPORTED, format!("`{name}` {reason}"))
                        .at(module.location(fcn.span()), "called here")
                        .help(help)
                });
            }
        }
    });
    match (refused, edits.is_empty()) {
        (Some(diagnostic), _) => Err(Box::new(diagnostic)),
        (None, true) => Ok(module),
        (None, false) => module.edited(edits, limits),
    }
}

fn named(function: &Expr, arguments: &[Ref<Expr>]) -> Option<(&'static str, usize)> {
    let path = written_path(function);
    let [name] = path.as_slice() else { return None };
    FUNCTIONS.into_iter().find(|(known, count)| known == name && *count == arguments.len())
}

/// A value as Rego writes it; or why there is none, and what to do.
type Parsed = Result<String, (String, &'static str)>;

fn parsed(module: &Module, name: &str, arguments: &[Ref<Expr>], beside: &Beside<'_>) -> Parsed {
    let unwritten = || ("needs texts that are written out".to_owned(), "write the text itself as its argument");
    let open = |path: &str| {
        if !["yaml", "yml", "json"].iter().any(|extension| path.rsplit('.').next() == Some(extension)) {
            return Err((format!("reads YAML and JSON, and no `{path}`"), "write the value out in Rego"));
        }
        let reason =
            |reason: String| (format!("cannot read `{path}`: {reason}"), "name a file by its path from this one");
        beside(module.source.name(), path).map_err(reason)
    };
    let value = match (name, arguments) {
        ("parse_config", [format, content]) => {
            let (format, content) = literal(format).zip(literal(content)).ok_or_else(unwritten)?;
            if !["yaml", "json"].contains(&format.as_str()) {
                return Err((format!("reads `yaml` and `json`, and no `{format}`"), "write the value out in Rego"));
            }
            value_of(&Source::file("<parse_config>", content))?
        }
        ("parse_config_file", [path]) => value_of(&open(&literal(path).ok_or_else(unwritten)?)?)?,
        (_, [paths]) => {
            let Expr::Array { items, .. } = paths.as_ref() else { return Err(unwritten()) };
            let mut paths: Vec<String> = items.iter().map(literal).collect::<Option<_>>().ok_or_else(unwritten)?;
            paths.sort();
            let mut elements = Vec::new();
            for path in paths {
                let source = open(&path)?;
                for contents in documents(&source)? {
                    elements.push(crate::evaluate::conftest::element(source.name(), contents));
                }
            }
            RegoValue::from(elements)
        }
        _ => return Err(unwritten()),
    };
    value.to_json_str().map_err(|error| (error.to_string(), "write the value out in Rego"))
}

fn literal(expression: &Ref<Expr>) -> Option<String> {
    match expression.as_ref() {
        Expr::String { value, .. } | Expr::RawString { value, .. } => text(value).map(str::to_owned),
        _ => None,
    }
}

/// One document is its value, several are a list.
fn value_of(source: &Arc<Source>) -> Result<RegoValue, (String, &'static str)> {
    let mut documents = documents(source)?;
    Ok(if documents.len() == 1 { documents.remove(0) } else { RegoValue::from(documents) })
}

fn documents(source: &Arc<Source>) -> Result<Vec<RegoValue>, (String, &'static str)> {
    let stream = read(source, &ReadLimits::default());
    let worst = stream.diagnostics.iter().find(|found| found.severity == crate::diagnostic::Severity::Error);
    match worst {
        Some(problem) => Err((format!("finds no YAML: {}", problem.message), "correct the text")),
        None => Ok(stream.documents.iter().map(|document| value::of_node(&document.root)).collect()),
    }
}
