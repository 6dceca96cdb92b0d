package policies.pod_security_restricted.restricted_seccomp_profile_test

import data.policies.pod_security_restricted.restricted_seccomp_profile

test_absence_is_found if {
	count(restricted_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_the_profile_of_the_pod_is_enough if {
	count(restricted_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}, "containers": [{"name": "a"}]}}
}

test_its_own_profile_is_enough if {
	count(restricted_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seccompProfile": {"type": "Localhost"}}}]}}
}

test_null_is_not_set if {
	count(restricted_seccomp_profile.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seccompProfile": null}}]}}
}

test_kubernetes_before_1_19_does_not_ask if {
	count(restricted_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 18}
}

test_windows_has_none_since_1_25 if {
	count(restricted_seccomp_profile.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"os": {"name": "windows"}, "containers": [{"name": "a"}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 25}
}
