# METADATA
# title: What is no secret although it stands where one would
# description: |
#   The rules about secrets ask this package, so that a reference or a placeholder is taken for one everywhere.
#   Patterns write their signs out: `\w` of every script soon makes them too large to compile.
package policies.lib.secrets

# A text that is empty, that something else fills in, or that holds a reference.
placeholder(text) if {
	regex.match(
		`^[ \t\r\n]*$|\$\{|\$\(|\{\{|\{[A-Z][A-Z0-9_]*\}|<[A-Za-z][A-Za-z0-9:/#._ -]*>|^[ \t]*(vault:|ref\+|op://|ENC\[|\$[A-Za-z_]|%|\*+$)`,
		text,
	)
}

# A word that stands for a value.
placeholder(text) if {
	regex.match(
		`^(change|insert|replace|your)[_ -]|^(changeme|changeit|dummy|example|nil|none|null|placeholder|redacted|replaceme|tbd|todo|unset|x+)$`,
		lower(trim(text, " \t\r\n<>[]")),
	)
}

# Objects whose values are encrypted.
encrypted if input.sops

encrypted if input.kind == "SealedSecret"

# Whether a text of many lines gives a value to a name that means a secret.
assigns(text) if {
	some line in split(text, "\n")
	regex.match(`(?i)pass|secret|key|token`, line)
	some found in regex.find_all_string_submatch_n(
		`^[ \t"'-]*(?:[a-z0-9_.-]*[_.-])?(?:password|passwd|passphrase|client[_-]?secret|secret[_-]?key|api[_-]?key|access[_-]?token)["']?[ \t]*[:=][ \t]*["']?([^ \t\r"',;]+)`,
		lower(line), 1,
	)
	worth_hiding(found[1])
	not placeholder(line)
}

# Whether a text of one line could be a secret at all: no path, flag or number, and longer than a word like `yes`.
worth_hiding(text) if {
	regex.match(`^[^/~ \t!#&-][^ \t\r\n]+$`, text)
	count(text) > 4
	not regex.match(`(?i)^(false|[0-9.]+(ms|s|m|h|d)?)$`, text)
	not placeholder(text)
}
