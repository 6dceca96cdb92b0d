package policies.hydration_risks.generated_name_test

import data.policies.hydration_risks.generated_name

test_a_prefix_alone_is_found if {
	count(generated_name.deny) == 1 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "a-"}}
}

test_a_name_is_enough if {
	count(generated_name.deny) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "a-", "name": "a"}}
}

test_a_hook_of_argo_cd_may_have_one if {
	count(generated_name.deny) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"generateName": "a-", "annotations": {"argocd.argoproj.io/hook": "PreSync"}}}
}
