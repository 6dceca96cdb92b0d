//! Made-up manifests as a template engine would leave them. The same numbers give the same text.

/// So many manifests in one text, as a template engine would leave them, counted from `first`.
#[must_use]
pub(crate) fn manifests(first: usize, count: usize) -> String {
    let mut text = String::new();
    for number in first..first + count {
        let template = RENDERED[number % RENDERED.len()];
        text.push_str("---\n");
        text.push_str(&template.replace("{name}", &format!("app-{number:06}")));
    }
    text
}

/// Manifests of three kinds, about as long as most are.
const RENDERED: [&str; 3] = [
    r#"# a web server
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: platform
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/managed-by: hydrant
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
    spec:
      containers:
      - name: main
        image: "registry.example.com/{name}:1.2.3"
        args: ["--port=8080", "--verbose"]
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests: { cpu: 100m, memory: 128Mi }
          limits:
            memory: 256Mi
"#,
    r#"apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: platform
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/managed-by: hydrant
  annotations:
    example.com/owner: "platform team"
    example.com/description: 'reached by its neighbours only: no ingress'
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
  - name: http
    port: 80
    targetPort: http
"#,
    r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: platform
  labels:
    app.kubernetes.io/name: {name}
data:
  LOG_FORMAT: json
  LOG_LEVEL: info
  WORKERS: '4'
  settings.yaml: |
    server:
      port: 8080
      greeting: "hello from {name}"

    workers: 4
"#,
];
