//! Every keyword of a CRD's schema: what it lets pass, and what it refuses.

use hydrant::manifest::Manifest;

use super::{check, parse, schemas, show};

/// A CRD whose `spec` has this schema, in the version given.
fn crd(version: &str, schema: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: things.example.com}}\n\
         spec:\n  group: example.com\n  names: {{kind: Thing, plural: things}}\n  scope: Namespaced\n  versions:\n  \
         - name: {version}\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        \
         type: object\n        properties:\n          spec: {schema}\n"
    )
}

fn manifests(schema: &str, spec: &str) -> Vec<Manifest> {
    parse(&format!(
        "{}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: t}}\nspec: {spec}\n",
        crd("v1", schema)
    ))
}

/// Where something is wrong with a `spec`, each place without `/spec`.
fn wrong(schema: &str, spec: &str) -> Vec<String> {
    let manifests = manifests(schema, spec);
    let (schemas, broken) = schemas().with_crds(&manifests);
    assert!(broken.is_empty(), "{schema}: {broken:?}");
    let found = schemas.validate(&manifests[1]).diagnostics;
    found.iter().map(|found| found.pointer.clone().unwrap().replacen("/spec", "", 1)).collect()
}

/// A schema, specs that fit it, and specs that do not with the place that is blamed.
type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const EXTENSIONS: &[Case] = &[
    (
        "{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: object, properties: {b: {type: integer}}}}}",
        &["{x: 1}", "{a: {b: 1}, x: {z: 2}}"],
        // what is listed still applies, and below it unknown fields are refused again
        &[("{a: {b: x}}", "/a/b"), ("{a: {c: 1}}", "/a/c")],
    ),
    ("{x-kubernetes-preserve-unknown-fields: true}", &["{a: 1}", "text", "[1, {a: b}]", "null", "5"], &[]),
    (
        "{type: object, properties: {a: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}",
        &["{a: [{x: 1}]}"],
        &[("{a: [1]}", "/a/0"), ("{b: 1}", "/b")],
    ),
    (
        "{type: object, properties: {a: {x-kubernetes-int-or-string: true}}}",
        &["{a: 1}", "{a: '1'}", "{a: null}"],
        &[("{a: 1.5}", "/a"), ("{a: true}", "/a"), ("{a: []}", "/a")],
    ),
    (
        "{type: object, properties: {a: {x-kubernetes-int-or-string: true, allOf: [{anyOf: [{type: integer}, {type: string}]}, {maximum: 5}]}}}",
        &["{a: 5}", "{a: '10%'}"],
        &[("{a: 6}", "/a")],
    ),
    (
        "{type: object, properties: {a: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object, properties: {m: {type: integer}}}}}}}",
        &["{a: {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {x: z}}, spec: {m: 1}}}"],
        &[
            ("{a: {apiVersion: v1, kind: Pod, x: 1}}", "/a/x"),
            ("{a: {apiVersion: v1}}", "/a/kind"),
            ("{a: {apiVersion: v1, kind: Pod, metadata: {nam: p}}}", "/a/metadata/nam"),
        ],
    ),
    (
        "{type: object, properties: {a: {type: array, x-kubernetes-list-type: set, items: {type: string}}}}",
        &["{a: [x, z]}", "{a: []}"],
        &[("{a: [x, z, x]}", "/a/2")],
    ),
    (
        "{type: object, properties: {a: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k, p], items: {type: object, required: [k], properties: {k: {type: string}, p: {type: string, default: TCP}}}}}}",
        &["{a: [{k: x}, {k: z}]}", "{a: [{k: x, p: UDP}, {k: x}]}"],
        // a default counts as if it were written
        &[("{a: [{k: x}, {k: x}]}", "/a/1"), ("{a: [{k: x, p: TCP}, {k: z}, {k: x}]}", "/a/2")],
    ),
    (
        "{type: object, properties: {a: {type: array, x-kubernetes-list-type: atomic, items: {type: string}}}}",
        &["{a: [x, x]}"],
        &[],
    ),
    // without a default and not required, the API server drops a null; `nullable` keeps it; else it is refused
    (
        "{type: object, required: [a, b, c], properties: {a: {type: string}, b: {type: string, nullable: true}, c: {type: string, default: x}, d: {type: string}}}",
        &["{a: x, b: null, c: null, d: null}", "{a: x, b: z}"],
        &[("{a: null, b: x}", "/a"), ("{b: x}", "/a")],
    ),
    (
        "{type: object, properties: {a: {type: array, items: {type: string}}, m: {type: array, items: {type: string, nullable: true}}}}",
        &["{m: [null]}"],
        &[("{a: [null]}", "/a/0")],
    ),
    ("{type: object, required: [a], properties: {a: {type: string, default: x}}}", &["{}"], &[]),
    ("{type: object, additionalProperties: {type: integer}}", &["{x: 1}"], &[("{x: z}", "/x")]),
    ("{type: object}", &["{}"], &[("{x: 1}", "/x")]),
];

