package policies.good_practice.host_path_volume_test

import data.policies.good_practice.host_path_volume

test_a_host_path_is_found if {
	count(host_path_volume.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "hostPath": {"path": "/"}}], "containers": []}}
}

test_an_empty_directory_is_no_finding if {
	count(host_path_volume.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": [{"name": "a", "emptyDir": {}}], "containers": []}}
}
