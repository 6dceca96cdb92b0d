# METADATA
# title: A container runs as user 0
# description: |
#   Root in a container is root on the node as soon as something lets it out. Part of the standard since Kubernetes
#   1.23; since 1.35 not for pods in a user namespace of their own (`hostUsers: false`).
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-root-user
#   severity: error
#   fix: "set `runAsUser` to another number, or remove it"
package policies.pod_security_restricted.restricted_root_user

import data.policies.lib.kubernetes
import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(context.path, ["runAsUser"])} if {
	not kubernetes.before(23)
	not pod_security.in_user_namespace
	some context in pod_security.contexts
	context.spec.runAsUser == 0
	msg := sprintf("%s runs as user 0", [context.owner])
}
