//! Loose files: what `hydrant validate` was given, files and folders anywhere on the machine, each with what it is.
//!
//! Folders are walked as git would: `.gitignore` counts. Only names that end in `.yaml`, `.yml` or `.json`, and
//! templates of those, are files here; everything else was never meant.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::WalkBuilder;

use super::inputs::no_text;
use super::roles::{is_hidden, is_jinja, is_manifest, is_template};
use super::worktree::{self, MAX_FILE_BYTES};
use crate::config::{CONFIG_FILE, Globs, PatternError};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{into_text, text_of};
use crate::source::Source;
use crate::tree::RepoPath;

/// One thing to validate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LooseInput {
    /// A file, a folder, or a pattern over files.
    Path(String),
    /// A text that is here already.
    Text {
        /// What to call it.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// A file to validate.
#[derive(Debug, Clone)]
pub struct LooseFile {
    /// As the user would name it.
    pub name: String,
    /// Whether it was named itself, and not found in a folder or by a pattern.
    pub named: bool,
    /// What its name and its neighbours say it is.
    pub role: LooseRole,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Disk(PathBuf),
    Memory(Vec<u8>),
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LooseRole {
    /// YAML or JSON, for all that the name says.
    Manifest,
    /// Something that is clearly no manifest.
    Other(Other),
}

/// What a file is that is no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Other {
    /// Its name or a folder on the way begins with a dot.
    Hidden,
    /// `hydrant.yaml`.
    Configuration,
    /// `*.yaml.j2`, or text that still holds template syntax.
    Template,
    /// `kustomization.yaml`.
    Kustomization,
    /// A file that a kustomization applies to others.
    Patch,
    /// `Chart.yaml`, or the folder that holds it.
    Chart,
    /// A file of a chart: a template, values.
    PartOfChart,
    /// A link to a folder, which is not followed.
    LinkToFolder,
    /// A configuration that a tool reads, and no cluster.
    ToolConfiguration,
    /// YAML or JSON without `apiVersion` and `kind`.
    Data,
}

impl Other {
    /// Why it is skipped.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Configuration => "the configuration",
            Self::Template => "a template",
            Self::Kustomization => "a kustomization",
            Self::Patch => "a patch",
            Self::Chart | Self::PartOfChart => "part of a chart",
            Self::LinkToFolder => "a link to a folder",
            Self::ToolConfiguration => "a tool's configuration",
            Self::Data => "not a manifest",
        }
    }
}

/// Why there is nothing to validate. The user's move.
#[derive(Debug, thiserror::Error)]
pub enum LooseError {
    /// No such file or folder.
    #[error("there is no file or folder `{0}`")]
    NotFound(String),
    /// A pattern without a match.
    #[error("`{0}` matches no file")]
    NoMatch(String),
    /// No pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A folder that holds nothing of what it was named for.
    #[error("`{path}` holds no {kind}")]
    Nothing {
        /// The path.
        path: String,
        /// What was wanted.
        kind: &'static str,
    },
    /// A path that cannot be printed.
    #[error("`{0}` is not UTF-8")]
    NotText(String),
    /// The file system said no. The environment's move.
    #[error("cannot read `{path}`: {message}")]
    Io {
        /// What was read.
        path: String,
        /// What was said.
        message: String,
    },
}

/// Finds the files that some inputs mean, each once, sorted by name. Paths are relative to `base`.
pub fn find_loose(base: &Path, inputs: Vec<LooseInput>) -> Result<Vec<LooseFile>, LooseError> {
    let mut found = Found::default();
    for input in inputs {
        match input {
            LooseInput::Text { name, bytes } => {
                let content = Content::Memory(bytes);
                found.add(LooseFile { name, named: true, role: LooseRole::Manifest, content });
            }
            LooseInput::Path(word) => found.word(base, &word)?,
        }
    }
    Ok(found.files.into_values().collect())
}

