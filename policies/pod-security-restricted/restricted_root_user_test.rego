package policies.pod_security_restricted.restricted_root_user_test

import data.policies.pod_security_restricted.restricted_root_user

test_user_zero_is_found if {
	count(restricted_root_user.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsUser": 0}}]}}
}

test_the_user_of_the_pod_counts if {
	count(restricted_root_user.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"runAsUser": 0}, "containers": []}}
}

test_another_user_is_no_finding if {
	count(restricted_root_user.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsUser": 1000}}]}}
}

test_kubernetes_before_1_23_does_not_ask if {
	count(restricted_root_user.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"runAsUser": 0}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 22}
}

test_a_user_namespace_helps_since_1_35 if {
	count(restricted_root_user.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "securityContext": {"runAsUser": 0}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 35}
}
