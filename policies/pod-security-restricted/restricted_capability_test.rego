package policies.pod_security_restricted.restricted_capability_test

import data.policies.pod_security_restricted.restricted_capability

test_keeping_capabilities_is_found if {
	count(restricted_capability.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["NET_RAW"]}}}]}}
}

test_adding_one_is_found if {
	count(restricted_capability.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE"]}}}]}}
}

test_what_the_baseline_forbids_is_reported_there if {
	count(restricted_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}}]}}
}

test_a_name_is_taken_as_it_is_written if {
	count(restricted_capability.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["all"]}}}]}}
}

test_kubernetes_before_1_22_does_not_ask if {
	count(restricted_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 21}
}

test_windows_has_none_since_1_25 if {
	count(restricted_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 25}
}

test_before_1_25_windows_has_to_drop_them_too if {
	count(restricted_capability.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 24}
}

test_dropping_all_is_no_finding if {
	count(restricted_capability.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}}]}}
}
