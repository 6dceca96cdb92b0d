# METADATA
# title: A manifest was taken from a cluster as it is
# description: |
#   `resourceVersion` and `uid` name one state of one object of one cluster: applied elsewhere or later, the server refuses
#   them as a conflict. With `managedFields` it refuses every server-side apply.
# related_resources:
# - ref: https://kubernetes.io/docs/reference/using-api/server-side-apply/
# - ref: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
# custom:
#   id: live-metadata
#   severity: error
#   fix: "remove the field"
package policies.hydration_risks.live_metadata

deny contains {"msg": msg, "path": ["metadata", field]} if {
	some field in ["managedFields", "resourceVersion", "uid"]
	input.metadata[field]
	not input.metadata[field] in {"", null}
	msg := sprintf("`metadata.%s` is the server's, who refuses it", [field])
}
