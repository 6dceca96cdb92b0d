# METADATA
# title: A container that serves has no readiness probe
# description: |
#   Without a probe a pod counts as ready as soon as it runs: a rollout sends it requests before it can
#   answer, and replaces all pods even if none of the new ones works.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/
# custom:
#   id: missing-readiness-probe
#   severity: warning
#   fix: "add a `readinessProbe`"
package policies.good_practice.missing_readiness_probe

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["readinessProbe"])} if {
	input.kind in {"DaemonSet", "Deployment", "StatefulSet"}
	some container in workload.containers
	count(container.spec.ports) > 0
	not container.spec.readinessProbe
	msg := sprintf("container `%s` opens a port and has no readiness probe", [container.name])
}
