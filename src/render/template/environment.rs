//! The engine as Hydrant sets it up: strict, hermetic, and writing values as YAML understands them.

use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::{filters, json, loader, methods, value};
use crate::load::{TemplateSyntax, Unit};
use crate::render::RenderLimits;

/// What one include costs of the engine's nesting budget; loops and macros cost less.
const DEPTH_OF_AN_INCLUDE: usize = 10;

/// Everything that no unit changes. A unit's environment is a clone: reference counts, no tables.
static BASE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(format);
    environment.set_unknown_method_callback(methods::call);
    // the inputs are closed: a template never changes while its unit is rendered
    environment.set_auto_reload(false);
    // errors then name the undefined expression; costs nothing until one is made
    environment.set_debug(true);
    environment.set_syntax(syntax(&TemplateSyntax::default()).expect("Jinja's own delimiters differ from each other"));
    filters::register(&mut environment);
    environment
});

/// The environment of one unit. Fails if the unit's delimiters cannot be told apart.
pub(super) fn of(unit: &Unit, limits: &RenderLimits) -> Result<Environment<'static>, Error> {
    let mut environment = BASE.clone();
    if *unit.syntax != TemplateSyntax::default() {
        environment.set_syntax(syntax(&unit.syntax)?);
    }
    environment.set_fuel(Some(limits.steps));
    environment.set_recursion_limit(limits.depth.saturating_mul(DEPTH_OF_AN_INCLUDE));
    let names = Arc::new(loader::Names::of(unit));
    let lookup = Arc::clone(&names);
    environment.set_path_join_callback(move |name, parent| lookup.resolve(name, parent).into());
    environment.set_loader(move |name| names.load(name));
    Ok(environment)
}

fn syntax(syntax: &TemplateSyntax) -> Result<SyntaxConfig, Error> {
    let pair = |(open, close): &(String, String)| (open.clone(), close.clone());
    let delimiters = [&syntax.variable, &syntax.block, &syntax.comment];
    if delimiters.iter().any(|(open, close)| open.is_empty() || close.is_empty()) {
        return Err(Error::new(ErrorKind::InvalidDelimiter, "one of them is empty"));
    }
    let (variable, block, comment) = (pair(&syntax.variable), pair(&syntax.block), pair(&syntax.comment));
    SyntaxConfig::builder()
        .variable_delimiters(variable.0, variable.1)
        .block_delimiters(block.0, block.1)
        .comment_delimiters(comment.0, comment.1)
        .trim_blocks(syntax.trim_blocks)
        .lstrip_blocks(syntax.lstrip_blocks)
        .keep_trailing_newline(true)
        .build()
}

/// Jinja writes `True` and `None`, which YAML reads as text or not at all: values are written as YAML means them.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.kind() {
        // only an `if` expression without `else` gets here: strict mode refuses all others
        ValueKind::Undefined => {}
        ValueKind::String => out.write_str(value.as_str().unwrap_or_default())?,
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            out.write_str(&json::compact(&value::to_node(state, value)?))?;
        }
        _ => out.write_str(&value::scalar_text(value)?)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::filters::{HELPERS, HelperKind};
    use super::*;

    /// The names in one of the lists that the engine's debug form prints.
    fn registered(list: &str) -> BTreeSet<String> {
        let text = format!("{:?}", *BASE);
        let start = text.find(&format!("{list}: ")).expect("the list is printed") + list.len() + 2;
        let rest = &text[start..];
        let end = rest.find([']', '}']).expect("the list ends");
        rest[..end].split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    fn documented(kind: HelperKind) -> BTreeSet<String> {
        HELPERS.iter().filter(|helper| helper.kind == kind).map(|helper| helper.name().to_owned()).collect()
    }

    #[test]
    fn every_registered_helper_is_documented_and_every_documented_one_exists() {
        assert_eq!(registered("filters"), documented(HelperKind::Filter));
        assert_eq!(registered("tests"), documented(HelperKind::Test));
        let functions = BASE.globals().map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(functions, documented(HelperKind::Function));
    }

    #[test]
    fn no_helper_knows_the_clock_the_machine_or_chance() {
        let forbidden = ["now", "random", "shuffle", "lipsum", "env", "lookup", "uuid", "password", "debug"];
        assert!(HELPERS.iter().all(|helper| !forbidden.contains(&helper.name())));
    }

    #[test]
    fn every_helper_is_described_in_a_line_and_named_once() {
        let mut seen = BTreeSet::new();
        for helper in HELPERS {
            assert!(!helper.summary.is_empty() && !helper.summary.ends_with('.'), "{}", helper.usage);
            assert!(seen.insert((helper.kind, helper.name())), "{} is listed twice", helper.usage);
        }
    }
}
