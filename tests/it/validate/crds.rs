//! CRDs, and the objects they judge.

use hydrant::manifest::Manifest;
use hydrant::validate::{Coverage, Schemas, UnknownKinds};

use super::{WIDGET, check, check_with, parse, schemas, show, widget, widget_finding};

#[test]
fn a_crd_of_the_same_set_judges_its_objects() {
    assert_eq!(check(WIDGET), [""; 0], "the CRD itself is valid");
    assert_eq!(widget("{size: 1, mode: safe, port: http, memory: 1Gi, name: ab, wait: 1h30m, tags: [a, b]}"), [""; 0]);
    assert_eq!(widget("{size: 1, port: 80, memory: 5, wait: 3 days, website: /not-a-full-uri}"), [""; 0]);
    assert_eq!(
        widget("{sise: 1}"),
        ["60:8 unknown-field /spec/sise `sise` is not a field of `spec` | did you mean `size`? | rename it to `size`",],
        "`mode` is required too, but has a default"
    );
}

#[test]
fn values_beyond_what_a_crd_allows_are_told_in_words() {
    let cases = [
        ("{size: 0}", "schema-violation /spec/size `size` must be more than 0, found the integer 0 | too small | -"),
        ("{size: 11}", "schema-violation /spec/size `size` must be at most 10, found the integer 11 | too large | -"),
        (
            "{size: 1, mode: fats}",
            "schema-violation /spec/mode `mode` must be `fast` or `safe`, found the string \"fats\" | did you mean `fast`? | write `fast`",
        ),
        (
            "{size: 1, mode: slow}",
            "schema-violation /spec/mode `mode` must be `fast` or `safe`, found the string \"slow\" | not one of the choices | -",
        ),
        (
            "{size: 1, name: a}",
            "schema-violation /spec/name `name` must be at least 2 characters long, found the string \"a\" | too short | -",
        ),
        (
            "{size: 1, name: AB}",
            "schema-violation /spec/name `name` must match `^[a-z]+$`, found the string \"AB\" | does not match the pattern | -",
        ),
        (
            "{size: 1, memory: 1gb}",
            "schema-violation /spec/memory `memory` must be a quantity, found the string \"1gb\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        ),
        (
            "{size: 1, wait: P1D}",
            "schema-violation /spec/wait `wait` must be a duration, found the string \"P1D\" | not a duration | write it like `1h30m` or `15s`",
        ),
        (
            "{size: 1, tags: [a, b, a]}",
            "schema-violation /spec/tags/2 `tags` holds a value twice | repeated here | remove one of the two",
        ),
        (
            "{size: 1, endpoints: [{port: 1}, {port: 2}, {port: 3}]}",
            "schema-violation /spec/endpoints `endpoints` must have at most 2 items, found 3 | too many | -",
        ),
        (
            "{size: 1, endpoints: [{port: 1}, {port: 1, protocol: TCP}]}",
            "schema-violation /spec/endpoints/1 `endpoints` has two items with the same `port` and `protocol` | repeated here | remove one of the two",
        ),
        (
            "{size: 1, labels: {a: b, c: d}}",
            "schema-violation /spec/labels `labels` must have at most 1 entry, found 2 | too many | -",
        ),
        (
            "{size: 1, source: {}}",
            "missing-field /spec/source `source` needs `git` or `oci` | needs `git` or `oci` | add `git` or `oci`",
        ),
        (
            "{size: 1, source: {git: a, oci: b}}",
            "schema-violation /spec/source `source` may have only one of `git` or `oci` | not both at once | remove all but one",
        ),
        (
            "{size: null}",
            "schema-violation /spec/size `size` must be an integer, found null | expected an integer | give it a value",
        ),
        (
            "{size: 1, tags: [null]}",
            "schema-violation /spec/tags/0 `tags[0]` must be a string, found null | expected a string | write the item, or remove it",
        ),
        (
            "{size: 1, empty: {a: 1}}",
            "unknown-field /spec/empty/a `a` is not a field of `empty` | unknown field | remove it: `empty` has no fields",
        ),
        (
            "{size: 1, free: {a: 1, known: 2}}",
            "schema-violation /spec/free/known `known` must be a string, found the integer 2 | expected a string | put it in quotes: `\"2\"`",
        ),
        (
            "{size: 1, template: {apiVersion: v1, a: 1}}",
            "missing-field /spec/template/kind `kind` is missing in `template` | needs `kind` | add `kind`",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(widget_finding(spec), expected);
    }
}

#[test]
fn the_api_server_drops_a_null_before_any_rule_of_a_crd() {
    assert_eq!(widget("{size: 1, mode: null, name: null, source: null, tags: null, maybe: null}"), [""; 0]);
}

#[test]
fn the_metadata_of_a_custom_resource_is_checked_as_of_any_object() {
    let text = format!(
        "{WIDGET}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w, labels: {{a: 1}}, label: {{}}}}\nspec: {{size: 1}}\n"
    );
    let found = check(&text);
    assert_eq!(
        found,
        [
            "59:33 schema-violation /metadata/labels/a `a` must be a string, found the integer 1 | expected a string | put it in quotes: `\"1\"`",
            "59:37 unknown-field /metadata/label `label` is not a field of `metadata` | unknown field | remove it, or move it to where it belongs",
        ]
    );
}

#[test]
fn a_version_that_the_crd_does_not_serve_is_an_error_whatever_is_set_for_unknown_kinds() {
    for version in ["v1beta1", "v2"] {
        let text = format!("{WIDGET}---\napiVersion: example.com/{version}\nkind: Widget\nmetadata: {{name: w}}\n");
        let schemas = Schemas::new("1.34", UnknownKinds::Allow).expect("1.34 is embedded");
        let expected = format!(
            "57:13 crd-version /apiVersion `Widget` of `example.com` is served as `v1`, not as `{version}` | not served by its CRD | write `apiVersion: example.com/v1`"
        );
        assert_eq!(check_with(schemas, &text), [expected]);
    }
}

#[test]
fn a_broken_crd_is_reported_where_it_is_broken_and_passes_nothing() {
    let cases = [
        (
            "{type: object, properties: {spec: {type: nonsense}}}",
            "55:72 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/type the schema of `Widget` `v1beta1` cannot be used: `type` cannot be `nonsense` | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: {spec: {type: string, pattern: '(['}}}",
            "55:89 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/pattern the schema of `Widget` `v1beta1` cannot be used: `([` is no regular expression of RE2: a class of characters is not closed | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: {spec: {$ref: '#/a'}}}",
            "55:72 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties/spec/$ref the schema of `Widget` `v1beta1` cannot be used: a CRD may not use `$ref` | nothing can be checked against this | correct the CRD",
        ),
        (
            "{type: object, properties: [1]}",
            "55:46 broken-schema /spec/versions/1/schema/openAPIV3Schema/properties the schema of `Widget` `v1beta1` cannot be used: `properties` cannot be a list | nothing can be checked against this | correct the CRD",
        ),
    ];
    for (schema, expected) in cases {
        let open = "{type: object, x-kubernetes-preserve-unknown-fields: true}";
        let crd = WIDGET.replace(open, schema).replace("served: false", "served: true");
        let manifests =
            parse(&format!("{crd}---\napiVersion: example.com/v1beta1\nkind: Widget\nmetadata: {{name: w}}\n"));
        let (schemas, diagnostics) = schemas().with_crds(&manifests);
        assert_eq!(diagnostics.iter().map(show).collect::<Vec<_>>(), [expected]);
        let verdict = schemas.validate(&manifests[1]);
        assert_eq!(verdict.coverage, Coverage::Failed);
        assert_eq!(
            verdict.diagnostics.iter().map(show).collect::<Vec<_>>(),
            [
                "58:7 broken-schema /kind `Widget` cannot be checked: the schema of its CRD is broken | not checked | correct the CRD"
            ]
        );
    }
}

#[test]
fn a_crd_version_without_schema_checks_nothing_and_is_an_error() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\nspec:\n  group: b.c\n  names: {kind: A, plural: a}\n  scope: Namespaced\n  versions:\n  - {name: v1, served: true, storage: true}\n";
    let (_, diagnostics) = schemas().with_crds(&parse(crd));
    assert_eq!(
        diagnostics.iter().map(show).collect::<Vec<_>>(),
        [
            "9:12 broken-schema /spec/versions/0/name the schema of `A` `v1` cannot be used: it has no `schema.openAPIV3Schema` | nothing can be checked against this | correct the CRD"
        ]
    );
}

#[test]
fn an_old_crd_keeps_unknown_fields_unless_it_says_otherwise() {
    let crd = |rest: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {{name: a.b.c}}\nspec:\n  group: b.c\n  names: {{kind: A, plural: a}}\n  version: v1\n  validation: {{openAPIV3Schema: {{properties: {{spec: {{properties: {{x: {{type: string}}}}}}}}}}}}\n{rest}---\napiVersion: b.c/v1\nkind: A\nmetadata: {{name: a}}\nspec: {{x: 1, z: 2}}\n"
        )
    };
    let found =
        |text: &str| check(text).into_iter().map(|line| line.split(' ').nth(2).map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!(found(&crd("")), [Some("/spec/x".to_owned())]);
    assert_eq!(
        found(&crd("  preserveUnknownFields: false\n")),
        [Some("/spec/x".to_owned()), Some("/spec/z".to_owned())]
    );
}

