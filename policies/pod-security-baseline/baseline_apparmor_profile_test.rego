package policies.pod_security_baseline.baseline_apparmor_profile_test

import data.policies.pod_security_baseline.baseline_apparmor_profile

test_unconfined_is_found if {
	count(baseline_apparmor_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"appArmorProfile": {"type": "Unconfined"}}}]}}
}

test_the_profile_of_the_pod_counts if {
	count(baseline_apparmor_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}, "containers": []}}
}

test_an_annotation_counts if {
	count(baseline_apparmor_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "unconfined"}}, "spec": {"containers": []}}
}

test_a_confined_container_is_no_finding if {
	count(baseline_apparmor_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"appArmorProfile": {"type": "Localhost"}}}]}}
}

test_an_annotation_that_confines_is_no_finding if {
	count(baseline_apparmor_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "runtime/default"}}, "spec": {"containers": []}}
}

test_an_annotation_that_names_a_profile_of_the_node_is_no_finding if {
	count(baseline_apparmor_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/a": "localhost/web"}}, "spec": {"containers": []}}
}

test_null_is_not_set if {
	count(baseline_apparmor_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"appArmorProfile": null}}]}}
}
