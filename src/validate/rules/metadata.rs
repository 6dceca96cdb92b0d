//! Labels, annotations and finalizers (apimachinery's `pkg/api/validation/objectmeta.go`).

use super::found::{Finding, Findings};
use super::read::{entries, field, is_encrypted, items};
use super::syntax::Form;
use super::{Context, selectors};
use crate::diagnostic::rules;
use crate::manifest::Node;

/// All keys and values of an object's annotations together.
const ANNOTATIONS: usize = 256 * 1024;

/// Checks the object's own metadata.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    if let Some(metadata) = field(&context.manifest.root, "metadata") {
        labels_and_annotations(metadata, findings);
        finalizers(metadata, context, findings);
    }
}

/// Checks the labels and annotations of an object or a template.
pub(super) fn labels_and_annotations<'a>(metadata: &'a Node, findings: &mut Findings<'a>) {
    if let Some(labels) = field(metadata, "labels") {
        selectors::labels(labels, findings);
    }
    let annotations = entries(metadata, "annotations");
    let mut size = 0;
    for entry in annotations {
        let key = &*entry.key.name;
        size += key.len() + entry.value.as_str().map_or(0, str::len);
        // Kubernetes takes capitals in the domain of an annotation, unlike in that of a label
        if !Form::Qualified.accepts(key)
            && let Some(trouble) = Form::Qualified.trouble(&key.to_lowercase())
        {
            let owner = field(metadata, "annotations").unwrap_or(metadata);
            let message = format!("`{key}` cannot be the key of an annotation: {trouble}");
            findings.push(
                Finding::error(rules::INVALID_ANNOTATION, owner, message).key(key).label(Form::Qualified.describe()),
            );
        }
    }
    if size > ANNOTATIONS {
        let message = format!("the annotations have {size} bytes, and at most {ANNOTATIONS} are allowed");
        let help = "move what is large into a ConfigMap; for a large CRD use server-side apply";
        let finding = Finding::error(rules::INVALID_ANNOTATION, metadata, message).key("annotations");
        findings.push(finding.label("too much in all").help(help));
    }
}

fn finalizers<'a>(metadata: &'a Node, context: &Context<'a>, findings: &mut Findings<'a>) {
    for item in items(metadata, "finalizers") {
        let Some(name) = item.as_str().filter(|name| !is_encrypted(name)) else { continue };
        let trouble = Form::Qualified.trouble(name).or_else(|| unqualified(name, context));
        if let Some(trouble) = trouble {
            let message = format!("`{name}` cannot be a finalizer: {trouble}");
            let help = "write it as `domain/name`";
            findings.push(Finding::error(rules::INVALID_FINALIZER, item, message).label("not a finalizer").help(help));
        }
    }
}

/// Built-in kinds know three finalizers without a domain; custom resources may have any.
fn unqualified(name: &str, context: &Context<'_>) -> Option<String> {
    let strict = matches!(&*context.manifest.object.gvk.group, "" | "apps" | "batch");
    let standard = matches!(name, "kubernetes" | "orphan" | "foregroundDeletion");
    (strict && !standard && !name.contains('/')).then(|| "it has no domain".to_owned())
}
