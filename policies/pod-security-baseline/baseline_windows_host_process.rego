# METADATA
# title: A Windows container runs on the host itself
# description: |
#   A host process container has no isolation: it is a program on the node, with the rights of its account there.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-windows-host-process
#   severity: error
#   fix: "remove `windowsOptions.hostProcess`"
package policies.pod_security_baseline.baseline_windows_host_process

import data.policies.lib.pod_security

deny contains {"msg": msg, "path": array.concat(context.path, ["windowsOptions", "hostProcess"])} if {
	some context in pod_security.contexts
	context.spec.windowsOptions.hostProcess == true
	msg := sprintf("%s runs on the host itself", [context.owner])
}
