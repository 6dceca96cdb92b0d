# METADATA
# title: A container may run as root
# description: |
#   Root in a container is root on the node as soon as something lets it out: a mounted path, a bug in the
#   kernel, a missing limit of capabilities.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: run-as-root
#   severity: warning
#   fix: "set `securityContext.runAsNonRoot: true`"
package policies.good_practice.run_as_root

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "runAsUser"])} if {
	some container in workload.all_containers
	root(container)
	msg := sprintf("container `%s` runs as root", [container.name])
}

warn contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "runAsNonRoot"])} if {
	some container in workload.all_containers
	not root(container)
	not another_user(container)
	not refuses_root(container)
	msg := sprintf("container `%s` may run as root: nothing says which user it is", [container.name])
}

root(container) if workload.security(container, "runAsUser") == 0

another_user(container) if workload.security(container, "runAsUser") > 0

refuses_root(container) if workload.security(container, "runAsNonRoot") == true
