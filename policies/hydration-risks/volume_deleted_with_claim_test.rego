package policies.hydration_risks.volume_deleted_with_claim_test

import data.policies.hydration_risks.volume_deleted_with_claim

test_each_moment_is_found if {
	count(volume_deleted_with_claim.warn) == 2 with input as {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"}, "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"}}}
}

test_retaining_is_no_finding if {
	count(volume_deleted_with_claim.warn) == 0 with input as {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "a"}, "spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}}
}

test_a_volume_is_found if {
	count(volume_deleted_with_claim.warn) == 1 with input as {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "a"}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}
}
