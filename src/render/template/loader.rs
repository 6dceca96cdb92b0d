//! Which text an `include`, `import` or `extends` means: a closed list of names, looked up in a fixed order.
//!
//! First the folder of the template that asks, then the app's folder, then the shared templates.

use std::sync::Arc;

use minijinja::{Error, ErrorKind};

use super::scan::{self, Excess};
use super::value::refuse;
use crate::load::{Input, Inputs, Role, TemplateSyntax, Unit};
use crate::tree::{Digest, PathError, RepoPath};

/// Marks a name that stands for nothing; no [`RepoPath`] contains NUL.
const MISSING: &str = "\0missing\0";
const OUTSIDE: &str = "\0outside\0";

/// The names a unit's templates can use.
pub(super) struct Names {
    folder: Option<RepoPath>,
    shared: RepoPath,
    inputs: Arc<Inputs>,
    syntax: Arc<TemplateSyntax>,
}

impl Names {
    pub(super) fn of(unit: &Unit) -> Self {
        Self {
            folder: unit.folder.clone(),
            shared: unit.templates.clone(),
            inputs: Arc::clone(&unit.inputs),
            syntax: Arc::clone(&unit.syntax),
        }
    }

    /// The path that `name` means in the template `parent`; the engine takes nothing but text, so a name that
    /// means none is marked and refused by [`load`](Self::load), where the engine knows the place.
    pub(super) fn resolve(&self, name: &str, parent: &str) -> String {
        let parent = RepoPath::parse(parent).ok().and_then(|parent| parent.parent());
        let inside = |folder: Option<&RepoPath>| match folder {
            Some(folder) => folder.join(name),
            None => RepoPath::parse(name),
        };
        let beside = inside(parent.as_ref());
        let found = [
            beside.clone().ok(),
            inside(self.folder.as_ref()).ok(),
            self.if_shared(self.shared.join(name)),
            self.if_shared(RepoPath::parse(name)),
        ];
        match found.into_iter().flatten().find(|path| self.inputs.files.contains_key(path)) {
            Some(path) => path.into(),
            None if beside.is_err() => format!("{OUTSIDE}{name}"),
            None => format!("{MISSING}{name}"),
        }
    }

    /// Names that do not begin at the app reach shared templates only; another app's path does not become one of ours.
    fn if_shared(&self, path: Result<RepoPath, PathError>) -> Option<RepoPath> {
        path.ok().filter(|path| self.inputs.files.get(path).is_some_and(|input| input.shared))
    }

    /// The text of a resolved name.
    pub(super) fn load(&self, name: &str) -> Result<Option<String>, Error> {
        if let Some(name) = name.strip_prefix(OUTSIDE) {
            let why = RepoPath::parse(name).err().unwrap_or_else(|| PathError::Outside(name.to_owned()));
            let name = name.to_owned();
            return Err(refuse(why.to_string()).with_source(OutsideRepository { name, why }));
        }
        if let Some(name) = name.strip_prefix(MISSING) {
            let missing = MissingTemplate(name.to_owned());
            return Err(Error::new(ErrorKind::TemplateNotFound, missing.to_string()).with_source(missing));
        }
        let Some(input) = RepoPath::parse(name).ok().and_then(|path| self.inputs.files.get(&path)) else {
            return Ok(None);
        };
        let text = text_of(name, input)?;
        scan::check(text, &self.syntax).map_err(|excess| {
            let name = name.to_owned();
            refuse(excess.to_string()).with_source(ExcessiveTemplate { name, excess })
        })?;
        Ok(Some(text.to_owned()))
    }

    /// Every name that could be included, as people write them: relative to the app, or to the shared folder.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        let includable = |input: &Input| matches!(input.role, Role::Partial | Role::Template | Role::Manifest);
        self.inputs.files.iter().filter(move |(_, input)| includable(input)).map(|(path, input)| {
            let folder = if input.shared { Some(&self.shared) } else { self.folder.as_ref() };
            folder.and_then(|folder| path.strip_prefix(folder)).unwrap_or(path.as_str())
        })
    }
}

/// A file that is no text stands in the list without its bytes; including nothing in its place would hide that.
fn text_of<'a>(name: &str, input: &'a Input) -> Result<&'a str, Error> {
    let text = input.source.text();
    if text.is_empty() && input.digest != Digest::of(b"") {
        return Err(refuse(format!("`{name}` is not a text file")));
    }
    Ok(text)
}

/// The name leaves the repository.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct OutsideRepository {
    /// As the template writes it.
    pub(super) name: String,
    why: PathError,
}

/// The name means no input of this unit.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` does not exist")]
pub(super) struct MissingTemplate(pub(super) String);

/// The template is too much for the engine's parser.
#[derive(Debug, thiserror::Error)]
#[error("{excess}")]
pub(super) struct ExcessiveTemplate {
    /// The path of the template.
    pub(super) name: String,
    pub(super) excess: Excess,
}
