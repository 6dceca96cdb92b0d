//! What the policies did: how many objects each rule judged, which engine ran it, and which objects nobody judged.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostic::count;

/// How many kinds the summary names.
const KINDS_IN_SUMMARY: usize = 5;

/// Rules, and objects that none of them judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyCoverage {
    /// In the order in which they judge; the same for all environments.
    pub rules: Vec<RuleCoverage>,
    /// In the order of the objects.
    pub unjudged: Vec<UnjudgedObject>,
}

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleCoverage {
    /// The id of its findings.
    pub id: String,
    /// `policies.good_practice.latest_tag.deny`
    pub path: String,
    /// Why the interpreter runs it; `None` if the virtual machine does.
    pub interpreted: Option<String>,
    /// Objects about which it came to a verdict.
    pub objects: usize,
    /// What it found, waived or not.
    pub findings: usize,
}

/// An object that no rule judged: none is about its kind, or each that is failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnjudgedObject {
    /// Its environment, if it belongs to one.
    pub environment: Option<String>,
    /// Its app, if it belongs to one.
    pub app: Option<String>,
    /// Its kind.
    pub kind: String,
    /// Kind, namespace and name.
    pub object: String,
}

impl PolicyCoverage {
    /// Adds what happened in another environment.
    pub(super) fn add(&mut self, other: &Self) {
        if self.rules.is_empty() {
            self.rules.clone_from(&other.rules);
        } else {
            for (rule, other) in self.rules.iter_mut().zip(&other.rules) {
                rule.objects += other.objects;
                rule.findings += other.findings;
            }
        }
        self.unjudged.extend(other.unjudged.iter().cloned());
    }
}

/// The line of the summary that says what nobody judged; empty if everything was.
pub(super) fn unjudged(coverage: &PolicyCoverage) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    coverage.unjudged.iter().for_each(|object| *kinds.entry(&object.kind).or_default() += 1);
    if kinds.is_empty() {
        return String::new();
    }
    let mut kinds: Vec<(&str, usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|(kind, number)| (std::cmp::Reverse(*number), *kind));
    let mut named: Vec<String> =
        kinds.iter().take(KINDS_IN_SUMMARY).map(|(kind, number)| format!("{kind} {number}")).collect();
    if let Some(others) = kinds.len().checked_sub(KINDS_IN_SUMMARY).filter(|others| *others > 0) {
        named.push(count(others, "other kind"));
    }
    format!("\n{} that no policy judged: {}", count(coverage.unjudged.len(), "object"), named.join(", "))
}

/// Everything, for those who want to know: rules with what they judged, engines, objects that nobody judged.
#[must_use]
pub fn policies(coverage: &PolicyCoverage) -> String {
    let mut out = String::new();
    if coverage.rules.is_empty() {
        return out;
    }
    let width = coverage.rules.iter().map(|rule| rule.id.chars().count()).max().unwrap_or_default();
    out.push_str("policy rules:\n");
    for rule in &coverage.rules {
        let (objects, findings) = (count(rule.objects, "object"), count(rule.findings, "finding"));
        let _ = writeln!(out, "  {:width$}  {objects} judged, {findings}", rule.id);
    }
    let interpreted: Vec<&RuleCoverage> = coverage.rules.iter().filter(|rule| rule.interpreted.is_some()).collect();
    let machine = coverage.rules.len() - interpreted.len();
    if machine > 0 {
        let _ = writeln!(out, "run by the virtual machine: {}", count(machine, "rule"));
    }
    if !interpreted.is_empty() {
        let _ = writeln!(out, "run by the interpreter, which is slower: {}", count(interpreted.len(), "rule"));
    }
    for rule in interpreted {
        let _ = writeln!(out, "  {} ({}): {}", rule.id, rule.path, rule.interpreted.as_deref().unwrap_or_default());
    }
    if !coverage.unjudged.is_empty() {
        out.push_str("objects that no policy judged:\n");
    }
    for UnjudgedObject { environment, app, object, .. } in &coverage.unjudged {
        let place: Vec<String> =
            app.iter().map(|app| format!("app {app}")).chain(environment.iter().cloned()).collect();
        let place = if place.is_empty() { String::new() } else { format!(" · {}", place.join(" · ")) };
        let _ = writeln!(out, "  {object}{place}");
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str) -> UnjudgedObject {
        let object = format!("{kind} {name}");
        UnjudgedObject {
            environment: Some("prod".to_owned()),
            app: Some("web".to_owned()),
            kind: kind.to_owned(),
            object,
        }
    }

    #[test]
    fn the_summary_names_the_kinds_that_occur_most() {
        let mut coverage = PolicyCoverage::default();
        assert_eq!(unjudged(&coverage), "");
        coverage.unjudged = ["A", "B", "B", "C", "D", "E", "F", "G"].iter().map(|kind| object(kind, "x")).collect();
        let line = unjudged(&coverage);
        assert_eq!(line, "\n8 objects that no policy judged: B 2, A 1, C 1, D 1, E 1, 2 other kinds");
    }

    #[test]
    fn rules_engines_and_objects_are_listed() {
        let rule = |id: &str, objects, why: Option<&str>| RuleCoverage {
            id: id.to_owned(),
            path: format!("policies.{id}.deny"),
            interpreted: why.map(str::to_owned),
            objects,
            findings: 1,
        };
        let rules = vec![rule("latest-tag", 12, None), rule("owner", 1, Some("it uses `with`"))];
        let mut coverage = PolicyCoverage { rules, unjudged: vec![object("ConfigMap", "shop/web")] };
        coverage.add(&coverage.clone());
        insta::assert_snapshot!(policies(&coverage), @r"
        policy rules:
          latest-tag  24 objects judged, 2 findings
          owner       2 objects judged, 2 findings
        run by the virtual machine: 1 rule
        run by the interpreter, which is slower: 1 rule
          owner (policies.owner.deny): it uses `with`
        objects that no policy judged:
          ConfigMap shop/web · app web · prod
          ConfigMap shop/web · app web · prod
        ");
    }
}
