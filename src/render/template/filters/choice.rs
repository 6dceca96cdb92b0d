//! Helpers that choose or refuse: defaults, ternaries, required values, deliberate failure.

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

use crate::render::template::value::{refuse, undefined};

pub(super) fn register(environment: &mut Environment) {
    environment.add_filter("default", default);
    environment.add_filter("d", default);
    environment.add_filter("ternary", ternary);
    environment.add_filter("required", required);
    environment.add_function("fail", fail);
}

/// The engine's own lacks `boolean=true`, which Jinja and Ansible have.
fn default(value: &Value, other: Option<Value>, boolean: Option<bool>, options: Kwargs) -> Result<Value, Error> {
    let boolean = match boolean {
        Some(boolean) => boolean,
        None => options.get::<Option<bool>>("boolean")?.unwrap_or(false),
    };
    options.assert_all_used()?;
    let replace = value.is_undefined() || (boolean && !value.is_true());
    Ok(if replace { other.unwrap_or_else(|| Value::from("")) } else { value.clone() })
}

fn ternary(condition: &Value, yes: Value, no: Value, null: Option<Value>) -> Result<Value, Error> {
    if condition.is_undefined() {
        return Err(undefined(condition));
    }
    Ok(match null {
        Some(null) if condition.is_none() => null,
        _ if condition.is_true() => yes,
        _ => no,
    })
}

fn required(value: &Value, message: Option<String>) -> Result<Value, Error> {
    let missing = value.is_undefined() || value.is_none() || value.as_str().is_some_and(str::is_empty);
    if missing {
        return Err(Failure::error(message.unwrap_or_else(|| "a required value is missing".to_owned())));
    }
    Ok(value.clone())
}

fn fail(message: String) -> Result<Value, Error> {
    Err(Failure::error(message))
}

/// The template's author refused to render: the words are theirs and are shown as they are.
#[derive(Debug, thiserror::Error)]
#[error("the template refused")]
pub(in crate::render::template) struct Failure;

impl Failure {
    fn error(message: String) -> Error {
        refuse(message).with_source(Self)
    }
}
