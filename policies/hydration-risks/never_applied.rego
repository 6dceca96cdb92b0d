# METADATA
# title: The agent never applies an object of the branch
# description: |
#   The branch then says something that the cluster does not have, and nobody is told: what is changed here has no effect.
# related_resources:
# - ref: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
# custom:
#   id: never-applied
#   severity: warning
#   fix: "remove the setting, or the object"
package policies.hydration_risks.never_applied

warn contains {"msg": msg, "path": ["metadata", section, key]} if {
	some section in ["annotations", "labels"]
	some key, word in {
		"kustomize.toolkit.fluxcd.io/reconcile": "disabled",
		"kustomize.toolkit.fluxcd.io/ssa": "ignore",
	}
	lower(input.metadata[section][key]) == word
	msg := sprintf("Flux leaves this object out: `%s` is `%s`", [key, word])
}

warn contains {"msg": msg, "path": ["metadata", "annotations", "argocd.argoproj.io/hook"]} if {
	input.metadata.annotations["argocd.argoproj.io/hook"] == "Skip"
	msg := "Argo CD leaves this object out"
}
