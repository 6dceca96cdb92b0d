//! Real objects, and the verdict of another validator (python-jsonschema over the same schemas) on each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, rules};
use hydrant::manifest::{Gvk, Manifest, Name, Node, ObjectRef, Pointer, ReadLimits, Value, read};
use hydrant::source::Source;
use hydrant::validate::{Coverage, Schemas, UnknownKinds};

use super::judge::catalog;
use super::settle;
use crate::corpus::corpus;
use crate::validate::is_by_schema;

/// The object of a document, by itself: the other validator counts documents, and does not open Lists.
fn manifest(root: &Node, source: &Arc<Source>) -> Option<Manifest> {
    let object = ObjectRef {
        gvk: Gvk::new(root.get("apiVersion")?.as_str()?, root.get("kind")?.as_str()?),
        namespace: None,
        name: Name::Fixed("unnamed".into()),
    };
    Some(Manifest { object, root: root.clone(), source: Arc::clone(source) })
}

/// Where the other validator found something: the object that holds an unknown or misses a required field.
fn their_places(line: &serde_json::Value) -> BTreeSet<String> {
    let part = |part: &serde_json::Value| part.as_str().map_or_else(|| part.to_string(), str::to_owned);
    let pointer = |error: &serde_json::Value| {
        Pointer::from_parts(error[0].as_array().into_iter().flatten().map(part)).to_string()
    };
    line["e"].as_array().into_iter().flatten().map(pointer).collect()
}

fn our_places(diagnostics: &[Diagnostic]) -> BTreeSet<String> {
    let place = |diagnostic: &Diagnostic| {
        let pointer = Pointer::parse(diagnostic.pointer.as_deref().unwrap_or_default());
        let of_parent = diagnostic.rule == rules::UNKNOWN_FIELD || diagnostic.rule == rules::MISSING_FIELD;
        if of_parent { pointer.parent().unwrap_or(pointer) } else { pointer }.to_string()
    };
    diagnostics.iter().map(place).collect()
}

/// Files by path, each read once, with their documents as the other validator counts them.
#[derive(Default)]
struct Files(BTreeMap<PathBuf, (Arc<Source>, Vec<Node>)>);

impl Files {
    fn object(&mut self, path: &Path, index: usize) -> Option<Manifest> {
        let (source, documents) = self.0.entry(path.to_owned()).or_insert_with(|| {
            let source = Source::file(path.display().to_string(), std::fs::read_to_string(path).unwrap());
            // comments before the first `---` are a document to us, and none to the other validator's reader
            let roots = read(&source, &ReadLimits::default()).documents.into_iter().map(|document| document.root);
            let roots = roots.enumerate().filter(|(index, root)| *index > 0 || root.value != Value::Null);
            let documents = roots.map(|(_, root)| root).collect();
            (source, documents)
        });
        manifest(documents.get(index)?, source)
    }
}

/// The kinds of the lines: `group/version/Kind`, the core group without its group.
fn kinds_of(expected: &str) -> BTreeSet<Gvk> {
    let kind = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let (api_version, kind) = line["gvk"].as_str()?.rsplit_once('/')?;
        Some(Gvk::new(api_version, kind))
    };
    expected.lines().filter_map(kind).collect()
}

#[test]
fn verdicts_agree_with_another_validator_on_real_objects() {
    let Some(corpus) = corpus() else { return };
    let expected = std::fs::read_to_string(corpus.join("expected/schema-verdicts-k8s-1.34.0.jsonl")).unwrap();
    let schemas = Schemas::new("1.34", UnknownKinds::Deny).unwrap();
    let schemas = schemas.with_schema_files(catalog(&corpus, &kinds_of(&expected)));
    let mut files = Files::default();
    let (mut agree, mut absent) = (BTreeMap::<_, usize>::new(), 0);
    let mut differ = Vec::new();
    for line in expected.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = line["f"].as_str().unwrap().replace("charts-or-overlays/", "overlays/");
        let path = corpus.join(&file);
        if !path.exists() {
            absent += 1;
            continue;
        }
        let index = usize::try_from(line["d"].as_u64().unwrap()).unwrap();
        let Some(manifest) = files.object(&path, index) else {
            differ.push(format!("{file} #{index}: not an object to us"));
            continue;
        };
        let mut verdict = schemas.validate(&manifest);
        // the other validator knows schemas only
        verdict.diagnostics.retain(is_by_schema);
        let ours = match (verdict.coverage, verdict.diagnostics.is_empty()) {
            (Coverage::Checked, true) => "valid",
            (Coverage::Checked, false) => "invalid",
            _ => "no-schema",
        };
        let same_places = ours == "no-schema" || our_places(&verdict.diagnostics) == their_places(&line);
        if ours == line["r"].as_str().unwrap() && same_places {
            *agree.entry(ours).or_default() += 1;
        } else {
            differ.push(format!("{file} #{index} {}: {} there, {ours} here", line["gvk"], line["r"]));
        }
    }
    let agreed: usize = agree.values().sum();
    eprintln!("{agreed} agree, {} differ, {absent} absent", differ.len());
    assert!(agreed > 1500);
    assert!(differ.len() * 2000 <= agreed, "less than 99.95 % agree: {}", differ.join("\n"));
    let mut table = format!(
        "{} objects: {agreed} agree, {} differ; {absent} more are in trees that the corpus does not hold.\n\n\
         | verdict of both | objects |\n|---|---|\n",
        agreed + differ.len(),
        differ.len()
    );
    for (verdict, count) in agree {
        let _ = writeln!(table, "| {verdict} | {count} |");
    }
    settle("verdicts", &table);
}
