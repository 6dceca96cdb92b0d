# METADATA
# title: A pod uses a kind of volume that is not for workloads
# description: |
#   Volumes of storage systems belong into a PersistentVolume, which an administrator makes. A path of the node is
#   reported by the baseline.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# custom:
#   id: restricted-volume-type
#   severity: error
#   fix: "use a `persistentVolumeClaim`, `csi`, `ephemeral` or `emptyDir` volume"
package policies.pod_security_restricted.restricted_volume_type

import data.policies.lib.workload

allowed := {
	"configMap",
	"csi",
	"downwardAPI",
	"emptyDir",
	"ephemeral",
	"image",
	"persistentVolumeClaim",
	"projected",
	"secret",
}

deny contains {"msg": msg, "path": array.concat(workload.pod_path, ["volumes", i, type])} if {
	some i, volume in workload.pod.volumes
	some type, source in volume
	source != null
	not type in allowed
	not type in {"hostPath", "name"}
	msg := sprintf("volume `%s` is of the type `%s`", [workload.name_of(volume), type])
}
