//! A gallery of what can be wrong with an object, and what is said of it: read it as the person whose deploy was refused.

use std::fmt::Write as _;

use hydrant::diagnostic::Diagnostic;

use super::{GALLERY_CRD, is_by_schema, parse, schemas};

/// What is wrong, and the object that has it.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "a number in quotes",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: \"3\"\n  selector: {}\n  template: {}\n",
    ),
    (
        "a number that is no integer",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1.5\n  selector: {}\n  template: {}\n",
    ),
    (
        "an integer beyond its size",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2147483648\n  selector: {}\n  template: {}\n",
    ),
    (
        "a number in words",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: three\n  selector: {}\n  template: {}\n",
    ),
    (
        "a field that nobody wrote",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template: {}\n",
    ),
    ("two fields that nobody wrote", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n"),
    (
        "a misspelt field",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replcias: 3\n  selector: {}\n  template: {}\n",
    ),
    (
        "a field in the wrong case",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    ImagePullPolicy: Always\n",
    ),
    (
        "a required field that is misspelt",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  container:\n  - name: a\n",
    ),
    (
        "fields indented too little",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\ncontainers:\n- name: a\n  image: b\n",
    ),
    (
        "a field that belongs one level deeper",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {}\n  containers: []\n  template: {}\n",
    ),
    (
        "a field of another kind",
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: d}\nspec:\n  replicas: 2\n  selector: {}\n  template: {}\n",
    ),
    (
        "a mapping where a list is wanted",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    name: a\n    image: b\n",
    ),
    ("a list where a mapping is wanted", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n- key: value\n"),
    (
        "one text where a list is wanted",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    command: sh -c true\n",
    ),
    (
        "env as a mapping",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    env:\n      LOG: debug\n",
    ),
    (
        "an item that is nothing",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n  -\n",
    ),
    (
        "a required field that is nothing",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector:\n  template: {}\n",
    ),
    (
        "a version that is a number",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels:\n    version: 1.10\n",
    ),
    ("a word that is a boolean", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  enabled: yes\n"),
    ("Norway", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  country: NO\n"),
    ("an octal number", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  mode: 0644\n"),
    ("an exponent", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  commit: 1234e56\n"),
    (
        "a boolean in quotes",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostNetwork: \"true\"\n  containers: []\n",
    ),
    (
        "a boolean in words",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostNetwork: enabled\n  containers: []\n",
    ),
    (
        "a number as an environment variable",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    env:\n    - name: PORT\n      value: 8080\n",
    ),
    (
        "a number as an annotation",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  annotations:\n    example.com/port: 8080\n",
    ),
    (
        "a number among arguments",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    args: [--port, 8080]\n",
    ),
    (
        "a mapping as configuration data",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  app.yaml:\n    debug: true\n",
    ),
    (
        "a bad quantity",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    resources: {limits: {memory: 1GB}}\n",
    ),
    (
        "a quantity that is a boolean",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    resources: {limits: {cpu: true}}\n",
    ),
    (
        "a port that is a fraction",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {port: 80, targetPort: 80.5}\n",
    ),
    (
        "a port with its protocol",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {port: 80/TCP}\n",
    ),
    (
        "the same port twice",
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80}\n",
    ),
    ("a date that is none", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, creationTimestamp: yesterday}\n"),
    (
        "a template that was never rendered",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: ${REPLICAS}\n  selector: {}\n  template: {}\n",
    ),
    ("a secret in plain text", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  password: hunter2!\n"),
    ("a secret that is a number", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  pin: 12345\n"),
    ("a key in the place of another", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\npassword: hunter2\n"),
    ("a kind in the wrong case", "apiVersion: apps/v1\nkind: deployment\nmetadata: {name: web}\n"),
    ("a kind in the wrong group", "apiVersion: v1\nkind: Deployment\nmetadata: {name: web}\n"),
    ("a kind that is gone", "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: x}\n"),
    (
        "an old ingress",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  rules:\n  - http:\n      paths:\n      - path: /\n        backend: {serviceName: web, servicePort: 80}\n",
    ),
];

/// The same for custom resources: the `spec` of each.
const CUSTOM: &[(&str, &str)] = &[
    ("not one of the choices", "mode: slow"),
    ("nearly one of the choices", "mode: Fast"),
    ("a choice that YAML reads otherwise", "logs: on"),
    ("many choices", "zone: moon"),
    ("too small", "size: 0"),
    ("too large", "size: 11"),
    ("no multiple", "step: 7"),
    ("a pattern", "name: Web_1"),
    ("too short", "name: a"),
    ("too long", "name: abcdefghijklm"),
    ("an empty text", "name: \"\""),
    ("too few items", "hosts: []"),
    ("too many items", "hosts: [a, b, c]"),
    ("an item twice", "tags: [a, b, a]"),
    ("a key twice", "endpoints: [{port: 1}, {port: 1, protocol: TCP}]"),
    ("too few entries", "labels: {}"),
    ("too many entries", "labels: {a: b, c: d}"),
    ("none of two forms", "source: {}"),
    ("both of two forms", "source: {git: {url: a}, oci: {url: b}}"),
    ("a form with an error in it", "source: {git: {url: 5}}"),
    ("neither an integer nor a text", "port: [80]"),
    ("a bad duration", "wait: P1D"),
    ("a duration that is a number", "wait: 30"),
    ("a bad date and time", "at: 2026-02-31"),
    ("a bad address", "address: 10.0.0.256"),
    ("a bad range of addresses", "range: 10.0.0.0"),
    ("a bad identifier", "id: 1234"),
    ("an embedded object without kind", "object: {apiVersion: v1}"),
    ("a required field that is null", "size: null"),
    ("one of two forms, with something missing", "auth: {type: basic}"),
    ("one of two forms, too short", "auth: {type: token, token: abc}"),
    ("none of two forms at all", "auth: {type: kerberos, user: a}"),
    ("neither of two types", "limit: 5"),
    ("one of two types, incomplete", "limit: {min: 1}"),
    ("what must not be", "forbidden: x"),
    ("a field that is not kept", "closed: {a: 1}"),
    ("in a list, by name", "endpoints: [{port: 1, name: web, tls: maybe}]"),
];

/// A finding as a person sees it: the line, the arrow, the help.
fn picture(diagnostic: &Diagnostic) -> String {
    let label = diagnostic.primary.as_ref().expect("a place");
    let (start, end) = (label.location.position(), label.location.end_position());
    let source = &label.location.source;
    let line = source.text().lines().nth(start.line as usize - 1).unwrap_or_default();
    let width = if end.line == start.line { end.column.saturating_sub(start.column).max(1) } else { 1 };
    let arrow = format!("{}{}", " ".repeat(start.column as usize - 1), "^".repeat(width as usize));
    let mut text = format!("{}[{}] {}\n", diagnostic.severity, diagnostic.rule, diagnostic.message);
    let _ = writeln!(
        text,
        "  {}:{} {} {}",
        start.line,
        start.column,
        diagnostic.subject.object.as_deref().unwrap_or("-"),
        diagnostic.pointer.as_deref().unwrap_or("-")
    );
    let _ = writeln!(text, "  | {line}");
    let _ = writeln!(text, "  | {arrow} {}", label.text);
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(text, "  help: {help}");
    }
    text
}

fn pictures(title: &str, text: &str) -> String {
    let manifests = parse(text);
    let (schemas, broken) = schemas().with_crds(&manifests);
    assert!(broken.is_empty(), "{broken:?}");
    let found = schemas.validate(manifests.last().expect("an object")).diagnostics;
    let found: String = found.iter().filter(|found| is_by_schema(found)).map(picture).collect();
    assert!(!found.is_empty(), "{title}: nothing is wrong");
    format!("# {title}\n{found}\n")
}

#[test]
fn what_is_said_of_objects_of_kubernetes_own_kinds() {
    let all: String = BUILT_IN.iter().map(|(title, text)| pictures(title, text)).collect();
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_said_of_custom_resources() {
    let object = |spec: &str| {
        let size = if spec.starts_with("size") { "" } else { "  size: 1\n" };
        format!(
            "{GALLERY_CRD}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec:\n{size}  {spec}\n"
        )
    };
    let all: String = CUSTOM.iter().map(|(title, spec)| pictures(title, &object(spec))).collect();
    insta::assert_snapshot!(all);
}
