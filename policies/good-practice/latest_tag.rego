# METADATA
# title: An image has no fixed version
# description: |
#   A tag that is missing or `latest` names another image tomorrow: the same manifest then deploys something
#   that nobody reviewed, and a rollback brings back nothing.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   id: latest-tag
#   severity: error
#   fix: "write the version of the image, or better its digest"
package policies.good_practice.latest_tag

import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(container.path, ["image"])} if {
	some container in workload.all_containers
	image := container.spec.image
	not fixed(image)
	msg := sprintf("container `%s` runs `%s`, which is another image tomorrow", [container.name, image])
}

fixed(image) if contains(image, "@")

fixed(image) if {
	parts := split(image, "/")
	[_, tag] := split(parts[count(parts) - 1], ":")
	not tag in {"", "latest"}
}
