package policies.good_practice.external_ip_test

import data.policies.good_practice.external_ip

test_an_address_is_found if {
	count(external_ip.warn) == 1 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"externalIPs": ["203.0.113.7"]}}
}

test_an_empty_list_is_no_finding if {
	count(external_ip.warn) == 0 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"externalIPs": []}}
}

test_none_is_no_finding if {
	count(external_ip.warn) == 0 with input as {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {}}
}
