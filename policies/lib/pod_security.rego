# METADATA
# title: What the Pod Security Standards look at
# description: |
#   The rules of both levels ask this package. A setting that is `null` is not set, as for the API server.
package policies.lib.pod_security

import data.policies.lib.kubernetes
import data.policies.lib.workload

# Containers of every kind, those for debugging included.
containers := array.concat(workload.all_containers, [found |
	some i, container in workload.pod.ephemeralContainers
	found := {
		"path": array.concat(workload.pod_path, ["ephemeralContainers", i]),
		"spec": container,
		"name": workload.name_of(container),
	}
])

# The security contexts that are set: of the pod, and of each container.
contexts := array.concat(
	[found |
		is_object(workload.pod.securityContext)
		found := {
			"path": array.concat(workload.pod_path, ["securityContext"]),
			"spec": workload.pod.securityContext,
			"owner": "the pod",
		}
	],
	[found |
		some container in containers
		is_object(container.spec.securityContext)
		found := {
			"path": array.concat(container.path, ["securityContext"]),
			"spec": container.spec.securityContext,
			"owner": sprintf("container `%s`", [container.name]),
		}
	],
)

# Where the annotations of the pods are.
annotations_path := array.concat(
	array.slice(workload.pod_path, 0, count(workload.pod_path) - 1),
	["metadata", "annotations"],
)

annotations := object.get(input, annotations_path, {})

# Pods that say that they are for Windows need no settings that Windows does not have.
for_windows if {
	workload.pod.os.name == "windows"
	not kubernetes.before(25)
}

# In a user namespace of its own, root of the pod is nobody on the node.
in_user_namespace if {
	workload.pod.hostUsers == false
	not kubernetes.before(35)
}

# A container's own setting; undefined if it has none.
own(container, key) := value if {
	value := container.spec.securityContext[key]
	value != null
}

# Profiles of seccomp and of AppArmor that keep a container confined.
confined := {"Localhost", "RuntimeDefault"}
