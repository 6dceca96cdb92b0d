package policies.good_practice.privilege_escalation_test

import data.policies.good_practice.privilege_escalation

test_absence_is_found if {
	count(privilege_escalation.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_true_is_found if {
	count(privilege_escalation.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"allowPrivilegeEscalation": true}}]}}
}

test_false_is_no_finding if {
	count(privilege_escalation.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"allowPrivilegeEscalation": false}}]}}
}

test_a_privileged_container_is_reported_by_another_rule if {
	count(privilege_escalation.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"privileged": true}}]}}
}
