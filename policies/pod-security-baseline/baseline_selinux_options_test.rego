package policies.pod_security_baseline.baseline_selinux_options_test

import data.policies.pod_security_baseline.baseline_selinux_options

test_another_type_is_found if {
	count(baseline_selinux_options.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seLinuxOptions": {"type": "spc_t"}}}]}}
}

test_user_and_role_are_found if {
	count(baseline_selinux_options.deny) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seLinuxOptions": {"user": "a", "role": "b"}}}]}}
}

test_a_type_for_containers_is_no_finding if {
	count(baseline_selinux_options.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seLinuxOptions": {"type": "container_kvm_t", "user": "", "role": null}}}]}}
}

test_an_engine_is_found_before_1_31 if {
	count(baseline_selinux_options.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 30}
}

test_an_engine_is_no_finding_since_1_31 if {
	count(baseline_selinux_options.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}}]}} with data.hydrant.kubernetes as {"major": 1, "minor": 31}
}
