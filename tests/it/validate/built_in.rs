//! The kinds of Kubernetes itself.

use super::check;

#[test]
fn everything_wrong_with_a_deployment_is_told_at_its_place() {
    let found = check(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replcias: 3
  paused: "true"
  template:
    metadata: {labels: {app: web, country: NO}}
    spec:
      containers:
      - name: a
        image: 5
        ports: {}
        resources: {limits: {cpu: lots}}
        Foo: 1
      -
"#,
    );
    let expected = [
        "4:1 missing-field /spec/selector `selector` is missing in `spec` | needs `selector` | add `selector`",
        "5:3 unknown-field /spec/replcias `replcias` is not a field of `spec` | did you mean `replicas`? | rename it to `replicas`",
        "6:11 schema-violation /spec/paused `paused` must be a boolean, found the string \"true\" | expected a boolean | remove the quotes",
        "8:44 schema-violation /spec/template/metadata/labels/country `country` must be a string, found the boolean false | YAML reads `NO` as a boolean (false) | put it in quotes: `\"NO\"`",
        "12:16 schema-violation /spec/template/spec/containers/0/image `image` must be a string, found the integer 5 | expected a string | put it in quotes: `\"5\"`",
        "13:9 schema-violation /spec/template/spec/containers/0/ports `ports` must be a list, found a mapping | expected a list | write a list: begin each item with `- `",
        "14:35 schema-violation /spec/template/spec/containers/0/resources/limits/cpu `cpu` must be a quantity, found the string \"lots\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        "15:9 unknown-field /spec/template/spec/containers/0/Foo `Foo` is not a field of `containers[name=a]` | unknown field | remove it, or move it to where it belongs",
        "16:8 schema-violation /spec/template/spec/containers/1 `containers[1]` must be a mapping, found nothing | expected a mapping | write the item, or remove it",
    ];
    assert_eq!(found, expected);
}

#[test]
fn numbers_must_fit_their_size_and_whole_floats_are_integers() {
    let replicas = |value: &str| {
        check(&format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  replicas: {value}\n  selector: {{}}\n  template: {{}}\n"
        ))
    };
    assert_eq!(replicas("1.0"), [""; 0]);
    assert_eq!(replicas("1e2"), [""; 0]);
    assert_eq!(replicas("null"), [""; 0], "the API server drops it");
    assert_eq!(
        replicas("2147483648"),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be at most 2147483647, found the integer 2147483648 | does not fit 32 bits | -"
        ]
    );
    assert_eq!(
        replicas("\"3\""),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be an integer, found the string \"3\" | expected an integer | remove the quotes"
        ]
    );
    assert_eq!(
        replicas("1.5"),
        [
            "5:13 schema-violation /spec/replicas `replicas` must be an integer, found the number 1.5 | expected an integer | write a whole number"
        ]
    );
}

#[test]
fn a_null_is_dropped_but_not_where_a_field_is_required_or_in_a_list() {
    let found = check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: null, creationTimestamp: null}\nspec:\n  selector:\n  template: {spec: {containers: [null], nodeSelector: null}}\n",
    );
    let expected = [
        "5:3 schema-violation /spec/selector `selector` must be a mapping, found nothing | expected a mapping | give it a value",
        "6:34 schema-violation /spec/template/spec/containers/0 `containers[0]` must be a mapping, found null | expected a mapping | write the item, or remove it",
    ];
    assert_eq!(found, expected);
}

#[test]
fn quantities_and_ports_may_be_numbers_or_text() {
    let found = check(
        r#"apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    resources: {requests: {cpu: 1, memory: 1.5Gi}, limits: {cpu: 0.5, memory: 1GB}}
    livenessProbe: {httpGet: {port: http}}
    readinessProbe: {httpGet: {port: 8080}}
    startupProbe: {httpGet: {port: 80.5}}
"#,
    );
    let expected = [
        "7:79 schema-violation /spec/containers/0/resources/limits/memory `memory` must be a quantity, found the string \"1GB\" | not a quantity | write it like `100m`, `0.5` or `1Gi`",
        "10:36 schema-violation /spec/containers/0/startupProbe/httpGet/port `port` must be an integer or a string, found the number 80.5 | expected an integer or a string | write a whole number",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_same_port_twice_is_an_error_in_a_service_and_none_in_a_container() {
    let found = check(
        "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80}\n",
    );
    assert_eq!(
        found,
        [
            "7:6 schema-violation /spec/ports/1 `ports` has two items with the same `port` and `protocol` | repeated here | remove one of the two"
        ]
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, ports: [{containerPort: 80}, {containerPort: 80}], env: [{name: A}, {name: A}]}\n";
    assert_eq!(check(pod), [""; 0]);
}

#[test]
fn a_key_that_yaml_reads_as_something_else_is_shown_as_written() {
    let found = check("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ny: 1\n");
    assert_eq!(
        found,
        [
            "4:1 unknown-field /true `y` is not a field of `ConfigMap` | YAML reads `y` as `true` | remove it: `ConfigMap` has only `apiVersion`, `binaryData`, `data`, `immutable`, `kind` and `metadata`"
        ]
    );
}

#[test]
fn values_of_a_secret_are_never_shown() {
    let found = check(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: [hunter2]\ndata:\n  password: hunter2!\nstringData: {pin: 12345, flag: yes}\n",
    );
    let expected = [
        "4:1 schema-violation /type `type` must be a string, found a list | expected a string | -",
        "6:13 schema-violation /data/password `password` must be base64, found a string | not base64 | encode it in base64, or move it to `stringData`",
        "7:19 schema-violation /stringData/pin `pin` must be a string, found an integer | expected a string | put it in quotes",
        "7:32 schema-violation /stringData/flag `flag` must be a string, found a boolean | expected a string | put it in quotes",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_secret_that_sops_encrypted_is_accepted_and_only_there() {
    let encrypted = "metadata: {name: s}\ndata: {password: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n";
    assert_eq!(check(&format!("apiVersion: v1\nkind: Secret\n{encrypted}")), [""; 0]);
    assert_eq!(
        check(&format!("apiVersion: v1\nkind: ConfigMap\n{encrypted}")),
        [
            "5:1 unknown-field /sops `sops` is not a field of `ConfigMap` | unknown field | remove it: `ConfigMap` has only `apiVersion`, `binaryData`, `data`, `immutable`, `kind` and `metadata`"
        ]
    );
    assert_eq!(
        check(&format!("apiVersion: v1\nkind: Secret\nspos: {{}}\n{encrypted}")).len(),
        1,
        "other unknown fields stay errors"
    );
}
