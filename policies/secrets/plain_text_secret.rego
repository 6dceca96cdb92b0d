# METADATA
# title: A Secret is written into the manifest
# description: |
#   The values of a Secret are encoded and not encrypted: who can read the repository or the branch has them, and they
#   stay in its history when they are removed. Keys that hold no secret, such as `username` or `tls.crt`, are left alone;
#   files such as `config.yaml` are reported if something in them looks like a password.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/configuration/secret/
# - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: plain-text-secret
#   severity: error
#   fix: "put a SealedSecret or an ExternalSecret in its place, or encrypt the file with SOPS; then replace the value, which is known by now"
package policies.secrets.plain_text_secret

import data.policies.lib.secrets
import data.policies.lib.tokens

deny contains {"msg": msg, "secret": true, "path": [section, key]} if {
	input.kind == "Secret"
	input.apiVersion == "v1"
	not secrets.encrypted
	some section in ["data", "stringData"]
	some key, value in input[section]
	is_string(value)
	not harmless(section, key, value)
	msg := sprintf("key `%s` holds its value in plain text", [key])
}

deny contains {"msg": msg, "secret": true, "path": ["metadata", "annotations", annotation]} if {
	input.kind == "Secret"
	input.apiVersion == "v1"
	not secrets.encrypted
	annotation := "kubectl.kubernetes.io/last-applied-configuration"
	input.metadata.annotations[annotation]
	msg := sprintf("annotation `%s` repeats the values of the Secret", [annotation])
}

harmless("stringData", key, value) if is_public(key, value)

harmless("data", key, value) if is_public(key, base64.decode(value))

harmless("data", _, value) if secrets.placeholder(value)

is_public(_, text) if secrets.placeholder(text)

is_public(key, _) if {
	regex.match(`(^|[._-])(user|host|port|endpoint|region|project|type|known_hosts)$|(user|account)_?name$|address$|\.(crt|pub)$`, lower(key))
}

is_public(key, text) if {
	lower(key) == "url"
	not contains(text, "@")
}

is_public(key, text) if {
	regex.match(`\.(cfg|conf|ini|json|properties|sh|toml|txt|xml|ya?ml)$`, key)
	not secrets.assigns(text)
	count(tokens.names_in(text)) == 0
}
