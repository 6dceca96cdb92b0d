# METADATA
# title: A container has no memory limit
# description: |
#   Without a limit, a container that leaks takes the memory of its neighbours, and the kernel kills one of
#   them instead.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   id: missing-memory-limit
#   severity: warning
#   fix: "set `resources.limits.memory`"
package policies.good_practice.missing_memory_limit

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["resources", "limits", "memory"])} if {
	not workload.pod.resources.limits.memory
	some container in workload.all_containers
	not container.spec.resources.limits.memory
	msg := sprintf("container `%s` has no memory limit", [container.name])
}
