# METADATA
# title: An Ingress names its class in an annotation
# description: |
#   The annotation was replaced by `spec.ingressClassName` in Kubernetes 1.18. Controllers drop it one by one,
#   and an Ingress that none of them takes serves nothing.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation
# custom:
#   id: deprecated-ingress-class
#   severity: warning
#   fix: "set `spec.ingressClassName` and remove the annotation"
package policies.good_practice.deprecated_ingress_class

warn contains {"msg": msg, "path": ["metadata", "annotations", "kubernetes.io/ingress.class"]} if {
	input.kind == "Ingress"
	startswith(input.apiVersion, "networking.k8s.io/")
	class := input.metadata.annotations["kubernetes.io/ingress.class"]
	msg := sprintf("the class `%s` is named in an annotation", [class])
}
