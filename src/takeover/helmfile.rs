//! Helmfile: releases of charts. No release can be taken over while helm is no engine; each is told by name.

use serde_json::Value;

use super::Takeover;
use super::documents::{documents, text};
use crate::tree::{ReadTree, RepoPath, TreeError};

pub(super) fn read(tree: &dyn ReadTree) -> Result<Takeover, TreeError> {
    let mut takeover = Takeover::default();
    let is_helmfile = |file: &RepoPath| {
        file.file_name().starts_with("helmfile.")
            || file.parent().is_some_and(|parent| parent.file_name() == "helmfile.d")
    };
    for document in documents(tree, is_helmfile, "releases")? {
        let file = document.file.as_str();
        let Some(value) = &document.value else {
            takeover.leave_out(
                format!("a document of `{file}`"),
                file,
                "does not read as YAML; templates in it have to be rendered first",
                "`helmfile build` prints it rendered",
            );
            continue;
        };
        for release in value.get("releases").and_then(Value::as_array).into_iter().flatten() {
            let name = text(release, "/name").unwrap_or("without a name");
            let chart = text(release, "/chart").unwrap_or("no chart");
            takeover.leave_out(
                format!("release `{name}`"),
                file,
                format!("is made of {chart}, and helm is not an engine of this version"),
                format!(
                    "`helmfile -l name={name} template > apps/{}/manifest.yaml`, and take the folder as an app",
                    super::as_name(name)
                ),
            );
        }
    }
    for file in tree.files(None)?.iter().filter(|file| is_helmfile(file) && file.extension() == Some("gotmpl")) {
        takeover.leave_out(
            format!("`{file}`"),
            file.as_str(),
            "is a template of helmfile's own",
            "`helmfile build` prints it rendered",
        );
    }
    Ok(takeover)
}
