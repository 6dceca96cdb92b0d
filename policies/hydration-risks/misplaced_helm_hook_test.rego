package policies.hydration_risks.misplaced_helm_hook_test

import data.policies.hydration_risks.misplaced_helm_hook

test_a_clean_up_is_found if {
	count(misplaced_helm_hook.deny) == 1 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"helm.sh/hook": "post-delete"}}}
}

test_a_test_is_found if {
	count(misplaced_helm_hook.deny) == 1 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"helm.sh/hook": "test"}}}
}

test_each_hook_counts if {
	count(misplaced_helm_hook.deny) == 2 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"helm.sh/hook": "pre-upgrade, pre-rollback,post-rollback"}}}
}

test_an_installation_is_no_finding if {
	count(misplaced_helm_hook.deny) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"helm.sh/hook": "pre-install,post-upgrade"}}}
}

test_a_hook_of_argo_cd_is_no_finding if {
	count(misplaced_helm_hook.deny) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"annotations": {"helm.sh/hook": "test", "argocd.argoproj.io/hook": "PostSync"}}}
}
