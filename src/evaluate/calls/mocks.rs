//! Mocks: what a `with` puts in the place of data or of a function.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::Expr;

use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::graph::{Names, written_path};
use crate::evaluate::lower::replaced_functions;
use crate::evaluate::module::Module;
use crate::evaluate::usage::Reference;
use crate::evaluate::walk::every_query;

/// Paths below `data` that some `with` replaces.
pub(super) fn replaced(modules: &[Module], own: &BTreeMap<Vec<String>, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for module in modules {
        let names = Names::of(module, &own[&module.package]);
        targets(module, &mut |target| {
            let reference = Reference { path: written_path(target), span: target.span().clone(), called: false };
            found.extend(names.resolve(&reference));
        });
    }
    found
}

/// Whether a path leads to something that is replaced, or past it.
pub(super) fn overlap(replaced: &BTreeSet<Vec<String>>, path: &[String]) -> bool {
    replaced.iter().any(|other| other.starts_with(path) || path.starts_with(other))
}

/// Mocks of functions that are called by another name.
pub(super) fn refused(module: &Module) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    targets(module, &mut |target| {
        let name = written_path(target).join(".");
        if replaced_functions().any(|function| function == name) {
            let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, format!("`{name}` cannot be replaced"));
            found.push(
                diagnostic
                    .at(module.location(target.span()), "replaced here")
                    .help("call it in a function of your own, and replace that"),
            );
        }
    });
    found
}

fn targets(module: &Module, visit: &mut dyn FnMut(&Expr)) {
    for rule in &module.syntax.policy {
        every_query(rule, &mut |query| {
            for statement in &query.stmts {
                statement.with_mods.iter().for_each(|modifier| visit(&modifier.refr));
            }
        });
    }
}
