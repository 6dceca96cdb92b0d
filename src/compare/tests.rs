use super::*;
use crate::manifest::ReadLimits;
use crate::parse::parse;
use crate::source::Source;

fn objects(text: &str) -> Vec<Manifest> {
    let parsed = parse(&Source::file("test.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    parsed.manifests
}

/// One line a difference.
fn lines(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (objects(before), objects(after));
    let differences = compare(
        before.iter().map(|manifest| ("web", manifest)),
        after.iter().map(|manifest| ("web", manifest)),
        Rules::default(),
    );
    differences.iter().flat_map(show).collect()
}

fn show(difference: &ObjectDifference) -> Vec<String> {
    match &difference.change {
        ObjectChange::Added => vec![format!("+ {}", difference.object)],
        ObjectChange::Removed => vec![format!("- {}", difference.object)],
        ObjectChange::Changed { fields, .. } => fields.iter().map(field).collect(),
    }
}

fn field(field: &FieldDifference) -> String {
    let path = &field.path;
    match &field.change {
        FieldChange::Added(value) => format!("+ {path}: {}", value.yaml),
        FieldChange::Removed(value) => format!("- {path}: {}", value.yaml),
        FieldChange::Changed(before, after) => format!("{path}: {} → {}", before.yaml, after.yaml),
        FieldChange::Lines(hunks) => format!("{path}: {} hunks", hunks.len()),
        FieldChange::Reordered => format!("{path}: reordered"),
    }
}

fn pod(containers: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: {containers}}}\n")
}

fn map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {data}\n")
}

fn list(items: &str) -> String {
    format!("apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\nspec: {{items: {items}}}\n")
}

#[test]
fn order_of_keys_and_style_are_no_difference() {
    assert_eq!(lines(&map("{a: x, b: 'y'}"), &map("\n  b: \"y\"\n  a: x")), [""; 0]);
}

#[test]
fn containers_are_matched_by_name() {
    let before = pod("[{name: web, image: a}, {name: log, image: b}]");
    let after = pod("[{name: proxy, image: p}, {name: log, image: b}, {name: web, image: c}]");
    assert_eq!(
        lines(&before, &after),
        ["+ spec.containers[name=proxy]: image: p\nname: proxy", "spec.containers[name=web].image: a → c"]
    );
    let swapped = pod("[{name: log, image: b}, {name: web, image: a}]");
    assert_eq!(lines(&before, &swapped), ["spec.containers: reordered"]);
}

#[test]
fn the_same_port_of_two_protocols_is_two_ports() {
    let before = pod("[{name: a, image: a, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}]}]");
    let after =
        pod("[{name: a, image: a, ports: [{containerPort: 53, protocol: UDP, hostPort: 1}, {containerPort: 53}]}]");
    assert_eq!(lines(&before, &after), ["+ spec.containers[name=a].ports[0].hostPort: 1"]);
}

#[test]
fn items_without_a_name_are_matched_by_what_stays() {
    assert_eq!(lines(&list("[a, b, c]"), &list("[a, x, b, c]")), ["+ spec.items[1]: x"]);
    assert_eq!(lines(&list("[a, b, c]"), &list("[a, c]")), ["- spec.items[1]: b"]);
    assert_eq!(lines(&list("[a, b, c]"), &list("[a, x, c]")), ["spec.items[1]: b → x"]);
    assert_eq!(lines(&list("[a, b, c]"), &list("[c, a, b]")), ["spec.items: reordered"]);
    assert_eq!(lines(&list("[]"), &list("[a]")), ["+ spec.items[0]: a"]);
}

#[test]
fn texts_are_compared_line_by_line() {
    let (before, after) = (map("{conf: \"a\\nb\\nc\\n\"}"), map("{conf: \"a\\nx\\nc\\n\"}"));
    assert_eq!(lines(&before, &after), ["data.conf: 1 hunks"]);
    // a line break at the end has no line of its own to be seen in
    let after = map("{conf: \"a\\nb\\nc\"}");
    assert_eq!(lines(&before, &after).len(), 1);
    assert!(lines(&before, &after)[0].contains('→'), "{:?}", lines(&before, &after));
}

#[test]
fn a_version_that_changes_is_a_field_and_no_new_object() {
    let object = |version: &str| format!("apiVersion: {version}\nkind: Thing\nmetadata: {{name: a}}\n");
    assert_eq!(
        lines(&object("example.com/v1"), &object("example.com/v2")),
        ["apiVersion: example.com/v1 → example.com/v2"]
    );
    assert_eq!(lines(&object("a.com/v1"), &object("b.com/v1")), ["- Thing a", "+ Thing a"]);
}

#[test]
fn values_of_a_secret_never_show() {
    let secret = |value: &str, label: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a, labels: {{l: {label}}}}}\nstringData: {value}\n")
    };
    let found = lines(&secret("{key: hunter2}", "old"), &secret("{key: hunter3, other: hunter4}", "new"));
    assert_eq!(
        found,
        ["metadata.labels.l: old → new", "stringData.key: (hidden) → (hidden)", "+ stringData.other: (hidden)"]
    );
    let found = lines(&secret("{key: \"hunter\\n2\\n\"}", "old"), &secret("null", "old"));
    assert!(!found.concat().contains("hunter"), "{found:?}");
}

#[test]
fn generated_names_are_matched_in_order() {
    let job = |image: &str| {
        format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: a-}}\nspec: {{x: {image}}}\n---\n")
    };
    let before = format!("{}{}", job("a"), job("b"));
    let after = format!("{}{}{}", job("a"), job("c"), job("d"));
    assert_eq!(lines(&before, &after), ["spec.x: b → c", "+ Job a-*"]);
}

#[test]
fn an_object_that_moves_to_another_app_is_not_new() {
    let objects = objects(&map("{a: b}"));
    let found = compare([("web", &objects[0])], [("api", &objects[0])], Rules::default());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].app, "api");
    let ObjectChange::Changed { moved_from, fields } = &found[0].change else { panic!("{found:?}") };
    assert_eq!((moved_from.as_deref(), fields.len()), (Some("web"), 0));
}
