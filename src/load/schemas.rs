//! Schema places: where the JSON schema of a kind is looked up, in order, by the exact path that its name computes to.
//!
//! A catalog holds thousands of files, so nothing is listed: each kind that is met asks each place for one or two paths.

use std::path::Path;
use std::sync::Arc;

use super::network::Network;
use super::{LoadError, WorkTree};
use crate::config::{FileLocation, Project, SchemaLocation, SchemaRequest, UrlLocation};
use crate::diagnostic::{Diagnostic, rules};
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath, TreeError};

/// One place, ready to be asked.
pub enum SchemaPlace<'a> {
    /// The schemas in the binary: whoever asks knows them.
    Embedded,
    /// Files of a tree.
    Files(SchemaFiles<'a>),
    /// Files behind a URL.
    Url(UrlLocation, &'a Network),
}

/// Files of a tree.
pub struct SchemaFiles<'a> {
    tree: Tree<'a>,
    /// In the tree; `None` for its top.
    folder: Option<RepoPath>,
    /// What the names of the files begin with, for people.
    shown: String,
    location: FileLocation,
}

enum Tree<'a> {
    Shared(&'a dyn ReadTree),
    Own(WorkTree),
}

impl SchemaPlace<'_> {
    /// The schema of a kind, if it is there. [`Embedded`](Self::Embedded) has none to give.
    pub fn find(&self, request: &SchemaRequest<'_>) -> Result<Option<Arc<Source>>, LoadError> {
        match self {
            Self::Embedded => Ok(None),
            Self::Files(files) => files.find(request),
            Self::Url(location, network) => match location.address(request) {
                Some(address) => Ok(network.get(&address)?.map(|text| Source::file(address, text))),
                None => Ok(None),
            },
        }
    }
}

impl SchemaFiles<'_> {
    fn find(&self, request: &SchemaRequest<'_>) -> Result<Option<Arc<Source>>, LoadError> {
        for path in self.location.candidates(request) {
            let in_tree = match &self.folder {
                Some(folder) => folder.join(&path),
                None => RepoPath::parse(&path),
            };
            // `candidates` never leads out of its folder; a path that would is no schema
            let Ok(in_tree) = in_tree else { continue };
            match self.tree().read(&in_tree) {
                Ok(bytes) => {
                    let shown = if self.shown.is_empty() { path } else { format!("{}/{path}", self.shown) };
                    // a schema that is no text is broken, which whoever compiles it says
                    return Ok(Some(Source::file(shown, String::from_utf8_lossy(&bytes))));
                }
                Err(TreeError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn tree(&self) -> &dyn ReadTree {
        match &self.tree {
            Tree::Shared(tree) => *tree,
            Tree::Own(tree) => tree,
        }
    }
}

/// Why a location cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A URL, and the network is not allowed. The user's move.
    #[error("`{0}` is a URL, and the network is not used unless it is allowed")]
    NoNetwork(String),
    /// The folder cannot be opened. The user's move.
    #[error("`{location}` cannot be used: {source}")]
    Folder {
        /// The location.
        location: String,
        /// Why.
        source: TreeError,
    },
}

impl PlaceError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoNetwork(_) => "add `--allow-network`, or copy the schemas into a folder and name that",
            Self::Folder { .. } => "correct the path, or remove it from the locations",
        }
    }
}

/// The places of a project. What cannot be asked is told in the second list.
pub fn schema_places<'a>(
    tree: &'a dyn ReadTree,
    project: &Project,
    network: Option<&'a Network>,
) -> (Vec<SchemaPlace<'a>>, Vec<Diagnostic>) {
    let (mut places, mut diagnostics) = (Vec::new(), Vec::new());
    for location in &project.schemas.locations {
        match &location.value {
            SchemaLocation::Embedded => places.push(SchemaPlace::Embedded),
            SchemaLocation::Url(url) => match network {
                Some(network) => places.push(SchemaPlace::Url(url.clone(), network)),
                None => {
                    let error = PlaceError::NoNetwork(url.as_str().to_owned());
                    let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, error.to_string());
                    diagnostics.push(super::apps::placed(diagnostic, location, "asks the network").help(error.help()));
                }
            },
            SchemaLocation::Files(files) => {
                let folder = RepoPath::parse(files.folder()).ok();
                let shown = folder.as_ref().map(ToString::to_string).unwrap_or_default();
                let tree = Tree::Shared(tree);
                places.push(SchemaPlace::Files(SchemaFiles { tree, folder, shown, location: files.clone() }));
            }
        }
    }
    (places, diagnostics)
}

/// A place that somebody named outside any project: folders are taken relative to `base`.
pub fn loose_schema_place<'a>(
    location: &SchemaLocation,
    base: &Path,
    network: Option<&'a Network>,
) -> Result<SchemaPlace<'a>, PlaceError> {
    Ok(match location {
        SchemaLocation::Embedded => SchemaPlace::Embedded,
        SchemaLocation::Url(url) => {
            let network = network.ok_or_else(|| PlaceError::NoNetwork(url.as_str().to_owned()))?;
            SchemaPlace::Url(url.clone(), network)
        }
        SchemaLocation::Files(files) => {
            let failed = |source| PlaceError::Folder { location: files.as_str().to_owned(), source };
            let tree = Tree::Own(WorkTree::open(base.join(files.folder())).map_err(failed)?);
            let shown = files.folder().to_owned();
            SchemaPlace::Files(SchemaFiles { tree, folder: None, shown, location: files.clone() })
        }
    })
}

/// The folder of a location in its repository: `None` for the repository itself, and for what is no folder.
pub(super) fn folder_of(location: &SchemaLocation) -> Option<RepoPath> {
    match location {
        SchemaLocation::Files(files) => RepoPath::parse(files.folder()).ok(),
        SchemaLocation::Embedded | SchemaLocation::Url(_) => None,
    }
}
