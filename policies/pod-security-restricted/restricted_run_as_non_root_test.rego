package policies.pod_security_restricted.restricted_run_as_non_root_test

import data.policies.pod_security_restricted.restricted_run_as_non_root

test_absence_is_found if {
	count(restricted_run_as_non_root.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_false_is_found if {
	count(restricted_run_as_non_root.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsNonRoot": false}}]}}
}

test_the_setting_of_the_pod_is_enough if {
	count(restricted_run_as_non_root.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "a"}]}}
}

test_a_container_must_not_contradict_its_pod if {
	count(restricted_run_as_non_root.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsNonRoot": true}, "containers": [{"name": "a", "securityContext": {"runAsNonRoot": false}}]}}
}

test_a_pod_that_says_false_is_found_once if {
	count(restricted_run_as_non_root.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsNonRoot": false}, "containers": [{"name": "a"}]}}
}

test_null_is_not_set if {
	count(restricted_run_as_non_root.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsNonRoot": null}}]}}
}

test_a_user_namespace_helps_since_1_35 if {
	count(restricted_run_as_non_root.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 35}
}
