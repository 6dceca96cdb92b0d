package policies.good_practice.privileged_container_test

import data.policies.good_practice.privileged_container

test_a_privileged_container_is_found if {
	count(privileged_container.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": true}}]}}
}

test_an_init_container_counts if {
	count(privileged_container.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [{"name": "a", "securityContext": {"privileged": true}}], "containers": []}}
}

test_false_is_no_finding if {
	count(privileged_container.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": false}}]}}
}

test_no_security_context_is_no_finding if {
	count(privileged_container.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}
