package policies.hydration_risks.forced_recreation_test

import data.policies.hydration_risks.forced_recreation

test_argo_cd_is_found if {
	count(forced_recreation.warn) == 1 with input as {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Force=true"}}}
}

test_flux_is_found if {
	count(forced_recreation.warn) == 1 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/force": "enabled"}}}
}

test_a_job_is_left_alone if {
	count(forced_recreation.warn) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Force=true"}}}
}

test_data_is_reported_by_another_rule if {
	count(forced_recreation.warn) == 0 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Force=true"}}}
}

test_an_object_without_the_option_is_no_finding if {
	count(forced_recreation.warn) == 0 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
}
