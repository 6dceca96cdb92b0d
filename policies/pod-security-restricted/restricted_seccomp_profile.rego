# METADATA
# title: A container has no seccomp profile
# description: |
#   Without a profile a container may use every system call, unless the node is set up otherwise. Part of the
#   standard since Kubernetes 1.19. What the baseline forbids is reported there.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-seccomp-profile
#   severity: error
#   fix: "set `securityContext.seccompProfile.type: RuntimeDefault` for the pod"
package policies.pod_security_restricted.restricted_seccomp_profile

import data.policies.lib.kubernetes
import data.policies.lib.pod_security
import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "seccompProfile"])} if {
	not kubernetes.before(19)
	not pod_security.for_windows
	not is_set(workload.pod)
	some container in pod_security.containers
	not is_set(container.spec)
	msg := sprintf("neither container `%s` nor its pod sets a seccomp profile", [container.name])
}

is_set(spec) if is_object(spec.securityContext.seccompProfile)
