package policies.pod_security_baseline.baseline_host_namespace_test

import data.policies.pod_security_baseline.baseline_host_namespace

test_each_namespace_is_found if {
	count(baseline_host_namespace.deny) == 3 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": true, "hostPID": true, "hostIPC": true, "containers": []}}
}

test_false_and_null_are_no_finding if {
	count(baseline_host_namespace.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": false, "hostPID": null, "containers": []}}
}
