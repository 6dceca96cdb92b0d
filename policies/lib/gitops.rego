# METADATA
# title: What an object asks of the agent that applies it
# description: Argo CD and Flux are told by annotations what to do with one object; Flux by labels too.
package policies.lib.gitops

# Options for one object: `Prune=false`, `Force=true`.
sync_options := {trim_space(option) |
	some option in split(input.metadata.annotations["argocd.argoproj.io/sync-options"], ",")
}

# Where it says that it stays in the cluster, or that somebody is asked first, when it is no longer on the branch.
keeping := array.concat(
	[["metadata", "annotations", "argocd.argoproj.io/sync-options"] |
		count(sync_options & {"Prune=false", "Prune=confirm"}) > 0
	],
	flux_is_told("kustomize.toolkit.fluxcd.io/prune", "disabled"),
)

# Where it says that it is deleted and created again when it cannot be changed.
forcing := array.concat(
	[["metadata", "annotations", "argocd.argoproj.io/sync-options"] | "Force=true" in sync_options],
	flux_is_told("kustomize.toolkit.fluxcd.io/force", "enabled"),
)

flux_is_told(key, word) := [["metadata", section, key] |
	some section in ["annotations", "labels"]
	lower(input.metadata[section][key]) == word
]

# Objects that take data with them when they are deleted.
holds_data if {
	input.kind in {"Namespace", "PersistentVolume", "PersistentVolumeClaim"}
	input.apiVersion == "v1"
}

holds_data if {
	input.kind == "CustomResourceDefinition"
	startswith(input.apiVersion, "apiextensions.k8s.io/")
}
