package policies.lib.secrets_test

import data.policies.lib.secrets

test_a_placeholder_is_known[text] if {
	some text in ["", " ", "${TOKEN}", "$(TOKEN)", "{{ .token }}", "<path:a/b#c>", "vault:a/b#c", "op://a/b", "***", "changeme", "REPLACE_ME", "[redacted]", "xxxx"]
	secrets.placeholder(text)
}

test_a_value_is_no_placeholder[text] if {
	some text in ["hunter2", "unchanged", "nonesuch"]
	not secrets.placeholder(text)
}

test_a_sealed_secret_is_encrypted if {
	secrets.encrypted with input as {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret"}
}

test_what_sops_wrote_is_encrypted if {
	secrets.encrypted with input as {"apiVersion": "v1", "kind": "Secret", "sops": {"version": "3"}}
}

test_a_plain_secret_is_not_encrypted if {
	not secrets.encrypted with input as {"apiVersion": "v1", "kind": "Secret"}
}

test_a_line_that_gives_a_password_is_found_among_others if {
	secrets.assigns("level = debug\ndb_password: \"hunter2\"\n")
	not secrets.assigns("level = debug\ndb_password: ${PASSWORD}\n")
}
