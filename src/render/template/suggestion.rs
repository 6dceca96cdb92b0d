//! What somebody may have meant by a name that does not exist.

use super::RESERVED;
use crate::diagnostic::did_you_mean;
use crate::manifest::{Node, Value};

/// How many keys of the values are looked through.
const MAX_KEYS: usize = 10_000;

/// Shorter names are near to every other one.
const MIN_NAME: usize = 2;

/// The nearest expression to `app.replcias` among the values: `app.replicas`.
///
/// The level is that of the first part that does not exist. If the expression begins with a variable of the template,
/// nobody knows here what it holds, and any key of the values counts.
pub(super) fn nearest_value(expression: &str, values: &Node) -> Option<String> {
    let parts = parts(expression);
    let (last, before) = parts.split_last()?;
    let last_name = name_of(last);
    if last_name.chars().count() < MIN_NAME {
        return None;
    }
    let level = before.iter().try_fold(values, |node, part| node.get(name_of(part)));
    let nearest = match level {
        Some(level) if before.is_empty() => did_you_mean(last_name, keys(level).chain([RESERVED])),
        Some(level) => did_you_mean(last_name, keys(level)),
        None if before == [RESERVED] => did_you_mean(last_name, ["environment", "app", "kubernetes"]),
        None => did_you_mean(last_name, all_keys(values)),
    }?;
    let prefix = &expression[..expression.len() - last.len()];
    Some(format!("{prefix}{}", last.replace(last_name, nearest)))
}

/// `app.ports[0].name` as `app`, `.ports`, `[0]`, `.name`.
fn parts(expression: &str) -> Vec<&str> {
    let borders: Vec<usize> = expression
        .char_indices()
        .filter(|(index, sign)| *index > 0 && matches!(sign, '.' | '['))
        .map(|(index, _)| index)
        .collect();
    let starts = std::iter::once(0).chain(borders.iter().copied());
    let ends = borders.iter().copied().chain([expression.len()]);
    starts.zip(ends).map(|(start, end)| &expression[start..end]).collect()
}

fn name_of(part: &str) -> &str {
    part.trim_matches(['.', '[', ']', '"', '\''])
}

fn keys(node: &Node) -> impl Iterator<Item = &str> {
    node.as_mapping().unwrap_or_default().iter().map(|entry| &*entry.key.name)
}

fn all_keys(values: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    let mut waiting = vec![values];
    while let Some(node) = waiting.pop() {
        match &node.value {
            Value::Mapping(entries) => {
                found.extend(entries.iter().map(|entry| &*entry.key.name));
                waiting.extend(entries.iter().map(|entry| &entry.value));
            }
            Value::Sequence(items) => waiting.extend(items),
            _ => {}
        }
        if found.len() > MAX_KEYS {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(expression: &str) -> Option<String> {
        let json = serde_json::json!({
            "app": {"replicas": 3, "labels": {"app.kubernetes.io/name": "web"}, "ports": [{"number": 80}]},
            "image": "nginx",
        });
        nearest_value(expression, &Node::from_json(&json))
    }

    #[test]
    fn the_nearest_key_of_the_same_level_is_suggested() {
        assert_eq!(nearest("app.replcias").as_deref(), Some("app.replicas"));
        assert_eq!(nearest("app[\"replcias\"]").as_deref(), Some("app[\"replicas\"]"));
        assert_eq!(nearest("imge").as_deref(), Some("image"));
        assert_eq!(nearest("app.image"), None, "`image` is a name of another level");
        assert_eq!(nearest("hydrant.enviroment").as_deref(), Some("hydrant.environment"));
        assert_eq!(nearest("hydrnat").as_deref(), Some("hydrant"));
    }

    #[test]
    fn below_a_variable_of_the_template_any_key_counts() {
        assert_eq!(nearest("port.numbr").as_deref(), Some("port.number"));
        assert_eq!(nearest("port.zzz"), None);
    }
}
