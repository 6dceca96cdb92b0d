//! Argo CD: every `Application`, and what an `ApplicationSet` with a list or with folders of git makes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::application::take;
use super::documents::{documents, text};
use super::{App, Takeover};
use crate::tree::{ReadTree, TreeError};

pub(super) fn read(tree: &dyn ReadTree) -> Result<Takeover, TreeError> {
    let mut takeover = Takeover::default();
    for document in documents(tree, |_| true, "argoproj.io/")? {
        let file = document.file.as_str();
        let Some(value) = &document.value else {
            takeover.leave_out(
                format!("a document of `{file}`"),
                file,
                "names Argo CD and does not read as YAML",
                "mend it (`hydrant validate` tells what is wrong), or take its applications over by hand",
            );
            continue;
        };
        if !text(value, "/apiVersion").is_some_and(|version| version.starts_with("argoproj.io/")) {
            continue;
        }
        match text(value, "/kind") {
            Some("Application") => take(&mut takeover, tree, file, value)?,
            Some("ApplicationSet") => application_set(&mut takeover, tree, file, value)?,
            _ => {}
        }
    }
    Ok(takeover)
}

fn application_set(takeover: &mut Takeover, tree: &dyn ReadTree, file: &str, set: &Value) -> Result<(), TreeError> {
    let what = format!("ApplicationSet {}", text(set, "/metadata/name").unwrap_or("without a name"));
    let by_hand = "name its folders as apps in hydrant.yaml";
    if set.pointer("/spec/templatePatch").is_some() {
        takeover.leave_out(&*what, file, "patches its template", by_hand);
    }
    let (Some(generators), Some(template)) =
        (set.pointer("/spec/generators").and_then(Value::as_array), set.pointer("/spec/template"))
    else {
        takeover.leave_out(what, file, "has no generator, or no template", by_hand);
        return Ok(());
    };
    for generator in generators {
        let kind = generator.as_object().and_then(|generator| generator.keys().find(|key| *key != "selector"));
        let kind = kind.map_or("an empty", String::as_str);
        if generator.get("selector").is_some() {
            takeover.leave_out(&*what, file, "selects among what its generator makes", by_hand);
            continue;
        }
        let sets = match kind {
            "list" => generator.pointer("/list/elements").and_then(Value::as_array).map(|list| elements(list)),
            "git" => folders(generator, tree)?,
            _ => None,
        };
        let Some(sets) = sets else {
            takeover.leave_out(
                &*what,
                file,
                format!("its `{kind}` generator asks what this repository does not tell"),
                by_hand,
            );
            continue;
        };
        for parameters in sets {
            let mut application = template.clone();
            fill(&mut application, &parameters);
            match unfilled(&application) {
                Some(left) => takeover.leave_out(
                    &*what,
                    file,
                    format!("its template has `{left}`, which is more than the name of a parameter"),
                    by_hand,
                ),
                None => take(takeover, tree, file, &application)?,
            }
        }
    }
    Ok(())
}

type Parameters = BTreeMap<String, String>;

fn elements(list: &[Value]) -> Vec<Parameters> {
    list.iter()
        .map(|element| {
            let mut parameters = Parameters::new();
            flatten("", element, &mut parameters);
            parameters
        })
        .collect()
}

fn flatten(prefix: &str, value: &Value, parameters: &mut Parameters) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&name, value, parameters);
            }
        }
        Value::String(text) => drop(parameters.insert(prefix.to_owned(), text.clone())),
        Value::Number(_) | Value::Bool(_) => drop(parameters.insert(prefix.to_owned(), value.to_string())),
        Value::Array(_) | Value::Null => {}
    }
}

