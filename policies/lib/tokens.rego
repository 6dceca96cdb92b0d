# METADATA
# title: The forms of private keys and tokens
# description: |
#   Only forms that can hardly be anything else: a prefix that a service gives its tokens, and their length.
# related_resources:
# - ref: https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
package policies.lib.tokens

# Whether it is worth looking closer: one search for all prefixes.
suspected(text) if {
	regex.match(
		`PRIVATE KEY-----|A3T|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|hooks\.slack\.com|AIza|[rs]k_live_|npm_|pypi-AgEI|dop_v1_|hvs\.|dckr_pat_|SG\.|sk-ant-|sk-proj-|eyJ`,
		text,
	)
}

# Signs are written out: `\w` of every script makes a pattern too large to compile.
names_in(text) := {name |
	some name, pattern in {
		"a private key": `-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}`,
		"an access key of AWS": `\b(A3T[A-Z0-9]|AKIA|ASIA)[A-Z2-7]{16}\b`,
		"a token of GitHub": `\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}`,
		"a token of GitLab": `\bglpat-[A-Za-z0-9_-]{20}`,
		"a token of Slack": `\bxox[abeprs]-[0-9]{6}[A-Za-z0-9-]{14}|hooks\.slack\.com/services/T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{24}`,
		"a key of Google": `\bAIza[A-Za-z0-9_-]{35}`,
		"a live key of Stripe": `\b[rs]k_live_[A-Za-z0-9]{20}`,
		"a token of npm": `\bnpm_[A-Za-z0-9]{36}`,
		"a token of PyPI": `\bpypi-AgEI[A-Za-z0-9_-]{50}`,
		"a token of DigitalOcean": `\bdop_v1_[0-9a-f]{64}`,
		"a token of Vault": `\bhvs\.[A-Za-z0-9_-]{24}`,
		"a token of Docker Hub": `\bdckr_pat_[A-Za-z0-9_-]{27}`,
		"a key of SendGrid": `\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`,
		"a key of a language model": `\bsk-(ant|proj)-[A-Za-z0-9_-]{20}`,
		"a JSON Web Token": `\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`,
	}
	some found in regex.find_n(pattern, text, -1)
	not regex.match(`(?i)example|x{6}|0{8}|\*{3}|\.{3}`, found)
}

# The texts of the object that are worth looking at, each with its path.
texts := array.concat([node | some node in nodes; is_string(node.value)], deepest)

# What lies still deeper is looked at as one text.
deepest := [found |
	some node in nodes
	count(node.path) == 12
	not is_string(node.value)
	found := {"path": node.path, "value": json.marshal(node.value)}
]

# Level by level, since the virtual machine has no `walk`; most objects end at the first.
nodes := [found |
	level_1 := below([{"path": [], "value": input}])
	level_2 := below(level_1)
	level_3 := below(level_2)
	level_4 := below(level_3)
	level_5 := below(level_4)
	level_6 := below(level_5)
	level_7 := below(level_6)
	level_8 := below(level_7)
	level_9 := below(level_8)
	level_10 := below(level_9)
	level_11 := below(level_10)
	level_12 := below(level_11)
	some level in [
		level_1, level_2, level_3, level_4, level_5, level_6,
		level_7, level_8, level_9, level_10, level_11, level_12,
	]
	some found in level
]

below(nodes) := [found |
	some node in nodes
	not is_string(node.value)
	some key, value in node.value
	suspected(json.marshal(value))
	found := {"path": array.concat(node.path, [key]), "value": value}
]
