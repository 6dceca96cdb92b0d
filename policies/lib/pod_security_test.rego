package policies.lib.pod_security_test

import data.policies.lib.pod_security

test_containers_for_debugging_count if {
	found := pod_security.containers with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}], "ephemeralContainers": [{"name": "b"}]}}
	[one.path | some one in found] == [["spec", "containers", 0], ["spec", "ephemeralContainers", 0]]
}

test_contexts_of_pod_and_containers_are_found if {
	found := pod_security.contexts with input as {"apiVersion": "v1", "kind": "Pod", "spec": {
		"securityContext": {"runAsUser": 1},
		"containers": [{"name": "a", "securityContext": {"runAsUser": 2}}, {"name": "b", "securityContext": null}],
	}}
	[one.owner | some one in found] == ["the pod", "container `a`"]
}

test_annotations_of_the_pods_are_those_of_the_template if {
	object := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"a": "of the object"}}, "spec": {"template": {"metadata": {"annotations": {"a": "of the pods"}}}}}
	pod_security.annotations == {"a": "of the pods"} with input as object
}

test_pods_for_windows_are_known_since_they_can_say_so if {
	pod := {"apiVersion": "v1", "kind": "Pod", "spec": {"os": {"name": "windows"}}}
	pod_security.for_windows with input as pod
	not pod_security.for_windows with input as pod with data.hydrant.kubernetes as {"major": 1, "minor": 24}
}

test_a_user_namespace_counts_since_it_is_certain if {
	pod := {"apiVersion": "v1", "kind": "Pod", "spec": {"hostUsers": false}}
	pod_security.in_user_namespace with input as pod
	not pod_security.in_user_namespace with input as pod with data.hydrant.kubernetes as {"major": 1, "minor": 34}
}

test_null_is_not_set if {
	pod_security.own({"spec": {"securityContext": {"privileged": true}}}, "privileged")
	not pod_security.own({"spec": {"securityContext": {"privileged": null}}}, "privileged")
}
