# METADATA
# title: A Service takes an address that Kubernetes does not manage
# description: |
#   Nothing checks that the address belongs to anybody: a Service can take over the traffic of the cluster to any address
#   (CVE-2020-8554).
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/services-networking/service/#external-ips
# - ref: https://github.com/kubernetes/kubernetes/issues/97076
# custom:
#   id: external-ip
#   severity: warning
#   fix: "remove `externalIPs`, and use a Service of type LoadBalancer or an Ingress"
package policies.good_practice.external_ip

warn contains {"msg": msg, "path": ["spec", "externalIPs"]} if {
	input.kind == "Service"
	input.apiVersion == "v1"
	count(input.spec.externalIPs) > 0
	msg := "the Service takes addresses that nobody checks"
}
