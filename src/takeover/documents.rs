//! Documents: the files of a tree that another tool reads, as values.

use serde_json::Value;

use crate::manifest::{ReadLimits, read, text_of};
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath, TreeError};

/// A document that may be of interest.
pub(super) struct Document {
    pub(super) file: RepoPath,
    /// `None`: something in the file does not read.
    pub(super) value: Option<Value>,
}

/// The documents of all YAML and JSON files whose path and text are `wanted`, in order.
pub(super) fn documents(
    tree: &dyn ReadTree,
    wanted: impl Fn(&RepoPath) -> bool,
    word: &str,
) -> Result<Vec<Document>, TreeError> {
    let mut documents = Vec::new();
    for file in tree.files(None)? {
        if !matches!(file.extension(), Some("yaml" | "yml" | "json")) || !wanted(&file) {
            continue;
        }
        let bytes = match tree.read(&file) {
            Ok(bytes) => bytes,
            // a link into nothing, or a huge file: nobody's configuration
            Err(TreeError::Symlink { .. } | TreeError::TooLarge { .. } | TreeError::NotFound(_)) => continue,
            Err(error) => return Err(error),
        };
        let Ok(text) = text_of(&bytes) else { continue };
        if !text.contains(word) {
            continue;
        }
        let stream = read(&Source::file(file.as_str(), text), &ReadLimits::default());
        if stream.failed > 0 {
            documents.push(Document { file: file.clone(), value: None });
        }
        let values = stream.documents.iter().map(|document| document.root.to_json());
        documents.extend(values.map(|value| Document { file: file.clone(), value: Some(value) }));
    }
    Ok(documents)
}

/// The tool that a folder is for, if it is not for Hydrant: `helm`, `kustomize`, `jsonnet`.
pub(super) fn other_tool(tree: &dyn ReadTree, folder: &str) -> Result<Option<&'static str>, TreeError> {
    let files = files_in(tree, folder)?;
    let tool = |file: &RepoPath| match file.file_name() {
        "Chart.yaml" => Some("helm"),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some("kustomize"),
        _ if file.extension() == Some("jsonnet") => Some("jsonnet"),
        _ => None,
    };
    Ok(files.iter().find_map(tool))
}

/// Whether there is a file in the folder.
pub(super) fn exists(tree: &dyn ReadTree, folder: &str) -> Result<bool, TreeError> {
    Ok(!files_in(tree, folder)?.is_empty())
}

fn files_in(tree: &dyn ReadTree, folder: &str) -> Result<Vec<RepoPath>, TreeError> {
    match RepoPath::parse(folder) {
        Ok(folder) => tree.files(Some(&folder)),
        Err(_) if matches!(folder, "" | ".") => tree.files(None),
        Err(_) => Ok(Vec::new()),
    }
}

/// A path as `hydrant.yaml` has it: without `./` and without a slash at the end; `.` for the top.
pub(super) fn clean(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

/// A text somewhere in a value: `text(value, "/metadata/name")`.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// A list of texts somewhere in a value.
pub(super) fn texts(value: &Value, pointer: &str) -> Vec<String> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
