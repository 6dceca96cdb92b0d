# METADATA
# title: Data is deleted when an object leaves the branch
# description: |
#   An agent that prunes deletes what is no longer on the branch: after a renamed folder or a failed rendering too. With
#   a Namespace everything in it goes, with a CustomResourceDefinition every object of its kind, with a claim its volume.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
# - ref: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# custom:
#   id: prunable-data
#   severity: warning
#   fix: "annotate it with `argocd.argoproj.io/sync-options: Prune=false` or `kustomize.toolkit.fluxcd.io/prune: disabled`"
package policies.hydration_risks.prunable_data

import data.policies.lib.gitops

warn contains {"msg": msg, "path": ["metadata", "annotations"]} if {
	gitops.holds_data
	count(gitops.keeping) == 0
	msg := sprintf("nothing keeps this %s when it leaves the branch", [input.kind])
}
