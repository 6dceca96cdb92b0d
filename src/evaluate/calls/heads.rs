//! Heads that the engines read otherwise than OPA, and that nothing can be written around.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Rule, RuleHead};

use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::conflict::is_computed;
use crate::evaluate::dialect::RENAMED_KEYWORD;
use crate::evaluate::graph::{name_of, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::usage::Reference;

/// Sets with a computed name, `m[k].n contains …`, above which another rule lies: `m.a.n contains …`.
pub(super) fn inspect(modules: &[Module], rules: &BTreeSet<Vec<String>>) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let others: BTreeSet<Vec<String>> = modules
        .iter()
        .flat_map(|module| module.syntax.policy.iter().map(move |rule| (module, rule)))
        .filter(|(_, rule)| matches!(rule.as_ref(), Rule::Spec { .. }))
        .map(|(module, rule)| module.package.iter().cloned().chain(written_path(name_of(rule))).collect())
        .collect();
    for (number, module) in modules.iter().enumerate() {
        for rule in &module.syntax.policy {
            if let Rule::Default { refr, args, .. } = rule.as_ref() {
                let path: Vec<String> = module.package.iter().cloned().chain(written_path(refr)).collect();
                let bare = !args.is_empty() && !matches!(refr.as_ref(), Expr::Var { .. }) && !others.contains(&path);
                found.extend(bare.then(|| (number, only_default(module, refr))));
                continue;
            }
            let Rule::Spec { head: RuleHead::Set { refr, .. }, .. } = rule.as_ref() else { continue };
            let path: Vec<String> = module.package.iter().cloned().chain(written_path(refr)).collect();
            let shared = rules.iter().any(|other| other.len() > path.len() && other.starts_with(&path));
            if is_computed(refr) && shared {
                let message = format!("another rule lies inside of `{}`", written_path(refr).join("."));
                let diagnostic = Diagnostic::error(self::rules::POLICY_UNSUPPORTED, message);
                let diagnostic = diagnostic
                    .at(module.location(refr.span()), "both give members to one object")
                    .help("give one of them another name");
                found.push((number, diagnostic));
            }
        }
    }
    found
}

/// The engines make no object of a function that has nothing but a default.
fn only_default(module: &Module, name: &Expr) -> Diagnostic {
    let message = format!("`{}` has a default and no definition", module.slice(name.span()));
    Diagnostic::error(self::rules::POLICY_UNSUPPORTED, message)
        .at(module.location(name.span()), "always the default")
        .help("define the function, or write it without `default`")
}

/// Whether a path leads to a package or object in which a rule has a name that no keyword can be, or asks for the rule by
/// that keyword.
pub(super) fn hides(rules: &BTreeSet<Vec<String>>, path: &[String]) -> bool {
    let renamed = |part: &String| part.starts_with(RENAMED_KEYWORD);
    let below = rules.range(path.to_vec()..).take_while(|rule| rule.starts_with(path));
    let mut hidden = below.filter(|rule| rule[path.len()..].iter().any(renamed));
    let asked = (1..=path.len()).any(|length| {
        let mut name = path[..length].to_vec();
        let last = format!("{RENAMED_KEYWORD}{}", name.pop().unwrap_or_default());
        name.push(last);
        rules.range(name.clone()..).next().is_some_and(|rule| rule.starts_with(&name))
    });
    hidden.next().is_some() || asked
}

/// What is told of that.
pub(super) fn hidden(module: &Module, reference: &Reference) -> Diagnostic {
    let message = format!("`{}` leads to a rule whose name is a keyword", module.slice(&reference.span));
    Diagnostic::error(rules::POLICY_UNSUPPORTED, message)
        .at(module.location(&reference.span), "named here")
        .help("give the rule a name that is no keyword")
}
