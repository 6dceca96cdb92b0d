# METADATA
# title: An application may be synced to nothing
# description: |
#   When the source is empty, after a wrong path or a failed rendering, Argo CD refuses to delete everything. `allowEmpty`
#   takes that last brake away.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/#automatic-pruning-with-allow-empty-v18
# custom:
#   id: empty-sync-allowed
#   severity: warning
#   fix: "remove `allowEmpty`"
package policies.hydration_risks.empty_sync_allowed

warn contains {"msg": msg, "path": array.concat(path, ["syncPolicy", "automated", "allowEmpty"])} if {
	startswith(input.apiVersion, "argoproj.io/")
	some kind, path in {"Application": ["spec"], "ApplicationSet": ["spec", "template", "spec"]}
	input.kind == kind
	object.get(input, array.concat(path, ["syncPolicy", "automated", "allowEmpty"]), false) == true
	msg := "everything is deleted when the source is empty"
}
