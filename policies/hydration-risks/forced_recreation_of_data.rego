# METADATA
# title: Data is deleted when an object cannot be changed
# description: |
#   With this option the agent deletes the object and creates it again when a change is refused: one changed immutable
#   field, and the data is gone.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
# - ref: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# custom:
#   id: forced-recreation-of-data
#   severity: error
#   fix: "remove the option; change such an object by hand"
package policies.hydration_risks.forced_recreation_of_data

import data.policies.lib.gitops

deny contains {"msg": msg, "path": path} if {
	is_data
	some path in gitops.forcing
	msg := sprintf("this %s is deleted and created again when it cannot be changed", [input.kind])
}

is_data if gitops.holds_data

is_data if {
	input.kind == "StatefulSet"
	startswith(input.apiVersion, "apps/")
}
