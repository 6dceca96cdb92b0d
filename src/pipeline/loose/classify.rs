//! Classify: tells files that are clearly something else from manifests with mistakes, by what they hold.

use std::sync::Arc;

use super::kept::Known;
use crate::diagnostic::{Diagnostic, rules};
use crate::load::{LooseFile, Other};
use crate::manifest::{Manifest, Node, ReadLimits, Value, read};
use crate::parse::Parsed;
use crate::source::{Location, Source, Span};

/// Groups whose objects a tool reads from a file, and no API server.
const TOOL_GROUPS: &[&str] = &[
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "client.authentication.k8s.io",
    "config.kubernetes.io",
    "ctlptl.dev",
    "k3d.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kubescheduler.config.k8s.io",
    "kustomize.config.k8s.io",
    "skaffold",
];

/// What a text is that is no manifest, and where it shows; `None` for a manifest, good or bad.
pub(super) fn by_content(
    source: &Arc<Source>,
    parsed: &Parsed<Known>,
    limits: &ReadLimits,
) -> Option<(Other, Option<Location>)> {
    let mistakes = parsed.diagnostics.iter().filter_map(template_syntax);
    let names = parsed.manifests.iter().filter_map(|known| known.template);
    if let Some(place) = mistakes.chain(names.map(|span| Location::new(source, span))).next() {
        return Some((Other::Template, Some(place)));
    }
    if !parsed.manifests.is_empty() {
        let mut groups = parsed.manifests.iter().map(|known| &*known.object.gvk.group);
        let all_tools = parsed.failed == 0 && groups.all(|group| TOOL_GROUPS.contains(&group));
        return all_tools.then_some((Other::ToolConfiguration, None));
    }
    if parsed.failed == 0 {
        return None;
    }
    // no document became an object, and why is a question about the documents
    let stream = read(source, limits);
    let roots: Vec<&Node> =
        stream.documents.iter().map(|document| &document.root).filter(|root| root.value != Value::Null).collect();
    if stream.failed > 0 || roots.is_empty() {
        None
    } else if roots.iter().all(|root| root.get("apiVersion").is_none() && root.get("kind").is_none()) {
        Some((Other::Data, None))
    } else if roots.iter().all(|root| is_tool_configuration(root)) {
        Some((Other::ToolConfiguration, None))
    } else {
        None
    }
}

