# METADATA
# title: A pod mounts a path of its node
# description: |
#   A path of the node outlives the pod, differs from node to node, and is a way out of the container. Agents
#   that read the logs of a node need one; most others do not.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
# custom:
#   id: host-path-volume
#   severity: warning
#   fix: "use a `persistentVolumeClaim` or an `emptyDir`"
package policies.good_practice.host_path_volume

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(workload.pod_path, ["volumes", i, "hostPath", "path"])} if {
	some i, volume in workload.pod.volumes
	volume.hostPath
	msg := sprintf("volume `%s` is a path of the node", [object.get(volume, "name", "(unnamed)")])
}
