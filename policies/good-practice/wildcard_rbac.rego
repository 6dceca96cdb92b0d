# METADATA
# title: A role allows everything on everything
# description: |
#   A rule with `*` for verbs and for resources includes what does not exist yet: reading every Secret, and
#   giving oneself more rights.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   id: wildcard-rbac
#   severity: error
#   fix: "name the resources and verbs that are used"
package policies.good_practice.wildcard_rbac

deny contains {"msg": msg, "path": ["rules", i, "verbs"]} if {
	input.kind in {"ClusterRole", "Role"}
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	some i, rule in input.rules
	"*" in rule.verbs
	"*" in rule.resources
	msg := "the role allows every verb on every resource"
}
