# METADATA
# title: A pod chooses its own SELinux label
# description: |
#   With a user or role of its own, or a type that is not made for containers, a process escapes what SELinux
#   forbids to containers. `container_engine_t` is allowed since Kubernetes 1.31.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-selinux-options
#   severity: error
#   fix: "remove the option, or use the type `container_t`"
package policies.pod_security_baseline.baseline_selinux_options

import data.policies.lib.kubernetes
import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(context.path, ["seLinuxOptions", "type"])} if {
	some context in pod_security.contexts
	type := context.spec.seLinuxOptions.type
	not allowed(type)
	msg := sprintf("%s has the SELinux type `%s`", [context.owner, type])
}

deny contains {"msg": msg, "path": array.concat(context.path, ["seLinuxOptions", option])} if {
	some context in pod_security.contexts
	some option in ["role", "user"]
	value := context.spec.seLinuxOptions[option]
	not value in {"", null}
	msg := sprintf("%s has the SELinux %s `%s`", [context.owner, option, value])
}

allowed(type) if type in {"", null, "container_t", "container_init_t", "container_kvm_t"}

allowed("container_engine_t") if not kubernetes.before(31)