const VALUES: &[Case] = &[
    (
        "{type: integer, minimum: 1, exclusiveMinimum: true, maximum: 3, exclusiveMaximum: false}",
        &["2", "3"],
        &[("1", ""), ("4", "")],
    ),
    ("{type: number, multipleOf: 0.5}", &["1.5"], &[("1.3", "")]),
    ("{type: integer, format: int32}", &["2147483647", "-2147483648"], &[("2147483648", ""), ("-2147483649", "")]),
    ("{type: integer, format: int64}", &["9223372036854775807"], &[("9223372036854775808", "")]),
    ("{type: number, format: float}", &["1", "1.5", "1e30"], &[("'1.5'", "")]),
    ("{type: number, format: double}", &["1", "1e300"], &[("true", "")]),
    (
        "{type: string, format: date-time}",
        &["2026-01-31T12:00:00Z", "'2026-01-31t12:00:00.5+01:00'"],
        &[("2026-01-31", ""), ("soon", "")],
    ),
    ("{type: string, format: date}", &["2026-01-31"], &[("2026-02-31", ""), ("31.1.2026", "")]),
    ("{type: string, format: duration}", &["1h2m3s", "'0'", "3 days"], &[("P1D", ""), ("'15'", "")]),
    ("{type: string, format: byte}", &["aHlkcmFudA=="], &[("hydrant!", "")]),
    ("{type: string, format: uuid}", &["6ba7b810-9dad-41d1-80b4-00c04fd430c8"], &[("6ba7b810", "")]),
    (
        "{type: string, format: uuid4}",
        &["6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
        &[("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "")],
    ),
    ("{type: string, format: ipv4}", &["10.0.0.1"], &[("10.0.0.256", ""), ("'::1'", "")]),
    ("{type: string, format: ipv6}", &["'::1'"], &[("10.0.0.1", "")]),
    ("{type: string, format: cidr}", &["10.0.0.0/8"], &[("10.0.0.0", "")]),
    ("{type: string, format: mac}", &["'00:00:5e:00:53:01'"], &[("'00:00:5e'", "")]),
    ("{type: string, format: hostname}", &["web.example.com"], &[("web_1.example.com", "")]),
    ("{type: string, format: email}", &["ann@example.com"], &[("ann", "")]),
    ("{type: string, format: uri}", &["https://example.com", "/path"], &[("example.com", "")]),
    ("{type: string, format: password}", &["anything"], &[]),
    ("{type: string, format: nonsense}", &["anything"], &[]),
    // patterns are RE2: what the engine below reads otherwise
    ("{type: string, pattern: '^{.*}$'}", &["'{a}'"], &[("a", "")]),
    ("{type: string, pattern: '^[^[]+$'}", &["a"], &[("'a[b'", "")]),
    ("{type: string, pattern: '^[[:lower:]]+$'}", &["abc"], &[("ABC", "")]),
    ("{type: string, enum: [a, b]}", &["a"], &[("c", "")]),
    ("{type: string, not: {pattern: ^x}}", &["a"], &[("xa", "")]),
    ("{type: string, anyOf: [{maxLength: 1}, {pattern: ^long}]}", &["a", "longer"], &[("short", "")]),
];

#[test]
fn every_extension_of_kubernetes_is_honoured() {
    EXTENSIONS.iter().chain(VALUES).for_each(|(schema, good, bad)| {
        good.iter().for_each(|spec| assert_eq!(wrong(schema, spec), [""; 0], "{schema}: {spec}"));
        bad.iter().for_each(|(spec, place)| assert_eq!(wrong(schema, spec), [*place], "{schema}: {spec}"));
    });
}

#[test]
fn a_pattern_that_go_refuses_breaks_the_schema_where_it_stands() {
    let cases = [
        ("(?=a)", "RE2 knows no look-around, nor any flag but `i`, `m`, `s` and `U`"),
        ("a{2000}", "RE2 repeats at most 1000 times"),
        ("a++", "a repetition cannot be repeated"),
    ];
    for (pattern, reason) in cases {
        for schema in [
            format!("{{type: string, pattern: '{pattern}'}}"),
            format!("{{type: string, nullable: true, anyOf: [{{pattern: '{pattern}'}}]}}"),
        ] {
            let (_, broken) = schemas().with_crds(&parse(&crd("v1", &schema)));
            let [found] = broken.as_slice() else { panic!("{pattern}: {broken:?}") };
            assert!(
                found.message.ends_with(&format!("`{pattern}` is no regular expression of RE2: {reason}")),
                "{found:?}"
            );
            let label = found.primary.as_ref().expect("a place");
            assert_eq!(label.location.source.slice(label.location.span).trim_matches('\''), pattern);
        }
    }
}

#[test]
fn a_pattern_is_shown_as_it_is_written() {
    let found = check(&format!(
        "{}---\napiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: t}}\nspec: x\n",
        crd("v1", r"{type: string, pattern: '^\d.\d$'}")
    ));
    assert_eq!(
        found,
        [
            r#"21:7 schema-violation /spec `spec` must match `^\d.\d$`, found the string "x" | does not match the pattern | -"#
        ]
    );
}

#[test]
fn rules_in_cel_are_told_once_for_each_kind_that_was_judged_without_them() {
    let schema = "{type: object, x-kubernetes-validations: [{rule: 'self.a > 0'}], properties: {a: {type: integer, x-kubernetes-validations: [{rule: 'self < 9'}]}}}";
    let manifests = manifests(schema, "{a: -1}");
    let (schemas, _) = schemas().with_crds(&manifests);
    let twice: Vec<_> = manifests.iter().chain(&manifests[1..]).collect();
    let notes: Vec<_> = schemas.unevaluated(twice).iter().map(show).collect();
    assert_eq!(
        notes,
        [
            "19:7 cel-not-evaluated /kind `example.com/v1` `Thing` has 2 rules in CEL that were not evaluated | judged by the other keywords of its schema | the API server evaluates them: `kubectl apply --dry-run=server` asks it beforehand"
        ]
    );
    assert!(schemas.unevaluated(&manifests[..1]).is_empty(), "no object of the kind, no note");
}
