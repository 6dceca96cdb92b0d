# METADATA
# title: A container takes a port of its node
# description: |
#   A port of the node is reached around the Service and its network policies, and only one pod of a node can
#   have it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-host-port
#   severity: error
#   fix: "remove `hostPort`, and reach the pod through a Service"
package policies.pod_security_baseline.baseline_host_port

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, ["ports", i, "hostPort"])} if {
	some container in pod_security.containers
	some i, port in container.spec.ports
	number := port.hostPort
	not number in {0, null}
	msg := sprintf("container `%s` takes port %v of the node", [container.name, number])
}
