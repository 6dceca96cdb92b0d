//! A finding points at the line that it is about, also where a policy does not say which.

use std::path::Path;

use hydrant::diagnostic::{Diagnostic, PlacedBy};
use hydrant::evaluate::{EvaluationLimits, PolicySet};
use hydrant::load::Checks;
use hydrant::manifest::{Manifest, Node, ReadLimits, read};
use hydrant::source::Source;
use hydrant::{parse, pipeline};

use crate::corpus::{corpus, files_below};

/// A finding of a library's sample that should be found, with the text that it is about.
struct Sample {
    name: String,
    found: Diagnostic,
}

impl Sample {
    fn line(&self) -> String {
        let label = self.found.primary.as_ref().expect("a place");
        let number = label.location.position().line as usize;
        let line = label.location.source.text().lines().nth(number - 1).unwrap_or_default().trim();
        format!("{number}: {line}")
    }

    /// Whether it points at something inside of the object, and not at what the object is called.
    fn is_inside(&self) -> bool {
        self.found.placed_by != Some(PlacedBy::Object)
    }
}

fn text_of(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.as_str().map(str::to_owned)
}

fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default()
}

fn source(path: &Path) -> std::sync::Arc<Source> {
    Source::file(path.to_string_lossy(), std::fs::read_to_string(path).unwrap_or_default())
}

fn objects(path: &Path) -> Vec<Manifest> {
    parse::parse(&source(path), &ReadLimits::default()).manifests
}

/// Everything that is found in the samples of a library of Gatekeeper, as its suites put them together.
fn samples(library: &Path) -> Vec<Sample> {
    let mut samples = Vec::new();
    for suite in files_below(library, &["yaml"]) {
        if suite.file_name().is_none_or(|name| name != "suite.yaml") {
            continue;
        }
        let folder = suite.parent().unwrap();
        let stream = read(&source(&suite), &ReadLimits::default());
        for test in stream.documents.iter().flat_map(|document| items(&document.root, "tests")) {
            let (Some(template), Some(constraint)) = (text_of(test, "template"), text_of(test, "constraint")) else {
                continue;
            };
            let texts = vec![source(&folder.join(&template)), source(&folder.join(&constraint))];
            let checks = Checks { gatekeeper: texts, ..Checks::default() };
            let (set, _) = pipeline::policies(Vec::new(), &checks, &EvaluationLimits::default());
            for case in items(test, "cases") {
                let Some(object) = text_of(case, "object") else { continue };
                let mut around = objects(&folder.join(&object));
                let count = around.len();
                for inventory in items(case, "inventory").iter().filter_map(Node::as_str) {
                    around.extend(objects(&folder.join(inventory)));
                }
                let name = format!("{}/{object}", folder.file_name().unwrap().to_string_lossy());
                samples
                    .extend(judge(&set, &around, count).into_iter().map(|found| Sample { name: name.clone(), found }));
            }
        }
    }
    samples
}

/// What is found in the first of some objects.
fn judge(set: &PolicySet, around: &[Manifest], count: usize) -> Vec<Diagnostic> {
    let surroundings = set.surroundings(&around.iter().collect::<Vec<_>>());
    let mut evaluator = set.evaluator();
    around[..count].iter().flat_map(|object| evaluator.judge_among(object, &surroundings).diagnostics).collect()
}

#[test]
fn findings_of_a_real_library_point_into_the_object() {
    let Some(corpus) = corpus() else { return };
    let samples = samples(&corpus.join("policy/gatekeeper-library"));
    for sample in &samples {
        let placed = sample.found.placed_by.map_or("-", PlacedBy::as_str);
        let pointer = sample.found.pointer.as_deref().unwrap_or("-");
        eprintln!("{placed}\t{}\t{pointer}\t{}\t{}", sample.name, sample.line(), sample.found.message);
    }
    let inside = samples.iter().filter(|sample| sample.is_inside()).count();
    eprintln!("{inside} of {}", samples.len());
}
