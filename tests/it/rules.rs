//! Rules: what the API server demands and no schema says; and what it refuses to change.

use std::collections::BTreeMap;

use hydrant::diagnostic::{Diagnostic, Severity, rules};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::source::Source;
use hydrant::validate::{Schemas, UnknownKinds, changes};

use crate::corpus::{corpus, files_below};

fn parse(text: &str) -> Vec<Manifest> {
    let parsed = hydrant::parse::parse(&Source::file("test.yaml", text), &ReadLimits::default());
    let mut errors = parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    assert!(errors.next().is_none(), "{:?}", parsed.diagnostics);
    parsed.manifests
}

/// A finding in full: `severity rule line:column pointer message | label | help`.
fn show(diagnostic: &Diagnostic) -> String {
    let label = diagnostic.primary.as_ref().expect("a place");
    let position = label.location.position();
    format!(
        "{} {} {}:{} {} {} | {} | {}",
        diagnostic.severity,
        diagnostic.rule,
        position.line,
        position.column,
        diagnostic.pointer.as_deref().unwrap_or("-"),
        diagnostic.message,
        label.text,
        diagnostic.help.as_deref().unwrap_or("-")
    )
}

/// Everything found in the last object, for a minor of Kubernetes.
fn check_for(minor: &str, text: &str) -> Vec<Diagnostic> {
    let manifests = parse(text);
    let (schemas, broken) = Schemas::new(minor, UnknownKinds::Deny).expect("embedded").with_crds(&manifests);
    assert!(broken.is_empty(), "{broken:?}");
    schemas.validate(manifests.last().expect("an object")).diagnostics
}

fn check(text: &str) -> Vec<String> {
    check_for("1.34", text).iter().map(show).collect()
}

/// Rule and pointer of everything found.
fn brief_for(minor: &str, text: &str) -> Vec<String> {
    let found = check_for(minor, text);
    found.iter().map(|found| format!("{} {}", found.rule, found.pointer.as_deref().unwrap_or("-"))).collect()
}

fn brief(text: &str) -> Vec<String> {
    brief_for("1.34", text)
}

const NOTHING: [&str; 0] = [];

/// A Pod whose spec is one line of YAML.
fn pod(spec: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{{spec}}}\n")
}

/// A Pod with one container, which has these fields besides name and image.
fn container(fields: &str) -> String {
    pod(&format!("containers: [{{name: a, image: b, {fields}}}]"))
}

fn object(api_version: &str, kind: &str, rest: &str) -> String {
    format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n{rest}\n")
}

const TEMPLATE: &str = "template: {metadata: {labels: {app: x}}, spec: {containers: [{name: a, image: b}]}}";

// ── spec ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_workload_that_says_nothing_is_refused() {
    for (api_version, kind) in [
        ("v1", "Pod"),
        ("v1", "Service"),
        ("v1", "PersistentVolumeClaim"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "CronJob"),
        ("networking.k8s.io/v1", "Ingress"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ] {
        assert_eq!(brief(&object(api_version, kind, "")), ["required-value /spec"], "{kind}");
        assert_eq!(brief(&object(api_version, kind, "spec:")), ["required-value /spec"], "{kind}, null");
    }
    let misplaced = brief(&object("v1", "Pod", "containers: [{name: a, image: b}]"));
    assert!(!misplaced.contains(&"required-value /spec".to_owned()), "one mistake, told once: {misplaced:?}");
    assert_eq!(brief(&object("v1", "ServiceAccount", "")), NOTHING);
    assert_eq!(brief(&object("networking.k8s.io/v1", "NetworkPolicy", "")), NOTHING, "all of it has defaults");
}

// ── names, labels, annotations ──────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_name_that_cannot_be_one_says_which_sign_is_wrong() {
    assert_eq!(
        check("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Bad_Name!\n"),
        [
            "error invalid-name 4:9 /metadata/name `Bad_Name!` cannot be the name of a `ConfigMap`: 'B' is not allowed | a-z, 0-9, `-` and `.`, a letter or digit at both ends of each part, at most 253 characters | write `bad-name`"
        ]
    );
}

#[test]
fn every_kind_has_its_own_form_of_names() {
    let long = "a".repeat(53);
    let with_name = |minor: &str, api_version: &str, kind: &str, name: &str| {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: \"{name}\"}}\n");
        check_for(minor, &text).iter().any(|found| found.rule == rules::INVALID_NAME)
    };
    let table = [
        ("1.34", "v1", "Namespace", "a.b", true),
        ("1.34", "v1", "ConfigMap", "a.b", false),
        ("1.34", "v1", "Service", "1a", true),
        ("1.36", "v1", "Service", "1a", false),
        ("1.36", "v1", "Service", "a.b", true),
        ("1.34", "apps/v1", "StatefulSet", "a.b", true),
        ("1.26", "apps/v1", "StatefulSet", "a.b", false),
        ("1.34", "apps/v1", "Deployment", "a.b", false),
        ("1.34", "batch/v1", "CronJob", &long, true),
        ("1.34", "batch/v1", "Job", &long, false),
        ("1.34", "rbac.authorization.k8s.io/v1", "ClusterRole", "system:Admin", false),
        ("1.34", "scheduling.k8s.io/v1", "PriorityClass", "system-mine", true),
        ("1.34", "scheduling.k8s.io/v1", "PriorityClass", "system-node-critical", false),
        ("1.34", "networking.k8s.io/v1", "IPAddress", "2001:db8::1", false),
    ];
    for (minor, api_version, kind, name, refused) in table {
        assert_eq!(with_name(minor, api_version, kind, name), refused, "{kind} {name} in {minor}");
    }
}

#[test]
fn a_prefix_may_end_with_a_dash_and_a_name_may_not() {
    let text = |field: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{{field}: job-}}\n");
    assert_eq!(brief(&text("generateName")), NOTHING);
    assert_eq!(brief(&text("name")), ["invalid-name /metadata/name"]);
    assert_eq!(
        brief("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: Job-}\n"),
        ["invalid-name /metadata/generateName"]
    );
}

