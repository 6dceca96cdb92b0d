//! A tally is what Conftest's last line counts: tests that passed, and results of those that did not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Add;

use regorus::Value as RegoValue;
use regorus::unstable::{Expr, Rule, RuleHead};

use super::exception::{ExceptionRule, elements, without_prefix};
use crate::diagnostic::{Severity, count};
use crate::evaluate::PolicyRule;
use crate::evaluate::graph::{name_of, written_path};
use crate::evaluate::module::Module;
use crate::evaluate::shape::severity_of_name;
use crate::evaluate::value::{member, text};

/// Results by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rules that found nothing.
    pub passed: usize,
    /// Results of `warn`.
    pub warnings: usize,
    /// Results of `deny` and `violation`.
    pub failures: usize,
    /// Exceptions that hold.
    pub exceptions: usize,
}

impl Tally {
    /// All of them.
    #[must_use]
    pub fn tests(&self) -> usize {
        self.passed + self.warnings + self.failures + self.exceptions
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            warnings: self.warnings + other.warnings,
            failures: self.failures + other.failures,
            exceptions: self.exceptions + other.exceptions,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [(self.warnings, "warning"), (self.failures, "failure"), (self.exceptions, "exception")];
        let [warnings, failures, exceptions] = numbers.map(|(number, word)| count(number, word));
        let tests = count(self.tests(), "test");
        write!(f, "{tests}, {} passed, {warnings}, {failures}, {exceptions}", self.passed)
    }
}

/// How many definitions each package has whose name reports, those that never can included.
#[derive(Debug, Clone, Default)]
pub(in crate::evaluate) struct Definitions {
    packages: BTreeMap<String, usize>,
    /// Rules that are a list as a whole, by package and name: undefined, they give no result at all.
    whole: BTreeSet<(String, String)>,
}

impl Definitions {
    /// Counts those of the modules that are asked.
    pub(in crate::evaluate) fn of(modules: &[Module]) -> Self {
        let mut found = Self::default();
        for module in modules.iter().filter(|module| module.queried) {
            let number: usize = module.syntax.policy.iter().map(|rule| definitions(rule)).sum();
            *found.packages.entry(module.package_name()).or_default() += number;
            let whole = module.syntax.policy.iter().filter(|rule| is_whole(rule));
            let names = whole.filter_map(|rule| written_path(name_of(rule)).into_iter().next());
            found.whole.extend(names.map(|name| (module.package_name(), name)));
        }
        found
    }

    /// What Conftest counts for one input.
    pub(in crate::evaluate) fn tally(
        &self,
        rules: &[PolicyRule],
        results: &[Result<Vec<RegoValue>, String>],
        exceptions: &[ExceptionRule],
        excepting: &[Result<Vec<RegoValue>, String>],
    ) -> Tally {
        let mut whole = Tally::default();
        for (package, definitions) in &self.packages {
            // rules of one name are one set to Conftest, and so are exceptions
            let mut sets: BTreeMap<&str, BTreeSet<&RegoValue>> = BTreeMap::new();
            for (rule, members) in rules.iter().zip(results).filter(|(rule, _)| rule.package == *package) {
                sets.entry(&rule.name).or_default().extend(members.iter().flatten());
            }
            let of_package = exceptions.iter().zip(excepting).filter(|(rule, _)| rule.0.package == *package);
            let excepted: BTreeSet<&RegoValue> = of_package.flat_map(|(_, members)| members.iter().flatten()).collect();
            let mut tally = Tally::default();
            for (name, members) in sets {
                let whole = self.whole.contains(&(package.clone(), name.to_owned()));
                tally = tally + tally_of(name, &members, &excepted, whole);
            }
            tally.passed += definitions.saturating_sub(tally.tests());
            whole = whole + tally;
        }
        whole
    }
}

fn tally_of(name: &str, members: &BTreeSet<&RegoValue>, excepted: &BTreeSet<&RegoValue>, whole: bool) -> Tally {
    let mut tally = Tally::default();
    let wanted = without_prefix(name);
    tally.exceptions = excepted.iter().flat_map(|member| elements(member)).filter(|name| *name == wanted).count();
    if tally.exceptions > 0 {
        return tally;
    }
    if members.is_empty() && !whole {
        tally.passed = 1;
    }
    for message in members.iter().filter_map(|result| text(result).or_else(|| member(result, "msg").and_then(text))) {
        match severity_of_name(name) {
            _ if message.is_empty() => tally.passed += 1,
            Some(Severity::Error) => tally.failures += 1,
            _ => tally.warnings += 1,
        }
    }
    tally
}

fn is_whole(rule: &Rule) -> bool {
    matches!(rule, Rule::Spec { head: RuleHead::Compr { .. }, .. })
}

fn definitions(rule: &Rule) -> usize {
    let name = name_of(rule);
    let reports = matches!(name, Expr::Var { .. })
        && written_path(name).first().is_some_and(|name| severity_of_name(name).is_some());
    match rule {
        _ if !reports => 0,
        Rule::Spec { head: RuleHead::Set { .. } | RuleHead::Compr { .. } | RuleHead::Func { .. }, bodies, .. } => {
            bodies.iter().filter(|body| !body.is_else).count().max(1)
        }
        Rule::Default { .. } => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_that_of_conftest() {
        let tally = Tally { passed: 1, warnings: 0, failures: 4, exceptions: 0 };
        assert_eq!(tally.to_string(), "5 tests, 1 passed, 0 warnings, 4 failures, 0 exceptions");
        let tally = Tally { passed: 0, warnings: 0, failures: 0, exceptions: 1 };
        assert_eq!(tally.to_string(), "1 test, 0 passed, 0 warnings, 0 failures, 1 exception");
    }
}
