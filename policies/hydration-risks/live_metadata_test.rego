package policies.hydration_risks.live_metadata_test

import data.policies.hydration_risks.live_metadata

test_each_field_is_found if {
	count(live_metadata.deny) == 3 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"resourceVersion": "1", "uid": "a", "managedFields": []}}
}

test_an_empty_field_is_no_finding if {
	count(live_metadata.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"resourceVersion": "", "uid": null}}
}

test_what_people_write_is_no_finding if {
	count(live_metadata.deny) == 0 with input as {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "creationTimestamp": null}}
}
