//! Versions: `hydrant.kubernetes is version("1.33", ">=")`, as in Ansible, ordered as semantic versions are.

use std::cmp::Ordering;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error};
use semver::Version;

use crate::render::template::value::{refuse, scalar_text};

pub(super) fn register(environment: &mut Environment) {
    environment.add_test("version", is_version);
}

fn is_version(value: &Value, other: &Value, operator: Option<&str>) -> Result<bool, Error> {
    let order = parse(value)?.cmp_precedence(&parse(other)?);
    Ok(match operator.unwrap_or("==") {
        "==" | "=" | "eq" => order == Ordering::Equal,
        "!=" | "<>" | "ne" => order != Ordering::Equal,
        "<" | "lt" => order == Ordering::Less,
        "<=" | "le" => order != Ordering::Greater,
        ">" | "gt" => order == Ordering::Greater,
        ">=" | "ge" => order != Ordering::Less,
        operator => return Err(refuse(format!("`{operator}` is no comparison; use one of == != < <= > >="))),
    })
}

/// A version with or without `v`, with one, two or three numbers, and what may follow them.
fn parse(value: &Value) -> Result<Version, Error> {
    if value.kind() == ValueKind::Number && !value.is_integer() {
        return Err(refuse(format!("the version {value} is a number, which loses trailing zeros; put it in quotes")));
    }
    let text = scalar_text(value)?;
    let invalid = || refuse(format!("`{text}` is not a version"));
    let bare = text.trim().trim_start_matches(['v', 'V']);
    let end = bare.find(['-', '+']).unwrap_or(bare.len());
    let (numbers, suffix) = bare.split_at(end);
    let missing = match numbers.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        3 => "",
        _ => return Err(invalid()),
    };
    // `1.34+` is how some clusters spell a minor with changes of their own
    let suffix = if suffix == "+" { "" } else { suffix };
    Version::parse(&format!("{numbers}{missing}{suffix}")).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(left: &str, operator: &str, right: &str) -> bool {
        is_version(&Value::from(left), &Value::from(right), Some(operator)).expect("two versions")
    }

    #[test]
    fn versions_compare_by_number_and_not_by_text() {
        assert!(holds("1.34", ">=", "1.9"));
        assert!(holds("v1.34.2", ">", "1.34"));
        assert!(holds("1.34", "==", "1.34.0"));
        assert!(holds("1.34+", "eq", "v1.34"));
        assert!(holds("1.34.0-rc.1", "<", "1.34"));
        assert!(holds("1.34.1+gke.7", "==", "1.34.1"));
    }

    #[test]
    fn a_version_that_lost_its_zeros_is_refused() {
        assert!(is_version(&Value::from(1.3), &Value::from("1.30"), None).is_err());
        assert!(is_version(&Value::from("latest"), &Value::from("1.30"), None).is_err());
        assert!(is_version(&Value::from("1.2.3.4"), &Value::from("1"), None).is_err());
    }
}
