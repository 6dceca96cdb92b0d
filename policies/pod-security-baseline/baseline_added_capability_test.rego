package policies.pod_security_baseline.baseline_added_capability_test

import data.policies.pod_security_baseline.baseline_added_capability

test_a_capability_beyond_the_default_is_found if {
	count(baseline_added_capability.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["NET_RAW"]}}}]}}
}

test_a_name_is_taken_as_it_is_written if {
	count(baseline_added_capability.deny) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["chown", "CAP_CHOWN"]}}}]}}
}

test_a_default_capability_is_no_finding if {
	count(baseline_added_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["CHOWN", "NET_BIND_SERVICE"]}}}]}}
}

test_nothing_added_is_no_finding if {
	count(baseline_added_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["NET_RAW"]}}}]}}
}
