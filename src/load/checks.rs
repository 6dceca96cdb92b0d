//! Checks: the texts that manifests are checked against, read whole: policies, waivers and CRDs. JSON schemas are looked up one by one (`schemas`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use super::apps::placed;
use super::inputs::no_text;
use super::listing::Listing;
use super::roles::is_hidden;
use super::schemas::folder_of;
use super::{LoadError, LooseError};
use crate::config::{Project, SchemaLocation, Spanned};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::text_of;
use crate::source::Source;
use crate::tree::{ReadTree, RepoPath, TreeError};

/// What a folder of policies was named for.
const NO_POLICY: &str = "Rego and no Gatekeeper template";

/// What manifests are checked against, each list sorted by path.
#[derive(Debug, Default)]
pub struct Checks {
    /// Rego.
    pub policies: Vec<Arc<Source>>,
    /// The data documents beside it: `data.json`, `data.yaml`, `data.yml`.
    pub data: Vec<Arc<Source>>,
    /// Data documents that somebody named, each below its folders.
    pub data_trees: Vec<PlacedData>,
    /// The YAML beside it that Gatekeeper judges by: constraint templates, constraints, expansions.
    pub gatekeeper: Vec<Arc<Source>>,
    /// The file of waivers.
    pub waivers: Option<Arc<Source>>,
    /// YAML and JSON under `schemas.crds`.
    pub crds: Vec<Arc<Source>>,
    /// Paths that do not exist or hold nothing of use, and files that cannot be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// A data document and where policies see it.
#[derive(Debug, Clone)]
pub struct PlacedData {
    /// Below `data`: `["exceptions"]` for what lies in the folder `exceptions` of the folder that was named.
    pub at: Vec<String>,
    /// Its text.
    pub source: Arc<Source>,
}

/// Reads what the project checks by.
pub fn read_checks(tree: &dyn ReadTree, project: &Project) -> Result<Checks, LoadError> {
    let listing = Listing::of(tree)?;
    let mut diagnostics = Vec::new();
    let mut reader = Reader { tree, listing: &listing, diagnostics: &mut diagnostics };
    let default_policies = || {
        let path = RepoPath::parse(Project::DEFAULT_POLICIES).expect("a fixed name without any sign");
        listing.is_folder(&path).then(|| Spanned::default_value(path)).into_iter().collect::<Vec<_>>()
    };
    let policies = project.policies.paths.clone().unwrap_or_else(default_policies);
    let found = reader.read(&policies, NO_POLICY, may_be_policy, is_useful)?;
    let crds = reader.read(&project.schemas.crds, "YAML or JSON", super::roles::is_manifest, |_| true)?;
    let waivers = project.policies.waivers.as_ref().map(|path| reader.one(path)).transpose()?.flatten();
    project.schemas.locations.iter().for_each(|location| reader.is_there(location));
    Ok(Checks { waivers, crds, diagnostics, ..sort(found) })
}

/// Reads what somebody named outside any project: files, or folders with all they hold.
pub fn read_loose_checks(
    base: &Path,
    policies: &[String],
    crds: &[String],
    waivers: Option<&str>,
) -> Result<Checks, LooseError> {
    let found = read_loose(base, policies, NO_POLICY, may_be_policy, is_useful)?;
    let crds = read_loose(base, crds, "YAML or JSON", super::roles::is_manifest, |_| true)?;
    let waivers = waivers.map(|word| read_loose_file(base, word)).transpose()?;
    Ok(Checks { waivers, crds, ..sort(found) })
}

fn read_loose_file(base: &Path, word: &str) -> Result<Arc<Source>, LooseError> {
    let path = base.join(word);
    if path.is_file() { super::loose::read_text(word, &path) } else { Err(LooseError::NotFound(word.to_owned())) }
}

/// Reads the YAML and JSON that somebody named as data. As OPA has it, folders are keys, and the names of files are not.
pub fn read_loose_data(base: &Path, words: &[String]) -> Result<Vec<PlacedData>, LooseError> {
    let mut found = BTreeMap::new();
    for word in words {
        let files = super::loose::files_at(base, word, super::roles::is_manifest)?;
        if files.is_empty() {
            return Err(LooseError::Nothing { path: word.clone(), kind: "YAML or JSON" });
        }
        let named = base.join(word);
        for (name, path) in files {
            let folder = path.parent().and_then(|folder| folder.strip_prefix(&named).ok());
            let keys = folder.into_iter().flat_map(Path::components);
            let at = keys.map(|key| key.as_os_str().to_string_lossy().into_owned()).collect();
            let source = super::loose::read_text(&name, &path)?;
            found.insert(name, PlacedData { at, source });
        }
    }
    Ok(found.into_values().collect())
}

fn read_loose(
    base: &Path,
    words: &[String],
    kind: &'static str,
    wanted: fn(&RepoPath) -> bool,
    useful: fn(&Source) -> bool,
) -> Result<Vec<Arc<Source>>, LooseError> {
    let mut sources = BTreeMap::new();
    for word in words {
        let mut any = false;
        for (name, path) in super::loose::files_at(base, word, wanted)? {
            let source = super::loose::read_text(&name, &path)?;
            if useful(&source) {
                any = true;
                sources.insert(name, source);
            }
        }
        if !any {
            return Err(LooseError::Nothing { path: word.clone(), kind });
        }
    }
    Ok(sources.into_values().collect())
}

/// Policies, the data beside them, and what Gatekeeper judges by.
fn sort(found: Vec<Arc<Source>>) -> Checks {
    let (policies, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|source| source.name().ends_with(".rego"));
    let (data, gatekeeper) = others.into_iter().partition(|source| is_data(source.name()));
    Checks { policies, data, gatekeeper, ..Checks::default() }
}

fn may_be_policy(path: &RepoPath) -> bool {
    path.extension() == Some("rego") || super::roles::is_manifest(path)
}

/// Of the YAML in a policy folder, only what Gatekeeper judges by is meant for us; examples and suites lie there too.
fn is_useful(source: &Source) -> bool {
    source.name().ends_with(".rego") || is_data(source.name()) || is_for_gatekeeper(source.text())
}

fn is_data(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some("data.json" | "data.yaml" | "data.yml"))
}

