# METADATA
# title: The pods and containers of an object
# description: |
#   Every rule about pods asks this package, so that a Pod and the kinds that make pods are judged alike.
#   Nothing here is defined for an object that has no pods, so a rule about pods says nothing about it.
package policies.lib.workload

# Where each kind keeps the specification of its pods. Conditions, not a table: a table is built anew for every object.
pod_path := ["spec"] if {
	input.kind == "Pod"
	input.apiVersion == "v1"
}

pod_path := ["spec", "template", "spec"] if {
	startswith(input.apiVersion, "apps/")
	input.kind in {"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}
}

pod_path := ["spec", "template", "spec"] if {
	input.kind == "Job"
	startswith(input.apiVersion, "batch/")
}

pod_path := ["spec", "jobTemplate", "spec", "template", "spec"] if {
	input.kind == "CronJob"
	startswith(input.apiVersion, "batch/")
}

pod_path := ["spec", "template", "spec"] if {
	input.kind == "ReplicationController"
	input.apiVersion == "v1"
}

pod_path := ["template", "spec"] if {
	input.kind == "PodTemplate"
	input.apiVersion == "v1"
}

pod := object.get(input, pod_path, {})

# Containers that run for as long as the pod.
containers := [found |
	some i, container in pod.containers
	found := {"path": array.concat(pod_path, ["containers", i]), "spec": container, "name": name_of(container)}
]

# Containers that run before them.
init_containers := [found |
	some i, container in pod.initContainers
	found := {"path": array.concat(pod_path, ["initContainers", i]), "spec": container, "name": name_of(container)}
]

all_containers := array.concat(containers, init_containers)

# A setting of a container's security context, or else of its pod's; undefined if neither has it.
security(container, key) := container.spec.securityContext[key] if has_own(container, key)

security(container, key) := pod.securityContext[key] if not has_own(container, key)

has_own(container, key) if _ := container.spec.securityContext[key]

name_of(container) := container.name if container.name

name_of(container) := "(unnamed)" if not container.name
