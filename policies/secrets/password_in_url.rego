# METADATA
# title: An address holds a password
# description: |
#   In `scheme://name:password@host` the password is logged wherever the address is. Looked for in the variables and
#   arguments of containers and in ConfigMaps; the value is never shown.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/secret/
# custom:
#   id: password-in-url
#   severity: warning
#   fix: "put the address together from a Secret, or keep all of it in one that is not in the repository"
package policies.secrets.password_in_url

import data.policies.lib.secrets
import data.policies.lib.workload

warn contains {"msg": msg, "secret": true, "path": array.concat(container.path, ["env", i, "value"])} if {
	some container in workload.all_containers
	some i, variable in container.spec.env
	holds_password(variable.value)
	msg := sprintf("variable `%s` of container `%s` is an address with a password", [variable.name, container.name])
}

warn contains {"msg": msg, "secret": true, "path": array.concat(container.path, [field, i])} if {
	some container in workload.all_containers
	some field in ["args", "command"]
	some i, argument in container.spec[field]
	holds_password(argument)
	msg := sprintf("an argument of container `%s` is an address with a password", [container.name])
}

warn contains {"msg": msg, "secret": true, "path": ["data", key]} if {
	input.kind == "ConfigMap"
	input.apiVersion == "v1"
	not secrets.encrypted
	some key, text in input.data
	holds_password(text)
	msg := sprintf("key `%s` holds an address with a password", [key])
}

holds_password(text) if {
	contains(text, "://")
	some found in regex.find_all_string_submatch_n(`[a-z]://[^ \t\r\n/:@"'<>]*:([^ \t\r\n/@"'<>]+)@[A-Za-z0-9]`, text, -1)
	not secrets.placeholder(found[1])
	not regex.match(`^(pass|passwd|password|pwd|secret|token)$`, lower(found[1]))
}
