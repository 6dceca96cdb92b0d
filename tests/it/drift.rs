//! `hydrant drift`: a cluster's export against the branch. What a cluster adds by itself is no drift.

use crate::sandbox::Sandbox;

const APP: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web:1
          resources: {limits: {cpu: 1000m, memory: 1Gi}, requests: {cpu: 1000m, memory: 1Gi}}
          ports: [{containerPort: 8080}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {level: info}
---
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: shop}
stringData: {password: hunter2}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
";

/// What `kubectl get deploy,cm,secret,sa -A -o yaml` prints after that was applied.
const EXPORT: &str = "apiVersion: v1
kind: List
metadata: {resourceVersion: \"\"}
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    annotations:
      deployment.kubernetes.io/revision: \"3\"
      kubectl.kubernetes.io/last-applied-configuration: '{}'
    creationTimestamp: \"2026-01-01T00:00:00Z\"
    generation: 3
    labels: {app: web}
    managedFields: [{manager: argocd, operation: Apply}]
    name: web
    namespace: shop
    resourceVersion: \"812\"
    uid: 0b1c
  spec:
    progressDeadlineSeconds: 600
    replicas: 2
    revisionHistoryLimit: 10
    selector: {matchLabels: {app: web}}
    strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}, type: RollingUpdate}
    template:
      metadata: {creationTimestamp: null, labels: {app: web}}
      spec:
        containers:
        - image: example.com/web:1
          imagePullPolicy: IfNotPresent
          name: web
          ports: [{containerPort: 8080, protocol: TCP}]
          resources: {limits: {cpu: \"1\", memory: 1Gi}, requests: {cpu: \"1\", memory: 1Gi}}
          terminationMessagePath: /dev/termination-log
        dnsPolicy: ClusterFirst
        restartPolicy: Always
        schedulerName: default-scheduler
        securityContext: {}
        terminationGracePeriodSeconds: 30
  status: {replicas: 2}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: web, namespace: shop, uid: 1}
  data: {level: info}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: kube-root-ca.crt, namespace: shop}
  data: {ca.crt: x}
- apiVersion: v1
  kind: Secret
  metadata: {name: web, namespace: shop}
  data: {password: aHVudGVyMg==}
  type: Opaque
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: web, namespace: shop}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: other, namespace: elsewhere}
";

fn published() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        "version: 1
environments: {prod: {branch: env/prod}}
apps: [{path: apps/*}]
policies: {builtin: [hydration-risks]}
signing: {key: ~/.ssh/id_ed25519}
",
    );
    sandbox.write("apps/web/web.yaml", APP);
    sandbox.commit_all("first");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox
}

#[test]
fn what_the_cluster_fills_in_is_no_drift() {
    let sandbox = published();
    sandbox.write("export.yaml", EXPORT);
    let output = sandbox.run(&["hydrant", "drift", "prod", "export.yaml"]);
    assert_eq!(output.code, 0, "{output}");
    assert_eq!(
        output.stderr,
        "no drift: 4 objects alike, 0 changed, 0 missing, 0 extra
6 objects exported, 2 of them not compared
  1 made by the cluster
  1 of a kind and namespace that the branch does not have
"
    );
}

#[test]
fn deviating_missing_and_extra_objects_are_told_apart() {
    let sandbox = published();
    let (kept, _) = EXPORT.split_once("- apiVersion: v1\n  kind: ServiceAccount").expect("there is one");
    let drifted = kept
        .replace("replicas: 2\n    rev", "replicas: 5\n    rev")
        .replace("{level: info}", "{level: debug}")
        .replace("aHVudGVyMg==", "aHVudGVyMw==");
    let extra = "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: left-over, namespace: shop}\n";
    sandbox.write("export.yaml", drifted + extra);
    let output = sandbox.run(&["hydrant", "drift", "prod", "-", "<", "export.yaml"]);
    assert_eq!(output.code, 1, "{output}");
    let (_, told) = output.stdout.split_once('\n').expect("a heading");
    assert_eq!(
        told,
        "  + (no app)  ConfigMap shop/left-over
  ~ web  ConfigMap shop/web
      data.level: info → debug
  ~ web  Deployment shop/web
      spec.replicas: 2 → 5
  ~ web  Secret shop/web
      data.password: (hidden) → (hidden)
  - web  ServiceAccount web
"
    );
    assert!(!output.stdout.contains("hunter") && !output.stdout.contains("aHVu"), "{output}");
    let ignored =
        sandbox.run(&["hydrant", "drift", "prod", "export.yaml", "--only", "Deployment", "--ignore", "spec.replicas"]);
    assert_eq!(ignored.code, 0, "{ignored}");
    assert!(ignored.stderr.starts_with("no drift: 1 object alike"), "{ignored}");
}

#[test]
fn replicas_that_an_autoscaler_sets_are_no_drift() {
    let sandbox = published();
    sandbox.write(
        "apps/web/scaler.yaml",
        "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
",
    );
    sandbox.commit_all("a scaler");
    sandbox.ok(&["hydrant", "publish"]);
    sandbox.write("export.yaml", EXPORT.replace("replicas: 2\n    rev", "replicas: 5\n    rev"));
    let output = sandbox.run(&["hydrant", "drift", "prod", "export.yaml"]);
    assert_eq!(
        output.stdout.lines().skip(1).collect::<Vec<_>>(),
        ["  - web  HorizontalPodAutoscaler shop/web"],
        "{output}"
    );
}

#[test]
fn nothing_to_compare_is_no_success() {
    let sandbox = published();
    sandbox.write("empty.yaml", "apiVersion: v1\nkind: List\nitems: []\n");
    assert_eq!(sandbox.run(&["hydrant", "drift", "prod", "empty.yaml"]).code, 3);
    sandbox.write("broken.yaml", "a: [\n");
    let broken = sandbox.run(&["hydrant", "drift", "prod", "broken.yaml"]);
    assert_eq!((broken.code, broken.stderr.contains("broken.yaml:")), (1, true), "{broken}");
    sandbox.ok(&["git", "branch", "-D", "env/prod"]);
    sandbox.write("export.yaml", EXPORT);
    let unpublished = sandbox.run(&["hydrant", "drift", "prod", "export.yaml"]);
    assert_eq!((unpublished.code, unpublished.stderr.contains("nothing is published")), (3, true), "{unpublished}");
    assert_eq!(sandbox.run(&["hydrant", "drift", "prd", "export.yaml"]).code, 2);
}
