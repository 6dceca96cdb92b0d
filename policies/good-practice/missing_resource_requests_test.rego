package policies.good_practice.missing_resource_requests_test

import data.policies.good_practice.missing_resource_requests

test_missing_requests_are_found if {
	count(missing_resource_requests.warn) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_each_resource_counts if {
	count(missing_resource_requests.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "1"}}}]}}
}

test_a_limit_is_a_request if {
	count(missing_resource_requests.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "resources": {"limits": {"memory": "1Gi", "cpu": 1}}}]}}
}

test_an_init_container_is_left_alone if {
	count(missing_resource_requests.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [{"name": "a"}], "containers": []}}
}
