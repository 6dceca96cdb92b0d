//! Policies judge objects exactly as OPA does, or say that they cannot.

use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::evaluate::{DataDocument, EvaluationLimits, PolicySet, shipped, shipped_names};
use hydrant::manifest::{Gvk, Manifest, Name, Node, ObjectRef, ReadLimits};
use hydrant::parse;
use hydrant::source::Source;

/// A set of policies that must load without a complaint.
fn loaded(texts: &[&str]) -> PolicySet {
    let (set, diagnostics) = load(texts);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    set
}

fn load(texts: &[&str]) -> (PolicySet, Vec<Diagnostic>) {
    let files: Vec<_> =
        texts.iter().enumerate().map(|(number, text)| Source::file(format!("p{number}.rego"), *text)).collect();
    PolicySet::load(&files, &[], &EvaluationLimits::default())
}

fn manifests(text: &str) -> Vec<Manifest> {
    let parsed = parse::parse(&Source::file("app.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    parsed.manifests
}

/// Any JSON as the input of a policy.
fn input(json: &serde_json::Value) -> Manifest {
    Manifest {
        object: ObjectRef { gvk: Gvk::new("v1", "Anything"), namespace: None, name: Name::Fixed("x".into()) },
        root: Node::from_json(json),
        source: Source::file("input.json", json.to_string()),
    }
}

fn messages(set: &PolicySet, manifest: &Manifest) -> Vec<String> {
    set.evaluator().judge(manifest).diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
}

/// `fixtures/policies/opa-answers.json`: what OPA 1.20 answers for many small rules and three inputs.
#[test]
fn every_rule_answers_as_opa_does_or_is_refused() {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/policies/opa-answers.json")).unwrap();
    let helpers = table["helpers"].as_str().unwrap();
    let mut wrong = Vec::new();
    let (mut answers, mut refused) = (0, Vec::new());
    for row in table["bodies"].as_array().unwrap() {
        let body = row["body"].as_str().unwrap();
        let rule = if body.contains("contains ") && body.ends_with('\n') {
            body.to_owned()
        } else {
            format!("deny contains \"hit\" if {{\n\t{}\n}}\n", body.replace("; ", "\n\t"))
        };
        let (set, diagnostics) = load(&[&format!("package main\n\n{helpers}\n{rule}")]);
        if !diagnostics.is_empty() {
            if row["refused"].is_null() {
                refused.push(format!("{body}: {}", diagnostics[0].message));
            }
            continue;
        }
        if let Some(reason) = row["refused"].as_str() {
            // OPA's type checker and its order of declarations refuse more than we do; what could misjudge we refuse too
            if reason.contains("unsafe") || reason.contains("undefined function") {
                wrong.push(format!("{body}: OPA refuses it, {reason}"));
            }
            continue;
        }
        let mut evaluator = set.evaluator();
        for answer in row["answers"].as_array().unwrap() {
            let judged = evaluator.judge(&input(&table["inputs"][answer[0].as_u64().unwrap() as usize]));
            let found: Vec<String> = judged
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error)
                .map(|diagnostic| match &diagnostic.rule {
                    rule if *rule == rules::POLICY_FAILED => diagnostic.message.clone(),
                    _ => format!("\"{}\"", diagnostic.message),
                })
                .collect();
            let expected: Vec<String> = answer[1].as_array().unwrap().iter().map(member_as_message).collect();
            answers += 1;
            if found != expected {
                wrong.push(format!("{body} on input {}: OPA {expected:?}, here {found:?}", answer[0]));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {answers} answers differ:\n{}\nrefused: {refused:#?}",
        wrong.len(),
        wrong.join("\n")
    );
    let expected = ["time.now_ns", "not -input"];
    refused.retain(|refused| !expected.iter().any(|expected| refused.contains(expected)));
    assert!(refused.is_empty(), "OPA answers these: {refused:#?}");
    assert!(answers > 800, "only {answers} answers were compared");
}

fn member_as_message(member: &serde_json::Value) -> String {
    match member.as_str().or_else(|| member["msg"].as_str()) {
        Some(message) => format!("\"{message}\""),
        None => "`main` gave no verdict: a result without a message".to_owned(),
    }
}
