package policies.pod_security_restricted.restricted_privilege_escalation_test

import data.policies.pod_security_restricted.restricted_privilege_escalation

test_absence_is_found if {
	count(restricted_privilege_escalation.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_true_is_found if {
	count(restricted_privilege_escalation.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"allowPrivilegeEscalation": true}}]}}
}

test_false_is_no_finding if {
	count(restricted_privilege_escalation.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"allowPrivilegeEscalation": false}}]}}
}

test_kubernetes_before_1_8_does_not_know_it if {
	count(restricted_privilege_escalation.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 7}
}

test_windows_does_not_know_it if {
	count(restricted_privilege_escalation.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 25}
}
