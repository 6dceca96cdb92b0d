# METADATA
# title: A pod turns AppArmor off
# description: |
#   The profile of the container runtime keeps a container from much of the node. `Unconfined` takes that away;
#   so does every profile but `RuntimeDefault` and those that an administrator put on the node.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-apparmor-profile
#   severity: error
#   fix: "use `RuntimeDefault` or `Localhost`, or remove the setting"
package policies.pod_security_baseline.baseline_apparmor_profile

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(context.path, ["appArmorProfile", "type"])} if {
	some context in pod_security.contexts
	is_object(context.spec.appArmorProfile)
	profile := object.get(context.spec.appArmorProfile, "type", "")
	not profile in pod_security.confined
	msg := sprintf("%s has the AppArmor profile `%s`", [context.owner, profile])
}

deny contains {"msg": msg, "path": array.concat(pod_security.annotations_path, [annotation])} if {
	some annotation, profile in pod_security.annotations
	startswith(annotation, "container.apparmor.security.beta.kubernetes.io/")
	not allowed(profile)
	msg := sprintf("an annotation sets the AppArmor profile `%s`", [profile])
}

allowed(profile) if profile in {"", "runtime/default", null}

allowed(profile) if startswith(profile, "localhost/")
