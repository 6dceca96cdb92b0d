package policies.secrets.password_in_arguments_test

import data.policies.secrets.password_in_arguments

test_a_flag_with_value_is_found if {
	count(password_in_arguments.warn) == 2 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["--password=hunter2", "-token=abcdef"]}]}}
}

test_a_flag_and_then_its_value_is_found if {
	count(password_in_arguments.warn) == 1 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "command": ["serve", "--api-key", "abcdef"]}]}}
}

test_a_variable_is_no_finding if {
	count(password_in_arguments.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["--password=$(P)", "--token", "$(T)"]}]}}
}

test_a_file_or_another_flag_is_no_finding if {
	count(password_in_arguments.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["--password-file=/a/b", "--token=/a/b", "--token", "--verbose", "--password"]}]}}
}

test_a_short_word_is_no_finding if {
	count(password_in_arguments.warn) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "args": ["--use-token=true", "--password=no"]}]}}
}
