package policies.pod_security_baseline.baseline_proc_mount_test

import data.policies.pod_security_baseline.baseline_proc_mount

test_unmasked_is_found if {
	count(baseline_proc_mount.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}}
}

test_a_user_namespace_does_not_help_before_1_35 if {
	count(baseline_proc_mount.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}

test_a_user_namespace_helps_since_1_35 if {
	count(baseline_proc_mount.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false, "containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 35}
}

test_default_and_null_are_no_finding if {
	count(baseline_proc_mount.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"procMount": "Default"}}, {"name": "b", "securityContext": {"procMount": null}}]}}
}
