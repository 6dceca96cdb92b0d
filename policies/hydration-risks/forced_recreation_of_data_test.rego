package policies.hydration_risks.forced_recreation_of_data_test

import data.policies.hydration_risks.forced_recreation_of_data

test_argo_cd_is_found if {
	count(forced_recreation_of_data.deny) == 1 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Force=true"}}}
}

test_flux_is_found if {
	count(forced_recreation_of_data.deny) == 1 with input as {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/force": "Enabled"}}}
}

test_another_option_is_no_finding if {
	count(forced_recreation_of_data.deny) == 0 with input as {"apiVersion": "v1", "kind": "Namespace", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Replace=true"}}}
}

test_another_kind_is_reported_by_another_rule if {
	count(forced_recreation_of_data.deny) == 0 with input as {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Force=true"}}}
}
