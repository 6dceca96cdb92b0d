# METADATA
# title: A ConfigMap holds a password
# description: |
#   Who may read ConfigMaps is seldom who may read passwords. Judged by the name of the key, and by lines such as
#   `password = …` in a text of many lines; the value is never shown.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/configmap/
# - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: password-in-config-map
#   severity: warning
#   fix: "move it to a Secret that is not in the repository, and refer to that"
package policies.secrets.password_in_config_map

import data.policies.lib.secrets

warn contains {"msg": msg, "secret": true, "path": ["data", key]} if {
	input.kind == "ConfigMap"
	input.apiVersion == "v1"
	not secrets.encrypted
	some key, text in input.data
	holds_password(key, text)
	msg := sprintf("key `%s` holds what looks like a password", [key])
}

holds_password(key, text) if {
	regex.match(`(password|passwd|passphrase)$|(^|[._-])(api|private|secret|access)[._-]?key$|(^|[._-])token$|client[._-]?secret$`, lower(key))
	not contains(trim_space(text), "\n")
	secrets.worth_hiding(trim_space(text))
}

holds_password(_, text) if {
	contains(text, "\n")
	secrets.assigns(text)
}
