//! Shape: rules that look like they report something and never can, found when a policy is loaded.
//!
//! Tools that query `deny`, `violation` and `warn` for messages find none in these, and pass.

use regorus::unstable::{Expr, Rule, RuleHead, Span};

use super::graph::{name_of, written_path};
use super::module::Module;
use crate::diagnostic::{Diagnostic, Severity, rules};

/// The severity that a rule's name gives its findings: `^(deny|violation|warn)(_[a-zA-Z0-9]+)*$`.
pub(super) fn severity_of_name(name: &str) -> Option<Severity> {
    let mut parts = name.split('_');
    let severity = match parts.next()? {
        "deny" | "violation" => Severity::Error,
        "warn" => Severity::Warning,
        _ => return None,
    };
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.all(word).then_some(severity)
}

/// A rule whose name says it reports, with a shape that can.
pub(super) struct Reporter<'a> {
    /// `deny_latest_tag`
    pub(super) name: String,
    /// The name in the head.
    pub(super) name_span: &'a Span,
    /// Its own severity.
    pub(super) severity: Severity,
    /// The whole rule.
    pub(super) rule: &'a Rule,
    /// Whether it is a list or a set as a whole, `deny := [msg] if …`, and not a member of one.
    pub(super) whole: bool,
}

/// Looks at one rule. `Ok(None)` for a rule that has nothing to do with reporting.
pub(super) fn inspect<'a>(module: &Module, rule: &'a Rule) -> Result<Option<Reporter<'a>>, Box<Diagnostic>> {
    let name_expression = name_of(rule);
    let path = written_path(name_expression);
    let Some(name) = path.first() else { return Ok(None) };
    let complain = |span: &Span, message: String, label: &str, help: String| {
        Err(Box::new(Diagnostic::error(rules::POLICY_SHAPE, message).at(module.location(span), label).help(help)))
    };
    let Some(severity) = severity_of_name(name) else {
        return match misnamed(name) {
            Some(meant) if matches!(rule, Rule::Spec { head: RuleHead::Set { .. }, .. }) => complain(
                name_expression.span(),
                format!("`{name}` is never asked for messages"),
                "only `deny`, `violation` and `warn` are, with single `_` between words",
                format!("name it `{meant}`, or something that starts with neither of the three"),
            ),
            _ => Ok(None),
        };
    };
    let written = name_expression.span();
    let rewrite = format!("write `{name} contains msg if {{ … }}`, or give the rule another name");
    match rule {
        // where no list of messages holds, none is as good
        Rule::Default { value, .. } if is_listed(value) => Ok(None),
        Rule::Default { .. } => {
            complain(written, format!("`default {name}` is a value, not a set of messages"), "never reported", rewrite)
        }
        Rule::Spec { head: RuleHead::Func { .. }, .. } => complain(
            written,
            format!("`{name}` is a function, which nothing calls for messages"),
            "never reported",
            rewrite,
        ),
        Rule::Spec { head: RuleHead::Compr { refr, assign: Some(assign), .. }, bodies, .. }
            if matches!(refr.as_ref(), Expr::Var { .. })
                && is_listed(&assign.value)
                && bodies
                    .iter()
                    .skip(1)
                    .all(|body| body.assign.as_ref().is_some_and(|other| is_listed(&other.value))) =>
        {
            let values = std::iter::once(&assign.value)
                .chain(bodies.iter().filter_map(|body| Some(&body.assign.as_ref()?.value)));
            let members = values.flat_map(|value| members_of(value));
            match members.into_iter().find_map(|member| Some((member, useless_member(member)?))) {
                Some((member, why)) => complain(
                    member.span(),
                    format!("`{name}` contains {why}"),
                    "never reported",
                    "add a string, or an object with a `msg`".to_owned(),
                ),
                None => Ok(Some(Reporter { name: name.clone(), name_span: written, severity, rule, whole: true })),
            }
        }
        Rule::Spec { head: RuleHead::Compr { refr, assign, .. }, .. } => {
            let what = match (refr.as_ref(), assign) {
                (Expr::Var { .. }, None) => "a boolean",
                (Expr::Var { .. }, Some(_)) => "a single value",
                _ => "an object",
            };
            complain(written, format!("`{name}` is {what}, not a set of messages"), "never reported", rewrite)
        }
        Rule::Spec { head: RuleHead::Set { refr, .. }, .. } if !matches!(refr.as_ref(), Expr::Var { .. }) => complain(
            written,
            format!("`{}` lies inside `{name}`, where nothing asks for messages", module.slice(written)),
            "never reported",
            format!("write `{}` with `_` in place of the dot", module.slice(written)),
        ),
        Rule::Spec { head: RuleHead::Set { key: Some(key), .. }, .. } => match useless_member(key) {
            Some(why) => complain(
                key.span(),
                format!("`{name}` contains {why}"),
                "never reported",
                "add a string, or an object with a `msg`".to_owned(),
            ),
            None => Ok(Some(Reporter { name: name.clone(), name_span: written, severity, rule, whole: false })),
        },
        Rule::Spec { head: RuleHead::Set { key: None, .. }, .. } => {
            complain(written, format!("`{name}` has no member"), "never reported", rewrite)
        }
    }
}

