# METADATA
# title: A secret is written into the manifest
# description: |
#   Who can read the repository, or the object in the cluster, can read it. The value is judged by the name of
#   its variable, and is never shown.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/secret/
# custom:
#   id: plain-text-secret-in-env
#   severity: warning
#   fix: "take the value from a Secret: `valueFrom.secretKeyRef`"
package policies.good_practice.plain_text_secret_in_env

import data.policies.lib.secrets
import data.policies.lib.workload

warn contains {"msg": msg, "secret": true, "path": array.concat(container.path, ["env", i, "value"])} if {
	some container in workload.all_containers
	some i, variable in container.spec.env
	regex.match(`(?i)(^|_)(password|passwd|passphrase|secret|token|api_?key|secret_?key|private_?key|access_?key)$`, variable.name)
	is_string(variable.value)
	holds_something(variable.value)
	not secrets.placeholder(variable.value)
	msg := sprintf("variable `%s` of container `%s` is set in plain text", [variable.name, container.name])
}

# A path, a reference to another variable or an empty value is no secret.
holds_something(value) if regex.match(`^[^/$\s]`, value)
