package policies.hydration_risks.outlives_its_removal_test

import data.policies.hydration_risks.outlives_its_removal

test_a_kept_service_is_found if {
	count(outlives_its_removal.warn) == 1 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}}
}

test_a_binding_that_flux_keeps_is_found if {
	count(outlives_its_removal.warn) == 1 with input as {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}
}

test_data_may_stay if {
	count(outlives_its_removal.warn) == 0 with input as {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false"}}}
}

test_asking_first_is_no_finding if {
	count(outlives_its_removal.warn) == 0 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Prune=confirm"}}}
}
