package policies.good_practice.missing_readiness_probe_test

import data.policies.good_practice.missing_readiness_probe

test_a_port_without_probe_is_found if {
	count(missing_readiness_probe.warn) == 1 with input as {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}}}
}

test_a_container_without_ports_is_left_alone if {
	count(missing_readiness_probe.warn) == 0 with input as {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}
}

test_a_job_is_left_alone if {
	count(missing_readiness_probe.warn) == 0 with input as {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}}}
}
