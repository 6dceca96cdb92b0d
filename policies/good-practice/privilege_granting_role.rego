# METADATA
# title: A role lets its owner give himself more rights
# description: |
#   `escalate` and `bind` lead to every right of the roles they are about, `impersonate` to those of anybody: a role with one
#   of them is as good as a cluster administrator, without looking like it.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks
# custom:
#   id: privilege-granting-role
#   severity: warning
#   fix: "remove the verb, or name the one role that may be bound in `resourceNames`"
package policies.good_practice.privilege_granting_role

warn contains {"msg": msg, "path": ["rules", i, "verbs", j]} if {
	input.kind in {"ClusterRole", "Role"}
	startswith(input.apiVersion, "rbac.authorization.k8s.io/")
	some i, rule in input.rules
	some j, verb in rule.verbs
	verb in {"bind", "escalate", "impersonate"}
	not names_resources(rule)
	msg := sprintf("the verb `%s` leads to more rights than the role has", [verb])
}

names_resources(rule) if count(rule.resourceNames) > 0
