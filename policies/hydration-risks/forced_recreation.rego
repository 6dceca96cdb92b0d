# METADATA
# title: An object is deleted when it cannot be changed
# description: |
#   With this option the agent deletes the object and creates it again when a change is refused. For a Deployment that is
#   an outage, for a Service of type LoadBalancer a new address. For a Job it is the way to run it again.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
# - ref: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# custom:
#   id: forced-recreation
#   severity: warning
#   fix: "remove the option, and delete the object by hand when it has to be replaced"
package policies.hydration_risks.forced_recreation

import data.policies.lib.gitops

warn contains {"msg": msg, "path": path} if {
	some path in gitops.forcing
	not input.kind in {"Job", "Pod", "StatefulSet"}
	not gitops.holds_data
	msg := sprintf("this %s is deleted and created again when it cannot be changed", [input.kind])
}
