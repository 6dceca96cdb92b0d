# METADATA
# title: A volume is deleted when something smaller is
# description: |
#   With `Delete`, scaling a StatefulSet down or deleting it deletes the volumes of its pods; and a PersistentVolume goes with
#   its claim. A rollback brings none of them back.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
# - ref: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#reclaiming
# custom:
#   id: volume-deleted-with-claim
#   severity: warning
#   fix: "use `Retain`"
package policies.hydration_risks.volume_deleted_with_claim

warn contains {"msg": msg, "path": ["spec", "persistentVolumeClaimRetentionPolicy", moment]} if {
	input.kind == "StatefulSet"
	startswith(input.apiVersion, "apps/")
	some moment in ["whenDeleted", "whenScaled"]
	input.spec.persistentVolumeClaimRetentionPolicy[moment] == "Delete"
	msg := sprintf("the volumes are deleted: `%s` is `Delete`", [moment])
}

warn contains {"msg": msg, "path": ["spec", "persistentVolumeReclaimPolicy"]} if {
	input.kind == "PersistentVolume"
	input.apiVersion == "v1"
	input.spec.persistentVolumeReclaimPolicy == "Delete"
	msg := "the volume is deleted with its claim"
}
