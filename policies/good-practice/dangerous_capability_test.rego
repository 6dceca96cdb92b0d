package policies.good_practice.dangerous_capability_test

import data.policies.good_practice.dangerous_capability

test_it_is_found_in_any_spelling if {
	count(dangerous_capability.warn) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["CAP_SYS_ADMIN", "all"]}}}]}}
}

test_a_harmless_one_is_no_finding if {
	count(dangerous_capability.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}}}]}}
}

test_dropping_is_no_finding if {
	count(dangerous_capability.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"drop": ["ALL"]}}}]}}
}
