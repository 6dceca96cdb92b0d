package policies.good_practice.wildcard_rbac_test

import data.policies.good_practice.wildcard_rbac

test_both_wildcards_are_found if {
	count(wildcard_rbac.deny) == 1 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}, "rules": [{"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}]}
}

test_one_of_them_is_no_finding if {
	count(wildcard_rbac.deny) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "a"}, "rules": [{"apiGroups": ["x.io"], "resources": ["things"], "verbs": ["*"]}, {"apiGroups": ["x.io"], "resources": ["*"], "verbs": ["get"]}]}
}

test_no_rules_are_no_finding if {
	count(wildcard_rbac.deny) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}, "rules": []}
}
