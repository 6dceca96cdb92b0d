//! Real trees of custom resources: every document is accounted for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use hydrant::diagnostic::Diagnostic;
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::source::Source;
use hydrant::validate::{Coverage, Schemas, UnknownKinds};

use super::judge::catalog;
use super::settle;
use crate::corpus::{corpus, files_below};
use crate::validate::is_by_schema;

/// Where a tree's documents went: these numbers add up to all of them.
#[derive(Default)]
struct Account {
    documents: usize,
    empty_lists: usize,
    unread: usize,
    objects: usize,
    valid: usize,
    invalid: usize,
    skipped: usize,
    findings: BTreeMap<String, usize>,
    kinds_without_schema: BTreeMap<String, usize>,
}

fn read_tree(folder: &Path, account: &mut Account) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for path in files_below(folder, &["yaml", "yml", "json"]) {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let parsed = hydrant::parse::parse(&Source::file(path.display().to_string(), text), &ReadLimits::default());
        account.documents += parsed.documents;
        account.empty_lists += parsed.empty_lists;
        account.unread += parsed.failed;
        count(&mut account.findings, &parsed.diagnostics);
        manifests.extend(parsed.manifests);
    }
    account.objects = manifests.len();
    manifests
}

fn count(findings: &mut BTreeMap<String, usize>, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        *findings.entry(diagnostic.rule.to_string()).or_default() += 1;
    }
}

fn judge_tree(corpus: &Path, tree: &str) -> Account {
    let mut account = Account::default();
    let manifests = read_tree(&corpus.join(tree), &mut account);
    let (schemas, broken) = Schemas::new("1.34", UnknownKinds::Warn).unwrap().with_crds(&manifests);
    assert!(broken.is_empty(), "{tree}: {broken:?}");
    let kinds = manifests.iter().map(|manifest| &manifest.object.gvk);
    let schemas = schemas.with_schema_files(catalog(corpus, kinds));
    for manifest in &manifests {
        let mut verdict = schemas.validate(manifest);
        verdict.diagnostics.retain(is_by_schema);
        match verdict.coverage {
            Coverage::Checked if verdict.diagnostics.is_empty() => account.valid += 1,
            Coverage::Checked => account.invalid += 1,
            Coverage::Skipped => {
                account.skipped += 1;
                let gvk = &manifest.object.gvk;
                *account.kinds_without_schema.entry(format!("{} {}", gvk.api_version(), gvk.kind)).or_default() += 1;
                continue;
            }
            Coverage::Failed => account.invalid += 1,
        }
        count(&mut account.findings, &verdict.diagnostics);
        for diagnostic in &verdict.diagnostics {
            assert!(diagnostic.primary.is_some() && diagnostic.pointer.is_some(), "{diagnostic:?}");
        }
    }
    account
}

fn counted(counts: &BTreeMap<String, usize>) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("`{name}` {count}")).collect();
    if counts.is_empty() { "–".to_owned() } else { counts.join(", ") }
}

#[test]
fn every_document_of_real_trees_is_judged_or_has_a_reason() {
    let Some(corpus) = corpus() else { return };
    let trees = [
        "manifests/kube-prometheus",
        "manifests/tekton-pipeline",
        "manifests/billimek-k8s-gitops",
        "overlays/argo-cd-manifests-kustomize",
    ];
    let mut table = String::from(
        "| tree | documents | objects | valid | invalid | no schema | unread | findings | kinds without schema |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for tree in trees {
        let account = judge_tree(&corpus, tree);
        let Account { documents, objects, valid, invalid, skipped, unread, empty_lists, .. } = account;
        eprintln!(
            "{tree}: {documents} documents, {objects} objects: {valid} valid, {invalid} invalid, {skipped} skipped; {unread} unread"
        );
        assert_eq!(objects, valid + invalid + skipped, "{tree}");
        // a List is one document of several objects
        assert!(documents <= objects + unread + empty_lists, "{tree} lost a document");
        let _ = writeln!(
            table,
            "| {tree} | {documents} | {objects} | {valid} | {invalid} | {skipped} | {unread} | {} | {} |",
            counted(&account.findings),
            counted(&account.kinds_without_schema)
        );
    }
    settle("trees", &table);
}
