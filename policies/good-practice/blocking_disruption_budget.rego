# METADATA
# title: A disruption budget lets no pod go
# description: |
#   No node that runs one of these pods can be drained: an upgrade of the cluster stops there until somebody deletes the
#   budget.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
# custom:
#   id: blocking-disruption-budget
#   severity: warning
#   fix: "allow at least one pod to be unavailable: `maxUnavailable: 1`"
package policies.good_practice.blocking_disruption_budget

warn contains {"msg": msg, "path": ["spec", field]} if {
	input.kind == "PodDisruptionBudget"
	startswith(input.apiVersion, "policy/")
	some field, values in {"maxUnavailable": {0, "0", "0%"}, "minAvailable": {"100%"}}
	input.spec[field] in values
	msg := sprintf("`%s: %v` lets no pod go", [field, input.spec[field]])
}
