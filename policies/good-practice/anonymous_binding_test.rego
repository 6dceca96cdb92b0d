package policies.good_practice.anonymous_binding_test

import data.policies.good_practice.anonymous_binding

test_the_anonymous_user_is_found if {
	count(anonymous_binding.warn) == 1 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}, "roleRef": {"name": "view"}, "subjects": [{"name": "system:anonymous"}]}
}

test_their_group_is_found if {
	count(anonymous_binding.warn) == 1 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}, "roleRef": {"name": "view"}, "subjects": [{"name": "system:unauthenticated"}]}
}

test_what_is_public_anyway_is_no_finding if {
	count(anonymous_binding.warn) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}, "roleRef": {"name": "system:public-info-viewer"}, "subjects": [{"name": "system:unauthenticated"}]}
}

test_another_group_is_no_finding if {
	count(anonymous_binding.warn) == 0 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a"}, "roleRef": {"name": "view"}, "subjects": [{"name": "readers"}]}
}
