package policies.secrets.plain_text_secret_test

import data.policies.secrets.plain_text_secret

test_a_value_is_found if {
	count(plain_text_secret.deny) == 1 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "hunter2"}}
}

test_an_encoded_value_is_found if {
	count(plain_text_secret.deny) == 1 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"password": "aHVudGVyMg=="}}
}

test_bytes_that_are_no_text_are_found if {
	count(plain_text_secret.deny) == 1 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"keystore": "/////w=="}}
}

test_a_file_with_a_password_is_found if {
	count(plain_text_secret.deny) == 1 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"app.ini": "[db]\npassword = hunter2\n"}}
}

test_a_file_without_one_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"app.ini": "[log]\nlevel = debug\n"}}
}

test_the_last_applied_configuration_is_found if {
	count(plain_text_secret.deny) == 1 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "data": {}}
}

test_a_public_key_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"ca.crt": "LS0t", "username": "YQ=="}}
}

test_an_address_without_password_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"url": "https://git.example/a", "type": "git"}}
}

test_a_reference_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "${A}", "b": "{{ .b }}", "c": "vault:secret/a#b", "d": "<path:a/b#c>", "e": ""}}
}

test_an_encoded_reference_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "JHtBfQ==", "b": "Y2hhbmdlbWU="}}
}

test_a_reference_that_nobody_encoded_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "${A}"}}
}

test_a_word_that_stands_for_a_value_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "changeme", "b": "REPLACE_ME", "c": "<your-password>", "d": "***"}}
}

test_what_sops_encrypted_is_no_finding if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"a": "ENC[AES256_GCM,data:x]"}, "sops": {"version": "3"}}
}

test_a_secret_of_another_group_is_left_alone if {
	count(plain_text_secret.deny) == 0 with input as {"apiVersion": "example.com/v1", "kind": "Secret", "data": {"a": "aHVudGVyMg=="}}
}