fn is_for_gatekeeper(text: &str) -> bool {
    const GROUPS: [&str; 3] = ["templates.gatekeeper.sh/", "constraints.gatekeeper.sh/", "expansion.gatekeeper.sh/"];
    text.match_indices("apiVersion").any(|(at, key)| {
        let value = text[at + key.len()..].trim_start_matches(['"', '\'', ':', ' ', '\t']);
        GROUPS.iter().any(|group| value.starts_with(group))
    })
}

/// Whether a file is Rego, or data beside it.
pub(super) fn is_policy(path: &RepoPath) -> bool {
    path.extension() == Some("rego") || is_data(path.as_str())
}

struct Reader<'a> {
    tree: &'a dyn ReadTree,
    listing: &'a Listing,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The files of a kind at or under the paths; each once, however many paths lead to it. `wanted` tells by the name
    /// which may be of the kind, `useful` by the content which are.
    fn read(
        &mut self,
        paths: &[Spanned<RepoPath>],
        kind: &str,
        wanted: impl Fn(&RepoPath) -> bool,
        useful: impl Fn(&Source) -> bool,
    ) -> Result<Vec<Arc<Source>>, LoadError> {
        let mut sources: BTreeMap<&RepoPath, Option<Arc<Source>>> = BTreeMap::new();
        for path in paths {
            let mut files = Vec::new();
            if self.listing.contains(&path.value) {
                files.extend(wanted(&path.value).then_some(&path.value));
            } else {
                let visible = |file: &&RepoPath| file.strip_prefix(&path.value).is_some_and(|rest| !is_hidden(rest));
                let below = self.listing.under(Some(&path.value)).iter();
                files.extend(below.filter(visible).filter(|file| wanted(file)));
            }
            let mut found = false;
            for file in files {
                if let Entry::Vacant(place) = sources.entry(file) {
                    place.insert(self.source(file)?);
                }
                // of one that cannot be read, nobody knows what it is
                found |= sources[file].as_ref().is_none_or(|source| useful(source));
            }
            // a default that holds nothing is nothing; a path that somebody wrote was meant to check something
            if !found && path.location.is_some() {
                self.diagnostics.push(self.nothing_there(path, kind));
            }
        }
        Ok(sources.into_values().flatten().filter(|source| useful(source)).collect())
    }

    /// One file that somebody named.
    fn one(&mut self, path: &Spanned<RepoPath>) -> Result<Option<Arc<Source>>, LoadError> {
        if self.listing.contains(&path.value) {
            return self.source(&path.value);
        }
        let (message, help) = match self.listing.is_folder(&path.value) {
            true => (format!("`{}` is a folder", path.value), "name the file of waivers"),
            false => (format!("there is no file `{}`", path.value), "correct the path, or remove the key"),
        };
        let diagnostic = Diagnostic::error(rules::CONFIG_REFERENCE, message);
        self.diagnostics.push(placed(diagnostic, path, "no such file").help(help));
        Ok(None)
    }

    /// A location that lies in the tree must be there: one that is misspelt would look as if it held no schema.
    fn is_there(&mut self, location: &Spanned<SchemaLocation>) {
        let Some(folder) = folder_of(&location.value) else { return };
        if !self.listing.is_folder(&folder) {
            let path = Spanned { value: folder, location: location.location.clone() };
            self.diagnostics.push(self.nothing_there(&path, "schemas"));
        }
    }

    fn source(&mut self, file: &RepoPath) -> Result<Option<Arc<Source>>, LoadError> {
        let diagnostic = match self.tree.read(file) {
            Ok(bytes) => match text_of(&bytes) {
                Ok(text) => return Ok(Some(Source::file(file.as_str(), text))),
                Err(not_text) => no_text(file, &not_text, "move it elsewhere"),
            },
            Err(error @ (TreeError::Symlink { .. } | TreeError::TooLarge { .. })) => {
                Diagnostic::error(rules::UNREADABLE_INPUT, error.to_string())
                    .help("replace it by a text file, or move it elsewhere")
            }
            Err(error) => return Err(error.into()),
        };
        self.diagnostics.push(diagnostic);
        Ok(None)
    }

    fn nothing_there(&self, path: &Spanned<RepoPath>, kind: &str) -> Diagnostic {
        let exists = self.listing.contains(&path.value) || self.listing.is_folder(&path.value);
        let (message, label) = if exists {
            (format!("`{}` holds no {kind}", path.value), "nothing to check by")
        } else {
            (format!("there is no file or folder `{}`", path.value), "no such path")
        };
        let diagnostic = Diagnostic::error(rules::CONFIG_REFERENCE, message);
        placed(diagnostic, path, label).help("correct the path, or remove it from the list")
    }
}
