//! Divided functions: definitions of one function that the interpreter evaluates one by one.
//!
//! If a definition of a function fails, the interpreter goes on with the next, and a value of that hides the failure.
//! A function of one definition cannot hide one. So each definition gets a name of its own, and the function collects
//! their values; if those are several, that fails as well.

use std::collections::BTreeMap;

use regorus::unstable::{Rule, RuleHead};

use super::conflict::Conflicts;
use super::graph::{name_of, written_path};
use super::lower::Renamed;
use super::module::Module;

/// The divided functions of all modules.
#[derive(Default)]
pub(super) struct Divided {
    /// By package and path.
    functions: BTreeMap<(String, Vec<String>), Function>,
    count: usize,
}

struct Function {
    /// The head as it is written, up to the arguments.
    head: String,
    arguments: usize,
    /// The names of its definitions.
    definitions: Vec<String>,
}

impl Divided {
    /// The names that the definitions in one module get.
    pub(super) fn rename<'a>(&mut self, module: &'a Module, conflicts: &Conflicts) -> Vec<Renamed<'a>> {
        let package = module.slice(module.syntax.package.refr.span());
        let mut renamed = Vec::new();
        for rule in &module.syntax.policy {
            let Rule::Spec { head: RuleHead::Func { refr, args, .. }, .. } = rule.as_ref() else { continue };
            let path: Vec<String> = module.package.iter().cloned().chain(written_path(name_of(rule))).collect();
            if !conflicts.is_divided(&path) {
                continue;
            }
            let name = format!("__hydrant_definition_{}", self.count);
            self.count += 1;
            let function = self.functions.entry((package.to_owned(), path));
            let head = module.slice(refr.span()).to_owned();
            let new = || Function { head, arguments: args.len(), definitions: Vec::new() };
            function.or_insert_with(new).definitions.push(name.clone());
            renamed.push(Renamed { span: refr.span(), name });
        }
        renamed
    }

    /// Modules in which the functions collect the values of their definitions.
    pub(super) fn collecting(&self) -> Vec<(String, String)> {
        let mut modules = Vec::new();
        for ((package, _), Function { head, arguments, definitions }) in &self.functions {
            let arguments: Vec<String> = (0..*arguments).map(|number| format!("__h{number}")).collect();
            let arguments = arguments.join(", ");
            let values: Vec<String> =
                definitions.iter().map(|name| format!("{{__value | __value := {name}({arguments})}}")).collect();
            let values = values.join(" | ");
            let text = format!("package {package}\n\n{head}({arguments}) := __one if some __one in ({values})\n");
            modules.push((format!("<{package}.{head}>"), text));
        }
        modules
    }
}
