package policies.pod_security_baseline.baseline_windows_host_process_test

import data.policies.pod_security_baseline.baseline_windows_host_process

test_a_container_on_the_host_is_found if {
	count(baseline_windows_host_process.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"windowsOptions": {"hostProcess": true}}}]}}
}

test_the_setting_of_the_pod_counts if {
	count(baseline_windows_host_process.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"windowsOptions": {"hostProcess": true}}, "containers": []}}
}

test_false_is_no_finding if {
	count(baseline_windows_host_process.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"windowsOptions": {"hostProcess": false}}}]}}
}
