//! A finding points at the line that it is about, also where a policy does not say which.

use std::path::Path;

use hydrant::diagnostic::{Diagnostic, PlacedBy};
use hydrant::evaluate::{EvaluationLimits, Kubernetes, PolicySet, chosen, shipped_names};
use hydrant::load::Checks;
use hydrant::manifest::{Manifest, Node, Pointer, ReadLimits, read};
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
        let name = ["/kind", "/apiVersion", "/metadata/name", "/metadata/namespace"];
        let pointer = self.found.pointer.as_deref();
        self.found.placed_by != Some(PlacedBy::Object) && pointer.is_some_and(|pointer| !name.contains(&pointer))
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

/// Of the findings of the real library, how many point into the object at least: in hundredths. The others tell
/// nothing of the object (a class of storage that is not synced), or are about its kind. Only ever raise it.
const FLOOR: usize = 94;

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
    assert!(samples.len() >= 170, "only {} samples were found", samples.len());
    assert!(inside * 100 >= FLOOR * samples.len(), "{inside} of {}", samples.len());
}

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  volumes:
    - name: cache
      emptyDir: {}
    - name: host
      hostPath:
        path: /etc
  containers:
    - name: proxy
      image: example.org/proxy:1
      securityContext:
        runAsNonRoot: true
    - name: main
      image: example.org/main
      ports:
        - containerPort: 80
        - containerPort: 81
          hostPort: 81
      securityContext:
        privileged: true
      resources:
        limits:
          cpu: 500m
";

/// What a rule with some helpers beside it finds in the Pod.
fn found_by(rules: &str, limits: &EvaluationLimits) -> Vec<Diagnostic> {
    let (set, diagnostics) = PolicySet::load(&[Source::file("a.rego", format!("package a\n\n{rules}\n"))], &[], limits);
    assert!(diagnostics.is_empty(), "{rules}\n{diagnostics:#?}");
    let manifests = parse::parse(&Source::file("app.yaml", POD), &ReadLimits::default()).manifests;
    set.evaluator().judge(&manifests[0]).diagnostics
}

/// Where the findings of some rules point.
fn places(rules: &str) -> Vec<String> {
    let found = found_by(rules, &EvaluationLimits::default());
    let place = |found: &Diagnostic| match found.placed_by {
        Some(PlacedBy::Object) => "the object".to_owned(),
        Some(PlacedBy::Reads) => found.pointer.clone().expect("what was read has a path"),
        other => format!("{other:?}"),
    };
    found.iter().map(place).collect()
}

