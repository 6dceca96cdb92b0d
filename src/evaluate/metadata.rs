//! Metadata: the `# METADATA` comments of a policy, which say what a rule is called, how bad it is and what to do.

use std::sync::Arc;

use crate::date::Date;
use crate::diagnostic::{Diagnostic, RuleId, Severity, rules};
use crate::manifest::{Node, Pointer, ReadLimits, Value, read};
use crate::source::{Location, Source, Span};

use super::finding::{rule_id, severity_of_word};
use super::module::Module;

/// What the annotations say about one rule; the nearest scope that says anything wins.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    /// `title`
    pub(super) title: Option<String>,
    /// `description`
    pub(super) description: Option<String>,
    /// `custom.id`
    pub(super) id: Option<RuleId>,
    /// `custom.severity`
    pub(super) severity: Option<Severity>,
    /// `custom.fix`
    pub(super) fix: Option<String>,
    /// `related_resources`
    pub(super) related: Vec<String>,
    /// `custom.overridable`
    pub(super) overridable: Option<bool>,
    /// `custom.enforce_after`
    pub(super) enforce_after: Option<Date>,
    /// `custom.since`
    pub(super) since: Option<String>,
}

/// What an annotation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The rule that follows.
    Rule,
    /// All rules of the name of the rule that follows.
    Document,
    /// All rules of the file's package; `subpackages` is read as the same.
    Package,
}

/// One comment block.
struct Annotation {
    scope: Scope,
    /// The byte after its last line.
    end: usize,
    metadata: Metadata,
}

/// The annotations of a file.
pub(super) struct Annotations {
    blocks: Vec<Annotation>,
    /// Annotations that cannot be used.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Annotations {
    /// Reads the annotations of a module.
    pub(super) fn of(module: &Module) -> Self {
        let mut found = Self { blocks: Vec::new(), diagnostics: Vec::new() };
        let package = module.original(module.syntax.package.span.start as usize);
        for block in comment_blocks(&module.source) {
            match annotation(&module.source, &block, package) {
                Ok(annotation) => found.blocks.push(annotation),
                Err(diagnostic) => found.diagnostics.push(*diagnostic),
            }
        }
        found
    }

    /// What is said about the rule that starts at `start`; `namesakes` are the starts of all rules of its name, itself
    /// included, and `others` the starts of all rules.
    pub(super) fn about(&self, start: usize, namesakes: &[usize], others: &[usize]) -> Metadata {
        let target = |block: &Annotation| others.iter().copied().filter(|other| *other >= block.end).min();
        let rule = self.blocks.iter().filter(|block| block.scope == Scope::Rule && target(block) == Some(start));
        let document = self.blocks.iter().filter(|block| {
            block.scope == Scope::Document && target(block).is_some_and(|target| namesakes.contains(&target))
        });
        let package = self.blocks.iter().filter(|block| block.scope == Scope::Package);
        rule.chain(document).chain(package).fold(Metadata::default(), |near, block| near.or(&block.metadata))
    }
}

impl Metadata {
    fn or(self, other: &Self) -> Self {
        Self {
            title: self.title.or_else(|| other.title.clone()),
            description: self.description.or_else(|| other.description.clone()),
            id: self.id.or_else(|| other.id.clone()),
            severity: self.severity.or(other.severity),
            fix: self.fix.or_else(|| other.fix.clone()),
            related: if self.related.is_empty() { other.related.clone() } else { self.related },
            overridable: self.overridable.or(other.overridable),
            enforce_after: self.enforce_after.or(other.enforce_after),
            since: self.since.or_else(|| other.since.clone()),
        }
    }
}

/// A run of comment lines after `# METADATA`: where it begins and ends, and the YAML in it, on the same lines.
struct Block {
    start: usize,
    end: usize,
    yaml: String,
}

fn comment_blocks(source: &Source) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let content = line.trim();
        let comment = content.strip_prefix('#');
        match comment {
            Some(" METADATA" | "METADATA") => {
                blocks.push(Block {
                    start: at + line.find('#').unwrap_or_default(),
                    end: at + line.len(),
                    yaml: String::new(),
                });
                open = true;
            }
            Some(comment) if open => {
                if let Some(block) = blocks.last_mut() {
                    block.yaml.push_str(comment.trim_end());
                    block.yaml.push('\n');
                    block.end = at + line.len();
                }
            }
            _ => open = false,
        }
        at += line.len();
    }
    blocks
}

