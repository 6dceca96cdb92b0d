# METADATA
# title: The version of Kubernetes that an object is for
# description: |
#   Hydrant tells the version of each environment. Where nobody tells it, it counts as the newest.
package policies.lib.kubernetes

# Whether it is older than `1.<minor>`.
before(minor) if data.hydrant.kubernetes.minor < minor