#[test]
fn names_that_other_fields_make_must_be_what_they_make() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widget.example.com}\nspec:\n  group: example.com\n  scope: Namespaced\n  names: {plural: widgets, kind: Widget}\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n";
    assert_eq!(
        check(crd),
        [
            "error invalid-name 3:18 /metadata/name `widget.example.com` must be `widgets.example.com` | the plural and the group make the name | write `widgets.example.com`"
        ]
    );
    assert_eq!(brief(&crd.replace("widget.example", "widgets.example")), NOTHING);
    assert_eq!(
        brief(&crd.replace("widget.example", "widgets.example").replace("storage: true", "storage: false")),
        ["one-of /spec/versions"]
    );
}

#[test]
fn the_name_of_a_custom_resource_is_a_subdomain() {
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.example.com}\nspec:\n  group: example.com\n  scope: Cluster\n  names: {plural: widgets, kind: Widget}\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n---\n";
    let found = brief(&format!(
        "{crd}apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: A, namespace: b, labels: {{x: '-'}}, finalizers: [plain]}}\n"
    ));
    assert_eq!(
        found,
        ["invalid-name /metadata/name", "ignored-namespace /metadata/namespace", "invalid-label /metadata/labels/x"],
        "a finalizer of a custom resource needs no domain"
    );
}

#[test]
fn labels_annotations_and_finalizers_have_forms() {
    let found = check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels:\n    a/b/c: x\n    owner: _\n    empty:\n    Upper.io/x: z\n  annotations:\n    Upper.io/x: fine\n    '': z\n  finalizers: [mine, example.com/mine]\n",
    );
    let expected = [
        "error invalid-label 6:5 /metadata/labels/a~1b~1c `a/b/c` cannot be the key of a label: '/' is not allowed | a name of at most 63 characters, or a domain, `/` and such a name | -",
        "error invalid-label 7:12 /metadata/labels/owner `_` cannot be the value of a label: a letter or digit must stand at both ends | letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63 characters | -",
        "error invalid-label 9:5 /metadata/labels/Upper.io~1x `Upper.io/x` cannot be the key of a label: the part before `/` is no domain: 'U' is not allowed | a name of at most 63 characters, or a domain, `/` and such a name | -",
        "error invalid-annotation 12:5 /metadata/annotations/ `` cannot be the key of an annotation: its name is empty | a name of at most 63 characters, or a domain, `/` and such a name | -",
        "error invalid-finalizer 13:16 /metadata/finalizers/0 `mine` cannot be a finalizer: it has no domain | not a finalizer | write it as `domain/name`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn annotations_may_hold_256_kibibytes_and_no_more() {
    let text = |size: usize| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, annotations: {{a: {}}}}}\n", "x".repeat(size))
    };
    assert_eq!(brief(&text(256 * 1024 - 1)), NOTHING);
    assert_eq!(brief(&text(256 * 1024)), ["invalid-annotation /metadata/annotations"]);
}

#[test]
fn what_sops_encrypted_is_not_judged() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {a: 'ENC[AES256_GCM,data:x]'}}\ntype: 'ENC[AES256_GCM,data:x]'\ndata: {a: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n";
    assert_eq!(brief(secret), NOTHING);
}

// ── selectors ───────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_selector_that_does_not_match_its_template_names_the_label() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata: {labels: {app: wbe}}\n    spec: {containers: [{name: a, image: b}]}\n";
    assert_eq!(
        check(text),
        [
            "error selector-mismatch 5:3 /spec/selector the selector does not match the labels of the template: `app: web` is not met | matches no Pod of its own | make `template.metadata.labels` fit `selector`"
        ]
    );
}

#[test]
fn every_operator_of_a_selector_is_understood() {
    let refused = |expression: &str| {
        let spec = format!("spec: {{selector: {{matchExpressions: [{expression}]}}, {TEMPLATE}}}");
        brief(&object("apps/v1", "ReplicaSet", &spec))
    };
    for met in [
        "{key: app, operator: In, values: [x, z]}",
        "{key: app, operator: NotIn, values: [z]}",
        "{key: other, operator: NotIn, values: [z]}",
        "{key: app, operator: Exists}",
        "{key: other, operator: DoesNotExist}",
    ] {
        assert_eq!(refused(met), NOTHING, "{met}");
    }
    for unmet in [
        "{key: app, operator: In, values: [z]}",
        "{key: app, operator: NotIn, values: [x]}",
        "{key: other, operator: Exists}",
        "{key: app, operator: DoesNotExist}",
    ] {
        assert_eq!(refused(unmet), ["selector-mismatch /spec/selector"], "{unmet}");
    }
    let path = "/spec/selector/matchExpressions/0";
    assert_eq!(refused("{key: app, operator: Equals, values: [x]}"), [format!("invalid-selector {path}/operator")]);
    assert_eq!(refused("{key: app, operator: Exists, values: [x]}"), [format!("invalid-selector {path}/values")]);
    assert_eq!(refused("{key: app, operator: In, values: [x, '-']}"), [format!("invalid-label {path}/values/1")]);
}

#[test]
fn a_workload_needs_a_selector_that_selects_something() {
    let spec = format!("spec: {{selector: {{}}, {TEMPLATE}}}");
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"] {
        assert_eq!(brief(&object("apps/v1", kind, &spec)), ["invalid-selector /spec/selector"], "{kind}");
    }
    let controller = |selector: &str| {
        brief(&object("v1", "ReplicationController", &format!("spec: {{selector: {selector}, {TEMPLATE}}}")))
    };
    assert_eq!(controller("{}"), NOTHING, "it takes the labels of the template");
    assert_eq!(controller("{app: z}"), ["selector-mismatch /spec/selector"]);
}

#[test]
fn the_selector_of_a_job_is_made_up_unless_it_is_manual() {
    let job = |fields: &str| {
        let template = TEMPLATE.replace("spec: {", "spec: {restartPolicy: Never, ");
        brief(&object("batch/v1", "Job", &format!("spec: {{{fields}{template}}}")))
    };
    assert_eq!(job(""), NOTHING);
    assert_eq!(job("selector: {matchLabels: {app: x}}, "), ["forbidden-field /spec/selector"]);
    assert_eq!(job("manualSelector: true, selector: {matchLabels: {app: x}}, "), NOTHING);
    assert_eq!(job("manualSelector: true, selector: {matchLabels: {app: z}}, "), ["selector-mismatch /spec/selector"]);
    assert_eq!(job("manualSelector: true, "), ["required-value /spec/selector"]);
}

