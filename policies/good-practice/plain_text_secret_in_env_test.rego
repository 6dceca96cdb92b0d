package policies.good_practice.plain_text_secret_in_env_test

import data.policies.good_practice.plain_text_secret_in_env

test_a_password_is_found if {
	count(plain_text_secret_in_env.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]}}
}

test_a_reference_is_no_finding if {
	count(plain_text_secret_in_env.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}]}]}}
}

test_a_path_is_no_finding if {
	count(plain_text_secret_in_env.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "env": [{"name": "TOKEN", "value": "/var/run/token"}, {"name": "A_TOKEN", "value": "$(B)"}, {"name": "B_TOKEN", "value": ""}]}]}}
}

test_another_name_is_no_finding if {
	count(plain_text_secret_in_env.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "env": [{"name": "TOKEN_FILE", "value": "x"}, {"name": "MONKEY", "value": "x"}]}]}}
}

test_a_placeholder_is_no_finding if {
	count(plain_text_secret_in_env.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "env": [{"name": "TOKEN", "value": "INSERT_TOKEN"}, {"name": "A_TOKEN", "value": "changeme"}]}]}}
}
