//! Helpers for text: how a value is quoted, indented and encoded inside YAML.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Environment, Error, State};

use crate::render::template::json;
use crate::render::template::value::{refuse, scalar_text, to_node};
use crate::tree::Digest;

pub(super) fn register(environment: &mut Environment) {
    environment.add_filter("string", string);
    environment.add_filter("nindent", nindent);
    environment.add_filter("quote", quote);
    environment.add_filter("squote", squote);
    environment.add_filter("b64encode", b64encode);
    environment.add_filter("b64decode", b64decode);
    environment.add_filter("sha256", sha256);
}

/// The text that `{{ value }}` would write; the engine's own writes `True` and `None`.
fn string(state: &State, value: &Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::String => Ok(value.clone()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Ok(json::compact(&to_node(state, value)?).into()),
        _ => Ok(scalar_text(value)?.into()),
    }
}

fn nindent(state: &State, text: Cow<'_, str>, width: Option<usize>, options: Kwargs) -> Result<String, Error> {
    let width = match width {
        Some(width) => width,
        None => options.get("width")?,
    };
    options.assert_all_used()?;
    // known before it is built: a width of a billion must not cost a billion bytes
    let padding = width.saturating_mul(text.lines().count());
    state.consume_fuel(padding as u64 / 64)?;
    let margin = " ".repeat(width);
    let mut out = String::with_capacity(text.len() + padding + 1);
    for line in text.lines() {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&margin);
            out.push_str(line);
        }
    }
    Ok(out)
}

fn quote(value: &Value) -> Result<String, Error> {
    let text = quotable(value)?;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            sign if is_unprintable(sign) => write!(out, "\\u{:04x}", u32::from(sign))?,
            sign => out.push(sign),
        }
    }
    out.push('"');
    Ok(out)
}

fn squote(value: &Value) -> Result<String, Error> {
    let text = quotable(value)?;
    if text.chars().any(is_unprintable) {
        return Err(refuse("single quotes cannot hold line breaks or control characters; `quote` can"));
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// The text to put between quotes. `null` is refused: `"null"` is a string that nobody meant to write.
fn quotable(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Err(refuse("cannot quote null; say `default(\"…\", true)` first")),
        _ => scalar_text(value),
    }
}

/// What YAML does not let stand as it is, even between quotes.
fn is_unprintable(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn b64encode(value: &Value) -> Result<String, Error> {
    match value.as_bytes() {
        Some(bytes) => Ok(BASE64.encode(bytes)),
        None => Ok(BASE64.encode(scalar_text(value)?)),
    }
}

fn b64decode(text: Cow<'_, str>) -> Result<String, Error> {
    // the text may be a secret: no message shows it
    let bytes = BASE64.decode(text.trim()).map_err(|_| refuse("the text is not base64"))?;
    String::from_utf8(bytes).map_err(|_| refuse("the base64 does not hold UTF-8 text"))
}

fn sha256(value: &Value) -> Result<String, Error> {
    match value.as_bytes() {
        Some(bytes) => Ok(Digest::of(bytes).to_string()),
        None => Ok(Digest::of(scalar_text(value)?.as_bytes()).to_string()),
    }
}
