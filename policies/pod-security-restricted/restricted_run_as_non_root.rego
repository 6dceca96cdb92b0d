# METADATA
# title: A container may run as root
# description: |
#   Only `runAsNonRoot: true` makes the kubelet refuse an image whose user is root. Since Kubernetes 1.35 pods in a
#   user namespace of their own (`hostUsers: false`) need not set it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-run-as-non-root
#   severity: error
#   fix: "set `securityContext.runAsNonRoot: true` for the pod"
package policies.pod_security_restricted.restricted_run_as_non_root

import data.policies.lib.pod_security
import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(context.path, ["runAsNonRoot"])} if {
	not pod_security.in_user_namespace
	some context in pod_security.contexts
	context.spec.runAsNonRoot == false
	msg := sprintf("%s sets `runAsNonRoot: false`", [context.owner])
}

deny contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "runAsNonRoot"])} if {
	not pod_security.in_user_namespace
	not is_set(workload.pod)
	some container in pod_security.containers
	not is_set(container.spec)
	msg := sprintf("neither container `%s` nor its pod sets `runAsNonRoot: true`", [container.name])
}

is_set(spec) if is_boolean(spec.securityContext.runAsNonRoot)
