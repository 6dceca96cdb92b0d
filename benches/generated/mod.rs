//! A made-up repository of any size: what the benchmarks run on. The same number gives the same files.

/// A file of the repository: path and text.
pub(crate) type File = (String, String);

/// A repository with `manifests` templated manifests: five to an app, two environments' values, one shared macro file.
#[must_use]
pub(crate) fn repository(manifests: usize) -> Vec<File> {
    let mut files = vec![
        file("hydrant.yaml", CONFIG),
        file("envs/prod.yaml", "domain: example.com\nregistry: registry.example.com\nteam: platform\nreplicas: 3\n"),
        file("templates/common.j2", COMMON),
        file("policies/labels.rego", POLICY),
    ];
    for app in 0..manifests.div_ceil(TEMPLATES.len()) {
        let folder = format!("apps/app-{app:05}");
        files.push((format!("{folder}/values.yaml"), values(app)));
        for (name, template) in TEMPLATES.iter().take(manifests - app * TEMPLATES.len()) {
            files.push((format!("{folder}/{name}.yaml.j2"), (*template).to_owned()));
        }
    }
    files
}

fn file(path: &str, text: &str) -> File {
    (path.to_owned(), text.to_owned())
}

fn values(app: usize) -> String {
    format!(
        "name: app-{app:05}\nport: {}\ntag: \"1.{}.{}\"\nsettings:\n  level: info\n  workers: {}\n  \
         greeting: \"hello from {app}\"\n",
        8000 + app % 1000,
        app % 17,
        app % 29,
        1 + app % 8,
    )
}

const CONFIG: &str = "\
version: 1
environments:
  prod: { branch: env/prod, kubernetes: \"1.34\", values: [envs/prod.yaml] }
apps:
  - path: apps/*
policies: { paths: [policies], builtin: [good-practice] }
";

const COMMON: &str = "\
{% macro labels(name) -%}
app.kubernetes.io/name: {{ name }}
app.kubernetes.io/managed-by: hydrant
{%- endmacro %}
";

const POLICY: &str = r#"package policies.labels

import rego.v1

# METADATA
# title: object without a name label
# description: Dashboards and cost reports group objects by this label.
# custom:
#   id: missing-name-label
#   severity: error
deny contains {"msg": "`app.kubernetes.io/name` is missing", "path": ["metadata"]} if {
	not input.metadata.labels["app.kubernetes.io/name"]
}
"#;

const TEMPLATES: [(&str, &str); 5] = [
    (
        "deployment",
        r#"{% import "common.j2" as common %}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ name }}
  namespace: {{ team }}
  labels:
    {{ common.labels(name) | indent(4) }}
spec:
  replicas: {{ replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ name }}
  template:
    metadata:
      labels:
        {{ common.labels(name) | indent(8) }}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: main
          image: "{{ registry }}/{{ name }}:{{ tag }}"
          ports:
            - name: http
              containerPort: {{ port }}
          env:
{% for key, value in settings | items %}
            - name: {{ key | upper }}
              value: {{ value | string | to_json }}
{% endfor %}
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
          readinessProbe:
            httpGet: { path: /healthz, port: http }
          livenessProbe:
            httpGet: { path: /healthz, port: http }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
"#,
    ),
    (
        "service",
        r#"{% import "common.j2" as common %}
apiVersion: v1
kind: Service
metadata:
  name: {{ name }}
  namespace: {{ team }}
  labels:
    {{ common.labels(name) | indent(4) }}
spec:
  selector:
    app.kubernetes.io/name: {{ name }}
  ports:
    - name: http
      port: 80
      targetPort: http
"#,
    ),
    (
        "config",
        r#"{% import "common.j2" as common %}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ name }}
  namespace: {{ team }}
  labels:
    {{ common.labels(name) | indent(4) }}
data:
  settings.yaml: |
    {{ settings | to_yaml | indent(4) }}
"#,
    ),
    (
        "ingress",
        r#"{% import "common.j2" as common %}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ name }}
  namespace: {{ team }}
  labels:
    {{ common.labels(name) | indent(4) }}
spec:
  ingressClassName: public
  tls:
    - hosts: [{{ name }}.{{ domain }}]
      secretName: {{ name }}-tls
  rules:
    - host: {{ name }}.{{ domain }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ name }}
                port: { name: http }
"#,
    ),
    (
        "disruption-budget",
        r#"{% import "common.j2" as common %}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ name }}
  namespace: {{ team }}
  labels:
    {{ common.labels(name) | indent(4) }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ name }}
"#,
    ),
];

/// What the rules share, as libraries of policies have it.
#[allow(dead_code, reason = "each benchmark uses what it needs")]
pub(crate) const LIBRARY: &str = r#"package lib.workload

templates contains input.spec if input.kind == "Pod"

templates contains input.spec.template.spec if input.kind in {"Deployment", "StatefulSet", "DaemonSet", "Job"}

templates contains input.spec.jobTemplate.spec.template.spec if input.kind == "CronJob"

containers contains container if {
	some template in templates
	some container in template.containers
}
"#;

/// One rule of a library. Of ten rules six are about workloads, three about other kinds, and one is about every object.
#[allow(dead_code, reason = "each benchmark uses what it needs")]
#[must_use]
pub(crate) fn rule(number: usize, kind: usize) -> String {
    let body = match kind {
        0 => {
            "\tinput.kind == \"Service\"\n\tsome port in input.spec.ports\n\tport.nodePort == NUMBER\n\tmsg := sprintf(\"port %v\", [port.port])\n"
        }
        1 => {
            "\tinput.kind in {\"Ingress\", \"HTTPRoute\"}\n\tsome rule in input.spec.rules\n\tnot endswith(rule.host, \".com\")\n\tmsg := sprintf(\"host %v\", [rule.host])\n"
        }
        2 => {
            "\tinput.kind == \"ConfigMap\"\n\tsome key, value in input.data\n\tcontains(value, \"word-NUMBER\")\n\tmsg := sprintf(\"key %v\", [key])\n"
        }
        3 => {
            "\tnot input.metadata.labels[\"app.kubernetes.io/name\"]\n\tmsg := sprintf(\"%v NUMBER\", [input.metadata.name])\n"
        }
        4 | 5 => {
            "\tsome container in workload.containers\n\tendswith(container.image, \":NUMBER\")\n\tmsg := sprintf(\"image %v\", [container.image])\n"
        }
        6 | 7 => {
            "\tinput.kind in {\"Deployment\", \"StatefulSet\"}\n\tsome container in input.spec.template.spec.containers\n\tnot container.resources.limits.memory\n\tmsg := sprintf(\"%v NUMBER\", [container.name])\n"
        }
        _ => {
            "\tinput.kind == \"Deployment\"\n\tinput.spec.replicas > NUMBER\n\tsome variable in input.spec.template.spec.containers[_].env\n\tvariable.name == \"PASSWORD\"\n\tmsg := sprintf(\"variable %v\", [variable.name])\n"
        }
    };
    let body = body.replace("NUMBER", &number.to_string());
    format!("package policies.rule_{number:03}\n\nimport data.lib.workload\n\ndeny contains msg if {{\n{body}}}\n")
}
