# METADATA
# title: A container sees all of `/proc`
# description: |
#   The container runtime hides the parts of `/proc` that tell about the node or change it. Since Kubernetes 1.35
#   a pod in a user namespace of its own (`hostUsers: false`) may see them.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-proc-mount
#   severity: error
#   fix: "remove `procMount`, or set `hostUsers: false` from Kubernetes 1.35 on"
package policies.pod_security_baseline.baseline_proc_mount

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "procMount"])} if {
	not pod_security.in_user_namespace
	some container in pod_security.containers
	mount := pod_security.own(container, "procMount")
	mount != "Default"
	msg := sprintf("container `%s` sets `procMount` to `%s`", [container.name, mount])
}
