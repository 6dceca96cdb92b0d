# METADATA
# title: Somebody who is not logged in gets rights
# description: |
#   Everybody who reaches the API server has these rights, without any account.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: anonymous-binding
#   severity: warning
#   fix: "name the users or service accounts that need the role"
package policies.good_practice.anonymous_binding

warn contains {"msg": msg, "path": ["subjects", i, "name"]} if {
	input.kind in {"ClusterRoleBinding", "RoleBinding"}
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	some i, subject in input.subjects
	subject.name in {"system:anonymous", "system:unauthenticated"}
	not input.roleRef.name == "system:public-info-viewer"
	msg := sprintf("`%s` is everybody who reaches the API server", [subject.name])
}
