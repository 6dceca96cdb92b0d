//! Methods of Python's text and mappings that Jinja templates call everywhere: `labels.items()`, `name.upper()`.

use minijinja::value::{Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, State};

use super::value::{pairs, refuse};

/// Every method, for suggestions.
pub(super) const NAMES: &[&str] = &[
    "items",
    "keys",
    "values",
    "get",
    "upper",
    "lower",
    "title",
    "capitalize",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "splitlines",
    "replace",
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
    "join",
    "count",
    "isdigit",
];

/// Calls a method; `UnknownMethod` if the value has none of that name.
pub(super) fn call(state: &mut State, receiver: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match (receiver.kind(), receiver.as_str()) {
        (ValueKind::Map, _) => call_on_mapping(receiver, method, arguments),
        (ValueKind::String, Some(text)) => call_on_text(state, text, method, arguments),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn call_on_mapping(map: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match method {
        "items" => {
            let () = from_args(arguments)?;
            Ok(pairs(map).map(|(key, value)| Value::from_iter([key, value])).collect())
        }
        "keys" => {
            let () = from_args(arguments)?;
            Ok(pairs(map).map(|(key, _)| key).collect())
        }
        "values" => {
            let () = from_args(arguments)?;
            Ok(pairs(map).map(|(_, value)| value).collect())
        }
        "get" => {
            let (key, default): (Value, Option<Value>) = from_args(arguments)?;
            let found = map.get_item(&key)?;
            Ok(if found.is_undefined() { default.unwrap_or(Value::from(())) } else { found })
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn call_on_text(state: &mut State, text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    match method {
        "upper" | "lower" | "title" | "capitalize" => {
            let () = from_args(arguments)?;
            state.apply_filter(method, &[Value::from(text)])
        }
        "strip" | "lstrip" | "rstrip" => strip(text, method, arguments),
        "split" => {
            let (separator, limit): (Option<&str>, Option<i64>) = from_args(arguments)?;
            split(text, separator, limit)
        }
        "splitlines" => {
            let () = from_args(arguments)?;
            Ok(text.lines().map(Value::from).collect())
        }
        "replace" => state.apply_filter("replace", &[&[Value::from(text)], arguments].concat()),
        "startswith" => matches_any(arguments, |prefix| text.starts_with(prefix)),
        "endswith" => matches_any(arguments, |suffix| text.ends_with(suffix)),
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(arguments)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(arguments)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "join" => {
            let (items,): (Value,) = from_args(arguments)?;
            state.apply_filter("join", &[items, Value::from(text)])
        }
        "count" => {
            let (part,): (&str,) = from_args(arguments)?;
            Ok(Value::from(text.matches(part).count()))
        }
        "isdigit" => {
            let () = from_args(arguments)?;
            Ok(Value::from(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn strip(text: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let (signs,): (Option<&str>,) = from_args(arguments)?;
    let strips = |sign: char| signs.map_or(sign.is_whitespace(), |signs| signs.contains(sign));
    Ok(Value::from(match method {
        "lstrip" => text.trim_start_matches(strips),
        "rstrip" => text.trim_end_matches(strips),
        _ => text.trim_matches(strips),
    }))
}

/// As in Python: no separator means runs of blanks; a limit counts the cuts, a negative one means none.
fn split(text: &str, separator: Option<&str>, limit: Option<i64>) -> Result<Value, Error> {
    let cuts = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    match separator {
        Some("") => Err(refuse("the separator is empty")),
        Some(separator) => Ok(text.splitn(cuts.saturating_add(1), separator).map(Value::from).collect()),
        None => {
            let mut parts = Vec::new();
            let mut rest = text.trim_start();
            while !rest.is_empty() {
                let end = if parts.len() < cuts { rest.find(char::is_whitespace) } else { None };
                let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
                parts.push(Value::from(part));
                rest = after.trim_start();
            }
            Ok(Value::from_iter(parts))
        }
    }
}

/// `startswith` and `endswith` take one text or several.
fn matches_any(arguments: &[Value], matches: impl Fn(&str) -> bool) -> Result<Value, Error> {
    let (wanted,): (Value,) = from_args(arguments)?;
    match wanted.as_str() {
        Some(text) => Ok(Value::from(matches(text))),
        None => {
            let any = wanted.try_iter()?.any(|item| item.as_str().is_some_and(&matches));
            Ok(Value::from(any))
        }
    }
}
