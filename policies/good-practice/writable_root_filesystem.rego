# METADATA
# title: A container can write to its own image
# description: |
#   Who breaks into a container replaces its programs first. With a read-only root file system there is
#   nothing to replace; what must be written goes to a volume.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
# custom:
#   id: writable-root-filesystem
#   severity: warning
#   fix: "set `securityContext.readOnlyRootFilesystem: true`, and mount an `emptyDir` where the program writes"
package policies.good_practice.writable_root_filesystem

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(container.path, ["securityContext", "readOnlyRootFilesystem"])} if {
	some container in workload.all_containers
	not container.spec.securityContext.readOnlyRootFilesystem == true
	msg := sprintf("container `%s` can write to its root file system", [container.name])
}
