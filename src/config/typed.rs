//! The typed reading of `hydrant.yaml`: serde_yaml gives the types, our own reader gives the places and has the last word
//! on what a scalar means.
//!
//! The two read some words differently (`yes` is a boolean to Kubernetes and text to serde_yaml). Where they do, the word
//! is an error: a file that means two things is not a configuration.

use std::sync::Arc;

use super::raw;
use super::shape::{Faults, place};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Node, Value};
use crate::source::{Location, Source, Span};

/// Reads the file into its types, leaving out what is known to be wrong. `None` if too little remains.
pub(super) fn read(source: &Arc<Source>, root: &Node, faults: &mut Faults) -> Option<raw::Config> {
    let mut yaml = match merged(source) {
        Ok(yaml) => yaml,
        Err(error) => {
            faults.diagnostics.push(syntax(source, &error));
            return None;
        }
    };
    compare(source, root, &yaml, &mut Vec::new(), faults);
    for path in &faults.left_out {
        leave_out(&mut yaml, path);
    }
    match serde_yaml::from_value(yaml) {
        Ok(config) => Some(config),
        // what is missing after values were left out has been reported already
        Err(_) if !faults.diagnostics.is_empty() => None,
        Err(error) => {
            let location = Location::new(source, Span::at(0));
            faults.diagnostics.push(Diagnostic::error(rules::CONFIG_TYPE, error.to_string()).at(location, ""));
            None
        }
    }
}

fn merged(source: &Source) -> Result<serde_yaml::Value, serde_yaml::Error> {
    let text = source.text().strip_prefix('\u{feff}').unwrap_or(source.text());
    let mut yaml: serde_yaml::Value = serde_yaml::from_str(text)?;
    yaml.apply_merge()?;
    Ok(yaml)
}

fn syntax(source: &Arc<Source>, error: &serde_yaml::Error) -> Diagnostic {
    let offset = error.location().map_or(0, |location| location.index());
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    Diagnostic::error(rules::CONFIG_SYNTAX, format!("not valid YAML: {message}"))
        .at(Location::new(source, Span::at(offset)), "reading stopped here")
}

/// Reports every value that the two readers do not agree on.
fn compare(source: &Arc<Source>, node: &Node, yaml: &serde_yaml::Value, path: &mut Vec<String>, faults: &mut Faults) {
    if faults.left_out.contains(path) {
        return;
    }
    match (&node.value, yaml) {
        (Value::Mapping(entries), serde_yaml::Value::Mapping(mapping)) => {
            for entry in entries {
                path.push(entry.key.name.to_string());
                match mapping.get(&*entry.key.name) {
                    Some(yaml) => compare(source, &entry.value, yaml, path, faults),
                    None => ambiguous_key(source, entry.key.span, path, faults),
                }
                path.pop();
            }
        }
        (Value::Sequence(items), serde_yaml::Value::Sequence(yaml)) if items.len() == yaml.len() => {
            for (index, (item, yaml)) in items.iter().zip(yaml).enumerate() {
                path.push(index.to_string());
                compare(source, item, yaml, path, faults);
                path.pop();
            }
        }
        (scalar, yaml) if same_scalar(scalar, yaml) => {}
        _ => ambiguous(source, node.span, path, faults),
    }
}

fn same_scalar(ours: &Value, theirs: &serde_yaml::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_yaml::Value::Null) => true,
        (Value::Bool(ours), serde_yaml::Value::Bool(theirs)) => ours == theirs,
        (Value::String(ours), serde_yaml::Value::String(theirs)) => **ours == **theirs,
        (Value::Int(ours), serde_yaml::Value::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Value::UInt(ours), serde_yaml::Value::Number(theirs)) => theirs.as_u64() == Some(*ours),
        (Value::Float(ours), serde_yaml::Value::Number(theirs)) => theirs.as_f64() == Some(*ours),
        _ => false,
    }
}

fn ambiguous(source: &Arc<Source>, span: Span, path: &[String], faults: &mut Faults) {
    let written = source.slice(span);
    let message = format!("`{written}` in `{}` means different things to different YAML readers", place(path));
    let help = match written.to_lowercase().as_str() {
        "yes" | "on" | "y" => "write `true`, or quotes around it if text is meant".to_owned(),
        "no" | "off" | "n" => "write `false`, or quotes around it if text is meant".to_owned(),
        _ => format!("write it in quotes: `\"{written}\"`"),
    };
    report(source, span, path, faults, message, help);
}

fn ambiguous_key(source: &Arc<Source>, span: Span, path: &[String], faults: &mut Faults) {
    let written = source.slice(span);
    let owner = place(path.split_last().map_or(&[][..], |(_, owner)| owner));
    let message = format!("the key `{written}` in `{owner}` means different things to different YAML readers");
    report(source, span, path, faults, message, format!("write it in quotes: `\"{written}\"`"));
}

fn report(source: &Arc<Source>, span: Span, path: &[String], faults: &mut Faults, message: String, help: String) {
    let location = Location::new(source, span);
    faults.diagnostics.push(Diagnostic::error(rules::CONFIG_TYPE, message).at(location, "text or not?").help(help));
    faults.left_out.push(path.to_vec());
}

/// Leaves out the value at a path. An item cannot go alone, since that would move the others: its whole list goes.
/// An environment stays, as an empty one, so that those who inherit from it are not blamed.
fn leave_out(yaml: &mut serde_yaml::Value, path: &[String]) {
    if let [top, name] = path
        && top == "environments"
        && let Some(environments) = yaml.get_mut("environments").and_then(serde_yaml::Value::as_mapping_mut)
        && environments.contains_key(name.as_str())
    {
        environments.insert(name.as_str().into(), serde_yaml::Mapping::new().into());
        return;
    }
    remove(yaml, path);
}

fn remove(yaml: &mut serde_yaml::Value, path: &[String]) {
    let Some((key, rest)) = path.split_first() else { return };
    match yaml {
        serde_yaml::Value::Mapping(mapping) => {
            let item = rest.len() == 1 && mapping.get(key.as_str()).is_some_and(serde_yaml::Value::is_sequence);
            if rest.is_empty() || item {
                mapping.remove(key.as_str());
            } else if let Some(value) = mapping.get_mut(key.as_str()) {
                remove(value, rest);
            }
        }
        serde_yaml::Value::Sequence(items) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                remove(item, rest);
            }
        }
        _ => {}
    }
}
