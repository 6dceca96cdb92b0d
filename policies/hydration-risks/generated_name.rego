# METADATA
# title: An object has no fixed name
# description: |
#   `kubectl apply` and Flux refuse an object with `generateName`. Argo CD takes it as a hook only, and creates one more on
#   every sync.
# related_resources:
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
# custom:
#   id: generated-name
#   severity: error
#   fix: "give it a `name`; if it is to run on every sync, make it a hook of Argo CD"
package policies.hydration_risks.generated_name

deny contains {"msg": msg, "path": ["metadata", "generateName"]} if {
	input.metadata.generateName
	not has_name
	not input.metadata.annotations["argocd.argoproj.io/hook"]
	msg := sprintf("this %s gets another name each time, and cannot be applied", [input.kind])
}

has_name if input.metadata.name != ""
