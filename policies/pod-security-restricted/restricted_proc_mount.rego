# METADATA
# title: A container sees all of `/proc`
# description: |
#   The restricted level allows it not even in a user namespace of its own, where the baseline does since
#   Kubernetes 1.35. Elsewhere the baseline reports it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-proc-mount
#   severity: error
#   fix: "remove `procMount`"
package policies.pod_security_restricted.restricted_proc_mount

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "procMount"])} if {
	pod_security.in_user_namespace
	some container in pod_security.containers
	mount := pod_security.own(container, "procMount")
	mount != "Default"
	msg := sprintf("container `%s` sets `procMount` to `%s`", [container.name, mount])
}
