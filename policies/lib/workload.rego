# METADATA
# title: The pods and containers of an object
# description: |
#   Every rule about pods asks this package, so that a Pod and the kinds that make pods are judged alike.
#   Nothing here is defined for an object that has no pods, so a rule about pods says nothing about it.
package policies.lib.workload

# Where each kind keeps the specification of its pods.
pod_paths := {
	"": {"Pod": ["spec"], "ReplicationController": ["spec", "template", "spec"]},
	"apps": {
		"DaemonSet": ["spec", "template", "spec"],
		"Deployment": ["spec", "template", "spec"],
		"ReplicaSet": ["spec", "template", "spec"],
		"StatefulSet": ["spec", "template", "spec"],
	},
	"batch": {
		"CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
		"Job": ["spec", "template", "spec"],
	},
}

group := split(input.apiVersion, "/")[0] if contains(input.apiVersion, "/")

group := "" if not contains(input.apiVersion, "/")

pod_path := pod_paths[group][input.kind]

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
security(container, key) := container.spec.securityContext[key]

security(container, key) := pod.securityContext[key] if not has_own(container, key)

has_own(container, key) if _ := container.spec.securityContext[key]

name_of(container) := container.name

name_of(container) := "(unnamed)" if not container.name