#[test]
fn selectors_are_found_wherever_they_stand() {
    let spec = "containers: [{name: a, image: b}], nodeSelector: {a: '-'}, topologySpreadConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {a: '-'}}}], affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: []}]}]}}, podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: z, labelSelector: {matchExpressions: [{key: a, operator: Is}]}}}]}}";
    assert_eq!(
        brief(&pod(spec)),
        [
            "invalid-label /spec/nodeSelector/a",
            "invalid-label /spec/topologySpreadConstraints/0/labelSelector/matchLabels/a",
            "invalid-selector /spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions/0/values",
            "invalid-selector /spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/labelSelector/matchExpressions/0/operator",
        ]
    );
    let policy = "spec: {podSelector: {matchLabels: {a: '-'}}, ingress: [{from: [{namespaceSelector: {matchLabels: {'a b': c}}}]}]}";
    assert_eq!(
        brief(&object("networking.k8s.io/v1", "NetworkPolicy", policy)),
        [
            "invalid-label /spec/podSelector/matchLabels/a",
            "invalid-label /spec/ingress/0/from/0/namespaceSelector/matchLabels/a b"
        ]
    );
}

// ── choices ─────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_choice_that_is_none_names_the_others() {
    assert_eq!(
        check(&container("imagePullPolicy: ifnotpresent")),
        [
            "error invalid-choice 4:58 /spec/containers/0/imagePullPolicy `imagePullPolicy` must be `Always`, `IfNotPresent` or `Never`, found `ifnotpresent` | did you mean `IfNotPresent`? | write `IfNotPresent`"
        ]
    );
    assert_eq!(brief(&container("imagePullPolicy: ''")), NOTHING, "an empty text is the default");
}

#[test]
fn choices_are_known_for_many_kinds() {
    let table = [
        ("v1", "Service", "spec: {type: Loadbalancer, ports: [{port: 1}]}", "/spec/type"),
        (
            "v1",
            "Service",
            "spec: {sessionAffinity: Client, ports: [{port: 1, protocol: HTTP}]}",
            "/spec/sessionAffinity",
        ),
        (
            "apps/v1",
            "StatefulSet",
            "spec: {serviceName: x, podManagementPolicy: parallel, selector: {matchLabels: {app: x}}, TEMPLATE}",
            "/spec/podManagementPolicy",
        ),
        (
            "apps/v1",
            "DaemonSet",
            "spec: {updateStrategy: {type: Recreate}, selector: {matchLabels: {app: x}}, TEMPLATE}",
            "/spec/updateStrategy/type",
        ),
        ("storage.k8s.io/v1", "StorageClass", "provisioner: x\nvolumeBindingMode: Immediately", "/volumeBindingMode"),
        (
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "spec: {maxReplicas: 2, scaleTargetRef: {kind: A, name: b}, metrics: [{type: Cpu}]}",
            "/spec/metrics/0/type",
        ),
        (
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}",
            "/roleRef/kind",
        ),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "spec: {podSelector: {}, policyTypes: [ingress]}",
            "/spec/policyTypes/0",
        ),
    ];
    for (api_version, kind, rest, pointer) in table {
        let found = brief(&object(api_version, kind, &rest.replace("TEMPLATE", TEMPLATE)));
        assert_eq!(found.first().map(String::as_str), Some(&*format!("invalid-choice {pointer}")), "{found:?}");
    }
}

#[test]
fn each_workload_allows_its_own_restart_policies() {
    let workload = |api_version: &str, kind: &str, policy: &str| {
        let template = TEMPLATE.replace("spec: {", &format!("spec: {{{policy}"));
        let selector = if kind == "Job" { "" } else { "selector: {matchLabels: {app: x}}, " };
        brief(&object(api_version, kind, &format!("spec: {{{selector}{template}}}")))
    };
    let path = "/spec/template/spec/restartPolicy";
    assert_eq!(workload("apps/v1", "Deployment", "restartPolicy: Never, "), [format!("invalid-choice {path}")]);
    assert_eq!(workload("apps/v1", "Deployment", "restartPolicy: Always, "), NOTHING);
    assert_eq!(workload("apps/v1", "Deployment", ""), NOTHING);
    assert_eq!(workload("batch/v1", "Job", "restartPolicy: Always, "), [format!("invalid-choice {path}")]);
    assert_eq!(workload("batch/v1", "Job", ""), [format!("required-value {path}")]);
    assert_eq!(workload("batch/v1", "Job", "restartPolicy: OnFailure, "), NOTHING);
    let cron = object(
        "batch/v1",
        "CronJob",
        "spec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Always, containers: [{name: a, image: b}]}}}}}",
    );
    assert_eq!(brief(&cron), ["invalid-choice /spec/jobTemplate/spec/template/spec/restartPolicy"]);
}

#[test]
fn choices_follow_the_minor() {
    let toleration = pod("containers: [{name: a, image: b}], tolerations: [{key: a, operator: Gt, value: '1'}]");
    assert_eq!(brief_for("1.34", &toleration), ["invalid-choice /spec/tolerations/0/operator"]);
    assert_eq!(brief_for("1.35", &toleration), NOTHING);
    let init = pod("containers: [{name: a, image: b}], initContainers: [{name: c, image: b, restartPolicy: Never}]");
    assert_eq!(brief_for("1.33", &init), ["invalid-choice /spec/initContainers/0/restartPolicy"]);
    assert_eq!(brief_for("1.34", &init), NOTHING);
}

// ── Pods ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn everything_wrong_with_a_pod_is_told_at_its_place() {
    let found = check(
        r#"apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  hostname: a.b
  volumes:
  - {name: data, emptyDir: {}, hostPath: {path: /x}}
  - {name: data, secret: {defaultMode: 644}}
  initContainers:
  - {name: app, image: b, livenessProbe: {exec: {command: [x]}}}
  containers:
  - name: App
    image: b
    ports: [{containerPort: 70000}, {name: too-long-for-a-port, containerPort: 80}]
    env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: a}}}, {name: "", value: z}]
    volumeMounts: [{name: dat, mountPath: /a}, {name: data, mountPath: /a}]
    readinessProbe: {periodSeconds: 5}
    resources: {requests: {cpu: 2, memory: -1, gpu: 1}, limits: {cpu: 1500m}}
  - {name: app}