/// A kind of a tool's own, and a kubeconfig, which borrows the version of the core group.
fn is_tool_configuration(root: &Node) -> bool {
    let text = |key: &str| root.get(key).and_then(Node::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    TOOL_GROUPS.contains(&group) || (text("apiVersion") == "v1" && text("kind") == "Config")
}

/// Where a mistake is one because of template syntax: on its own line, outside quotes.
fn template_syntax(diagnostic: &Diagnostic) -> Option<Location> {
    let in_quotes_too = diagnostic.rule == rules::INVALID_IDENTITY;
    let broken = [rules::YAML_SYNTAX, rules::UNRENDERED_TEMPLATE, rules::DUPLICATE_KEY].contains(&diagnostic.rule);
    if !in_quotes_too && !broken {
        return None;
    }
    let location = &diagnostic.primary.as_ref()?.location;
    let text = location.source.text();
    let at = (location.span.start as usize).min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    let end = text[at..].find('\n').map_or(text.len(), |feed| at + feed);
    let start = start + braces(&text[start..end], in_quotes_too)?;
    let length = text[start..end].trim_end().len();
    Some(Location::new(&location.source, Span::new(start, start + length)))
}

/// A name in quotes is text to YAML, whatever it holds; no object is called `{{ .Values.name }}`.
pub(super) fn template_name(manifest: &Manifest) -> Option<Span> {
    let metadata = manifest.root.get("metadata")?;
    ["name", "generateName", "namespace"].into_iter().find_map(|field| {
        let node = metadata.get(field)?;
        braces(node.as_str()?, true).map(|_| node.span)
    })
}

/// The first `{{` or `{%` of a line; those behind a quote are text, unless somebody looks for them there.
fn braces(line: &str, in_quotes_too: bool) -> Option<usize> {
    let first = [line.find("{{"), line.find("{%")].into_iter().flatten().min()?;
    let quoted = line[..first].contains(['"', '\'']);
    (in_quotes_too || !quoted).then_some(first)
}

/// A file that somebody named and that cannot be validated as it is.
pub(super) fn no_manifest(file: &LooseFile, other: Other) -> Diagnostic {
    let name = &file.name;
    let folder = name.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let (what, help) = match other {
        Other::Chart => {
            ("is a chart", format!("render it first: `helm template {name} | hydrant validate -`"))
        }
        Other::Kustomization => {
            ("is a kustomization", format!("build it first: `kustomize build {folder} | hydrant validate -`"))
        }
        Other::Template => (
            "is a template",
            "render it first, and give the result as a file or by `-`; `hydrant check` does both for the apps of hydrant.yaml"
                .to_owned(),
        ),
        Other::Configuration => ("is Hydrant's own configuration", "leave it out".to_owned()),
        Other::Hidden
        | Other::Patch
        | Other::PartOfChart
        | Other::LinkToFolder
        | Other::ToolConfiguration
        | Other::Data => ("is no manifest", "leave it out".to_owned()),
    };
    Diagnostic::error(rules::NOT_AN_OBJECT, format!("`{name}` {what}, and no manifest")).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::OneReader;
    use crate::parse::parse_each;

    fn class(text: &str) -> Option<Other> {
        let source = Source::file("a.yaml", text);
        let limits = ReadLimits::default();
        let parsed = parse_each(&source, &limits, &OneReader, || (), |(), manifest| Known::unjudged(manifest));
        by_content(&source, &parsed, &limits).map(|(other, _)| other)
    }

    #[test]
    fn what_is_clearly_no_manifest_is_told_from_mistakes() {
        assert_eq!(class("replicas: 3\nimage: {tag: a}\n"), Some(Other::Data));
        assert_eq!(class("[1, 2]\n"), Some(Other::Data));
        assert_eq!(class("{\"name\": \"app\", \"version\": \"1.0.0\"}"), Some(Other::Data));
        assert_eq!(class("kind: Deployment\nspec: {}\n"), None, "its apiVersion is missing");
        assert_eq!(class("# nothing but a comment\n"), None);
        assert_eq!(class("a: 1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"), None);
        assert_eq!(class("a: [1\n"), None);
        assert_eq!(class("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n"), Some(Other::ToolConfiguration));
        assert_eq!(class("apiVersion: v1\nkind: Config\nclusters: []\n"), Some(Other::ToolConfiguration));
    }

    #[test]
    fn template_syntax_is_known_by_where_it_breaks_yaml() {
        let object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ";
        assert_eq!(class(&format!("{object}{{{{ .Values.name }}}}\n")), Some(Other::Template));
        assert_eq!(class(&format!("{object}\"{{{{ .Release.Name }}}}/x\"\n")), Some(Other::Template));
        assert_eq!(
            class(&format!("{object}a\n  {{{{- with .x }}}}\n  labels: {{a: b}}\n  {{{{- end }}}}\n")),
            Some(Other::Template)
        );
        assert_eq!(class(&format!("{object}web-{{{{ .Values.name }}}}\n")), Some(Other::Template));
        assert_eq!(class("{% if a %}\napiVersion: v1\n{% endif %}\n"), Some(Other::Template));
        // alerts carry Go templates in their texts, and a mistake beside them stays one
        let alert = format!("{object}a\ndata:\n  a: |\n    {{{{ $labels.pod }}}}\n");
        assert_eq!(class(&alert), None);
        assert_eq!(class(&format!("{alert}  b: \"{{{{ $value }}}}\n")), None);
    }
}
