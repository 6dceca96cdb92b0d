//! A program is the texts that the engines evaluate, read again as syntax trees.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::Rule;

use crate::evaluate::graph::{Names, name_of, own_names, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::{Dialect, EvaluationLimits};
use crate::source::Source;

/// One definition of a rule: module and index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition {
    pub(super) module: usize,
    pub(super) rule: usize,
}

pub(super) struct Program {
    modules: Vec<Module>,
    own: BTreeMap<Vec<String>, BTreeSet<String>>,
    /// By full path below `data`.
    index: BTreeMap<Vec<String>, usize>,
    definitions: Vec<Vec<Definition>>,
}

impl Program {
    /// `None` if a text does not parse, which an engine has done before.
    pub(super) fn read(texts: &[(String, String)], limits: &EvaluationLimits) -> Option<Self> {
        let parse = |(name, text): &(String, String)| {
            Module::parse(&Source::file(name.as_str(), text.as_str()), Dialect::V1, limits).ok()
        };
        let modules: Vec<Module> = texts.iter().map(parse).collect::<Option<_>>()?;
        let own = own_names(&modules);
        let (mut index, mut definitions) = (BTreeMap::new(), Vec::<Vec<Definition>>::new());
        for (number, module) in modules.iter().enumerate() {
            for (rule, written) in module.syntax.policy.iter().enumerate() {
                let path: Vec<String> = module.package.iter().cloned().chain(written_path(name_of(written))).collect();
                let id = *index.entry(path).or_insert_with(|| {
                    definitions.push(Vec::new());
                    definitions.len() - 1
                });
                definitions[id].push(Definition { module: number, rule });
            }
        }
        Some(Self { modules, own, index, definitions })
    }

    /// What names mean, by module.
    pub(super) fn names(&self) -> Vec<Names<'_>> {
        self.modules.iter().map(|module| Names::of(module, &self.own[&module.package])).collect()
    }

    pub(super) fn package(&self, module: usize) -> &[String] {
        &self.modules[module].package
    }

    /// The rule of a path.
    pub(super) fn find(&self, path: &[String]) -> Option<usize> {
        self.index.get(path).copied()
    }

    /// Whether rules lie below a path.
    pub(super) fn has_below(&self, path: &[String]) -> bool {
        self.index.range(path.to_vec()..).next().is_some_and(|(rule, _)| rule.starts_with(path))
    }

    pub(super) fn definitions(&self, rule: usize) -> &[Definition] {
        &self.definitions[rule]
    }

    pub(super) fn rule(&self, definition: Definition) -> &Rule {
        &self.modules[definition.module].syntax.policy[definition.rule]
    }
}
