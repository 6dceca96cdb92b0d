# METADATA
# title: A password stands among the arguments of a container
# description: |
#   Everybody who may look at the pod sees its arguments, and so does every process on its node. Judged by the name of
#   the flag; the value is never shown.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/secret/
# custom:
#   id: password-in-arguments
#   severity: warning
#   fix: "take the value from a Secret: a variable with `valueFrom.secretKeyRef`, and `$(VARIABLE)` in the argument"
package policies.secrets.password_in_arguments

import data.policies.lib.secrets
import data.policies.lib.workload

warn contains {"msg": msg, "secret": true, "path": array.concat(container.path, [field, i])} if {
	some container in workload.all_containers
	some field in ["args", "command"]
	some i, argument in container.spec[field]
	some found in regex.find_all_string_submatch_n(`^(--?[A-Za-z0-9_-]*(?:[Pp]assword|[Pp]asswd|[Tt]oken|api-?[Kk]ey|client-secret))=(.+)$`, argument, 1)
	secrets.worth_hiding(found[2])
	msg := sprintf("container `%s` gets `%s` in plain text", [container.name, found[1]])
}

warn contains {"msg": msg, "secret": true, "path": array.concat(container.path, [field, i + 1])} if {
	some container in workload.all_containers
	some field in ["args", "command"]
	some i, argument in container.spec[field]
	regex.match(`^--?[A-Za-z0-9_-]*([Pp]assword|[Pp]asswd|[Tt]oken|api-?[Kk]ey|client-secret)$`, argument)
	secrets.worth_hiding(container.spec[field][i + 1])
	msg := sprintf("container `%s` gets `%s` in plain text", [container.name, argument])
}
