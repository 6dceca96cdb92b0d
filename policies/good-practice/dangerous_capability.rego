# METADATA
# title: A container has a capability that is as good as root
# description: |
#   With `SYS_ADMIN`, `ALL` and a few others a container can mount, trace, load code into the kernel or
#   rewrite routes: they lead to the node.
# related_resources:
# - ref: https://man7.org/linux/man-pages/man7/capabilities.7.html
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: dangerous-capability
#   severity: warning
#   fix: "remove it from `capabilities.add`"
package policies.good_practice.dangerous_capability

import data.policies.lib.workload

dangerous := {"ALL", "BPF", "DAC_READ_SEARCH", "NET_ADMIN", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"}

warn contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "capabilities", "add", i])} if {
	some container in workload.all_containers
	some i, capability in container.spec.securityContext.capabilities.add
	trim_prefix(upper(capability), "CAP_") in dangerous
	msg := sprintf("container `%s` has the capability `%s`", [container.name, capability])
}
