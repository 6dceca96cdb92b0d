# METADATA
# title: A container keeps or adds capabilities
# description: |
#   Even the default capabilities help who breaks out of a container. A program that needs none is not hurt by
#   dropping all; one that listens on a port below 1024 may add `NET_BIND_SERVICE`. Part of the standard since
#   Kubernetes 1.22. What the baseline forbids to add is reported there.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-capability
#   severity: error
#   fix: "set `capabilities.drop: [ALL]`, and add at most `NET_BIND_SERVICE`"
package policies.pod_security_restricted.restricted_capability

import data.policies.lib.kubernetes
import data.policies.lib.pod_security
import data.policies.pod_security_baseline.baseline_added_capability

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "capabilities", "drop"])} if {
	applies
	some container in pod_security.containers
	not drops_all(container)
	msg := sprintf("container `%s` does not drop all capabilities", [container.name])
}

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "capabilities", "add", i])} if {
	applies
	some container in pod_security.containers
	some i, capability in container.spec.securityContext.capabilities.add
	capability in baseline_added_capability.allowed
	capability != "NET_BIND_SERVICE"
	msg := sprintf("container `%s` adds the capability `%s`", [container.name, capability])
}

applies if {
	not kubernetes.before(22)
	not pod_security.for_windows
}

drops_all(container) if "ALL" in container.spec.securityContext.capabilities.drop
