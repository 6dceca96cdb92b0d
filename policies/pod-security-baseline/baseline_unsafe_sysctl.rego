# METADATA
# title: A pod sets a kernel parameter that is not safe
# description: |
#   A parameter is safe if it concerns the pod alone. Others change the node for every pod on it, or take its
#   memory. The list of the safe ones grows with the versions of Kubernetes.
# related_resources:
# - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/
# - ref: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
# custom:
#   id: baseline-unsafe-sysctl
#   severity: error
#   fix: "remove the parameter, or set it on the node"
package policies.pod_security_baseline.baseline_unsafe_sysctl

import data.policies.lib.kubernetes
import data.policies.lib.workload

deny contains {"msg": msg, "path": array.concat(workload.pod_path, ["securityContext", "sysctls", i, "name"])} if {
	some i, sysctl in workload.pod.securityContext.sysctls
	not allowed(sysctl.name)
	msg := sprintf("the pod sets the kernel parameter `%s`", [sysctl.name])
}

allowed(name) if {
	name in {
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ping_group_range",
		"net.ipv4.tcp_syncookies",
	}
}

allowed("net.ipv4.ip_local_reserved_ports") if not kubernetes.before(27)

allowed(name) if {
	not kubernetes.before(29)
	name in {
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_keepalive_time",
	}
}

allowed(name) if {
	not kubernetes.before(32)
	name in {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
}

allowed(name) if {
	not kubernetes.before(37)
	name in {"net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"}
}