impl LooseFile {
    /// Its text, or what is wrong with it.
    pub fn read(&self) -> Result<Arc<Source>, Diagnostic> {
        let text =
            into_text(self.bytes()?.into_owned()).map_err(|not_text| no_text(&self.name, &not_text, "leave it out"))?;
        Ok(Source::file(&*self.name, text))
    }

    /// Where it lies; `None` for a text that was here already.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.content {
            Content::Disk(path) => Some(path),
            Content::Memory(_) => None,
        }
    }

    /// Takes another text in place of its own, in memory.
    pub fn set_text(&mut self, text: &str) {
        self.content = Content::Memory(text.as_bytes().to_vec());
    }

    /// Its bytes as they are, or why they cannot be had.
    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, Diagnostic> {
        match &self.content {
            Content::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::Disk(path) => read(path).map(Cow::Owned).map_err(|Unreadable { reason, help }| {
                Diagnostic::error(rules::UNREADABLE_INPUT, format!("`{}` cannot be read: {reason}", self.name))
                    .help(help)
            }),
        }
    }
}

/// Why a file's bytes cannot be had, and what to do.
struct Unreadable {
    reason: String,
    help: &'static str,
}

impl From<std::io::Error> for Unreadable {
    fn from(error: std::io::Error) -> Self {
        let help = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "let this user read it, or leave it out",
            _ => "replace it by a text file that can be read, or leave it out",
        };
        Self { reason: error.to_string(), help }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let open = || -> std::io::Result<(File, fs::Metadata)> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    };
    let (mut file, metadata) = open()?;
    let length = usize::try_from(metadata.len().min(MAX_FILE_BYTES)).unwrap_or_default();
    // one byte more, so that one call reads a whole file and sees its end
    let mut bytes = vec![0; length + 1];
    let got = match file.read(&mut bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => 0,
        got => got?,
    };
    bytes.truncate(got);
    if !metadata.is_file() || got != length {
        // pipes and devices do not say how long they are
        let rest = MAX_FILE_BYTES + 1 - got as u64;
        file.take(rest).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let reason = format!("it has more than {} MiB", MAX_FILE_BYTES >> 20);
        return Err(Unreadable { reason, help: "split it, or leave it out" });
    }
    Ok(bytes)
}

/// Files by name.
#[derive(Default)]
struct Found {
    files: BTreeMap<String, LooseFile>,
}

impl Found {
    /// A file that was named itself stays so, whatever folder it is found in as well.
    fn add(&mut self, file: LooseFile) {
        match self.files.get_mut(&file.name) {
            Some(known) if known.named => {}
            Some(known) => *known = file,
            None => {
                self.files.insert(file.name.clone(), file);
            }
        }
    }

