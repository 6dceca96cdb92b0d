package policies.pod_security_baseline.baseline_seccomp_profile_test

import data.policies.pod_security_baseline.baseline_seccomp_profile

test_unconfined_is_found if {
	count(baseline_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}]}}
}

test_a_profile_without_type_is_found if {
	count(baseline_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seccompProfile": {}}}]}}
}

test_a_confined_container_is_no_finding if {
	count(baseline_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}]}}
}

test_an_annotation_counts_before_1_19 if {
	count(baseline_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}}, "spec": {"containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 18}
}

test_the_annotation_of_a_container_counts_before_1_19 if {
	count(baseline_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"container.seccomp.security.alpha.kubernetes.io/a": "unconfined", "container.seccomp.security.alpha.kubernetes.io/b": "unconfined"}}, "spec": {"containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 18}
}

test_an_annotation_that_confines_is_no_finding if {
	count(baseline_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "localhost/a"}}, "spec": {"containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 18}
}

test_an_annotation_means_nothing_since_1_19 if {
	count(baseline_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}}, "spec": {"containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 19}
}