#[test]
fn the_first_definition_of_a_kind_wins() {
    let strict = parse(WIDGET);
    let loose = parse(&WIDGET.replace("maximum: 10", "maximum: 100"));
    let object = parse("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 50}\n");
    let findings = |first: &[Manifest], second: &[Manifest]| {
        let schemas = schemas().with_crds(first).0.with_crds(second).0;
        schemas.validate(&object[0]).diagnostics.len()
    };
    assert_eq!(findings(&strict, &loose), 1);
    assert_eq!(findings(&loose, &strict), 0);
}

#[test]
fn a_crd_cannot_loosen_a_kind_of_kubernetes_own() {
    let crd = WIDGET.replace("group: example.com", "group: apps").replace("kind: Widget,", "kind: Deployment,");
    let found =
        check(&format!("{crd}---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec: {{size: 1}}\n"));
    let rules: Vec<_> = found.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(rules, ["/spec/selector", "/spec/template", "/spec/size"], "{found:?}");
}

#[test]
fn a_deeply_nested_crd_ends_in_a_verdict() {
    let depth = 110;
    let schema = format!("{}{{type: string}}{}", "{type: object, properties: {a: ".repeat(depth), "}}".repeat(depth));
    let crd = WIDGET
        .replace("{type: object, x-kubernetes-preserve-unknown-fields: true}", &schema)
        .replace("served: false", "served: true");
    let object = format!("{}1{}", "{a: ".repeat(depth - 2), "}".repeat(depth - 2));
    let text = format!("{crd}---\napiVersion: example.com/v1beta1\nkind: Widget\nmetadata: {{name: w}}\na: {object}\n");
    assert_eq!(check(&text).len(), 1, "a number where a mapping is wanted");
}
