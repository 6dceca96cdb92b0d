package policies.good_practice.writable_root_filesystem_test

import data.policies.good_practice.writable_root_filesystem

test_absence_is_found if {
	count(writable_root_filesystem.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_false_is_found if {
	count(writable_root_filesystem.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"readOnlyRootFilesystem": false}}]}}
}

test_true_is_no_finding if {
	count(writable_root_filesystem.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"readOnlyRootFilesystem": true}}]}}
}
