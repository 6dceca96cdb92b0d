package policies.good_practice.cluster_admin_binding_test

import data.policies.good_practice.cluster_admin_binding

test_cluster_admin_is_found if {
	count(cluster_admin_binding.deny) == 1 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "a"}, "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}}
}

test_another_role_is_no_finding if {
	count(cluster_admin_binding.deny) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "a"}, "roleRef": {"kind": "ClusterRole", "name": "view"}}
}

test_a_binding_in_one_namespace_is_no_finding if {
	count(cluster_admin_binding.deny) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}, "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}}
}
