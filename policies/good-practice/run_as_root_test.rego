package policies.good_practice.run_as_root_test

import data.policies.good_practice.run_as_root

test_an_unknown_user_is_found if {
	count(run_as_root.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_user_zero_is_found_once if {
	count(run_as_root.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsUser": 0}}]}}
}

test_the_setting_of_the_pod_counts if {
	count(run_as_root.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "a"}]}}
}

test_the_container_overrides_the_pod if {
	count(run_as_root.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "a", "securityContext": {"runAsNonRoot": false}}]}}
}

test_another_user_is_no_finding if {
	count(run_as_root.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsUser": 1000}}]}}
}
