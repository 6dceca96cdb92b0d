# METADATA
# title: A container adds a capability that few need
# description: |
#   Beyond the default set, capabilities lead to the node or let a container listen to and forge traffic.
#   The names are compared as they are written: `CAP_CHOWN` is not `CHOWN`.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-added-capability
#   severity: error
#   fix: "remove it from `capabilities.add`"
package policies.pod_security_baseline.baseline_added_capability

import data.policies.lib.pod_security

allowed := {
	"AUDIT_WRITE",
	"CHOWN",
	"DAC_OVERRIDE",
	"FOWNER",
	"FSETID",
	"KILL",
	"MKNOD",
	"NET_BIND_SERVICE",
	"SETFCAP",
	"SETGID",
	"SETPCAP",
	"SETUID",
	"SYS_CHROOT",
}

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "capabilities", "add", i])} if {
	some container in pod_security.containers
	some i, capability in container.spec.securityContext.capabilities.add
	not capability in allowed
	msg := sprintf("container `%s` adds the capability `%s`", [container.name, capability])
}
