//! Exceptions: `exception` rules name rules of their package that do not count for an object.
//!
//! Conftest asks `data.<package>.exception[_][_] == "<rule>"`, where the rule's name has lost its `deny_`, `violation_` or
//! `warn_`; `""` are the rules without a suffix. What is excepted is still told.

use std::collections::BTreeMap;

use regorus::Value as RegoValue;
use regorus::unstable::{Expr, Rule, RuleHead};

use crate::diagnostic::{Diagnostic, Label, rules};
use crate::evaluate::PolicyRule;
use crate::evaluate::graph::{name_of, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::value::text;

/// The name of the rules.
const NAME: &str = "exception";

/// How an `exception` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::evaluate) enum Form {
    /// `exception contains rules if …`: one definition of several.
    Member,
    /// `exception := [["a"]]`: the rule as a whole.
    Whole,
}

/// One definition, or a rule as a whole.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct ExceptionRule(pub(in crate::evaluate) PolicyRule);

/// Looks at one rule of a package that reports. `Ok(None)` for one that has nothing to do with exceptions; an error for
/// one that could never except anything, though its author believes that it does.
pub(in crate::evaluate) fn inspect(module: &Module, rule: &Rule) -> Result<Option<Form>, Box<Diagnostic>> {
    let name = name_of(rule);
    if written_path(name).first().is_none_or(|first| first != NAME) {
        return Ok(None);
    }
    let refuse = |what: &str| {
        let diagnostic =
            Diagnostic::error(rules::POLICY_SHAPE, format!("`{NAME}` {what}, not a set of lists of names"));
        let help = "write `exception contains [\"name\"] if { … }`, or give the rule another name";
        Err(Box::new(diagnostic.at(module.location(name.span()), "excepts nothing").help(help)))
    };
    match rule {
        Rule::Spec { head: RuleHead::Set { refr, key: Some(key), .. }, .. } if is_plain(refr) => match is_scalar(key) {
            Some(what) => refuse(&format!("contains {what}")),
            None => Ok(Some(Form::Member)),
        },
        Rule::Spec { head: RuleHead::Compr { refr, assign: None, .. }, .. } if is_plain(refr) => refuse("is a boolean"),
        Rule::Spec { head: RuleHead::Compr { refr, assign: Some(assign), .. }, .. } => {
            match is_scalar(&assign.value).filter(|_| is_plain(refr)) {
                Some(what) => refuse(&format!("is {what}")),
                None => Ok(Some(Form::Whole)),
            }
        }
        _ => Ok(None), // a function, or a default, is asked by nobody
    }
}

fn is_plain(name: &Expr) -> bool {
    matches!(name, Expr::Var { .. })
}

fn is_scalar(value: &Expr) -> Option<&'static str> {
    match value {
        Expr::String { .. } | Expr::RawString { .. } => Some("a string"),
        Expr::Number { .. } | Expr::UnaryExpr { .. } | Expr::ArithExpr { .. } => Some("a number"),
        Expr::Bool { .. } | Expr::BoolExpr { .. } | Expr::Membership { .. } => Some("a boolean"),
        Expr::Null { .. } => Some("`null`"),
        _ => None,
    }
}

/// What is excepted for one input.
#[derive(Debug, Default)]
pub(in crate::evaluate) struct Exceptions<'a> {
    named: BTreeMap<(&'a str, String), &'a PolicyRule>,
}

impl<'a> Exceptions<'a> {
    /// What a definition said, which is the first to name a rule or is not told.
    pub(in crate::evaluate) fn add(&mut self, rule: &'a ExceptionRule, members: &[RegoValue]) {
        for name in members.iter().flat_map(elements) {
            self.named.entry((rule.0.package.as_str(), name.to_owned())).or_insert(&rule.0);
        }
    }

    /// Why what a rule reports does not count, if it does not.
    pub(in crate::evaluate) fn of(&self, rule: &PolicyRule) -> Option<Label> {
        if self.named.is_empty() {
            return None;
        }
        let name = without_prefix(&rule.name);
        let by = self.named.get(&(rule.package.as_str(), name.to_owned()))?;
        Some(Label { location: by.location.clone(), text: format!("excepted here: `{}`", shown(name)) })
    }
}

fn shown(name: &str) -> &str {
    if name.is_empty() { "\"\"" } else { name }
}

/// The strings in a list, a set or an object.
pub(super) fn elements(member: &RegoValue) -> Vec<&str> {
    match member {
        RegoValue::Array(items) => items.iter().filter_map(text).collect(),
        RegoValue::Set(items) => items.iter().filter_map(text).collect(),
        RegoValue::Object(fields) => fields.iter().filter_map(|(_, value)| text(value)).collect(),
        _ => Vec::new(),
    }
}

/// `run_as_root` of `deny_run_as_root`; empty for a rule without a suffix. One prefix after the other, as Conftest does it.
pub(super) fn without_prefix(rule: &str) -> &str {
    if matches!(rule, "deny" | "violation" | "warn") {
        return "";
    }
    let prefixes = ["violation_", "deny_", "warn_"];
    prefixes.iter().fold(rule, |name, prefix| name.strip_prefix(prefix).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Dialect, EvaluationLimits};
    use crate::source::Source;

    #[test]
    fn a_rule_is_excepted_by_its_name_without_prefix() {
        for (rule, name) in [
            ("deny", ""),
            ("violation", ""),
            ("warn", ""),
            ("deny_run_as_root", "run_as_root"),
            ("warn_x", "x"),
            ("violation_deny_x", "x"),
            ("deny_violation_x", "violation_x"),
        ] {
            assert_eq!(without_prefix(rule), name, "{rule}");
        }
    }

    #[test]
    fn an_exception_that_excepts_nothing_is_refused() {
        let form = |rule: &str| {
            let source = Source::file("p.rego", format!("package p\n\n{rule}\n"));
            let module = Module::parse(&source, Dialect::Detect, &EvaluationLimits::default()).expect("parses");
            inspect(&module, &module.syntax.policy[0]).map_err(|error| {
                assert_eq!(error.primary.as_ref().expect("a place").location.position().line, 3);
                error.message
            })
        };
        assert_eq!(form("exception contains rules if rules := [\"a\"]"), Ok(Some(Form::Member)));
        assert_eq!(form("exception contains [\"a\"] if input.x"), Ok(Some(Form::Member)));
        assert_eq!(form("exception := [[\"a\"]] if input.x"), Ok(Some(Form::Whole)));
        assert_eq!(form("exception(x) if x"), Ok(None));
        assert_eq!(form("exceptional := 1"), Ok(None));
        for refused in ["exception if input.x", "exception contains \"a\"", "exception := \"a\"", "exception := true"] {
            assert!(form(refused).is_err(), "{refused}");
        }
    }
}
