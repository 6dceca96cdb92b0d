package policies.good_practice.default_service_account_token_test

import data.policies.good_practice.default_service_account_token

test_absence_is_found if {
	count(default_service_account_token.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}}
}

test_default_by_name_is_found if {
	count(default_service_account_token.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"serviceAccountName": "default", "containers": []}}
}

test_an_account_of_its_own_is_no_finding if {
	count(default_service_account_token.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"serviceAccountName": "web", "containers": []}}
}

test_no_token_is_no_finding if {
	count(default_service_account_token.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"automountServiceAccountToken": false, "containers": []}}
}

test_other_kinds_are_left_alone if {
	count(default_service_account_token.warn) == 0 with input as {"apiVersion": "v1", "kind": "Service", "spec": {}}
}
