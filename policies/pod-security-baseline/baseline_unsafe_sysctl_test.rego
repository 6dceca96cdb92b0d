package policies.pod_security_baseline.baseline_unsafe_sysctl_test

import data.policies.pod_security_baseline.baseline_unsafe_sysctl

test_an_unsafe_parameter_is_found if {
	count(baseline_unsafe_sysctl.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}, "containers": []}}
}

test_a_safe_parameter_is_no_finding if {
	count(baseline_unsafe_sysctl.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 0}
}

test_reserved_ports_are_found_before_1_27 if {
	count(baseline_unsafe_sysctl.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 26}
}

test_reserved_ports_are_safe_since_1_27 if {
	count(baseline_unsafe_sysctl.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.ip_local_reserved_ports", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 27}
}

test_keep_alive_is_found_before_1_29 if {
	count(baseline_unsafe_sysctl.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_keepalive_time", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 28}
}

test_keep_alive_is_safe_since_1_29 if {
	count(baseline_unsafe_sysctl.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_keepalive_time", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 29}
}

test_buffers_are_found_before_1_32 if {
	count(baseline_unsafe_sysctl.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_wmem", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 31}
}

test_buffers_are_safe_since_1_32 if {
	count(baseline_unsafe_sysctl.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_wmem", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 32}
}

test_slow_start_is_found_before_1_37 if {
	count(baseline_unsafe_sysctl.deny) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_slow_start_after_idle", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 36}
}

test_slow_start_is_safe_since_1_37 if {
	count(baseline_unsafe_sysctl.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"securityContext": {"sysctls": [{"name": "net.ipv4.tcp_slow_start_after_idle", "value": "1"}]}, "containers": []}} with data.hydrant.kubernetes as {"major": 1, "minor": 37}
}
