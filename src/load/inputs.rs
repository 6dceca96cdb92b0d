//! Inputs: the closed list of files that one app's engine may read, each with its role, digest and text.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::apps::FoundApp;
use super::listing::Listing;
use super::roles::{foreign_engine, is_hidden, is_jinja, role};
use super::{EngineKind, Input, Inputs, LoadError, Role};
use crate::config::{Engine, Project};
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{NotText, text_of};
use crate::source::{Location, Source, Span};
use crate::tree::{Digest, ReadTree, RepoPath, TreeError};

/// What an engine gets of an app.
pub(super) struct Closed {
    pub(super) engine: EngineKind,
    pub(super) inputs: Inputs,
}

/// Reads inputs; one for a whole run.
pub(super) struct InputReader<'a> {
    pub(super) tree: &'a dyn ReadTree,
    pub(super) listing: &'a Listing,
    /// Files that some environment takes values from.
    pub(super) environment_values: BTreeSet<RepoPath>,
    /// What an app at the top of the repository leaves to others: the folders of other apps, policies, schemas.
    pub(super) taken: BTreeSet<RepoPath>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl InputReader<'_> {
    /// The app's own files. `None` if it needs an engine that is not built, which is reported.
    pub(super) fn own(
        &mut self,
        found: &FoundApp<'_>,
        values: &BTreeSet<RepoPath>,
    ) -> Result<Option<Closed>, LoadError> {
        let listing = self.listing;
        let mut roles: Vec<(&RepoPath, Role)> = Vec::new();
        for file in listing.under(found.folder.as_ref()) {
            if found.folder.is_none() && self.is_taken(file) {
                continue;
            }
            let role = self.role_in(found, file, values);
            if !matches!(role, Role::Ignored(_) | Role::Values)
                && let Some(engine) = foreign_engine(file)
            {
                self.refuse_engine(engine, file, found)?;
                return Ok(None);
            }
            roles.push((file, role));
        }
        let engine = engine(found.app.engine.value, &roles);
        let mut inputs = Inputs::default();
        for (file, role) in roles {
            let role = match role {
                Role::Template | Role::Partial if engine == EngineKind::Plain => {
                    Role::Ignored("a template, and the engine is plain")
                }
                role => role,
            };
            inputs.files.insert(file.clone(), self.input(file, role, &found.name)?);
        }
        Ok(Some(Closed { engine, inputs }))
    }

    /// The templates of the shared folder, for every app that renders templates.
    pub(super) fn shared(&mut self, project: &Project) -> Result<Vec<(RepoPath, Input)>, LoadError> {
        let folder = project.templates_folder();
        let listing = self.listing;
        let mut shared = Vec::new();
        for file in listing.under(Some(&folder)) {
            let hidden = file.strip_prefix(&folder).is_some_and(is_hidden);
            if is_jinja(file) && !hidden {
                let input = self.input(file, Role::Partial, "")?;
                shared.push((file.clone(), Input { shared: true, ..input }));
            }
        }
        Ok(shared)
    }

    fn is_taken(&self, file: &RepoPath) -> bool {
        std::iter::successors(Some(file.clone()), RepoPath::parent).any(|path| self.taken.contains(&path))
    }

    fn role_in(&self, found: &FoundApp<'_>, file: &RepoPath, values: &BTreeSet<RepoPath>) -> Role {
        let relative = found.folder.as_ref().map_or(Some(file.as_str()), |folder| file.strip_prefix(folder));
        let relative = relative.unwrap_or_else(|| file.as_str());
        if values.contains(file) || self.environment_values.contains(file) {
            Role::Values
        } else if is_hidden(relative) {
            Role::Ignored("hidden")
        } else if !found.app.include.is_match(relative) || found.app.exclude.is_match(relative) {
            Role::Ignored("excluded")
        } else if foreign_engine(file).is_some() {
            Role::Manifest
        } else {
            role(file)
        }
    }

    fn refuse_engine(&mut self, engine: &str, file: &RepoPath, found: &FoundApp<'_>) -> Result<(), LoadError> {
        let message = format!("`{file}` needs the {engine} engine, which is not built yet");
        let mut diagnostic = Diagnostic::error(rules::ENGINE_NOT_BUILT, message);
        diagnostic.subject.app = Some(found.name.to_string());
        let bytes = match self.tree.read(file) {
            Ok(bytes) => bytes,
            Err(TreeError::Symlink { .. } | TreeError::TooLarge { .. }) => Arc::default(),
            Err(error) => return Err(error.into()),
        };
        let source = Source::file(file.as_str(), String::from_utf8_lossy(&bytes));
        self.diagnostics.push(
            diagnostic
                .at(Location::new(&source, Span::at(0)), format!("this makes app `{}` a {engine} app", found.name))
                .help("render it elsewhere and give its output as a plain app, or `exclude` the file"),
        );
        Ok(())
    }

    /// Reads what an engine may read. Other files are listed, and looked at only where one could be a link to a folder,
    /// whose manifests would otherwise be left out in silence.
    fn input(&mut self, file: &RepoPath, role: Role, app: &str) -> Result<Input, LoadError> {
        let text = match role {
            Role::Ignored("not a manifest") if file.extension().is_none() => {
                self.tree.contains(file).map(|_| Ok(String::new()))
            }
            Role::Ignored(_) => Ok(Ok(String::new())),
            _ => self.tree.read(file).map(|bytes| text_of(&bytes).map(str::to_owned)),
        };
        let mut diagnostic = match text {
            Ok(Ok(text)) => {
                let digest = Digest::of(text.as_bytes());
                return Ok(Input { digest, shared: false, role, source: Source::file(file.as_str(), text) });
            }
            Ok(Err(not_text)) => no_text(file, &not_text, "`exclude` it"),
            Err(error @ (TreeError::Symlink { .. } | TreeError::TooLarge { .. })) => {
                Diagnostic::error(rules::UNREADABLE_INPUT, error.to_string())
                    .help("replace it by a text file, or `exclude` it")
            }
            Err(error) => return Err(error.into()),
        };
        diagnostic.subject.app = (!app.is_empty()).then(|| app.to_owned());
        self.diagnostics.push(diagnostic);
        let source = Source::file(file.as_str(), "");
        Ok(Input { digest: Digest::of(b""), shared: false, role: Role::Unreadable, source })
    }
}

fn engine(wanted: Engine, roles: &[(&RepoPath, Role)]) -> EngineKind {
    let has_template = || roles.iter().any(|(_, role)| *role == Role::Template);
    match wanted {
        Engine::Template => EngineKind::Template,
        Engine::Auto if has_template() => EngineKind::Template,
        Engine::Auto | Engine::Plain | Engine::Helm | Engine::Kustomize => EngineKind::Plain,
    }
}

/// A file whose bytes are no text; `otherwise` is the other way out.
pub(super) fn no_text(file: impl std::fmt::Display, not_text: &NotText, otherwise: &str) -> Diagnostic {
    match not_text {
        NotText::Utf16(_) => Diagnostic::error(rules::UTF_16, format!("`{file}` is UTF-16, which kubectl cannot read"))
            .help(format!("convert it to UTF-8, as `hydrant validate --fix` does, or {otherwise}")),
        _ => Diagnostic::error(rules::UNREADABLE_INPUT, format!("`{file}` is not UTF-8: {not_text}"))
            .help(format!("replace it by a text file, or {otherwise}")),
    }
}