/// The folders that a git generator finds here; `None` for one that reads files.
fn folders(generator: &Value, tree: &dyn ReadTree) -> Result<Option<Vec<Parameters>>, TreeError> {
    let Some(directories) = generator.pointer("/git/directories").and_then(Value::as_array) else { return Ok(None) };
    let pattern = |excluded: bool| {
        let patterns = directories
            .iter()
            .filter(move |one| one.get("exclude").and_then(Value::as_bool).unwrap_or(false) == excluded);
        patterns.filter_map(|one| text(one, "/path").map(str::to_owned)).collect::<Vec<_>>()
    };
    let (wanted, unwanted) = (pattern(false), pattern(true));
    let mut all = std::collections::BTreeSet::new();
    for file in tree.files(None)? {
        all.extend(std::iter::successors(file.parent(), crate::tree::RepoPath::parent).map(|path| path.to_string()));
    }
    let is_in = |patterns: &[String], path: &str| patterns.iter().any(|pattern| matches(pattern, path));
    let found = all.into_iter().filter(|path| is_in(&wanted, path) && !is_in(&unwanted, path));
    Ok(Some(
        found
            .map(|path| {
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                let parts = path.split('/').enumerate();
                let mut parameters: Parameters =
                    parts.map(|(index, part)| (format!("path[{index}]"), part.to_owned())).collect();
                // with and without `goTemplate: true`
                parameters.extend([("path.basename".to_owned(), name), ("path".to_owned(), path.clone())]);
                parameters.insert("path.path".to_owned(), path);
                parameters
            })
            .collect(),
    ))
}

/// Go's `path.Match`, as far as names of folders need it: `*` stays within one part.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(pattern, part)| matches_part(pattern, part))
}

fn matches_part(pattern: &str, part: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == part,
        Some((before, after)) => part.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches_part(after, &rest[at..]))
        }),
    }
}

/// Puts parameters in the place of `{{ name }}` and `{{ .name }}`.
fn fill(value: &mut Value, parameters: &Parameters) {
    match value {
        Value::String(text) => {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some((before, inside)) = rest.split_once("{{") {
                out.push_str(before);
                let Some((inside, after)) = inside.split_once("}}") else {
                    out.push_str("{{");
                    rest = inside;
                    continue;
                };
                match parameters.get(inside.trim().trim_start_matches('.')) {
                    Some(parameter) => out.push_str(parameter),
                    None => out.push_str(&format!("{{{{{inside}}}}}")),
                }
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
        Value::Array(list) => list.iter_mut().for_each(|value| fill(value, parameters)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, parameters)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Something that was not filled, among what an app is made of.
fn unfilled(application: &Value) -> Option<String> {
    fn find(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => text.contains("{{").then(|| text.clone()),
            Value::Array(list) => list.iter().find_map(find),
            Value::Object(fields) => fields.values().find_map(find),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }
    ["/metadata/name", "/spec/source", "/spec/sources", "/spec/sourceHydrator", "/spec/destination"]
        .iter()
        .find_map(|pointer| application.pointer(pointer).and_then(find))
}

/// An app made of a folder, as Argo CD reads one: not below it, unless it says `recurse`.
pub(super) fn app(name: &str, path: &str, directory: Option<&Value>) -> App {
    let recurse = directory.and_then(|one| one.get("recurse")).and_then(Value::as_bool).unwrap_or(false);
    let globs = |key: &str| directory.and_then(|one| text(one, &format!("/{key}"))).map(split_braces);
    let mut app = App {
        path: path.to_owned(),
        name: Some(super::as_name(name)),
        include: globs("include").unwrap_or_default(),
        exclude: globs("exclude").unwrap_or_default(),
        ..App::default()
    };
    if !recurse {
        app.exclude.push("*/**".to_owned());
    }
    app
}

/// `{a.yaml,b.yaml}` as two patterns.
fn split_braces(pattern: &str) -> Vec<String> {
    let inside = pattern.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).filter(|rest| !rest.contains('{'));
    inside.map_or_else(|| vec![pattern.to_owned()], |list| list.split(',').map(|one| one.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_one_part() {
        assert!(matches("apps/*", "apps/web") && matches("*/web-*", "apps/web-a"));
        assert!(!matches("apps/*", "apps/web/base") && !matches("apps/w", "apps/web"));
    }

    #[test]
    fn parameters_are_put_in_with_and_without_a_dot() {
        let mut value = serde_json::json!({"a": "{{path}}/{{ .path.basename }}", "b": ["{{ other | lower }}"]});
        let parameters = [("path".to_owned(), "apps/web".to_owned()), ("path.basename".to_owned(), "web".to_owned())];
        fill(&mut value, &Parameters::from(parameters));
        assert_eq!(value, serde_json::json!({"a": "apps/web/web", "b": ["{{ other | lower }}"]}));
    }
}
