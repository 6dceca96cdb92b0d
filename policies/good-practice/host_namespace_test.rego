package policies.good_practice.host_namespace_test

import data.policies.good_practice.host_namespace

test_each_namespace_is_found if {
	count(host_namespace.deny) == 3 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": true, "hostPID": true, "hostIPC": true, "containers": []}}
}

test_false_is_no_finding if {
	count(host_namespace.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostNetwork": false, "containers": []}}
}

test_absence_is_no_finding if {
	count(host_namespace.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}}
}
