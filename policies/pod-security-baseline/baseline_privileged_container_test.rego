package policies.pod_security_baseline.baseline_privileged_container_test

import data.policies.pod_security_baseline.baseline_privileged_container

test_a_privileged_container_is_found if {
	count(baseline_privileged_container.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": true}}]}}
}

test_a_container_for_debugging_counts if {
	count(baseline_privileged_container.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [], "ephemeralContainers": [{"name": "a", "securityContext": {"privileged": true}}]}}
}

test_false_and_null_are_no_finding if {
	count(baseline_privileged_container.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": false}}, {"name": "b", "securityContext": {"privileged": null}}]}}
}
