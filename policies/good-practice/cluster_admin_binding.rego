# METADATA
# title: Somebody is made cluster administrator
# description: |
#   The role `cluster-admin` allows everything in every namespace. A workload that has it gives the whole
#   cluster to whoever takes that workload over.
# related_resources:
# - ref: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
# custom:
#   id: cluster-admin-binding
#   severity: error
#   fix: "bind a role that names what is needed"
package policies.good_practice.cluster_admin_binding

deny contains {"msg": msg, "path": ["roleRef", "name"]} if {
	input.kind == "ClusterRoleBinding"
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	input.roleRef.kind == "ClusterRole"
	input.roleRef.name == "cluster-admin"
	msg := "the binding gives the whole cluster away"
}
