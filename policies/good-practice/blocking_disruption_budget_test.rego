package policies.good_practice.blocking_disruption_budget_test

import data.policies.good_practice.blocking_disruption_budget

test_none_unavailable_is_found if {
	count(blocking_disruption_budget.warn) == 1 with input as {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {"maxUnavailable": 0}}
}

test_percents_count if {
	count(blocking_disruption_budget.warn) == 2 with input as {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {"maxUnavailable": "0%", "minAvailable": "100%"}}
}

test_one_unavailable_is_no_finding if {
	count(blocking_disruption_budget.warn) == 0 with input as {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {"maxUnavailable": 1}}
}

test_some_available_is_no_finding if {
	count(blocking_disruption_budget.warn) == 0 with input as {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"}, "spec": {"minAvailable": "50%"}}
}