"#,
    );
    let expected = [
        "error invalid-name 5:13 /spec/hostname `a.b` cannot be a `hostname`: '.' is not allowed | a-z, 0-9 and `-`, a letter or digit at both ends, at most 63 characters | write `a-b`",
        "error one-of 7:32 /spec/volumes/0/hostPath a volume may have only one of `emptyDir` or `hostPath` | not both at once | remove all but one",
        "error schema-violation 8:6 /spec/volumes/1 `volumes` has two items with the same `name` | repeated here | remove one of the two",
        "error required-value 8:18 /spec/volumes/1/secret/secretName a `secret` volume needs `secretName` | needs `secretName` | add `secretName`",
        "error out-of-range 8:40 /spec/volumes/1/secret/defaultMode `defaultMode` must be between 0 and 511 (octal 0777), found 644 | no file mode | write `0644`: without the 0 it is decimal",
        "error forbidden-field 10:27 /spec/initContainers/0/livenessProbe `livenessProbe` cannot be set in an init container | an init container ends before it counts | remove `livenessProbe`",
        "error invalid-name 12:11 /spec/containers/0/name `App` cannot be the name of a container: 'A' is not allowed | a-z, 0-9 and `-`, a letter or digit at both ends, at most 63 characters | write `app`",
        "error out-of-range 14:29 /spec/containers/0/ports/0/containerPort `containerPort` must be between 1 and 65535, found 70000 | outside the limits | -",
        "error invalid-name 14:44 /spec/containers/0/ports/1/name `too-long-for-a-port` cannot be the name of a port: it has 19 characters, and at most 15 are allowed | a-z, 0-9 and `-`, at least one letter, at most 15 characters | -",
        "error one-of 15:31 /spec/containers/0/env/0/valueFrom an environment variable may have only one of `value` or `valueFrom` | not both at once | remove all but one",
        "error invalid-name 15:78 /spec/containers/0/env/1/name `` cannot be the name of an environment variable: it is empty | printable ASCII characters without `=` | -",
        "error unknown-volume 16:27 /spec/containers/0/volumeMounts/0/name no volume is called `dat` | did you mean `data`? | write `data`, or add a volume `dat`",
        "error schema-violation 16:49 /spec/containers/0/volumeMounts/1 `volumeMounts` has two items with the same `mountPath` | repeated here | remove one of the two",
        "error one-of 17:5 /spec/containers/0/readinessProbe `readinessProbe` does not say what to do | needs one of `exec`, `httpGet`, `tcpSocket` and their like | -",
        "error request-above-limit 18:33 /spec/containers/0/resources/requests/cpu the request of `cpu` is above its limit: `2` is more than `1500m` | above the limit | lower the request, or raise the limit",
        "error invalid-resource 18:44 /spec/containers/0/resources/requests/memory `memory` must not be negative, found `-1` | below zero | -",
        "error invalid-resource 18:48 /spec/containers/0/resources/requests/gpu `gpu` is no resource of a container: only cpu, memory, ephemeral-storage and hugepages need no domain | unknown | write `cpu`, `memory`, `ephemeral-storage`, or a name with a domain",
        "error duplicate-name 19:12 /spec/containers/1/name two containers are called `app` | repeated here | remove one of the two, or rename it",
        "error required-value 19:6 /spec/containers/1/image a container needs `image` | needs `image` | add `image`",
    ];
    let sorted = |lines: Vec<String>| {
        let mut lines = lines;
        lines.sort();
        lines
    };
    assert_eq!(sorted(found), sorted(expected.map(str::to_owned).to_vec()));
}

#[test]
fn what_the_api_server_takes_with_a_warning_is_a_warning() {
    let found = check(&container(
        "ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}], env: [{name: A, value: x}, {name: A, value: z}], livenessProbe: {httpGet: {port: web}}, resources: {limits: {memory: 512m}}",
    ));
    let rules: Vec<_> = found.iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        rules,
        ["warning repeated-item", "warning repeated-item", "warning unknown-port", "warning fractional-bytes"]
    );
    assert!(found[3].ends_with("write `512Mi` or `512M`"), "{}", found[3]);
}

#[test]
fn pods_are_found_in_everything_that_makes_them() {
    let bad = "{spec: {restartPolicy: RESTART, containers: [{name: a}]}, metadata: {labels: {app: x}}}";
    let selector = "selector: {matchLabels: {app: x}}, ";
    for (api_version, kind, rest, path) in [
        ("v1", "Pod", "spec: {containers: [{name: a}]}".to_owned(), "/spec"),
        ("v1", "PodTemplate", format!("template: {bad}"), "/template/spec"),
        ("v1", "ReplicationController", format!("spec: {{template: {bad}}}"), "/spec/template/spec"),
        ("apps/v1", "Deployment", format!("spec: {{{selector}template: {bad}}}"), "/spec/template/spec"),
        (
            "apps/v1",
            "StatefulSet",
            format!("spec: {{serviceName: x, {selector}template: {bad}}}"),
            "/spec/template/spec",
        ),
        ("apps/v1", "DaemonSet", format!("spec: {{{selector}template: {bad}}}"), "/spec/template/spec"),
        ("apps/v1", "ReplicaSet", format!("spec: {{{selector}template: {bad}}}"), "/spec/template/spec"),
        ("batch/v1", "Job", format!("spec: {{template: {bad}}}"), "/spec/template/spec"),
        (
            "batch/v1",
            "CronJob",
            format!("spec: {{schedule: '0 0 * * *', jobTemplate: {{spec: {{template: {bad}}}}}}}"),
            "/spec/jobTemplate/spec/template/spec",
        ),
    ] {
        let default = if matches!(kind, "Job" | "CronJob") { "Never" } else { "Always" };
        let found = brief(&object(api_version, kind, &rest.replace("RESTART", default)));
        assert_eq!(found, [format!("required-value {path}/containers/0/image")], "{kind}");
    }
}

