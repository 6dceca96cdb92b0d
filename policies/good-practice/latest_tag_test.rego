package policies.good_practice.latest_tag_test

import data.policies.good_practice.latest_tag

test_a_missing_tag_is_found if {
	count(latest_tag.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "nginx"}]}}
}

test_latest_is_found if {
	count(latest_tag.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "reg:5000/nginx:latest"}]}}
}

test_the_port_of_a_registry_is_no_tag if {
	count(latest_tag.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "reg:5000/nginx"}]}}
}

test_an_init_container_counts if {
	count(latest_tag.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [{"name": "a", "image": "busybox"}], "containers": []}}
}

test_a_version_is_fixed if {
	count(latest_tag.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "reg:5000/nginx:1.29"}]}}
}

test_a_digest_is_fixed if {
	count(latest_tag.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}}
}

test_other_kinds_are_left_alone if {
	count(latest_tag.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "spec": {"containers": [{"name": "a", "image": "nginx"}]}}
}
