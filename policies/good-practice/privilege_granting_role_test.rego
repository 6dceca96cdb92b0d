package policies.good_practice.privilege_granting_role_test

import data.policies.good_practice.privilege_granting_role

test_each_verb_is_found if {
	count(privilege_granting_role.warn) == 3 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}, "rules": [{"verbs": ["bind", "escalate", "impersonate", "get"], "resources": ["roles"]}]}
}

test_one_named_role_is_no_finding if {
	count(privilege_granting_role.warn) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}, "rules": [{"verbs": ["bind"], "resources": ["roles"], "resourceNames": ["a"]}]}
}

test_other_verbs_are_no_finding if {
	count(privilege_granting_role.warn) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}, "rules": [{"verbs": ["get", "update"], "resources": ["roles"]}]}
}