#[test]
fn a_claim_template_of_a_stateful_set_is_a_volume() {
    let set = |claim: &str| {
        brief(&object(
            "apps/v1",
            "StatefulSet",
            &format!(
                "spec: {{serviceName: x, selector: {{matchLabels: {{app: x}}}}, template: {{metadata: {{labels: {{app: x}}}}, spec: {{containers: [{{name: a, image: b, volumeMounts: [{{name: data, mountPath: /d}}]}}]}}}}, volumeClaimTemplates: [{claim}]}}"
            ),
        ))
    };
    let spec = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
    assert_eq!(set(&format!("{{metadata: {{name: data}}, {spec}}}")), NOTHING);
    assert_eq!(
        set(&format!("{{metadata: {{name: other}}, {spec}}}")),
        ["unknown-volume /spec/template/spec/containers/0/volumeMounts/0/name"]
    );
    assert_eq!(
        set("{metadata: {name: data}, spec: {accessModes: [ReadWrite]}}"),
        [
            "required-value /spec/volumeClaimTemplates/0/spec/resources",
            "invalid-choice /spec/volumeClaimTemplates/0/spec/accessModes/0"
        ]
    );
}

#[test]
fn quantities_are_compared_whatever_their_units() {
    let resources = |requests: &str, limits: &str| {
        brief(&container(&format!("resources: {{requests: {{{requests}}}, limits: {{{limits}}}}}")))
    };
    assert_eq!(resources("cpu: 500m, memory: 1Gi", "cpu: 0.5, memory: 1024Mi"), NOTHING);
    let path = "/spec/containers/0/resources";
    assert_eq!(resources("memory: 1Gi", "memory: 1G"), [format!("request-above-limit {path}/requests/memory")]);
    assert_eq!(
        resources("nvidia.com/gpu: 1", "nvidia.com/gpu: 2"),
        [format!("request-above-limit {path}/requests/nvidia.com~1gpu")]
    );
    assert_eq!(resources("nvidia.com/gpu: 1", ""), [format!("invalid-resource {path}/limits")]);
    assert_eq!(resources("", "nvidia.com/gpu: 500m"), [format!("invalid-resource {path}/limits/nvidia.com~1gpu")]);
    assert_eq!(resources("cpu: 1", ""), NOTHING);
}

#[test]
fn environment_variables_follow_the_minor() {
    let text = container("env: [{name: 1A, value: x}]");
    assert_eq!(brief_for("1.31", &text), ["invalid-name /spec/containers/0/env/0/name"]);
    assert_eq!(brief_for("1.32", &text), NOTHING);
}

// ── other kinds ─────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn services_are_checked_beyond_their_schema() {
    let service = |spec: &str| brief(&object("v1", "Service", &format!("spec: {{{spec}}}")));
    assert_eq!(service("ports: [{port: 80, targetPort: http}]"), NOTHING);
    assert_eq!(service("clusterIP: None"), NOTHING, "headless");
    assert_eq!(service("selector: {a: b}"), ["required-value /spec/ports"]);
    assert_eq!(service("ports: [{port: 80}, {port: 81, name: b}]"), ["required-value /spec/ports/0/name"]);
    assert_eq!(
        service("ports: [{port: 0, targetPort: Web}]"),
        ["out-of-range /spec/ports/0/port", "invalid-name /spec/ports/0/targetPort"]
    );
    assert_eq!(service("type: ExternalName"), ["required-value /spec/externalName"]);
    assert_eq!(
        service("type: LoadBalancer, clusterIP: None, ports: [{port: 80}]"),
        ["forbidden-field /spec/clusterIP"]
    );
    assert_eq!(
        service("externalTrafficPolicy: Local, ports: [{port: 80}]"),
        ["forbidden-field /spec/externalTrafficPolicy"]
    );
    assert_eq!(service("type: NodePort, externalTrafficPolicy: Local, ports: [{port: 80}]"), NOTHING);
}

#[test]
fn config_maps_and_secrets_are_checked_beyond_their_schema() {
    assert_eq!(brief(&object("v1", "ConfigMap", "data: {a/b: x, ok.txt: z}")), ["invalid-key /data/a~1b"]);
    assert_eq!(brief(&object("v1", "ConfigMap", "data: {a: x}\nbinaryData: {a: eA==}")), ["invalid-key /binaryData/a"]);
    assert_eq!(
        brief(&object("v1", "Secret", "type: kubernetes.io/tls\ndata: {tls.crt: eA==}")),
        ["required-value /data/tls.key"]
    );
    assert_eq!(
        brief(&object("v1", "Secret", "type: kubernetes.io/tls\ndata: {tls.crt: eA==}\nstringData: {tls.key: x}")),
        NOTHING
    );
    assert_eq!(
        brief(&object("v1", "Secret", "type: kubernetes.io/basic-auth\nstringData: {user: x}")),
        ["required-value /stringData/username"]
    );
    let large = |size: usize| brief(&object("v1", "ConfigMap", &format!("data: {{a: {}}}", "x".repeat(size))));
    assert_eq!(large(1024 * 1024), NOTHING);
    assert_eq!(large(1024 * 1024 + 1), ["data-too-large /data"]);
}

#[test]
fn roles_and_bindings_are_checked_beyond_their_schema() {
    let api = "rbac.authorization.k8s.io/v1";
    let rule = |kind: &str, rule: &str| brief(&object(api, kind, &format!("rules: [{{{rule}}}]")));
    assert_eq!(rule("Role", "apiGroups: [''], resources: [pods], verbs: [get]"), NOTHING);
    assert_eq!(rule("Role", "resources: [pods], verbs: [get]"), ["required-value /rules/0/apiGroups"]);
    assert_eq!(rule("Role", "apiGroups: [''], resources: [pods], verbs: []"), ["required-value /rules/0/verbs"]);
    assert_eq!(rule("ClusterRole", "nonResourceURLs: [/metrics], verbs: [get]"), NOTHING);
    assert_eq!(rule("Role", "nonResourceURLs: [/metrics], verbs: [get]"), ["forbidden-field /rules/0/nonResourceURLs"]);
    let subjects = |kind: &str| {
        brief(&object(
            api,
            kind,
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}\nsubjects: [{kind: ServiceAccount, name: a}]",
        ))
    };
    assert_eq!(subjects("ClusterRoleBinding"), ["required-value /subjects/0/namespace"]);
    assert_eq!(subjects("RoleBinding"), NOTHING);
}

