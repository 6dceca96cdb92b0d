# METADATA
# title: A container can gain more rights than it was started with
# description: |
#   Unless `allowPrivilegeEscalation` is false, a program with the setuid bit makes its caller root. Part of the
#   standard since Kubernetes 1.8.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-privilege-escalation
#   severity: error
#   fix: "set `securityContext.allowPrivilegeEscalation: false`"
package policies.pod_security_restricted.restricted_privilege_escalation

import data.policies.lib.kubernetes
import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "allowPrivilegeEscalation"])} if {
	not kubernetes.before(8)
	not pod_security.for_windows
	some container in pod_security.containers
	not container.spec.securityContext.allowPrivilegeEscalation == false
	msg := sprintf("container `%s` does not set `allowPrivilegeEscalation: false`", [container.name])
}
