//! The JSON Schema Test Suite, over our own tree as the reader makes it from text, and through our own compiler.
//!
//! It is not part of the project: where it is absent, the test says so and passes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jsonschema::{Draft, Registry};
use serde_json::{Value as JsonValue, json};

use super::compile::Compiled;
use super::cycles;
use super::findings::findings;
use super::formats::UNCHECKED;
use crate::manifest::{Gvk, Manifest, Name, Node, ObjectRef, ReadLimits, read};
use crate::source::Source;

#[path = "../../tests/it/corpus.rs"]
mod corpus;
#[path = "../../tests/it/conformance/settle.rs"]
mod settle;

use corpus::{corpus, files_below};
use settle::settle;

const DRAFTS: [(&str, Draft); 5] = [
    ("draft4", Draft::Draft4),
    ("draft6", Draft::Draft6),
    ("draft7", Draft::Draft7),
    ("draft2019-09", Draft::Draft201909),
    ("draft2020-12", Draft::Draft202012),
];

/// Where the suite's schemas say that its other schemas are. Nothing listens there: the registry knows them.
const REMOTE: &str = "http://localhost:1234";

/// Why a case does not end as the suite says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Unchecked,
    AsGo,
    GoDuration,
    BigNumbers,
    WholeFloats,
}

impl Reason {
    /// The one reason a case of this file may have. Whatever else differs is a bug.
    fn of(file: &str) -> Option<Self> {
        let format = file.split_once("optional/format/").and_then(|(_, name)| name.strip_suffix(".json"));
        match (file, format) {
            ("draft4/optional/bignum.json", _) => Some(Self::BigNumbers),
            ("draft4/optional/zeroTerminatedFloats.json", _) => Some(Self::WholeFloats),
            (_, Some("duration")) => Some(Self::GoDuration),
            // its cases say `format: regex`
            (_, Some("ecmascript-regex")) => Some(Self::Unchecked),
            (_, Some("email" | "hostname" | "uri" | "uuid" | "ipv4" | "ipv6")) => Some(Self::AsGo),
            (_, Some(format)) if UNCHECKED.contains(&format) => Some(Self::Unchecked),
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Unchecked => "a format that the API server does not know is not checked",
            Self::AsGo => {
                "checked as Go's libraries, and so the API server, check it: a URL may be an absolute path, a UUID may \
                 lack its dashes; where Go's rules have many corners, only what it surely refuses is refused"
            }
            Self::GoDuration => "`duration` is what Go and the API server take (`1h30m`), not ISO 8601 (`PT1H30M`)",
            Self::BigNumbers => "a whole number beyond 64 bits is no integer: Kubernetes has none",
            Self::WholeFloats => "`1.0` is an integer, as in every later draft, and as Kubernetes reads it",
        }
    }
}

/// How the cases of one draft end.
#[derive(Default)]
struct Count {
    required: usize,
    optional: usize,
    different: BTreeMap<Reason, BTreeMap<String, usize>>,
}

/// One file of the suite: its cases twice, as JSON for the schemas and as our tree for the instances.
struct File {
    name: String,
    source: Arc<Source>,
    json: JsonValue,
    tree: Node,
}

impl File {
    fn open(suite: &Path, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let json: JsonValue = serde_json::from_str(&text).unwrap();
        let text = without_pairs(text);
        let name = path.strip_prefix(suite).unwrap().display().to_string();
        let source = Source::file(name.clone(), text);
        let mut stream = read(&source, &ReadLimits::default());
        assert!(stream.diagnostics.is_empty(), "{name}: {:?}", stream.diagnostics);
        Self { name, source, json, tree: stream.documents.remove(0).root }
    }

    /// The cases of one schema: what the suite says, and the instance.
    fn instances(&self, group: usize) -> impl Iterator<Item = (&JsonValue, &Node)> {
        let expected = self.json[group]["tests"].as_array().unwrap();
        let tests = self.tree.as_sequence().unwrap()[group].get("tests").and_then(Node::as_sequence).unwrap();
        expected.iter().zip(tests.iter().map(|test| test.get("data").unwrap()))
    }

    /// The instance as if it were an object, for findings to speak of.
    fn manifest(&self, instance: &Node) -> Manifest {
        let object =
            ObjectRef { gvk: Gvk::new("v1", "Instance"), namespace: None, name: Name::Fixed("instance".into()) };
        Manifest { object, root: instance.clone(), source: Arc::clone(&self.source) }
    }
}

