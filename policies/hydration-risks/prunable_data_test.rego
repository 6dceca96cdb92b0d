package policies.hydration_risks.prunable_data_test

import data.policies.hydration_risks.prunable_data

test_a_namespace_is_found if {
	count(prunable_data.warn) == 1 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}
}

test_a_definition_is_found if {
	count(prunable_data.warn) == 1 with input as {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a"}}
}

test_an_object_that_argo_cd_keeps_is_no_finding if {
	count(prunable_data.warn) == 0 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Validate=false, Prune=false"}}}
}

test_an_object_that_somebody_is_asked_about_is_no_finding if {
	count(prunable_data.warn) == 0 with input as {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=confirm"}}}
}

test_an_object_that_flux_keeps_is_no_finding if {
	count(prunable_data.warn) == 0 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}
}

test_another_kind_is_left_alone if {
	count(prunable_data.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
}