#[test]
fn ingresses_network_policies_and_budgets_are_checked_beyond_their_schema() {
    let path = |path: &str| {
        brief(&object(
            "networking.k8s.io/v1",
            "Ingress",
            &format!("spec: {{rules: [{{host: '*.example.com', http: {{paths: [{path}]}}}}]}}"),
        ))
    };
    let backend = "backend: {service: {name: a, port: {number: 80}}}";
    assert_eq!(path(&format!("{{path: /a, pathType: Prefix, {backend}}}")), NOTHING);
    assert_eq!(
        path(&format!("{{path: a, pathType: Prefix, {backend}}}")),
        ["invalid-path /spec/rules/0/http/paths/0/path"]
    );
    assert_eq!(
        path(&format!("{{path: /a//b, pathType: Exact, {backend}}}")),
        ["invalid-path /spec/rules/0/http/paths/0/path"]
    );
    assert_eq!(
        path("{pathType: ImplementationSpecific, backend: {service: {name: a}}}"),
        ["required-value /spec/rules/0/http/paths/0/backend/service/port"]
    );
    assert_eq!(brief(&object("networking.k8s.io/v1", "Ingress", "spec: {}")), ["required-value /spec/rules"]);
    let peer = |peer: &str| {
        brief(&object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &format!("spec: {{podSelector: {{}}, egress: [{{to: [{peer}]}}]}}"),
        ))
    };
    assert_eq!(peer("{ipBlock: {cidr: 10.0.0.0/8}}"), NOTHING);
    assert_eq!(peer("{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}"), ["one-of /spec/egress/0/to/0/ipBlock"]);
    assert_eq!(peer("{ipBlock: {cidr: 10.0.0.0}}"), ["out-of-range /spec/egress/0/to/0/ipBlock/cidr"]);
    assert_eq!(
        brief(&object("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 1, maxUnavailable: 1}")),
        ["one-of /spec/maxUnavailable"]
    );
    assert_eq!(
        brief(&object("policy/v1", "PodDisruptionBudget", "spec: {minAvailable: '1'}")),
        ["out-of-range /spec/minAvailable"]
    );
}

#[test]
fn a_strategy_must_be_able_to_replace_a_pod() {
    let strategy = |strategy: &str| {
        brief(&object(
            "apps/v1",
            "Deployment",
            &format!("spec: {{strategy: {strategy}, selector: {{matchLabels: {{app: x}}}}, {TEMPLATE}}}"),
        ))
    };
    assert_eq!(strategy("{rollingUpdate: {maxUnavailable: 0}}"), NOTHING, "a quarter more may be made");
    assert_eq!(
        strategy("{rollingUpdate: {maxUnavailable: 0, maxSurge: 0%}}"),
        ["out-of-range /spec/strategy/rollingUpdate/maxUnavailable"]
    );
    assert_eq!(
        strategy("{type: Recreate, rollingUpdate: {maxSurge: 1}}"),
        ["forbidden-field /spec/strategy/rollingUpdate"]
    );
    assert_eq!(strategy("{rollingUpdate: {maxSurge: half}}"), ["out-of-range /spec/strategy/rollingUpdate/maxSurge"]);
}

#[test]
fn a_namespace_on_a_cluster_scoped_object_is_ignored_and_told() {
    let text = |api_version: &str, kind: &str| {
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n")
    };
    assert_eq!(
        check(&text("rbac.authorization.k8s.io/v1", "ClusterRole")),
        [
            "warning ignored-namespace 3:32 /metadata/namespace a `ClusterRole` lives in no namespace: `shop` is ignored | ignored | remove `namespace`"
        ]
    );
    assert_eq!(brief(&text("v1", "ConfigMap")), NOTHING);
}

// ── APIs that come and go ───────────────────────────────────────────────────────────────────────────────────────

