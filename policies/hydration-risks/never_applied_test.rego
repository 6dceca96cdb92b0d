package policies.hydration_risks.never_applied_test

import data.policies.hydration_risks.never_applied

test_an_annotation_of_flux_is_found if {
	count(never_applied.warn) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}}
}

test_a_label_of_flux_is_found if {
	count(never_applied.warn) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"labels": {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}}}
}

test_a_skipped_hook_is_found if {
	count(never_applied.warn) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": {"argocd.argoproj.io/hook": "Skip"}}}
}

test_another_word_is_no_finding if {
	count(never_applied.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/ssa": "merge"}}}
}

test_another_hook_is_no_finding if {
	count(never_applied.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": {"argocd.argoproj.io/hook": "Sync"}}}
}
