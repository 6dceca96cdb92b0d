# METADATA
# title: A token or private key is written into the manifest
# description: |
#   What has the form of a private key, or of a token of a known service, opens something to everybody who can read the
#   repository or the branch. The texts of every object are looked at, whatever their keys are called.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: plain-text-token
#   severity: error
#   fix: "revoke it, and let the new one come from a Secret that is not in the repository"
package policies.secrets.plain_text_token

import data.policies.lib.secrets
import data.policies.lib.tokens

deny contains {"msg": msg, "secret": true, "path": text.path} if {
	not input.kind in {"CustomResourceDefinition", "SealedSecret"}
	not is_core_secret
	not secrets.encrypted
	some text in tokens.texts
	some name in tokens.names_in(text.value)
	msg := sprintf("this text holds %s", [name])
}

# Another rule reports all its values.
is_core_secret if {
	input.kind == "Secret"
	input.apiVersion == "v1"
}
