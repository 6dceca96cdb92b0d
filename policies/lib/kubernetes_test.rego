package policies.lib.kubernetes_test

import data.policies.lib.kubernetes

test_an_older_version_is_before if {
	kubernetes.before(25) with data.hydrant.kubernetes as {"major": 1, "minor": 24}
}

test_the_version_itself_is_not_before if {
	not kubernetes.before(25) with data.hydrant.kubernetes as {"major": 1, "minor": 25}
}

test_a_version_that_nobody_tells_is_the_newest if {
	not kubernetes.before(1000)
}
