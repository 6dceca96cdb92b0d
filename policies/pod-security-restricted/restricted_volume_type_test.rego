package policies.pod_security_restricted.restricted_volume_type_test

import data.policies.pod_security_restricted.restricted_volume_type

test_a_volume_of_a_storage_system_is_found if {
	count(restricted_volume_type.deny) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "nfs": {}}, {"name": "b", "iscsi": {}}], "containers": []}}
}

test_a_type_that_nobody_knows_is_found if {
	count(restricted_volume_type.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "cloud": {}}], "containers": []}}
}

test_volumes_for_workloads_are_no_finding if {
	count(restricted_volume_type.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "csi": {}, "nfs": null}, {"name": "b", "ephemeral": {}}, {"name": "c"}], "containers": []}}
}

test_a_path_of_the_node_is_reported_by_the_baseline if {
	count(restricted_volume_type.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "hostPath": {}}], "containers": []}}
}
