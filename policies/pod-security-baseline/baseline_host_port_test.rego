package policies.pod_security_baseline.baseline_host_port_test

import data.policies.pod_security_baseline.baseline_host_port

test_a_port_of_the_node_is_found if {
	count(baseline_host_port.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "hostPort": 80}]}]}}
}

test_zero_and_null_are_no_port if {
	count(baseline_host_port.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "ports": [{"hostPort": 0}, {"hostPort": null}, {"containerPort": 80}]}]}}
}
