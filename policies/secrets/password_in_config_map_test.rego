package policies.secrets.password_in_config_map_test

import data.policies.secrets.password_in_config_map

test_a_key_named_so_is_found if {
	count(password_in_config_map.warn) == 4 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"DB_PASSWORD": "hunter2", "api-key": "abcdef", "github.token": "abcdef", "dbPassword": "hunter2"}}
}

test_a_line_of_a_file_is_found if {
	count(password_in_config_map.warn) == 2 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a.yaml": "db:\n  password: \"hunter2\"\n", "b.ini": "[a]\napi_key = abcdefg\n"}}
}

test_a_reference_is_no_finding if {
	count(password_in_config_map.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"DB_PASSWORD": "$(X)", "a.yaml": "db:\n  password: ${X}\n  token_file: /a/b\n"}}
}

test_a_path_a_number_or_a_flag_is_no_finding if {
	count(password_in_config_map.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"TOKEN": "/run/token", "PASSWORD": "true", "API_KEY": "12345"}}
}

test_another_name_is_no_finding if {
	count(password_in_config_map.warn) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"PASSWORD_POLICY": "strict-policy", "MONKEY": "abcdef", "tokenizer": "abcdef"}}
}

test_another_kind_is_left_alone if {
	count(password_in_config_map.warn) == 0 with input as {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "hunter2"}}
}