fn annotation(source: &Arc<Source>, block: &Block, package: usize) -> Result<Annotation, Box<Diagnostic>> {
    let refuse = |rule: RuleId, message: String, help: &str| {
        let place = Location::new(source, Span::new(block.start, block.start + "# METADATA".len()));
        Diagnostic::error(rule, message).at(place, "this annotation").help(help)
    };
    let stream = read(&Source::file(source.name(), block.yaml.as_str()), &ReadLimits::default());
    if let Some(problem) = stream.diagnostics.first() {
        let mut diagnostic = refuse(
            rules::POLICY_SYNTAX,
            format!("the metadata is not YAML: {}", problem.message),
            "correct the comment; a text with `: ` in it needs quotes",
        );
        let line = problem.primary.as_ref().map_or(1, |label| label.location.position().line as usize);
        let start = source.line_start(source.line_of(block.start) + line);
        if let (Some(start), Some(label)) = (start.filter(|start| *start < block.end), &mut diagnostic.primary) {
            let text = source.text()[start..].lines().next().unwrap_or_default();
            label.location.span = Span::new(start, start + text.trim_end().len());
            label.text = "in this line".to_owned();
        }
        return Err(Box::new(diagnostic));
    }
    let nothing = Node::synthetic(crate::manifest::Value::Null);
    let root = stream.documents.first().map_or(&nothing, |document| &document.root);
    let text = |path: &[&str]| {
        let node = Pointer::from_parts(path.iter().copied()).resolve(root).and_then(Node::as_str)?;
        Some(node.trim().to_owned())
    };
    let severity = match text(&["custom", "severity"]) {
        None => None,
        Some(word) => Some(severity_of_word(&word.to_ascii_lowercase()).ok_or_else(|| {
            let message = format!("`{word}` is no severity");
            Box::new(refuse(rules::POLICY_SHAPE, message, "write `error`, `warning` or `note`"))
        })?),
    };
    // a slip in one of these would let through what the author meant to hold
    let custom = |key: &str| Pointer::from_parts(["custom", key]).resolve(root).map(|node| &node.value);
    let overridable = match custom("overridable") {
        None => None,
        Some(Value::Bool(overridable)) => Some(*overridable),
        Some(_) => {
            let message = "`overridable` must be `true` or `false`".to_owned();
            return Err(Box::new(refuse(rules::POLICY_SHAPE, message, "write `overridable: false`, or leave it out")));
        }
    };
    let enforce_after = match (custom("enforce_after"), text(&["custom", "enforce_after"]).map(|text| text.parse())) {
        (None, _) => None,
        (_, Some(Ok(date))) => Some(date),
        _ => {
            let message = "`enforce_after` must be a date".to_owned();
            let help = "write `enforce_after: YYYY-MM-DD`: the last day on which its errors are warnings";
            return Err(Box::new(refuse(rules::POLICY_SHAPE, message, help)));
        }
    };
    let scope = match text(&["scope"]).as_deref() {
        Some("package" | "subpackages") => Scope::Package,
        Some("document") => Scope::Document,
        Some(_) => Scope::Rule,
        None if block.end <= package => Scope::Package,
        None => Scope::Rule,
    };
    let related = root.get("related_resources").and_then(Node::as_sequence).unwrap_or_default();
    let link = |node: &Node| node.as_str().or_else(|| node.get("ref").and_then(Node::as_str)).map(str::to_owned);
    let metadata = Metadata {
        title: text(&["title"]),
        description: text(&["description"]),
        id: text(&["custom", "id"]).as_deref().and_then(rule_id),
        severity,
        fix: text(&["custom", "fix"]),
        related: related.iter().filter_map(link).collect(),
        overridable,
        enforce_after,
        since: text(&["custom", "since"]),
    };
    Ok(Annotation { scope, end: block.end, metadata })
}
