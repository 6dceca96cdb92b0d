package policies.secrets.plain_text_token_test

import data.policies.secrets.plain_text_token

test_a_private_key_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"id": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ\n"}}
}

test_it_is_found_at_any_depth if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "a.io/v1", "kind": "A", "spec": {"list": [{"b": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ\n"}]}}
}

test_it_is_found_at_level_12 if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "a.io/v1", "kind": "A", "spec": {"k10": {"k9": {"k8": {"k7": {"k6": {"k5": {"k4": {"k3": {"k2": {"k1": {"k0": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ\n"}}}}}}}}}}}}
}

test_it_is_found_still_deeper if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "a.io/v1", "kind": "A", "spec": {"a": {"b": {"k10": {"k9": {"k8": {"k7": {"k6": {"k5": {"k4": {"k3": {"k2": {"k1": {"k0": "-----BEGIN RSA PRIVATE KEY----- MIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ "}}}}}}}}}}}}}}
}

test_a_token_of_github_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["gh", "p_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"])}}
}

test_a_token_of_github_fine_grained_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["github", "_pat_", "aB3dE5gH7jK9mN1pQ3sT5v", "_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nP9rS1tV3xY5aB7dE9gH"])}}
}

test_a_token_of_gitlab_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["gl", "pat-", "aB3dE5gH7jK9mN1pQ3sT"])}}
}

test_a_token_of_slack_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["xo", "xb-123456789012-", "aB3dE5gH7jK9mN1pQ3sT5vW7"])}}
}

test_a_token_of_slack_hook_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["https://hooks.slack", ".com/services/", "TA1B2C3D4E/BA1B2C3D4E/", "aB3dE5gH7jK9mN1pQ3sT5vW7"])}}
}

test_a_token_of_google_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["AI", "za", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ"])}}
}

test_a_token_of_stripe_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["sk", "_live_", "aB3dE5gH7jK9mN1pQ3sT5vW7"])}}
}

test_a_token_of_npm_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["np", "m_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5"])}}
}

test_a_token_of_pypi_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["pypi-", "AgEI", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nP9rS1tV3xY"])}}
}

test_a_token_of_digitalocean_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["dop", "_v1_", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"])}}
}

test_a_token_of_vault_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["hv", "s.", "aB3dE5gH7jK9mN1pQ3sT5vW7"])}}
}

test_a_token_of_docker_hub_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["dckr", "_pat_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9"])}}
}

test_a_token_of_sendgrid_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["SG", ".", "aB3dE5gH7jK9mN1pQ3sT5v", ".", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3hJ5kL7nP9r"])}}
}

test_a_token_of_language_model_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["sk-", "ant-", "aB3dE5gH7jK9mN1pQ3sT5vW7"])}}
}

test_a_token_of_json_web_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["ey", "JhbGciOiJIUzI1NiJ9", ".ey", "JzdWIiOiIxMjM0In0", ".", "aB3dE5gH7jK9mN1pQ3sT"])}}
}

test_a_token_of_aws_is_found if {
	count(plain_text_token.deny) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["AK", "IA", "TESTTESTTESTTEST"])}}
}

test_an_example_is_no_finding if {
	count(plain_text_token.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": concat("", ["AK", "IA", "IOSFODNN7EXAMPLE"])}}
}

test_a_header_alone_is_no_finding if {
	count(plain_text_token.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"note": "-----BEGIN PRIVATE KEY-----\n...\n"}}
}

test_a_certificate_is_no_finding if {
	count(plain_text_token.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"ca": "-----BEGIN CERTIFICATE-----\nMIID\n"}}
}

test_a_secret_is_reported_by_another_rule if {
	count(plain_text_token.deny) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"id": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ\n"}}
}

test_what_sops_encrypted_is_no_finding if {
	count(plain_text_token.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZMIIEowIBAAKCAQEAwXyZ\n"}, "sops": {}}
}
