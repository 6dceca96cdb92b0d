package policies.pod_security_baseline.baseline_probe_host_test

import data.policies.pod_security_baseline.baseline_probe_host

test_a_probe_of_another_host_is_found if {
	count(baseline_probe_host.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "10.0.0.1", "port": 80}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}

test_a_connection_counts if {
	count(baseline_probe_host.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "startupProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}

test_a_hook_counts if {
	count(baseline_probe_host.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "lifecycle": {"postStart": {"httpGet": {"host": "10.0.0.1"}}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}

test_where_nobody_says_which_kubernetes_it_is_the_newest if {
	count(baseline_probe_host.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "readinessProbe": {"httpGet": {"host": "10.0.0.1", "port": 80}}}]}}
}

test_an_older_kubernetes_allows_it if {
	count(baseline_probe_host.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "10.0.0.1", "port": 80}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 33}
}

test_no_host_is_no_finding if {
	count(baseline_probe_host.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "", "port": 80}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}
