# METADATA
# title: An object stays in the cluster when it leaves the branch
# description: |
#   It goes on serving, or giving rights, when everybody believes that it is gone: no agent deletes it, and the branch no
#   longer says that it exists. For objects with data that is what one wants, for these seldom.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
# - ref: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# custom:
#   id: outlives-its-removal
#   severity: warning
#   fix: "remove the option"
package policies.hydration_risks.outlives_its_removal

import data.policies.lib.gitops

warn contains {"msg": msg, "path": path} if {
	some path in gitops.keeping
	input.kind in {
		"ClusterRole",
		"ClusterRoleBinding",
		"CronJob",
		"DaemonSet",
		"Deployment",
		"HTTPRoute",
		"Ingress",
		"MutatingWebhookConfiguration",
		"Role",
		"RoleBinding",
		"Service",
		"ValidatingWebhookConfiguration",
	}
	not "Prune=confirm" in gitops.sync_options
	msg := sprintf("nothing removes this %s when it leaves the branch", [input.kind])
}