#[test]
fn an_api_that_will_be_gone_is_a_warning_with_the_way_out() {
    let text =
        object("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "spec: {priorityLevelConfiguration: {name: a}}");
    let found: Vec<_> = check_for("1.30", &text).iter().map(show).collect();
    assert_eq!(
        found,
        [
            "warning deprecated-api 1:13 /apiVersion `flowcontrol.apiserver.k8s.io/v1beta3` `FlowSchema` will be gone with Kubernetes 1.32 | deprecated | write `apiVersion: flowcontrol.apiserver.k8s.io/v1`"
        ]
    );
    assert_eq!(brief_for("1.28", &text), NOTHING, "nothing better is served yet");
    let endpoints = object("v1", "Endpoints", "");
    assert_eq!(brief_for("1.32", &endpoints), NOTHING);
    assert_eq!(brief_for("1.33", &endpoints), ["deprecated-api /apiVersion"]);
}

#[test]
fn what_is_wrong_with_an_api_has_a_rule_of_its_own() {
    let rule = |minor: &str, api_version: &str, kind: &str| brief_for(minor, &object(api_version, kind, ""));
    assert_eq!(rule("1.34", "batch/v1beta1", "CronJob"), ["removed-api /apiVersion"]);
    assert_eq!(rule("1.34", "policy/v1beta1", "PodSecurityPolicy"), ["removed-api /apiVersion"]);
    assert_eq!(rule("1.34", "settings.k8s.io/v1alpha1", "PodPreset"), ["removed-api /apiVersion"]);
    assert_eq!(
        rule("1.28", "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
        ["not-yet-api /apiVersion"]
    );
    assert_eq!(rule("1.34", "apps/v1", "Deploymnet"), ["unknown-kind /kind"]);
    assert_eq!(rule("1.34", "example.com/v1", "Widget"), ["missing-crd /kind"]);
}

// ── with schemas ────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn what_the_schema_said_is_not_said_again() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: [a]}\nspec:\n  selector: 5\n  strategy: {type: [Recreate]}\n  template:\n    spec:\n      volumes: {}\n      restartPolicy: 1\n      containers: [5, {name: [x], image: 1, ports: x, env: {}, resources: [], livenessProbe: 3}]\n";
    let found = check_for("1.34", text);
    let mut pointers: Vec<_> = found.iter().map(|found| found.pointer.clone()).collect();
    let count = pointers.len();
    pointers.sort();
    pointers.dedup();
    assert_eq!(pointers.len(), count, "{:?}", found.iter().map(show).collect::<Vec<_>>());
    assert!(
        found.iter().all(|found| [rules::SCHEMA_VIOLATION, rules::MISSING_FIELD].contains(&found.rule)),
        "{:?}",
        found.iter().map(show).collect::<Vec<_>>()
    );
}

// ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

fn changed(before: &str, now: &str) -> Vec<String> {
    let (before, now) = (parse(before), parse(now));
    changes(&before[0], &now[0])
        .iter()
        .map(|found| format!("{} {}", found.severity, found.pointer.as_deref().unwrap_or("-")))
        .collect()
}

#[test]
fn a_field_that_cannot_change_shows_both_places() {
    let text = |label: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{app: {label}}}}}\n  template: {{metadata: {{labels: {{app: {label}}}}}}}\n"
        )
    };
    let (before, now) = (parse(&text("a")), parse(&text("b")));
    let found = changes(&before[0], &now[0]);
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(finding.rule, rules::IMMUTABLE_FIELD);
    assert_eq!(
        show(finding),
        "error immutable-field 5:33 /spec/selector/matchLabels/app `spec.selector.matchLabels.app` of the `Deployment` cannot be changed, and differs from what was published before | changed | restore it, rename the `Deployment`, or have it replaced: annotate `argocd.argoproj.io/sync-options: Force=true,Replace=true`"
    );
    assert_eq!(finding.secondary[0].text, "before");
    assert!(changes(&before[0], &before[0]).is_empty());
}

#[test]
fn of_a_stateful_set_only_a_few_fields_may_change() {
    let set = |fields: &str| {
        object(
            "apps/v1",
            "StatefulSet",
            &format!(
                "spec: {{serviceName: x, {fields}, volumeClaimTemplates: [{{metadata: {{name: d}}, spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}}}]}}"
            ),
        )
    };
    let before = set("replicas: 1, minReadySeconds: 1");
    assert_eq!(changed(&before, &set("replicas: 5, updateStrategy: {type: OnDelete}")), NOTHING);
    assert_eq!(changed(&before, &set("podManagementPolicy: OrderedReady")), NOTHING, "it is the default");
    assert_eq!(changed(&before, &before.replace("1Gi", "1024Mi")), NOTHING, "the same size");
    assert_eq!(
        changed(&before, &before.replace("1Gi", "2Gi")),
        ["error /spec/volumeClaimTemplates/0/spec/resources/requests/storage"]
    );
    assert_eq!(changed(&before, &before.replace("serviceName: x", "serviceName: y")), ["error /spec/serviceName"]);
    assert_eq!(changed(&before, &set("podManagementPolicy: Parallel")), ["error /spec/podManagementPolicy"]);
}

#[test]
fn a_job_cannot_change_its_template_unless_it_is_suspended() {
    let job = |fields: &str, image: &str| {
        object(
            "batch/v1",
            "Job",
            &format!(
                "spec: {{{fields}template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: {image}}}]}}}}}}"
            ),
        )
    };
    assert_eq!(changed(&job("", "a"), &job("", "b")), ["error /spec/template/spec/containers/0/image"]);
    assert_eq!(changed(&job("suspend: true, ", "a"), &job("", "b")), NOTHING);
    assert_eq!(
        changed(&job("ttlSecondsAfterFinished: 5, ", "a"), &job("ttlSecondsAfterFinished: 5, ", "b")),
        ["warning /spec/template/spec/containers/0/image"]
    );
    assert_eq!(changed(&job("", "a"), &job("", "a, imagePullPolicy: Always, terminationMessagePolicy: File")), NOTHING);
    assert_eq!(changed(&job("", "a"), &job("parallelism: 3, ", "a")), NOTHING);
}

#[test]
fn many_kinds_have_fields_that_stay() {
    let binding = |role: &str| {
        object("rbac.authorization.k8s.io/v1", "RoleBinding", &format!("roleRef: {{kind: Role, name: {role}}}"))
    };
    assert_eq!(changed(&binding("a"), &binding("b")), ["error /roleRef/name"]);
    assert_eq!(changed(&binding("a"), &binding("a, apiGroup: rbac.authorization.k8s.io")), NOTHING);
    let claim = |fields: &str| object("v1", "PersistentVolumeClaim", &format!("spec: {{{fields}}}"));
    let size = |size: &str| claim(&format!("resources: {{requests: {{storage: {size}}}}}"));
    assert_eq!(changed(&size("1Gi"), &size("2Gi")), NOTHING, "a claim may grow");
    assert_eq!(changed(&size("1Gi"), &size("1G")), ["error /spec/resources/requests/storage"]);
    assert_eq!(changed(&claim("storageClassName: a"), &claim("storageClassName: b")), ["error /spec/storageClassName"]);
    assert_eq!(
        changed(&claim(""), &claim("storageClassName: b")),
        NOTHING,
        "nobody here knows what the cluster filled in"
    );
    let service = |fields: &str| object("v1", "Service", &format!("spec: {{{fields}}}"));
    assert_eq!(changed(&service("clusterIP: None"), &service("clusterIP: ''")), NOTHING);
    assert_eq!(changed(&service(""), &service("clusterIP: None")), ["error /spec/clusterIP"]);
    assert_eq!(changed(&service("type: ExternalName"), &service("clusterIP: None")), NOTHING);
    let map = |rest: &str| object("v1", "ConfigMap", rest);
    assert_eq!(
        changed(&map("immutable: true\ndata: {a: x}"), &map("immutable: true\ndata: {a: z}")),
        ["error /data/a"]
    );
    assert_eq!(changed(&map("immutable: true\ndata: {a: x}"), &map("data: {a: x}")), ["error /immutable"]);
    assert_eq!(changed(&map("data: {a: x}"), &map("immutable: true\ndata: {a: z}")), NOTHING);
    assert_eq!(changed(&object("v1", "Secret", ""), &object("v1", "Secret", "type: Opaque")), NOTHING);
    assert_eq!(changed(&object("v1", "Secret", ""), &object("v1", "Secret", "type: other")), ["error /type"]);
    let pod = |image: &str, command: &str| {
        container(&format!("command: [{command}]")).replace("image: b", &format!("image: {image}"))
    };
    assert_eq!(changed(&pod("a", "x"), &pod("b", "x")), NOTHING, "the image of a Pod may change");
    assert_eq!(changed(&pod("a", "x"), &pod("a", "y")), ["error /spec/containers/0/command/0"]);
    let class = |fields: &str| object("storage.k8s.io/v1", "StorageClass", &format!("provisioner: p\n{fields}"));
    assert_eq!(changed(&class("parameters: {a: b}"), &class("allowVolumeExpansion: true")), ["error /parameters"]);
}

