//! Finding tests: rules whose names begin with `test_` or `todo_test_`, in any file.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Ref, Rule, RuleHead};

use super::Test;
use crate::evaluate::conflict::is_computed;
use crate::evaluate::graph::{name_of, written_path};
use crate::evaluate::lower::Renamed;
use crate::evaluate::module::Module;
use crate::source::Location;

/// A test, and what it is made of.
pub(super) struct Found {
    /// What is told of it.
    pub(super) test: Test,
    /// Where its value is, as a Rego expression.
    pub(super) path: String,
    /// Its definitions: module and rule, in the order of files.
    pub(super) definitions: Vec<(usize, usize)>,
    /// The name its one definition gets, if another definition is a test of its own.
    renamed: Option<String>,
    /// Whether it is a set, which is no test.
    pub(super) is_set: bool,
}

/// All tests, in the order of files and lines.
pub(super) fn tests(modules: &[Module], support: &BTreeSet<String>) -> Vec<Found> {
    let mut names: BTreeMap<(String, String), Named<'_>> = BTreeMap::new();
    for (number, module) in modules.iter().enumerate() {
        if support.contains(module.source.name()) {
            continue;
        }
        for (index, rule) in module.syntax.policy.iter().enumerate() {
            let Some(name) = test_name(rule) else { continue };
            let named = names.entry((module.package_name(), name)).or_default();
            match rule.as_ref() {
                Rule::Default { .. } => named.has_default = true,
                Rule::Spec { .. } => named.definitions.push((number, index, rule)),
            }
        }
    }
    let mut found: Vec<Found> =
        names.into_iter().flat_map(|((package, name), named)| named.tests(modules, &package, &name)).collect();
    found.sort_by_key(|found| found.definitions[0]);
    for (number, found) in found.iter_mut().enumerate() {
        if let Some(renamed) = &mut found.renamed {
            *renamed = format!("__hydrant_test_{number}");
            found.path = format!("{}.{renamed}", package_path(&modules[found.definitions[0].0]));
        }
    }
    found
}

/// The names that definitions of one module get because each is a test of its own.
pub(super) fn renamed<'a>(tests: &[Found], modules: &'a [Module], number: usize) -> Vec<Renamed<'a>> {
    let of_module = tests.iter().filter(|found| found.definitions[0].0 == number);
    of_module
        .filter_map(|found| {
            let rule = &modules[number].syntax.policy[found.definitions[0].1];
            Some(Renamed { span: name_of(rule).span(), name: found.renamed.clone()? })
        })
        .collect()
}

/// `data.policies.owner_test`, as the file writes it.
pub(super) fn package_path(module: &Module) -> String {
    format!("data.{}", module.slice(module.syntax.package.refr.span()))
}

/// The expressions in the brackets of `test_image[name]`.
pub(super) fn case_keys(rule: &Rule) -> Vec<&Ref<Expr>> {
    let mut keys = Vec::new();
    let mut name = name_of(rule);
    while let Expr::RefBrack { refr, index, .. } = name {
        keys.push(index);
        name = refr;
    }
    keys.reverse();
    keys
}

/// Whether a rule is a test, a function of such a name is none.
pub(super) fn test_name(rule: &Rule) -> Option<String> {
    if let Rule::Spec { head: RuleHead::Func { .. }, .. } = rule {
        return None;
    }
    if let Rule::Default { args, .. } = rule
        && !args.is_empty()
    {
        return None;
    }
    let first = written_path(name_of(rule)).into_iter().next()?;
    (first.starts_with("test_") || first.starts_with("todo_test_")).then_some(first)
}

#[derive(Default)]
struct Named<'a> {
    definitions: Vec<(usize, usize, &'a Rule)>,
    has_default: bool,
}

impl Named<'_> {
    fn tests(self, modules: &[Module], package: &str, name: &str) -> Vec<Found> {
        let plain = |rule: &Rule| matches!(name_of(rule), Expr::Var { .. }) && !is_computed(name_of(rule));
        let apart = self.definitions.len() > 1
            && !self.has_default
            && self.definitions.iter().all(|(.., rule)| plain(rule) && !is_set(rule));
        let one = |count: usize, definitions: &[(usize, usize, &Rule)]| {
            let (number, _, rule) = definitions[0];
            let module = &modules[number];
            let test = Test {
                package: package.to_owned(),
                name: if count == 0 { name.to_owned() } else { format!("{name}#{count:02}") },
                location: location(module, rule),
                todo: name.starts_with("todo_"),
            };
            Found {
                test,
                path: format!("{}.{name}", package_path(module)),
                definitions: definitions.iter().map(|(number, index, _)| (*number, *index)).collect(),
                renamed: apart.then(String::new),
                is_set: is_set(rule),
            }
        };
        match (self.definitions.is_empty(), apart) {
            (true, _) => Vec::new(), // a default alone says nothing
            (_, false) => vec![one(0, &self.definitions)],
            (_, true) => self.definitions.chunks(1).enumerate().map(|(count, chunk)| one(count, chunk)).collect(),
        }
    }
}

fn is_set(rule: &Rule) -> bool {
    matches!(rule, Rule::Spec { head: RuleHead::Set { .. }, .. })
}

fn location(module: &Module, rule: &Rule) -> Location {
    module.location(name_of(rule).span())
}
