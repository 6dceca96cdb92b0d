//! A project is what `hydrant.yaml` means: environments with everything inherited, apps with their defaults filled in.

/// Template delimiters and whitespace rules; the defaults are Jinja's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSyntax {
    /// `{{` and `}}`.
    pub variable: (String, String),
    /// `{%` and `%}`.
    pub block: (String, String),
    /// `{#` and `#}`.
    pub comment: (String, String),
    /// Drop the line break after a block tag.
    pub trim_blocks: bool,
    /// Drop the blanks before a block tag on a line of its own.
    pub lstrip_blocks: bool,
}

impl Default for TemplateSyntax {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            trim_blocks: true,
            lstrip_blocks: true,
        }
    }
}
