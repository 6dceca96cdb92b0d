package policies.good_practice.blocking_webhook_test

import data.policies.good_practice.blocking_webhook

test_a_webhook_for_all_pods_is_found if {
	count(blocking_webhook.warn) == 1 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["pods"], "operations": ["*"]}]}]}
}

test_an_empty_selector_selects_all if {
	count(blocking_webhook.warn) == 1 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["pods"], "operations": ["*"]}], "namespaceSelector": {}}]}
}

test_a_selector_is_no_finding if {
	count(blocking_webhook.warn) == 0 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["pods"], "operations": ["*"]}], "namespaceSelector": {"matchLabels": {"a": "b"}}}]}
}

test_a_condition_is_no_finding if {
	count(blocking_webhook.warn) == 0 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["pods"], "operations": ["*"]}], "matchConditions": [{"name": "a"}]}]}
}

test_ignoring_failures_is_no_finding if {
	count(blocking_webhook.warn) == 0 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["pods"], "operations": ["*"]}], "failurePolicy": "Ignore"}]}
}

test_another_resource_is_no_finding if {
	count(blocking_webhook.warn) == 0 with input as {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [{"name": "a", "clientConfig": {"service": {}}, "rules": [{"apiGroups": ["*"], "resources": ["secrets"], "operations": ["*"]}]}]}
}
