package policies.hydration_risks.empty_sync_allowed_test

import data.policies.hydration_risks.empty_sync_allowed

test_an_application_is_found if {
	count(empty_sync_allowed.warn) == 1 with input as {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": {"syncPolicy": {"automated": {"allowEmpty": true}}}}
}

test_a_set_is_found if {
	count(empty_sync_allowed.warn) == 1 with input as {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"syncPolicy": {"automated": {"allowEmpty": true}}}}}}
}

test_false_is_no_finding if {
	count(empty_sync_allowed.warn) == 0 with input as {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a"}, "spec": {"syncPolicy": {"automated": {"allowEmpty": false}}}}
}
