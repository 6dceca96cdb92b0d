//! Values: the files templates take their data from, read as Kubernetes reads YAML and merged in a fixed order.
//!
//! They go through the manifest reader and not serde_yaml, because what a template prints becomes part of a manifest:
//! `0644` has to be the same number in both.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::LoadError;
use crate::config;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{self, Entry, Node, ReadLimits, Text, Value, text_of};
use crate::source::{Location, Source};
use crate::tree::{Digest, ReadTree, RepoPath, TreeError};

/// The key that the engine itself fills in.
const RESERVED: &str = "hydrant";

/// One values file.
#[derive(Debug)]
pub(super) struct ValuesFile {
    pub(super) digest: Digest,
    /// Always a mapping.
    pub(super) root: Node,
}

/// The values files of a tree, each read once however many apps use it.
pub(super) struct ValuesFiles<'a> {
    tree: &'a dyn ReadTree,
    read: BTreeMap<RepoPath, Option<Arc<ValuesFile>>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> ValuesFiles<'a> {
    pub(super) fn new(tree: &'a dyn ReadTree) -> Self {
        Self { tree, read: BTreeMap::new(), diagnostics: Vec::new() }
    }

    /// A values file; `None` if it cannot be used, which is reported once.
    pub(super) fn get(&mut self, path: &RepoPath) -> Result<Option<Arc<ValuesFile>>, LoadError> {
        if let Some(known) = self.read.get(path) {
            return Ok(known.clone());
        }
        let file = match read(self.tree, path)? {
            Ok(file) => Some(Arc::new(file)),
            Err(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                None
            }
        };
        self.read.insert(path.clone(), file.clone());
        Ok(file)
    }

    /// What was wrong with the files, in the order of their first use.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}

fn read(tree: &dyn ReadTree, path: &RepoPath) -> Result<Result<ValuesFile, Vec<Diagnostic>>, LoadError> {
    let invalid = |message: String| Ok(Err(vec![Diagnostic::error(rules::CONFIG_INVALID, message)]));
    let bytes = match tree.read(path) {
        Ok(bytes) => bytes,
        Err(error @ (TreeError::Symlink { .. } | TreeError::TooLarge { .. })) => return invalid(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let text = match text_of(&bytes) {
        Ok(text) => text,
        Err(not_text) => return invalid(format!("values file `{path}` is not UTF-8: {not_text}")),
    };
    let source = Source::file(path.as_str(), text);
    Ok(parse(&source).map(|root| ValuesFile { digest: Digest::of(&bytes), root }))
}

/// Reads one text as values: a mapping, or nothing at all.
fn parse(source: &Arc<Source>) -> Result<Node, Vec<Diagnostic>> {
    let mut stream = manifest::read(source, &ReadLimits::default());
    if !stream.diagnostics.is_empty() {
        return Err(stream.diagnostics.into_iter().map(config::as_configuration).collect());
    }
    let error = |node: &Node, message: String, label: &str, help: &str| {
        let location = Location::new(source, node.span);
        Err(vec![Diagnostic::error(rules::CONFIG_INVALID, message).at(location, label).help(help)])
    };
    if let [_, second, ..] = stream.documents.as_slice() {
        let message = format!("values file `{}` holds more than one document", source.name());
        return error(&second.root, message, "the second begins here", "keep one document, without `---` in between");
    }
    let root = match stream.documents.pop() {
        Some(document) if document.root.value != Value::Null => document.root,
        _ => Node::synthetic(Value::Mapping(Vec::new())),
    };
    if root.as_mapping().is_none() {
        let message = format!("values file `{}` must be a mapping, not {}", source.name(), root.kind_name());
        return error(&root, message, "this is no mapping", "give every value a name: `name: …`");
    }
    if let Some(entry) = root.entry(RESERVED) {
        let location = Location::new(source, entry.key.span);
        let message = format!("`{RESERVED}` is not free: templates find the environment and the app under it");
        return Err(vec![
            Diagnostic::error(rules::CONFIG_INVALID, message).at(location, "a reserved name").help("rename the key"),
        ]);
    }
    Ok(root)
}

/// Merges values from left to right; always a mapping.
///
/// Mappings are merged key by key. Anything else replaces what was there; a list is never joined with another. `null`
/// deletes the key that earlier values set, with all below it; where there is nothing to delete, it is a value.
#[must_use]
pub fn merge<'a>(layers: impl IntoIterator<Item = &'a Node>) -> Node {
    let mut layers = layers.into_iter();
    let mut merged = layers.next().cloned().unwrap_or_else(|| Node::synthetic(Value::Mapping(Vec::new())));
    for layer in layers {
        merge_into(&mut merged, layer);
    }
    merged
}

fn merge_into(base: &mut Node, over: &Node) {
    let (Value::Mapping(entries), Value::Mapping(over_entries)) = (&mut base.value, &over.value) else {
        *base = over.clone();
        return;
    };
    let mut deleted = false;
    let places: HashMap<Text, usize> =
        entries.iter().enumerate().map(|(index, entry)| (entry.key.name.clone(), index)).collect();
    let mut keep = vec![true; entries.len()];
    for entry in over_entries {
        match places.get(&entry.key.name) {
            Some(index) if entry.value.value == Value::Null => {
                keep[*index] = false;
                deleted = true;
            }
            Some(index) => {
                // the key that is shown is the one that had the last word
                entries[*index].key.span = entry.key.span;
                merge_into(&mut entries[*index].value, &entry.value);
            }
            None => entries.push(entry.clone()),
        }
    }
    if deleted {
        let mut keep = keep.into_iter().chain(std::iter::repeat(true));
        entries.retain(|_: &Entry| keep.next().unwrap_or(true));
    }
}
