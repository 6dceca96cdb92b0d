//! Coverage: which lines of policies the tests reached.
//!
//! A line counts if a definition or a statement begins on it. One with a definition is reached when that came to a
//! value, if only once; one with statements when the interpreter evaluated something in one of
//! them.

use std::collections::{BTreeMap, BTreeSet};

use super::probe::{all_definitions, statements};
use crate::evaluate::module::Module;

/// What some tests reached.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// Module, rule and body.
    pub(super) definitions: BTreeSet<(usize, usize, usize)>,
    lines: BTreeMap<usize, BTreeSet<u32>>,
}

impl Reached {
    /// What others reached as well.
    pub fn merge(&mut self, other: Self) {
        self.definitions.extend(other.definitions);
        for (module, lines) in other.lines {
            self.add_lines(module, lines);
        }
    }

    pub(super) fn add_lines(&mut self, module: usize, lines: BTreeSet<u32>) {
        self.lines.entry(module).or_default().extend(lines);
    }

    fn line(&self, module: usize, line: u32) -> bool {
        self.lines.get(&module).is_some_and(|lines| lines.contains(&line))
    }
}

/// How much of the policies was reached, by file.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// In the order of their names.
    pub files: Vec<FileCoverage>,
}

/// How much of one file was reached.
#[derive(Debug, Clone)]
pub struct FileCoverage {
    /// The file.
    pub name: String,
    /// Lines that count, and whether they were reached.
    pub lines: BTreeMap<u32, bool>,
    /// Definitions of rules, `else` branches included.
    pub definitions: usize,
    /// Those that came to a value.
    pub held: usize,
}

impl Coverage {
    /// Lines that were reached, and lines that count.
    #[must_use]
    pub fn lines(&self) -> (usize, usize) {
        self.files.iter().map(FileCoverage::reached).fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    }

    /// Definitions that came to a value, and all.
    #[must_use]
    pub fn definitions(&self) -> (usize, usize) {
        self.files.iter().fold((0, 0), |(held, all), file| (held + file.held, all + file.definitions))
    }
}

impl FileCoverage {
    /// Lines that were reached, and lines that count.
    #[must_use]
    pub fn reached(&self) -> (usize, usize) {
        (self.lines.values().filter(|reached| **reached).count(), self.lines.len())
    }

    /// The lines that were not reached, first and last of each run of them; what does not count interrupts none.
    #[must_use]
    pub fn missing(&self) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        let mut open = false;
        for (line, reached) in &self.lines {
            match (reached, runs.last_mut()) {
                (true, _) => open = false,
                (false, Some(run)) if open => run.1 = *line,
                (false, _) => {
                    runs.push((*line, *line));
                    open = true;
                }
            }
        }
        runs
    }
}

/// Whether a module counts: one of tests does not, nor one that is there for others to import.
pub(super) fn is_measured(module: &Module, support: &BTreeSet<String>) -> bool {
    !module.is_test() && !support.contains(module.source.name())
}

pub(super) fn of(modules: &[Module], support: &BTreeSet<String>, reached: &Reached) -> Coverage {
    let measured = modules.iter().enumerate().filter(|(_, module)| is_measured(module, support));
    let files = measured.map(|(number, module)| of_file(number, module, reached)).filter(|file| !file.lines.is_empty());
    Coverage { files: files.collect() }
}

fn of_file(number: usize, module: &Module, reached: &Reached) -> FileCoverage {
    let line_of = |offset: usize| module.source.position(module.original(offset)).line;
    let mut lines: BTreeMap<u32, bool> = BTreeMap::new();
    for (start, end) in statements(module) {
        let (first, last) = (line_of(start), line_of(end));
        // of a call over several lines, the engine tells only the lines on which it looked something up
        *lines.entry(first).or_default() |= (first..=last).any(|line| reached.line(number, line));
    }
    let (mut definitions, mut held) = (0, 0);
    for definition in all_definitions(module) {
        let came_to_a_value = reached.definitions.contains(&(number, definition.rule, definition.body));
        definitions += 1;
        held += usize::from(came_to_a_value);
        lines
            .entry(line_of(definition.start))
            .and_modify(|reached| *reached &= came_to_a_value)
            .or_insert(came_to_a_value);
    }
    FileCoverage { name: module.source.name().to_owned(), lines, definitions, held }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_missing_lines_go_over_what_does_not_count() {
        let lines = [(3, true), (5, false), (9, false), (10, true), (12, false)];
        let file = FileCoverage { name: "a.rego".to_owned(), lines: BTreeMap::from(lines), definitions: 1, held: 0 };
        assert_eq!(file.missing(), [(5, 9), (12, 12)]);
        assert_eq!(file.reached(), (2, 5));
    }
}