    fn word(&mut self, base: &Path, word: &str) -> Result<(), LooseError> {
        let path = base.join(word);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.folder(&path, &plain(word)),
            Ok(_) => {
                let role = role_of_name(word);
                self.add(LooseFile { name: plain(word), named: true, role, content: Content::Disk(path) });
                Ok(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match word.contains(['*', '?', '[', '{']) {
                true => self.pattern(base, word),
                // a link into nothing is there, and cannot be read
                false if fs::symlink_metadata(&path).is_ok() => {
                    Err(LooseError::Io { path: word.to_owned(), message: "it is a link to nothing".to_owned() })
                }
                false => Err(LooseError::NotFound(word.to_owned())),
            },
            Err(error) => Err(LooseError::Io { path: word.to_owned(), message: error.to_string() }),
        }
    }

    /// A folder that is a chart itself was meant to be rendered; it is told as one thing, not file by file.
    fn folder(&mut self, path: &Path, name: &str) -> Result<(), LooseError> {
        if path.join("Chart.yaml").is_file() {
            let shown = if name.is_empty() { "." } else { name };
            let role = LooseRole::Other(Other::Chart);
            self.add(LooseFile { name: shown.to_owned(), named: true, role, content: Content::Disk(path.to_owned()) });
            return Ok(());
        }
        walk(path, name)?.into_iter().for_each(|file| self.add(file));
        Ok(())
    }

    /// A pattern is a walk through the folder before its first sign, of which some files are taken.
    fn pattern(&mut self, base: &Path, word: &str) -> Result<(), LooseError> {
        let word = plain(word);
        let fixed = word.find(['*', '?', '[', '{']).unwrap_or(word.len());
        let (folder, pattern) = match word[..fixed].rfind('/') {
            Some(0) => ("/", &word[1..]),
            Some(slash) => (&word[..slash], &word[slash + 1..]),
            None => ("", &*word),
        };
        let globs = Globs::parse(pattern)?;
        let path = base.join(folder);
        let no_match = || LooseError::NoMatch(word.clone());
        if !path.is_dir() {
            return Err(no_match());
        }
        let files = walk(&path, folder)?;
        let prefix = if folder.is_empty() || folder == "/" { folder.to_owned() } else { format!("{folder}/") };
        let matching = files.into_iter().filter(|file| {
            let relative = file.name.strip_prefix(&prefix).unwrap_or(&file.name);
            globs.is_match(relative)
        });
        let before = self.files.len();
        let mut any = false;
        matching.for_each(|file| {
            any = true;
            self.add(file);
        });
        if any || self.files.len() > before { Ok(()) } else { Err(no_match()) }
    }
}

/// The files of a kind that a word means, with the names they are told by: the file itself, or those of a folder.
pub(super) fn files_at(
    base: &Path,
    word: &str,
    wanted: fn(&RepoPath) -> bool,
) -> Result<Vec<(String, PathBuf)>, LooseError> {
    let path = base.join(word);
    if !path.exists() {
        return Err(LooseError::NotFound(word.to_owned()));
    }
    if !path.is_dir() {
        let file_name = RepoPath::parse(word.rsplit('/').next().unwrap_or(word));
        return Ok(if file_name.is_ok_and(|name| wanted(&name)) { vec![(plain(word), path)] } else { Vec::new() });
    }
    let mut files = Vec::new();
    for entry in walker(&path).build() {
        let entry = entry.map_err(|error| LooseError::Io { path: word.to_owned(), message: error.to_string() })?;
        let relative = entry.path().strip_prefix(&path).unwrap_or(entry.path());
        let Some(relative) = relative.to_str() else {
            return Err(LooseError::NotText(relative.display().to_string()));
        };
        let visible = RepoPath::parse(relative).is_ok_and(|name| wanted(&name) && !is_hidden(relative));
        if visible && entry.path().is_file() {
            files.push((below(&plain(word), relative), entry.into_path()));
        }
    }
    Ok(files)
}

/// The text of a file that something is checked by.
pub(super) fn read_text(name: &str, path: &Path) -> Result<Arc<Source>, LooseError> {
    let failed = |message: String| LooseError::Io { path: name.to_owned(), message };
    let bytes = read(path).map_err(|error| failed(error.reason))?;
    let text = text_of(&bytes).map_err(|not_text| failed(format!("it is not UTF-8: {not_text}")))?;
    Ok(Source::file(name, text))
}

fn below(folder: &str, relative: &str) -> String {
    match folder {
        "" => relative.to_owned(),
        "/" => format!("/{relative}"),
        folder => format!("{folder}/{relative}"),
    }
}

/// A path without `./` before it and `/` behind it; empty for the current folder.
fn plain(word: &str) -> String {
    let absolute = word.starts_with('/');
    let parts: Vec<&str> = word.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// The files of a folder with the names they are told by.
fn walk(folder: &Path, name: &str) -> Result<Vec<LooseFile>, LooseError> {
    let mut files = Vec::new();
    let mut charts = Vec::new();
    for entry in walker(folder).build() {
        let entry =
            entry.map_err(|error| LooseError::Io { path: folder.display().to_string(), message: error.to_string() })?;
        let Some(kind) = entry.file_type().filter(|kind| !kind.is_dir()) else { continue };
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let Some(relative) = relative.to_str() else {
            return Err(LooseError::NotText(relative.display().to_string()));
        };
        if let Some(chart) = relative.strip_suffix("Chart.yaml").filter(|rest| rest.is_empty() || rest.ends_with('/')) {
            charts.push(chart.to_owned());
        }
        if let Some(role) = role_found(relative, kind.is_symlink(), entry.path()) {
            files.push((relative.to_owned(), role));
        }
    }
    let mut patches = super::kustomize::Patches::default();
    for (relative, _) in files.iter().filter(|(_, role)| *role == LooseRole::Other(Other::Kustomization)) {
        if let Ok(bytes) = read(&folder.join(relative)) {
            patches.add(relative, &String::from_utf8_lossy(&bytes));
        }
    }
    Ok(files
        .into_iter()
        .map(|(relative, role)| {
            let role = match role {
                LooseRole::Manifest if is_in_chart(&relative, &charts) => LooseRole::Other(Other::PartOfChart),
                LooseRole::Manifest if patches.contains(&relative) => LooseRole::Other(Other::Patch),
                role => role,
            };
            let content = Content::Disk(folder.join(&relative));
            LooseFile { name: below(name, &relative), named: false, role, content }
        })
        .collect())
}

/// As git would list it; but `.gitignore` files above the folder count only up to the repository they belong to.
fn walker(folder: &Path) -> WalkBuilder {
    let in_repository =
        folder.canonicalize().is_ok_and(|folder| folder.ancestors().any(|above| above.join(".git").exists()));
    worktree::walker(folder, in_repository)
}

/// What a file is that a walk meets; `None` for names that say it has nothing to do with manifests.
fn role_found(relative: &str, is_link: bool, path: &Path) -> Option<LooseRole> {
    let named = RepoPath::parse(relative).ok()?;
    let is_folder = is_link && path.is_dir();
    let is_ours = is_manifest(&named) || is_template(&named) || named.file_name() == "Kustomization" || is_folder;
    if !is_ours {
        return None;
    }
    Some(if is_hidden(relative) {
        LooseRole::Other(Other::Hidden)
    } else if is_folder {
        LooseRole::Other(Other::LinkToFolder)
    } else {
        role_of_name(relative)
    })
}

/// What a name alone says.
fn role_of_name(name: &str) -> LooseRole {
    let file_name = name.rsplit('/').next().unwrap_or(name);
    let jinja = RepoPath::parse(file_name).is_ok_and(|name| is_jinja(&name));
    match file_name {
        CONFIG_FILE => LooseRole::Other(Other::Configuration),
        "Chart.yaml" => LooseRole::Other(Other::Chart),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => LooseRole::Other(Other::Kustomization),
        _ if jinja => LooseRole::Other(Other::Template),
        _ => LooseRole::Manifest,
    }
}

/// Whether a file belongs to a chart. The CRDs of a chart are plain YAML: Helm renders them for nobody.
fn is_in_chart(file: &str, charts: &[String]) -> bool {
    let inside = charts.iter().filter_map(|chart| file.strip_prefix(chart.as_str()));
    // the innermost chart decides
    inside.min_by_key(|rest| rest.len()).is_some_and(|rest| !rest.starts_with("crds/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_as_they_were_typed() {
        assert_eq!(plain("./a//b/"), "a/b");
        assert_eq!(plain("."), "");
        assert_eq!(plain("/srv/./x"), "/srv/x");
        assert_eq!(plain("../x"), "../x");
    }

    #[test]
    fn the_crds_of_a_chart_are_no_templates() {
        let charts = ["web/".to_owned(), "web/charts/db/".to_owned()];
        assert!(is_in_chart("web/templates/a.yaml", &charts));
        assert!(is_in_chart("web/charts/db/values.yaml", &charts));
        assert!(!is_in_chart("web/charts/db/crds/a.yaml", &charts));
        assert!(!is_in_chart("website/a.yaml", &charts));
    }
}
