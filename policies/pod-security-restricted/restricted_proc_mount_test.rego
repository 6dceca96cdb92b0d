package policies.pod_security_restricted.restricted_proc_mount_test

import data.policies.pod_security_restricted.restricted_proc_mount

test_a_user_namespace_does_not_help if {
	count(restricted_proc_mount.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 35}
}

test_without_one_the_baseline_reports_it if {
	count(restricted_proc_mount.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 35}
}

test_so_it_does_before_1_35 if {
	count(restricted_proc_mount.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}
