//! Held out: policies as people write them, over manifests with one mistake each, whose places were written down by
//! hand before anybody looked at what is reported.

use hydrant::evaluate::{EvaluationLimits, PolicySet};
use hydrant::manifest::{Manifest, Pointer};
use hydrant::source::Source;

use crate::evaluate::manifests;

/// A policy, a manifest, and what is wrong in it: messages and the nodes that they are about.
struct Case {
    rules: &'static str,
    manifest: &'static str,
    wanted: &'static [(&'static str, &'static str)],
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels:
    app: shop
  annotations:
    note: none
    beta.example.org: \"on\"
spec:
  replicas: 1
  selector:
    matchLabels:
      app: shop
      tier: front
  template:
    metadata:
      labels:
        tier: front
        app: shopp
    spec:
      volumes:
        - name: config
          configMap:
            name: shop
        - name: socket
          hostPath:
            path: /run/docker.sock
      initContainers:
        - name: migrate
          image: registry.example.org/migrate:2
          env:
            - name: MODE
              value: up
            - name: DB_PASSWORD
              value: hunter2
      containers:
        - name: shop
          image: registry.example.org/shop:1.4
          livenessProbe:
            httpGet: {path: /, port: 8080}
          securityContext:
            readOnlyRootFilesystem: true
          ports:
            - containerPort: 8080
          resources:
            requests:
              memory: 1Gi
            limits:
              memory: 8Gi
          volumeMounts:
            - name: config
              mountPath: /etc/shop
            - name: cache
              mountPath: /cache
        - name: sidecar
          image: docker.io/library/envoy:latest
          securityContext:
            readOnlyRootFilesystem: false
          ports:
            - containerPort: 9090
            - containerPort: 81
          resources:
            requests:
              memory: 64Mi
";

const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
spec:
  rules:
    - host: a.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
    - host: b.example.org
      http:
        paths:
          - path: /old
            pathType: ImplementationSpecific
          - path: /new
            pathType: Exact
";

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  type: NodePort
  ports:
    - name: web
      port: 80
      nodePort: 30080
    - name: admin
      port: 8081
      nodePort: 80
    - name: web
      port: 8082
";

const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: shop
rules:
  - apiGroups: [\"\"]
    resources: [pods]
    verbs: [get, list]
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, \"*\"]
";

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
data:
  mode: fast
  moed: slow
";

const CASES: [Case; 20] = [
    // nested iteration
    Case {
        rules: "deny contains msg if {
	some list in [\"containers\", \"initContainers\"]
	some container in input.spec.template.spec[list]
	some variable in container.env
	contains(lower(variable.name), \"password\")
	variable.value
	msg := sprintf(\"%s carries %s\", [container.name, variable.name])
}",
        manifest: DEPLOYMENT,
        wanted: &[("migrate carries DB_PASSWORD", "/spec/template/spec/initContainers/0/env/1/value")],
    },
    Case {
        rules: "deny contains sprintf(\"%s%s\", [input.spec.rules[i].host, path]) if {
	some i, j
	input.spec.rules[i].http.paths[j].pathType == \"ImplementationSpecific\"
	path := input.spec.rules[i].http.paths[j].path
}",
        manifest: INGRESS,
        wanted: &[("b.example.org/old", "/spec/rules/1/http/paths/0/pathType")],
    },
    // helper functions
    Case {
        rules: "registry(image) := parts[0] if {
	parts := split(image, \"/\")
	count(parts) > 1
}

trusted(image) if registry(image) in {\"registry.example.org\"}

deny contains msg if {
	some container in input.spec.template.spec.containers
	not trusted(container.image)
	msg := sprintf(\"%s is from elsewhere\", [container.image])
}",
        manifest: DEPLOYMENT,
        wanted: &[("docker.io/library/envoy:latest is from elsewhere", "/spec/template/spec/containers/1/image")],
    },
    Case {
        rules: "level(port) := \"high\" if port >= 1024

else := \"low\" if port > 0

deny contains msg if {
	some port in input.spec.ports
	level(port.nodePort) == \"low\"
	msg := concat(\" \", [\"low\", port.name])
}",
        manifest: SERVICE,
        wanted: &[("low admin", "/spec/ports/1/nodePort")],
    },
    // a set of offenders, and messages built from it elsewhere
    Case {
        rules: "offenders contains {\"of\": container.name, \"port\": port.containerPort} if {
	container := input.spec.template.spec.containers[_]
	port := container.ports[_]
	port.containerPort < 1024
}

deny contains told(offender) if some offender in offenders

told(offender) := sprintf(\"%s listens at %d\", [offender.of, offender.port])",
        manifest: DEPLOYMENT,
        wanted: &[("sidecar listens at 81", "/spec/template/spec/containers/1/ports/1/containerPort")],
    },
    Case {
        rules: "words := {\"replicas\": \"too few: %v\"}

deny contains message(\"replicas\", count_of) if {
	count_of := input.spec.replicas
	count_of < 2
}

message(key, value) := sprintf(words[key], [value])",
        manifest: DEPLOYMENT,
        wanted: &[("too few: 1", "/spec/replicas")],
    },
    // comprehensions
    Case {
        rules: "deny contains \"two ports have one name\" if {
	names := [port.name | some port in input.spec.ports]
	count(names) != count({name | some name in names})
}",
        manifest: SERVICE,
        wanted: &[("two ports have one name", "/spec/ports/2/name")],
    },
    Case {
        rules: "deny contains msg if {
	dead := [container.name | some container in input.spec.template.spec.containers; not container.livenessProbe]
	count(dead) > 0
	msg := sprintf(\"nothing probes %s\", [concat(\", \", dead)])
}",
        manifest: DEPLOYMENT,
        wanted: &[("nothing probes sidecar", "/spec/template/spec/containers/1")],
    },
    Case {
        rules: "mounted := {mount.name | some mount in input.spec.template.spec.containers[_].volumeMounts}

deny contains sprintf(\"%s is not mounted\", [volume.name]) if {
	some volume in input.spec.template.spec.volumes
	not volume.name in mounted
}",
        manifest: DEPLOYMENT,
        wanted: &[("socket is not mounted", "/spec/template/spec/volumes/1/name")],
    },
    // `with`
    Case {
        rules: "limited if input.resources.limits.memory

deny contains sprintf(\"%s has no limit\", [container.name]) if {
	some container in input.spec.template.spec.containers
	not limited with input as container
}",
        manifest: DEPLOYMENT,
        wanted: &[("sidecar has no limit", "/spec/template/spec/containers/1/resources")],
    },
    // `every`
    Case {
        rules: "sealed if {
	every container in input.spec.template.spec.containers {
		container.securityContext.readOnlyRootFilesystem == true
	}
}

deny contains \"some container can be written to\" if not sealed",
        manifest: DEPLOYMENT,
        wanted: &[(
            "some container can be written to",
            "/spec/template/spec/containers/1/securityContext/readOnlyRootFilesystem",
        )],
    },
    // `some … in` with keys
    Case {
        rules: "deny contains sprintf(\"%s is beta\", [key]) if {
	some key, _ in input.metadata.annotations
	startswith(key, \"beta.\")
}",
        manifest: DEPLOYMENT,
        wanted: &[("beta.example.org is beta", "/metadata/annotations/beta.example.org")],
    },
    Case {
        rules: "deny contains sprintf(\"label %s differs\", [key]) if {
	some key, value in input.spec.selector.matchLabels
	input.spec.template.metadata.labels[key] != value
}",
        manifest: DEPLOYMENT,
        wanted: &[("label app differs", "/spec/template/metadata/labels/app")],
    },
    Case {
        rules: "deny contains \"all verbs\" if {
	some rule in input.rules
	\"*\" in rule.verbs
}",
        manifest: ROLE,
        wanted: &[("all verbs", "/rules/1/verbs/1")],
    },
    // `object.get`, keys, `walk`
    Case {
        rules: "deny contains \"no team\" if object.get(input.metadata, [\"labels\", \"team\"], \"\") == \"\"",
        manifest: DEPLOYMENT,
        wanted: &[("no team", "/metadata/labels")],
    },
    Case {
        rules: "known := {\"mode\", \"size\"}

deny contains sprintf(\"%s means nothing\", [key]) if {
	some key in object.keys(input.data) - known
}",
        manifest: CONFIG,
        wanted: &[("moed means nothing", "/data/moed")],
    },
    Case {
        rules: "deny contains sprintf(\"%s is of the host\", [value.path]) if {
	walk(input.spec, [path, value])
	path[count(path) - 1] == \"hostPath\"
}",
        manifest: DEPLOYMENT,
        wanted: &[("/run/docker.sock is of the host", "/spec/template/spec/volumes/1/hostPath/path")],
    },
    // values that are computed
    Case {
        rules: "deny contains sprintf(\"%s asks for %s\", [container.name, limit]) if {
	some container in input.spec.template.spec.containers
	limit := container.resources.limits.memory
	units.parse_bytes(limit) > 4 * units.parse_bytes(container.resources.requests.memory)
}",
        manifest: DEPLOYMENT,
        wanted: &[("shop asks for 8Gi", "/spec/template/spec/containers/0/resources/limits/memory")],
    },
    Case {
        rules: "all := array.concat(
	input.spec.template.spec.containers,
	object.get(input.spec.template.spec, \"initContainers\", []),
)

deny contains msg if {
	image := all[_].image
	endswith(image, \":latest\")
	msg := sprintf(\"%v floats\", [image])
}",
        manifest: DEPLOYMENT,
        wanted: &[("docker.io/library/envoy:latest floats", "/spec/template/spec/containers/1/image")],
    },
    Case {
        rules: "volumes := {volume.name | some volume in input.spec.template.spec.volumes}

deny contains sprintf(\"%s mounts %s, which is no volume\", [container.name, mount.name]) if {
	some container in input.spec.template.spec.containers
	some mount in container.volumeMounts
	not volumes[mount.name]
}",
        manifest: DEPLOYMENT,
        wanted: &[("shop mounts cache, which is no volume", "/spec/template/spec/containers/0/volumeMounts/1/name")],
    },
];

/// The share of findings, in hundredths, that stand on the line of the node or of its parent.
const WANTED: usize = 90;

fn line_of(manifest: &Manifest, pointer: &Pointer) -> u32 {
    manifest.locate(pointer).position().line
}

#[test]
fn findings_of_policies_that_tell_no_place_stand_on_the_line_that_is_wrong() {
    let (mut all, mut exact, mut near, mut told) = (0, 0, 0, Vec::new());
    for Case { rules, manifest, wanted } in &CASES {
        let policy = Source::file("held.rego", format!("package held\n\n{rules}\n"));
        let (set, refused) = PolicySet::load(&[policy], &[], &EvaluationLimits::default());
        assert!(refused.is_empty(), "{rules}\n{refused:#?}");
        let manifest = &manifests(manifest)[0];
        let found = set.evaluator().judge(manifest).diagnostics;
        let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
        let expected: Vec<&str> = wanted.iter().map(|(message, _)| *message).collect();
        assert_eq!(messages, expected, "{rules}");
        for (found, (_, wanted)) in found.iter().zip(*wanted) {
            let node = Pointer::parse(wanted);
            assert!(node.resolve(&manifest.root).is_some(), "{wanted} is not there");
            let parent = node.parent().expect("below the top");
            let line = found.primary.as_ref().expect("a place").location.position().line;
            all += 1;
            if line == line_of(manifest, &node) {
                exact += 1;
            } else if line == line_of(manifest, &parent) {
                near += 1;
            } else {
                let pointer = found.pointer.as_deref().unwrap_or("-");
                told.push(format!("line {line}, {pointer}: {}, which is about {wanted}", found.message));
            }
        }
    }
    eprintln!("{exact} of {all} findings at the node, {near} at its parent\n{}", told.join("\n"));
    assert!((exact + near) * 100 >= WANTED * all, "{exact} and {near} of {all}\n{}", told.join("\n"));
}

#[test]
fn what_a_message_is_put_together_from_is_not_what_is_wrong() {
    for message in [
        "concat(\" \", [input.metadata.labels.app, \"is alone\"])",
        "sprintf(concat(\"\", [\"%s\", \" is alone\"]), [input.metadata.labels.app])",
    ] {
        let rules = format!("deny contains msg if {{\n\tinput.spec.replicas < 2\n\tmsg := {message}\n}}");
        let policy = Source::file("told.rego", format!("package told\n\n{rules}\n"));
        let (set, refused) = PolicySet::load(&[policy], &[], &EvaluationLimits::default());
        assert!(refused.is_empty(), "{refused:#?}");
        let found = set.evaluator().judge(&manifests(DEPLOYMENT)[0]).diagnostics;
        let places: Vec<_> =
            found.iter().map(|found| (found.message.as_str(), found.pointer.as_deref().unwrap_or("-"))).collect();
        assert_eq!(places, [("shop is alone", "/spec/replicas")], "{message}");
    }
}
