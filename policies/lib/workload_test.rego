package policies.lib.workload_test

import data.policies.lib.workload

test_a_pod_is_found_where_its_kind_keeps_it[kind] if {
	some kind, case in {
		"Pod": {"apiVersion": "v1", "path": ["spec"]},
		"Deployment": {"apiVersion": "apps/v1", "path": ["spec", "template", "spec"]},
		"Job": {"apiVersion": "batch/v1", "path": ["spec", "template", "spec"]},
		"CronJob": {"apiVersion": "batch/v1", "path": ["spec", "jobTemplate", "spec", "template", "spec"]},
		"ReplicationController": {"apiVersion": "v1", "path": ["spec", "template", "spec"]},
		"PodTemplate": {"apiVersion": "v1", "path": ["template", "spec"]},
	}
	workload.pod_path == case.path with input as {"apiVersion": case.apiVersion, "kind": kind}
}

test_a_kind_of_another_group_has_no_pod if {
	not workload.pod_path with input as {"apiVersion": "example.com/v1", "kind": "Deployment"}
}

test_containers_know_their_place if {
	found := workload.all_containers with input as {
		"apiVersion": "v1",
		"kind": "Pod",
		"spec": {"containers": [{"name": "a"}], "initContainers": [{"image": "b"}]},
	}
	found == [
		{"name": "a", "path": ["spec", "containers", 0], "spec": {"name": "a"}},
		{"name": "(unnamed)", "path": ["spec", "initContainers", 0], "spec": {"image": "b"}},
	]
}
