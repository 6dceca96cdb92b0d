# METADATA
# title: A container is privileged
# description: |
#   A privileged container can do everything the node can: who takes it over has the node, and with it every
#   pod on it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-privileged-container
#   severity: error
#   fix: "remove `privileged`"
package policies.pod_security_baseline.baseline_privileged_container

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "privileged"])} if {
	some container in pod_security.containers
	container.spec.securityContext.privileged == true
	msg := sprintf("container `%s` is privileged", [container.name])
}
