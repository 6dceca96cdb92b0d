//! Unqueried: packages that nothing asks, neither for messages nor for what they compute. Their author believes that
//! they judge something.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Rule, RuleHead};

use super::namespace::Namespaces;
use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::graph::{Names, name_of, own_names, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::shape;
use crate::evaluate::target::RESERVED;
use crate::evaluate::usage::references;

/// Finds them. A package that a test names is asked: by the test. Those that are shipped are nobody's mistake.
pub(in crate::evaluate) fn inspect(
    modules: &[Module],
    tests: &[Module],
    namespaces: &Namespaces,
    is_shipped: impl Fn(&Module) -> bool,
) -> Vec<Diagnostic> {
    let mut packages: BTreeMap<&[String], Vec<&Module>> = BTreeMap::new();
    for module in modules {
        packages.entry(&module.package).or_default().push(module);
    }
    let reporting = modules.iter().filter(|module| shape::reports(module));
    let mut asked: BTreeSet<&[String]> = reporting.map(|module| module.package.as_slice()).collect();
    let of_packages = asked.iter().flat_map(|package| packages[package].iter().copied());
    let mut work: Vec<&Module> = of_packages.chain(tests).collect();
    while let Some(module) = work.pop() {
        for path in named_by(module) {
            let found = packages.keys().filter(|package| path.starts_with(package) || package.starts_with(&path));
            for package in found.copied().collect::<Vec<_>>() {
                if asked.insert(package) {
                    work.extend(&packages[package]);
                }
            }
        }
    }
    let forgotten = packages.iter().filter(|(package, modules)| {
        let is_asked =
            asked.contains(*package) && modules.iter().all(|module| module.queried || !shape::reports(module));
        // one that lies where no package can lie is refused for that
        let is_meant =
            namespaces.leave_out(&modules[0].package_name()) || package.first().is_some_and(|first| first == RESERVED);
        !is_asked && !is_meant && !modules.iter().any(|module| is_shipped(module))
    });
    forgotten.filter_map(|(_, modules)| complaint(modules)).collect()
}

/// The paths below `data` that a module names: it may import what it does not use yet.
fn named_by(module: &Module) -> Vec<Vec<String>> {
    let own = own_names(std::slice::from_ref(module)).remove(&module.package).unwrap_or_default();
    let names = Names::of(module, &own);
    let used = module.syntax.policy.iter().flat_map(|rule| references(rule));
    let used = used.filter_map(|reference| names.resolve(&reference));
    let imported = module.syntax.imports.iter().filter_map(|import| {
        let path = written_path(&import.refr);
        path.strip_prefix(&["data".to_owned()]).map(<[String]>::to_vec)
    });
    used.chain(imported).collect()
}

fn complaint(modules: &[&Module]) -> Option<Diagnostic> {
    let package = modules[0].package_name();
    let all = || modules.iter().flat_map(|module| module.syntax.policy.iter().map(move |rule| (*module, rule)));
    let at_name = |(module, rule): (&Module, &Rule)| module.location(name_of(rule).span());
    if let Some((module, rule)) = all().find(|(module, rule)| shape::is_reporter(module, rule)) {
        let name = written_path(name_of(rule)).join(".");
        return Some(
            Diagnostic::error(
                rules::UNQUERIED_PACKAGE,
                format!("`{name}` of package `{package}` is never asked for messages"),
            )
            .at(at_name((module, rule)), "its package is not among the namespaces")
            .help(format!("add the namespace `{package}`, or `!{package}` to leave it out knowingly")),
        );
    }
    if let Some((module, rule)) = all().find(|(_, rule)| looks_like_messages(rule)) {
        let name = written_path(name_of(rule)).join(".");
        return Some(
            Diagnostic::error(
                rules::UNQUERIED_PACKAGE,
                format!("nothing asks for `{name}` of package `{package}`, and no rule in it reports"),
            )
            .at(at_name((module, rule)), "never reported")
            .help(format!("call it `deny_{name}`, or import the package where it is used")),
        );
    }
    let module = modules.iter().find(|module| !module.syntax.policy.is_empty())?;
    Some(
        Diagnostic::warning(rules::UNQUERIED_PACKAGE, format!("nothing asks the package `{package}`"))
            .at(module.location(module.syntax.package.refr.span()), "no rule reports, and nobody imports it")
            .help("import it where it is used, or delete it"),
    )
}

/// A set of texts, or of objects with `msg`: made to be read by people.
fn looks_like_messages(rule: &Rule) -> bool {
    let Rule::Spec { head: RuleHead::Set { key: Some(key), .. }, .. } = rule else { return false };
    match key.as_ref() {
        Expr::String { .. } | Expr::RawString { .. } => true,
        Expr::Call { fcn, .. } => written_path(fcn) == ["sprintf"],
        Expr::Var { span, .. } => matches!(span.text(), "msg" | "message"),
        Expr::Object { fields, .. } => fields.iter().any(|(_, name, _)| {
            matches!(name.as_ref(), Expr::String { value, .. } if value.as_string().is_ok_and(|name| &**name == "msg"))
        }),
        _ => false,
    }
}
