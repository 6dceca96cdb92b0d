package policies.good_practice.missing_memory_limit_test

import data.policies.good_practice.missing_memory_limit

test_a_missing_limit_is_found if {
	count(missing_memory_limit.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_a_limit_of_the_processor_is_not_enough if {
	count(missing_memory_limit.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "resources": {"limits": {"cpu": "1"}}}]}}
}

test_a_limit_is_no_finding if {
	count(missing_memory_limit.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "resources": {"limits": {"memory": "1Gi"}}}]}}
}

test_a_limit_of_the_pod_is_enough if {
	count(missing_memory_limit.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"resources": {"limits": {"memory": "1Gi"}}, "containers": [{"name": "a"}]}}
}
