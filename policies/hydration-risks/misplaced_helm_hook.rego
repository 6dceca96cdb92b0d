# METADATA
# title: A Helm hook is on the branch that only Helm would run at its time
# description: |
#   Rendered output is applied by an agent that knows no uninstallation, rollback or test of a chart. Flux applies such an
#   object like any other: a job that cleans up after an uninstallation then runs on deployment. Argo CD leaves it out.
# related_resources:
# - ref: https://helm.sh/docs/topics/charts_hooks/
# - ref: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-hooks
# custom:
#   id: misplaced-helm-hook
#   severity: error
#   fix: "leave it out of the rendered output, or make it a hook of the agent"
package policies.hydration_risks.misplaced_helm_hook

deny contains {"msg": msg, "path": ["metadata", "annotations", "helm.sh/hook"]} if {
	hooks := input.metadata.annotations["helm.sh/hook"]
	not input.metadata.annotations["argocd.argoproj.io/hook"]
	some hook in split(hooks, ",")
	trim_space(hook) in {"post-delete", "post-rollback", "pre-delete", "pre-rollback", "test", "test-failure", "test-success"}
	msg := sprintf("only Helm would run this `%s` hook at its time", [trim_space(hook)])
}