/// A text without escaped halves of a character (`\ud83d\udca9`), which YAML does not know: the character itself.
fn without_pairs(mut text: String) -> String {
    let is_pair = |escapes: &str| {
        let escapes = escapes.to_ascii_lowercase();
        escapes.starts_with("\\ud8") && escapes[6..].starts_with("\\ud")
    };
    let first =
        |text: &str| text.match_indices("\\u").map(|(at, _)| at).find(|at| text.get(*at..at + 12).is_some_and(is_pair));
    while let Some(at) = first(&text) {
        let sign: String = serde_json::from_str(&format!("\"{}\"", &text[at..at + 12])).unwrap();
        text.replace_range(at..at + 12, &sign);
    }
    text
}

#[test]
fn conformance_with_the_json_schema_test_suite() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/json-schema-test-suite");
    let mut table = String::from(
        "| draft | required cases that end as the suite says | optional ones | different, for a reason below |\n|---|---|---|---|\n",
    );
    let mut reasons: BTreeMap<Reason, BTreeMap<String, usize>> = BTreeMap::new();
    for (folder, draft) in DRAFTS {
        let count = judge_draft(&suite, folder, draft);
        let different: usize = count.different.values().flat_map(BTreeMap::values).sum();
        eprintln!("{folder}: {} required and {} optional pass, {different} differ", count.required, count.optional);
        let _ = writeln!(table, "| {folder} | {} | {} | {different} |", count.required, count.optional);
        for (reason, files) in count.different {
            let all = reasons.entry(reason).or_default();
            files.into_iter().for_each(|(file, count)| *all.entry(file).or_default() += count);
        }
        assert!(count.required > 600, "{folder} has only {} required cases", count.required);
    }
    table.push_str("\n| reason | files, and cases of all drafts |\n|---|---|\n");
    for (reason, files) in reasons {
        let files: Vec<_> = files.iter().map(|(file, count)| format!("{file} {count}")).collect();
        let _ = writeln!(table, "| {} | {} |", reason.words(), files.join(", "));
    }
    settle("json-schema", &table);
}

fn judge_draft(suite: &Path, folder: &str, draft: Draft) -> Count {
    let registry = remotes(&suite.join("remotes"), folder, draft);
    let mut count = Count::default();
    for path in files_below(&suite.join("tests").join(folder), &["json"]) {
        judge_file(&File::open(&suite.join("tests"), &path), draft, &registry, &mut count);
    }
    count
}

fn judge_file(file: &File, draft: Draft, registry: &Registry<'_>, count: &mut Count) {
    for (index, group) in file.json.as_array().unwrap().iter().enumerate() {
        let mut schema = group["schema"].clone();
        // the suite wants formats checked here, which the draft that is named leaves open
        if let (true, Some(keywords)) = (file.name.contains("/optional/format/"), schema.as_object_mut()) {
            keywords.remove("$schema");
        }
        assert_eq!(cycles::find(&schema), None, "{}: {}", file.name, group["description"]);
        let schema = Arc::new(schema);
        let compiled = Compiled::build(schema, draft, registry, &Arc::new(json!({})))
            .unwrap_or_else(|error| panic!("{} {}: {error}", file.name, group["description"]));
        for (expected, instance) in file.instances(index) {
            let id = || format!("{}: {}: {}", file.name, group["description"], expected["description"]);
            let accepted = compiled.accepts(instance);
            // what people read must not be kinder than the verdict, nor harder
            let found = findings(&file.manifest(instance), &compiled);
            assert_eq!(found.is_empty(), accepted, "{}: {found:?}", id());
            match (json!(accepted) == expected["valid"], Reason::of(&file.name)) {
                (true, _) if file.name.contains("/optional/") => count.optional += 1,
                (true, _) => count.required += 1,
                (false, Some(reason)) => {
                    let name = file.name.split_once('/').map_or("", |(_, name)| name.trim_end_matches(".json"));
                    *count.different.entry(reason).or_default().entry(name.to_owned()).or_default() += 1;
                }
                (false, None) => panic!("{}: accepted is {accepted}", id()),
            }
        }
    }
}

/// The schemas that others refer to, as a server at [`REMOTE`] would give them. Those of another draft count where they
/// say themselves which draft they are.
fn remotes(folder: &Path, own: &str, draft: Draft) -> Registry<'static> {
    let is_foreign = |path: &str| path.starts_with("draft") && !path.starts_with(own);
    let resources = files_below(folder, &["json"]).into_iter().filter_map(|path| {
        let relative = path.strip_prefix(folder).unwrap().to_str().unwrap();
        let schema: JsonValue = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let unusable = relative.starts_with("draft3/")
            || relative.starts_with("v1/")
            || (is_foreign(relative) && schema.get("$schema").is_none());
        let detected = Some(draft.detect(&schema)).filter(|detected| *detected != Draft::Unknown);
        let resource = detected.unwrap_or(draft).create_resource(schema);
        (!unusable).then(|| (format!("{REMOTE}/{relative}"), resource))
    });
    Registry::new().extend(resources).unwrap().prepare().unwrap()
}
