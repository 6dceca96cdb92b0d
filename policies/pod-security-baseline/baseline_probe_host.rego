# METADATA
# title: A probe goes to another host
# description: |
#   The kubelet sends probes and life cycle hooks from the node. With a host of its own choice, a pod makes the
#   node ask addresses that the pod cannot reach. Part of the standard since Kubernetes 1.34.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-probe-host
#   severity: error
#   fix: "remove `host`: a probe without it goes to the pod"
package policies.pod_security_baseline.baseline_probe_host

import data.policies.lib.kubernetes
import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, [place[0], place[1], "host"])} if {
	not kubernetes.before(34)
	some container in pod_security.containers
	some place in [
		["livenessProbe", "httpGet"],
		["livenessProbe", "tcpSocket"],
		["readinessProbe", "httpGet"],
		["readinessProbe", "tcpSocket"],
		["startupProbe", "httpGet"],
		["startupProbe", "tcpSocket"],
	]
	host := container.spec[place[0]][place[1]].host
	not host in {"", null}
	msg := sprintf("the `%s` of container `%s` goes to the host `%s`", [place[0], container.name, host])
}

deny contains {"msg": msg, "path": array.concat(container.path, ["lifecycle", place[0], place[1], "host"])} if {
	not kubernetes.before(34)
	some container in pod_security.containers
	some place in [
		["postStart", "httpGet"],
		["postStart", "tcpSocket"],
		["preStop", "httpGet"],
		["preStop", "tcpSocket"],
	]
	host := container.spec.lifecycle[place[0]][place[1]].host
	not host in {"", null}
	msg := sprintf("the `%s` hook of container `%s` goes to the host `%s`", [place[0], container.name, host])
}
