//! Tests: what `hydrant test` reads from a folder: policies and their tests, data documents, Gatekeeper suites.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LoadError;
use super::checks::{PlacedData, is_policy};
use super::roles::is_hidden;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{ReadLimits, read};
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath, TreeError, resolve_symlink};

/// Everything that is tested, each list sorted by name, each file once.
#[derive(Default)]
pub struct TestFiles<'a> {
    /// Rego, tests included.
    pub policies: Vec<Arc<Source>>,
    /// The data documents beside it: `data.json`, `data.yaml`, `data.yml`.
    pub data: Vec<Arc<Source>>,
    /// Data documents that somebody named, each below its folders.
    pub data_trees: Vec<PlacedData>,
    /// Gatekeeper suites.
    pub suites: Vec<SuiteFile<'a>>,
    /// Files that cannot be read.
    pub diagnostics: Vec<Diagnostic>,
    /// The folder in which somebody works: what tests parse may lie in it, and outside the folder that was named.
    pub around: Option<&'a dyn ReadTree>,
    /// Where each policy lies, by the name it is told by.
    homes: BTreeMap<String, (&'a dyn ReadTree, RepoPath)>,
}

/// A Gatekeeper suite, and the tree that holds what it names.
pub struct SuiteFile<'a> {
    /// Its file, under the name by which it is told.
    pub source: Arc<Source>,
    /// Where it lies in the tree.
    pub path: RepoPath,
    /// The tree.
    pub tree: &'a dyn ReadTree,
}

impl<'a> TestFiles<'a> {
    /// Adds what lies at or under a path of a tree; everything for `None`. `name` is how a file is called from then on.
    pub fn add(
        &mut self,
        tree: &'a dyn ReadTree,
        path: Option<&RepoPath>,
        name: impl Fn(&RepoPath) -> String,
    ) -> Result<(), LoadError> {
        for file in tree.files(path)? {
            let below = path.and_then(|path| file.strip_prefix(path)).unwrap_or(file.as_str());
            let named_itself = path == Some(&file);
            if !is_wanted(&file) || (!named_itself && is_hidden(below)) {
                continue;
            }
            match tree.read(&file) {
                Ok(bytes) => self.sort_in(tree, &file, name(&file), &bytes),
                Err(error @ (TreeError::Symlink { .. } | TreeError::TooLarge { .. })) => {
                    self.diagnostics.push(unreadable(error.to_string()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        for list in [&mut self.policies, &mut self.data] {
            list.sort_by(|a, b| a.name().cmp(b.name()));
            list.dedup_by(|a, b| a.name() == b.name());
        }
        self.suites.sort_by(|a, b| a.source.name().cmp(b.source.name()));
        self.suites.dedup_by(|a, b| a.source.name() == b.source.name());
        Ok(())
    }

    /// The file at a path from a policy's folder.
    pub fn beside(&self, policy: &str, path: &str) -> Result<Arc<Source>, String> {
        let inside = self.homes.get(policy).and_then(|(tree, home)| Some((*tree, resolve_symlink(home, path).ok()?)));
        // the path as it would be told, which is that of the policies' folder, not of their tree
        let told = || resolve_symlink(&RepoPath::parse(policy).ok()?, path).ok();
        let around = || Some((self.around?, told()?));
        let (tree, file) = inside.or_else(around).ok_or("it lies outside of where Hydrant works")?;
        let bytes = tree.read(&file).map_err(|error| error.to_string())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        Ok(Source::file(told().unwrap_or(file).as_str(), text))
    }

    /// Whether there is nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.suites.is_empty()
    }

    fn sort_in(&mut self, tree: &'a dyn ReadTree, file: &RepoPath, name: String, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            if is_policy(file) {
                self.diagnostics.push(unreadable(format!("`{name}` is not UTF-8")));
            }
            return;
        };
        let source = Source::file(name, text);
        if file.extension() == Some("rego") {
            self.homes.insert(source.name().to_owned(), (tree, file.clone()));
            self.policies.push(source);
        } else if is_suite(&source) {
            self.suites.push(SuiteFile { source, path: file.clone(), tree });
        } else if is_policy(file) {
            self.data.push(source);
        }
    }
}

fn is_wanted(file: &RepoPath) -> bool {
    is_policy(file) || matches!(file.extension(), Some("yaml" | "yml"))
}

/// Whether a file holds a Gatekeeper suite. One that names the group and is no YAML counts too, so that it is not lost.
fn is_suite(source: &Arc<Source>) -> bool {
    const GROUP: &str = "test.gatekeeper.sh/";
    if !source.text().contains(GROUP) {
        return false;
    }
    let stream = read(source, &ReadLimits::default());
    let text_at = |document: &crate::manifest::Node, key: &str| {
        document.get(key).and_then(crate::manifest::Node::as_str).unwrap_or_default().to_owned()
    };
    !stream.diagnostics.is_empty()
        || stream.documents.iter().any(|document| {
            text_at(&document.root, "apiVersion").starts_with(GROUP) && text_at(&document.root, "kind") == "Suite"
        })
}

fn unreadable(problem: String) -> Diagnostic {
    let diagnostic = Diagnostic::error(rules::UNREADABLE_INPUT, problem);
    diagnostic.help("replace it by a text file of this repository, or move it elsewhere")
}
