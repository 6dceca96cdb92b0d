//! A variant is all modules with something put in, written for the interpreter, with the way back to the texts of the modules.

use super::find::{self, Found};
use super::probe;
use crate::diagnostic::{Diagnostic, rules};
use crate::evaluate::closure::{Asked, Prepared, Problem, prepare};
use crate::evaluate::conflict::Conflicts;
use crate::evaluate::edit::{Edit, Lowered, apply, insertion};
use crate::evaluate::module::Module;
use crate::evaluate::plan::PACKAGE;
use crate::evaluate::{Dialect, EvaluationLimits};

use crate::source::{Location, Source};

/// Texts for an engine.
pub(super) struct Variant {
    /// File names and texts.
    pub(super) texts: Vec<(String, String)>,
    /// Where the calls of `print` stand, by number.
    pub(super) prints: Vec<Location>,
    /// By module: what was put in, and what lowering did to that.
    steps: Vec<(Lowered, Lowered)>,
}

impl Variant {
    /// Puts calls in the place of `print`, what `more` says, and rules at the end of modules; then lowers.
    pub(super) fn make(
        modules: &[Module],
        tests: &[Found],
        limits: &EvaluationLimits,
        more: &dyn Fn(usize, &Module) -> Vec<Edit>,
        appended: &dyn Fn(usize) -> String,
    ) -> Result<Self, Problem> {
        let mut prints = Vec::new();
        let (probed, put_in) = edited(modules, limits, &mut |number, module| {
            let mut edits = probe::prints(module, &mut prints);
            edits.extend(more(number, module));
            let rules = appended(number);
            if !rules.is_empty() {
                edits.push(insertion(module.text.len(), format!("\n{rules}")));
            }
            edits
        })?;
        let conflicts = Conflicts::of(modules);
        let prepared = prepare(&probed, &conflicts, Asked::Messages, |number| find::renamed(tests, &probed, number))?;
        let mut texts = prepared.texts(&probed).interpreter;
        texts.push(collecting(tests));
        let Prepared { interpreter, .. } = prepared;
        Ok(Self { texts, prints, steps: put_in.into_iter().zip(interpreter).collect() })
    }

    /// The offset in the module's text of a line and column of the engine's text.
    pub(super) fn original_place(&self, number: usize, line: u32, column: u32) -> Option<usize> {
        let (put_in, lowered) = self.steps.get(number)?;
        Some(put_in.original(lowered.original_place(line, column)?))
    }

    /// For lines of the engine's text the offsets in the module's text of what stands first on them.
    pub(super) fn original_lines<'a>(
        &'a self,
        number: usize,
        lines: impl Iterator<Item = u32> + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        let (put_in, lowered) = &self.steps[number];
        let text = Source::file("", lowered.text.as_str());
        lines.filter_map(move |line| {
            let start = text.line_start(line.checked_sub(1)? as usize)?;
            let blank = lowered.text[start..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            Some(put_in.original(lowered.original(start + blank)))
        })
    }
}

/// Modules with something changed in their texts, and the way back.
pub(super) fn edited(
    modules: &[Module],
    limits: &EvaluationLimits,
    edits: &mut dyn FnMut(usize, &Module) -> Vec<Edit>,
) -> Result<(Vec<Module>, Vec<Lowered>), Problem> {
    let (mut probed, mut put_in) = (Vec::new(), Vec::new());
    for (number, module) in modules.iter().enumerate() {
        let whole = (0, module.text.len());
        let lowered = apply(&module.text, whole, edits(number, module)).ok_or_else(|| unprepared(number, module))?;
        let source = Source::file(module.source.name(), lowered.text.as_str());
        probed.push(Module::parse(&source, Dialect::V1, limits).map_err(|_| unprepared(number, module))?);
        put_in.push(lowered);
    }
    Ok((probed, put_in))
}

/// Where the value of each test can be asked for, whatever shape its rule has.
pub(super) fn collecting(tests: &[Found]) -> (String, String) {
    let values = tests.iter().enumerate().map(|(number, found)| format!("test_{number} := {}\n", found.path));
    let text = std::iter::once(format!("package {PACKAGE}\n\nloaded := true\n")).chain(values).collect();
    (format!("<{PACKAGE}>"), text)
}

/// The path of the value of a test.
pub(super) fn entry(test: usize) -> String {
    format!("data.{PACKAGE}.test_{test}")
}

/// The path of something that every variant has.
pub(super) fn loaded() -> String {
    format!("data.{PACKAGE}.loaded")
}

fn unprepared(number: usize, module: &Module) -> Problem {
    let message = format!("`{}` cannot be prepared for its tests", module.source.name());
    let whole = Location::new(&module.source, crate::source::Span::at(0));
    let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message)
        .at(whole, "in this file")
        .help("this is a fault of Hydrant: take out the last call of `print`, and report it");
    Problem::with(number, diagnostic)
}
