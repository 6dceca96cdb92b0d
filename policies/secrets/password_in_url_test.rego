package policies.secrets.password_in_url_test

import data.policies.secrets.password_in_url

test_a_password_is_found_wherever_it_is if {
	count(password_in_url.warn) == 3 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["a://b:hunter2@c"], "command": ["--x=a://b:hunter2@c"], "env": [{"name": "A", "value": "https://b:hunter2@c/d"}]}]}}
}

test_a_config_map_counts if {
	count(password_in_url.warn) == 1 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "see redis://:hunter2@c:1/0"}}
}

test_a_reference_is_no_finding if {
	count(password_in_url.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["a://b:$(P)@c", "a://b:${P}@c", "a://b:<password>@c"]}]}}
}

test_an_address_without_password_is_no_finding if {
	count(password_in_url.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["https://c:8080/@d", "https://b@c", "a:b@c"]}]}}
}

test_a_documented_form_is_no_finding if {
	count(password_in_url.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "https://user:password@host"}}
}
