# METADATA
# title: A pod turns seccomp off
# description: |
#   The profile of the container runtime refuses the system calls that nobody needs and attackers use. `Unconfined`
#   takes that away. Before Kubernetes 1.19 annotations set the profile, since then a field does.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-seccomp-profile
#   severity: error
#   fix: "use `RuntimeDefault` or `Localhost`, or remove the setting"
package policies.pod_security_baseline.baseline_seccomp_profile

import data.policies.lib.kubernetes
import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(context.path, ["seccompProfile", "type"])} if {
	not kubernetes.before(19)
	some context in pod_security.contexts
	is_object(context.spec.seccompProfile)
	profile := object.get(context.spec.seccompProfile, "type", "")
	not profile in pod_security.confined
	msg := sprintf("%s has the seccomp profile `%s`", [context.owner, profile])
}

deny contains {"msg": msg, "path": array.concat(pod_security.annotations_path, [annotation])} if {
	kubernetes.before(19)
	some annotation, profile in pod_security.annotations
	is_profile(annotation)
	not profile in {"runtime/default", "docker/default"}
	not startswith(profile, "localhost/")
	msg := sprintf("an annotation sets the seccomp profile `%s`", [profile])
}

is_profile(annotation) if annotation == "seccomp.security.alpha.kubernetes.io/pod"

is_profile(annotation) if {
	some container in pod_security.containers
	annotation == concat("", ["container.seccomp.security.alpha.kubernetes.io/", container.name])
}
