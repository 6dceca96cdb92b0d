# METADATA
# title: A pod gets a token it did not ask for
# description: |
#   A pod without an account of its own gets a token of the account `default`, shared with every other such
#   pod of its namespace. Whatever is once granted to that account, all of them have.
# related_resources:
# - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
# custom:
#   id: default-service-account-token
#   severity: warning
#   fix: "set `automountServiceAccountToken: false`, or a `serviceAccountName` of its own"
package policies.good_practice.default_service_account_token

import data.policies.lib.workload

warn contains {"msg": msg, "path": array.concat(workload.pod_path, ["automountServiceAccountToken"])} if {
	object.get(workload.pod, "serviceAccountName", "default") in {"", "default"}
	not workload.pod.automountServiceAccountToken == false
	msg := "the token of the account `default` is mounted into the pod"
}