/// Whether a rule reports, or looks to its author as if it did.
pub(super) fn is_reporter(module: &Module, rule: &Rule) -> bool {
    !matches!(inspect(module, rule), Ok(None))
}

/// Whether some rule of a module reports, or looks as if it did.
pub(super) fn reports(module: &Module) -> bool {
    module.syntax.policy.iter().any(|rule| is_reporter(module, rule))
}

/// Whether a value is a list or a set for all that is written.
fn is_listed(value: &Expr) -> bool {
    matches!(value, Expr::Array { .. } | Expr::ArrayCompr { .. } | Expr::Set { .. } | Expr::SetCompr { .. })
}

fn members_of(value: &Expr) -> Vec<&Expr> {
    match value {
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().map(AsRef::as_ref).collect(),
        Expr::ArrayCompr { term, .. } | Expr::SetCompr { term, .. } => vec![term.as_ref()],
        _ => Vec::new(),
    }
}

/// The name that was probably meant by one that is never queried: `Deny`, `deny__x`, `deny_`.
fn misnamed(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split('_').filter(|word| !word.is_empty()).collect();
    let meant = words.join("_");
    (severity_of_name(&meant).is_some() && meant != name).then_some(meant)
}

/// Why a member written out in the head can never be reported.
fn useless_member(key: &Expr) -> Option<&'static str> {
    let empty = |value: &regorus::Value| value.as_string().is_ok_and(|text| text.is_empty());
    match key {
        Expr::Number { .. } | Expr::UnaryExpr { .. } | Expr::ArithExpr { .. } => Some("a number, which is no message"),
        Expr::Bool { .. } | Expr::BoolExpr { .. } | Expr::Membership { .. } => Some("a boolean, which is no message"),
        Expr::Null { .. } => Some("`null`, which is no message"),
        Expr::Array { .. } | Expr::ArrayCompr { .. } => Some("a list, which is no message"),
        Expr::Set { .. } | Expr::SetCompr { .. } => Some("a set, which is no message"),
        Expr::String { value, .. } | Expr::RawString { value, .. } if empty(value) => Some("an empty message"),
        Expr::Object { fields, .. } => {
            let msg = fields.iter().find(|(_, name, _)| matches!(name.as_ref(), Expr::String { value, .. } if value.as_string().is_ok_and(|text| &**text == "msg")));
            // a key that is computed could still be `msg`
            let computed = fields.iter().any(|(_, name, _)| !matches!(name.as_ref(), Expr::String { .. }));
            match msg {
                None if computed => None,
                None => Some("an object without `msg`"),
                Some((_, _, value)) => match value.as_ref() {
                    Expr::Object { .. } => Some("an object whose `msg` is no string"),
                    value => useless_member(value),
                },
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Dialect, EvaluationLimits};
    use crate::source::Source;

    fn shape(rule: &str) -> Option<String> {
        let source = Source::file("p.rego", format!("package p\n\n{rule}\n"));
        let module = Module::parse(&source, Dialect::Detect, &EvaluationLimits::default()).expect("parses");
        let error = inspect(&module, &module.syntax.policy[0]).err()?;
        assert_eq!(error.rule, rules::POLICY_SHAPE);
        assert!(error.help.is_some());
        assert_eq!(error.primary.expect("a place").location.position().line, 3);
        Some(error.message)
    }

    #[test]
    fn every_shape_that_fails_open_elsewhere_is_refused() {
        for rule in [
            "deny if { input.x }",
            "deny := \"msg\" if { input.x }",
            "deny[\"k\"] := \"v\" if { input.x }",
            "deny[msg] if { msg := \"m\" }",
            "deny.sub contains \"m\" if { input.x }",
            "deny contains 1 if { input.x }",
            "deny contains \"\" if { input.x }",
            "deny contains {\"message\": \"m\"} if { input.x }",
            "deny contains {\"msg\": 3} if { input.x }",
            "Deny contains \"m\" if { input.x }",
            "deny__x contains \"m\" if { input.x }",
            "warn_ contains \"m\" if { input.x }",
            "deny := [1] if { input.x }",
            "deny := [\"\"] if { input.x } else := [\"m\"]",
            "deny := [\"m\"] if { input.x } else := \"m\"",
            "deny := [x | some x in [1]] if { input.x } else := true",
            "default deny := \"m\"",
            "deny(x) := \"m\" if { x }",
            "default deny := false",
        ] {
            assert!(shape(rule).is_some(), "{rule} was accepted");
        }
    }

    #[test]
    fn rules_that_report_and_helpers_that_do_not_are_accepted() {
        for rule in [
            "deny contains msg if { msg := \"m\" }",
            "violation_a_2 contains {\"msg\": msg} if { msg := \"m\" }",
            "deny := [msg] if { msg := \"m\" }",
            "violation := [{\"msg\": \"m\"}] if { input.x } else := [\"n\"]",
            "warn := {msg | some msg in input.x}",
            "default deny := []",
            "warn contains sprintf(\"%v\", [input.x])",
            "denied contains \"m\" if { input.x }",
            "denylist := [\"a\"]",
            "Deny_list := 1",
        ] {
            assert_eq!(shape(rule), None, "{rule} was refused");
        }
    }
}
