# METADATA
# title: A pod mounts a path of its node
# description: |
#   Whoever can write to a path of the node, or read it, can usually take the node over.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: baseline-host-path-volume
#   severity: error
#   fix: "use another kind of volume"
package policies.pod_security_baseline.baseline_host_path_volume

import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(workload.pod_path, ["volumes", i, "hostPath"])} if {
	some i, volume in workload.pod.volumes
	is_object(volume.hostPath)
	msg := sprintf("volume `%s` is a path of the node", [workload.name_of(volume)])
}
