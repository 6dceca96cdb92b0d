# METADATA
# title: A pod shares a namespace of its node
# description: |
#   With the network, the processes or the inter-process communication of the node, a pod sees and can disturb
#   what everything else on that node does, and network policies do not bind it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-host-namespace
#   severity: error
#   fix: "remove the setting"
package policies.pod_security_baseline.baseline_host_namespace

import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(workload.pod_path, [setting])} if {
	some setting in ["hostIPC", "hostNetwork", "hostPID"]
	workload.pod[setting] == true
	msg := sprintf("the pod sets `%s`", [setting])
}
