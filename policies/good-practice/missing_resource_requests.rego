# METADATA
# title: A container requests no resources
# description: |
#   The scheduler places a pod by its requests. Without them it is put on a full node, and it is the first to
#   be evicted there.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   id: missing-resource-requests
#   severity: warning
#   fix: "set `resources.requests.cpu` and `resources.requests.memory`"
package policies.good_practice.missing_resource_requests

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["resources", "requests", resource])} if {
	some container in workload.containers
	some resource in ["cpu", "memory"]
	not workload.pod.resources.requests[resource]
	not container.spec.resources.requests[resource]
	not container.spec.resources.limits[resource] # a limit alone is taken as the request
	msg := sprintf("container `%s` requests no %s", [container.name, resource])
}