#[test]
fn an_object_that_is_to_be_replaced_may_change_in_any_way() {
    let text = |annotation: &str, label: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, annotations: {{{annotation}}}}}\nspec: {{selector: {{matchLabels: {{app: {label}}}}}}}\n"
        )
    };
    for annotation in [
        "argocd.argoproj.io/sync-options: 'Prune=false, Replace=true'",
        "argocd.argoproj.io/sync-options: Force=true",
        "kustomize.toolkit.fluxcd.io/force: Enabled",
        "helm.sh/hook: pre-install",
        "argocd.argoproj.io/hook: Sync",
    ] {
        assert_eq!(changed(&text("", "a"), &text(annotation, "b")), NOTHING, "{annotation}");
    }
    assert_eq!(
        changed(&text("", "a"), &text("argocd.argoproj.io/sync-options: Prune=false", "b")),
        ["error /spec/selector/matchLabels/app"]
    );
    assert_eq!(changed(&text("", "a"), &text("", "b").replace("name: web", "name: other")), NOTHING, "another object");
}

// ── real objects ────────────────────────────────────────────────────────────────────────────────────────────────

/// Every finding of the rules in real trees, read and found true: folder, rule, how often.
const TRUE_FINDINGS: &[(&str, &str, usize)] = &[
    // `Endpoints` of GlusterFS
    ("manifests", "deprecated-api", 2),
    // `protocol: tcp`
    ("manifests", "invalid-choice", 2),
    // a template of vitess, with its braces
    ("manifests", "invalid-label", 3),
    ("manifests", "invalid-name", 1),
    // archived examples
    ("manifests", "removed-api", 11),
    ("suites/kubeconform-fixtures", "removed-api", 3),
    // upstream made the fixtures invalid for other reasons, and dropped the labels
    ("suites/kubeconform-fixtures", "selector-mismatch", 4),
    ("suites/kubectl-validate-testcases/manifests", "invalid-choice", 1),
    ("suites/kubectl-validate-testcases/manifests", "invalid-finalizer", 1),
    ("suites/kubectl-validate-testcases/manifests", "invalid-label", 1),
    ("suites/kubectl-validate-testcases/manifests", "invalid-name", 2),
    ("suites/kubectl-validate-testcases/manifests", "repeated-item", 1),
    ("suites/kubectl-validate-testcases/manifests", "required-value", 1),
    // names with `_`, which the generator of the fixtures took from the names of its checks
    ("suites/pod-security", "invalid-name", 60),
];

#[test]
fn rules_find_nothing_in_real_trees_that_is_not_wrong() {
    let Some(corpus) = corpus() else { return };
    let by_schema = [rules::SCHEMA_VIOLATION, rules::UNKNOWN_FIELD, rules::MISSING_FIELD, rules::UNKNOWN_KIND];
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut objects = 0;
    let folders = [
        "manifests",
        "suites/pod-security",
        "suites/kubeconform-fixtures",
        "suites/kubectl-validate-testcases/manifests",
    ];
    for folder in folders {
        for path in files_below(&corpus.join(folder), &["yaml", "yml", "json"]) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let source = Source::file(path.strip_prefix(&corpus).unwrap().display().to_string(), text);
            let manifests = hydrant::parse::parse(&source, &ReadLimits::default()).manifests;
            let schemas = Schemas::new("1.34", UnknownKinds::Allow).unwrap().with_crds(&manifests).0;
            for manifest in &manifests {
                objects += 1;
                let found = schemas.validate(manifest).diagnostics.into_iter();
                for found in found.filter(|found| !by_schema.contains(&found.rule)) {
                    *counts.entry((folder, found.rule.to_string())).or_default() += 1;
                    eprintln!("{} {} {}", source.name(), manifest.object, show(&found));
                }
            }
        }
    }
    let counts: Vec<_> = counts.iter().map(|((folder, rule), count)| (*folder, rule.as_str(), *count)).collect();
    assert_eq!(counts, TRUE_FINDINGS);
    assert!(objects > 1_500, "{objects} objects");
}

#[test]
fn kubectl_validate_names_the_same_fields() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/kubectl-validate-testcases/manifests");
    for (file, pointer, rule) in [
        ("error_enum_invalid.yaml", "/spec/containers/0/ports/0/protocol", rules::INVALID_CHOICE),
        ("error_invalid_label.yaml", "/metadata/labels/owner", rules::INVALID_LABEL),
        ("error_invalid_name.yaml", "/metadata/name", rules::INVALID_NAME),
        ("error_missing_image.yaml", "/spec/containers/0/image", rules::REQUIRED_VALUE),
        ("error_name_exceeds_max_length.yaml", "/metadata/name", rules::INVALID_NAME),
    ] {
        let found = check_for("1.35", &std::fs::read_to_string(suite.join(file)).unwrap());
        let [finding] = found.as_slice() else { panic!("{file}: {found:?}") };
        assert_eq!((finding.pointer.as_deref(), &finding.rule), (Some(pointer), &rule), "{file}");
        assert_eq!(finding.severity, Severity::Error);
    }
}
