//! Kustomize: overlays. None can be taken over while kustomize is no engine; each is told by name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Takeover;
use super::documents::{clean, documents, texts};
use crate::tree::{ReadTree, RepoPath, TreeError};

pub(super) fn read(tree: &dyn ReadTree) -> Result<Takeover, TreeError> {
    let mut takeover = Takeover::default();
    let is_kustomization =
        |file: &RepoPath| matches!(file.file_name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization");
    let folder = |file: &RepoPath| file.parent().map_or_else(|| ".".to_owned(), |parent| parent.to_string());
    let files: Vec<RepoPath> = tree.files(None)?.into_iter().filter(is_kustomization).collect();
    let mut used = BTreeSet::new();
    let mut components = BTreeSet::new();
    for document in documents(tree, is_kustomization, "")? {
        let Some(value) = &document.value else { continue };
        if value.get("kind").and_then(Value::as_str) == Some("Component") {
            components.insert(folder(&document.file));
        }
        for list in ["/resources", "/bases", "/components"] {
            let inside = |path: String| match document.file.parent() {
                Some(parent) => parent.join(&path).ok().map(|path| path.to_string()),
                None => Some(clean(&path)),
            };
            used.extend(texts(value, list).into_iter().filter_map(inside));
        }
    }
    for file in files {
        let path = folder(&file);
        // what another overlay is built of is a part of that
        if used.contains(&path) || components.contains(&path) {
            continue;
        }
        takeover.leave_out(
            format!("overlay `{path}`"),
            file.as_str(),
            "kustomize is not an engine of this version",
            format!("`kustomize build {path} > apps/NAME/manifest.yaml`, and take the folder as an app"),
        );
    }
    Ok(takeover)
}
