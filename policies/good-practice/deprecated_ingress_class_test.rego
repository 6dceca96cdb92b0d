package policies.good_practice.deprecated_ingress_class_test

import data.policies.good_practice.deprecated_ingress_class

test_the_annotation_is_found if {
	count(deprecated_ingress_class.warn) == 1 with input as {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"annotations": {"kubernetes.io/ingress.class": "nginx"}}}
}

test_the_field_is_no_finding if {
	count(deprecated_ingress_class.warn) == 0 with input as {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {}, "spec": {"ingressClassName": "nginx"}}
}
