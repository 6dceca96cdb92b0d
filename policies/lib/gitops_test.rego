package policies.lib.gitops_test

import data.policies.lib.gitops

annotated(key, value) := {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {key: value}}}

test_options_are_read_one_by_one if {
	gitops.sync_options == {"Prune=false", "Force=true"} with input as annotated("argocd.argoproj.io/sync-options", "Prune=false, Force=true")
}

test_what_stays_says_where if {
	gitops.keeping == [["metadata", "annotations", "argocd.argoproj.io/sync-options"]] with input as annotated("argocd.argoproj.io/sync-options", "Prune=confirm")
	gitops.keeping == [["metadata", "annotations", "kustomize.toolkit.fluxcd.io/prune"]] with input as annotated("kustomize.toolkit.fluxcd.io/prune", "Disabled")
}

test_what_is_forced_says_where if {
	gitops.forcing == [["metadata", "annotations", "argocd.argoproj.io/sync-options"]] with input as annotated("argocd.argoproj.io/sync-options", "Force=true")
	gitops.forcing == [["metadata", "labels", "kustomize.toolkit.fluxcd.io/force"]] with input as {"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/force": "enabled"}}}
}

test_an_object_without_annotations_asks_for_nothing if {
	gitops.keeping == [] with input as {"metadata": {"name": "a"}}
	gitops.forcing == [] with input as {"metadata": {"name": "a"}}
}

test_data_goes_with_these_kinds[kind] if {
	some kind, version in {"Namespace": "v1", "PersistentVolumeClaim": "v1", "CustomResourceDefinition": "apiextensions.k8s.io/v1"}
	gitops.holds_data with input as {"apiVersion": version, "kind": kind}
}

test_a_config_map_holds_no_data_of_its_own if {
	not gitops.holds_data with input as {"apiVersion": "v1", "kind": "ConfigMap"}
}
