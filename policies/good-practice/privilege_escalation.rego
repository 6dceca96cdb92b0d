# METADATA
# title: A container can gain more rights than it was started with
# description: |
#   Unless `allowPrivilegeEscalation` is false, a program with the setuid bit makes its caller root.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: privilege-escalation
#   severity: warning
#   fix: "set `securityContext.allowPrivilegeEscalation: false`"
package policies.good_practice.privilege_escalation

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "allowPrivilegeEscalation"])} if {
	some container in workload.all_containers
	not container.spec.securityContext.allowPrivilegeEscalation == false
	not container.spec.securityContext.privileged == true # worse, and reported by itself
	msg := sprintf("container `%s` can gain more rights", [container.name])
}