/// Rules that tell no place, and the places that they are about.
const RULES: [(&str, &[&str]); 30] = [
    // the input itself
    (
        "deny contains \"m\" if input.spec.containers[_].securityContext.privileged",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if { some c in input.spec.containers; c.securityContext.privileged == true }",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if input.spec.containers[i].ports[j].hostPort < 1024",
        &["/spec/containers/1/ports/1/hostPort"],
    ),
    // variables, functions and sets pass it on
    (
        "deny contains m if { c := input.spec.containers[_]; p := c.ports[_]; h := p.hostPort; h < 1024; m := sprintf(\"%v of %v\", [h, c.name]) }",
        &["/spec/containers/1/ports/1/hostPort"],
    ),
    (
        "deny contains m if { some c in all; bad(c); m := sprintf(\"%v %v\", [c.name, c.image]) }\nall contains c if some c in input.spec.containers\nbad(x) if x.securityContext.privileged",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if context(main).privileged\nmain := c if { some c in input.spec.containers; c.name == \"main\" }\ncontext(c) := c.securityContext",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if by_name[\"main\"].securityContext.privileged\nby_name[c.name] := c if some c in input.spec.containers",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if { some c in array.concat(input.spec.containers, []); c.securityContext.privileged }",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if { [path, value] := walk(input); path[count(path) - 1] == \"privileged\"; value == true }",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    // what was computed is about what it was computed from
    (
        "deny contains m if { c := input.spec.containers[_]; parts := split(c.image, \":\"); count(parts) == 1; m := \"no tag\" }",
        &["/spec/containers/1/image"],
    ),
    (
        "deny contains \"m\" if { c := input.spec.containers[_]; n := to_number(trim_suffix(c.resources.limits.cpu, \"m\")); n > 100 }",
        &["/spec/containers/1/resources/limits/cpu"],
    ),
    (
        "deny contains \"m\" if { ok := [good | good := startswith(input.spec.containers[1].image, \"registry/\")]; not true in ok }",
        &["/spec/containers/1/image"],
    ),
    (
        "deny contains \"m\" if { bad := [c | c := input.spec.containers[_]; not c.securityContext.runAsNonRoot]; count(bad) > 0 }",
        &["/spec/containers/1/securityContext"],
    ),
    // what is missing: the deepest part of the way to it
    (
        "deny contains m if { c := input.spec.containers[_]; not c.securityContext.runAsNonRoot; m := c.name }",
        &["/spec/containers/1/securityContext"],
    ),
    (
        "deny contains m if { c := input.spec.containers[_]; not c.livenessProbe.httpGet; m := c.name }",
        &["/spec/containers/1", "/spec/containers/0"],
    ),
    ("deny contains \"m\" if not input.spec.securityContext.runAsUser", &["/spec"]),
    ("deny contains \"m\" if not input.metadata.annotations[\"example.org/owner\"]", &["/metadata"]),
    (
        "deny contains \"m\" if { missing := {\"owner\"} - {l | input.metadata.labels[l]}; count(missing) > 0 }",
        &["/metadata/labels"],
    ),
    (
        "deny contains \"m\" if object.get(input.spec.containers[1], [\"resources\", \"limits\", \"memory\"], \"\") == \"\"",
        &["/spec/containers/1/resources/limits"],
    ),
    (
        "deny contains \"m\" if object.get(object.get(input.spec, \"securityContext\", {}), \"runAsUser\", 0) == 0",
        &["/spec"],
    ),
    (
        "deny contains m if { c := input.spec.containers[_]; not limited(c); m := c.name }\nlimited(c) if c.resources.limits.memory",
        &["/spec/containers/1/resources/limits", "/spec/containers/0"],
    ),
    // conditions before what is only told, content before names, and nothing that is exempt
    (
        "deny contains m if { input.kind == \"Pod\"; v := input.spec.volumes[_]; v.hostPath; m := sprintf(\"%v %v\", [v.name, input.metadata.labels.app]) }",
        &["/spec/volumes/1/hostPath"],
    ),
    (
        "deny contains \"m\" if { c := input.spec.containers[_]; c.securityContext.privileged; not is_exempt(c) }\nis_exempt(c) if startswith(c.image, \"registry/\")",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    ("deny contains \"m\" if startswith(input.metadata.name, \"w\")", &["/metadata/name"]),
    // several solutions of one message: what they have in common
    ("deny contains \"m\" if { c := input.spec.containers[_]; not c.readinessProbe }", &["/spec/containers"]),
    ("deny contains \"m\" if { input.spec.containers[_].image; input.spec.volumes[_].name }", &["/spec/volumes"]),
    // `every`, `else`, defaults
    (
        "deny contains \"m\" if not safe\nsafe if every c in input.spec.containers { not c.securityContext.privileged }",
        &["/spec/containers/1/securityContext/privileged"],
    ),
    (
        "deny contains \"m\" if port(input.spec.containers[1].ports[1]) < 1024\nport(p) := p.hostPort if p.hostPort else := 9999",
        &["/spec/containers/1/ports/1/hostPort"],
    ),
    (
        "deny contains \"m\" if not allowed\ndefault allowed := false\nallowed if input.spec.volumes[1].hostPath.path == \"/tmp\"",
        &["/spec/volumes/1/hostPath/path"],
    ),
    // nothing of the object was read
    ("deny contains \"m\" if count([1]) == 1", &["the object"]),
];

#[test]
fn a_rule_that_tells_no_place_points_at_what_it_read() {
    let mut wrong = Vec::new();
    for (rules, wanted) in RULES {
        let (mut found, mut wanted) = (places(rules), wanted.to_vec());
        found.sort();
        wanted.sort_unstable();
        if found != wanted {
            wrong.push(format!("{rules}\n   {found:?}, wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The second evaluation tells places and nothing else.
#[test]
fn findings_are_the_same_without_places() {
    let without = EvaluationLimits { place_steps: 0, ..EvaluationLimits::default() };
    let told = |found: Vec<Diagnostic>| -> Vec<_> {
        found.into_iter().map(|found| (found.rule, found.severity, found.message, found.help)).collect()
    };
    for (rules, _) in RULES {
        let plain = found_by(rules, &without);
        assert!(plain.iter().all(|found| found.placed_by == Some(PlacedBy::Object)), "{rules}");
        assert_eq!(told(found_by(rules, &EvaluationLimits::default())), told(plain), "{rules}");
    }
}

#[test]
fn a_rule_that_takes_too_long_to_follow_points_at_its_object() {
    let limits = EvaluationLimits { place_steps: 6, ..EvaluationLimits::default() };
    let found = found_by("deny contains \"m\" if input.spec.containers[_].ports[_].hostPort", &limits);
    assert_eq!(found.iter().map(|found| found.placed_by).collect::<Vec<_>>(), [Some(PlacedBy::Object)]);
}

#[test]
fn a_place_that_a_result_names_is_taken_at_its_word() {
    let by = |member: &str| {
        let found = found_by(
            &format!("deny contains {member} if input.spec.containers[_].ports"),
            &EvaluationLimits::default(),
        );
        let others = found[0].secondary.iter().map(|label| label.location.position().line).collect::<Vec<_>>();
        (
            found[0].placed_by.expect("placed"),
            found[0].primary.as_ref().expect("a place").location.position().line,
            others,
        )
    };
    assert_eq!(by("{\"msg\": \"m\", \"path\": \"/spec/volumes\"}"), (PlacedBy::Path, 8, vec![]));
    assert_eq!(by("{\"msg\": \"m\", \"_loc\": {\"line\": 3}}"), (PlacedBy::Line, 3, vec![]));
    let lists = "{\"msg\": \"m\", \"failedPaths\": [\"spec.containers[1].image\"], \
                 \"fixPaths\": [{\"path\": \"spec.containers[1].securityContext.privileged\", \"value\": \"false\"}]}";
    assert_eq!(by(lists), (PlacedBy::Path, 20, vec![26]));
    assert_eq!(by("{\"msg\": \"m\", \"deletePaths\": [\"spec.volumes[1]\"]}").1, 11);
}

#[test]
fn every_finding_of_a_pack_points_inside_of_its_object() {
    let packs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"));
    let (set, diagnostics) = PolicySet::load(&chosen(shipped_names()), &[], &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let mut judged = 0;
    for fixture in files_below(packs, &["yaml"]) {
        let text = std::fs::read_to_string(&fixture).unwrap();
        let version = text.lines().next().and_then(|line| line.strip_prefix("# kubernetes ")).unwrap_or("1.34");
        let mut evaluator = set.evaluator();
        evaluator.aim_at(Kubernetes::parse(version).unwrap());
        for manifest in objects(&fixture) {
            for found in evaluator.judge(&manifest).diagnostics {
                judged += 1;
                let place = format!("{}: {found:?}", fixture.display());
                assert!(matches!(found.placed_by, Some(PlacedBy::Path | PlacedBy::Reads)), "{place}");
                let pointer = Pointer::parse(found.pointer.as_deref().expect("a path"));
                assert!(!pointer.parts().is_empty(), "{place}");
                let mut there = pointer.clone();
                while there.resolve(&manifest.root).is_none() {
                    there = there.parent().expect("the top is there");
                }
                // what is missing may be `securityContext.capabilities.drop`
                let missing = pointer.parts().len() - there.parts().len();
                assert!(!there.parts().is_empty() && missing <= 3, "{missing} missing: {place}");
                let label = found.primary.as_ref().expect("a place").location.clone();
                assert_eq!(label.span, manifest.locate(&there).span, "{place}");
            }
        }
    }
    assert!(judged > 100, "only {judged} findings");
}
