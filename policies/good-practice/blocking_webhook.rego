# METADATA
# title: A webhook that does not answer stops the whole cluster
# description: |
#   It is asked about every new pod of every namespace and refuses them when its service does not answer. Its own pods are
#   among them, and those of the network and of DNS: such a cluster does not get up again by itself.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/
# custom:
#   id: blocking-webhook
#   severity: warning
#   fix: "exclude `kube-system` and its own namespace with a `namespaceSelector`, or set `failurePolicy: Ignore`"
package policies.good_practice.blocking_webhook

warn contains {"msg": msg, "path": ["webhooks", i, "namespaceSelector"]} if {
	input.kind in {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
	startswith(input.apiVersion, "admissionregistration.k8s.io/")
	some i, webhook in input.webhooks
	object.get(webhook, "failurePolicy", "Fail") == "Fail"
	webhook.clientConfig.service
	not narrowed(webhook)
	some rule in webhook.rules
	count({"", "*"} & {group | some group in rule.apiGroups}) > 0
	count({"*", "*/*", "pods", "pods/*"} & {resource | some resource in rule.resources}) > 0
	count({"*", "CREATE"} & {operation | some operation in rule.operations}) > 0
	msg := sprintf("webhook `%s` has to answer for every pod of every namespace", [webhook.name])
}

narrowed(webhook) if {
	some field in ["matchConditions", "namespaceSelector", "objectSelector"]
	count(webhook[field]) > 0
}
