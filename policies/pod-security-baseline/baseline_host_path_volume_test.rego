package policies.pod_security_baseline.baseline_host_path_volume_test

import data.policies.pod_security_baseline.baseline_host_path_volume

test_a_path_of_the_node_is_found if {
	count(baseline_host_path_volume.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "hostPath": {"path": "/"}}], "containers": []}}
}

test_an_empty_source_is_a_path_too if {
	count(baseline_host_path_volume.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "hostPath": {}}], "containers": []}}
}

test_another_volume_is_no_finding if {
	count(baseline_host_path_volume.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "hostPath": null, "emptyDir": {}}], "containers": []}}
}
