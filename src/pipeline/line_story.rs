//! The story of one line: which line of which template made it, and with which values.

use std::sync::Arc;

use super::lines::{self, Defined, Lines};
use super::{Error, Limits, Selection, load_selected};
use crate::config::Project;
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::load::{Role, Unit};
use crate::manifest::{Manifest, ManifestSet, Pointer, read, write_documents};
use crate::parse::parse;
use crate::render::{Rendered, render};
use crate::source::{Location, Source, Span};
use crate::tree::{ReadTree, RepoPath};

/// What is known of a line.
#[derive(Debug)]
pub struct LineStory {
    /// The app it belongs to.
    pub app: String,
    /// The line, without blanks around it, as the engine rendered it, or in the file that was taken as it is.
    pub line: Location,
    /// Its parts in order, each from one place. Empty for a blank line, and where no template can be named.
    pub parts: Vec<LinePart>,
}

/// A part of a line that one place of a template made.
#[derive(Debug)]
pub struct LinePart {
    /// The place in the template.
    pub template: Location,
    /// The text stands in the template as it was rendered; otherwise an expression made it.
    pub literal: bool,
    /// The values that were put in, the one that matters most first.
    pub values: Vec<Defined>,
}

/// Why a line has no story. The user's move.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The environment has no such file.
    #[error("environment `{environment}` renders no file `{file}`")]
    NoSuchFile {
        /// The environment.
        environment: String,
        /// As it was asked for.
        file: String,
        /// A file with a similar name.
        near: Option<String>,
    },
    /// The file is there, and nothing is rendered from it alone.
    #[error("`{file}` gives no text of its own: it is {what}")]
    NotRendered {
        /// The file.
        file: String,
        /// What it is instead.
        what: &'static str,
    },
    /// The line number is beyond the end.
    #[error("`{file}` has {lines} lines as rendered for {environment}, and no line {line}")]
    NoSuchLine {
        /// The environment.
        environment: String,
        /// The file.
        file: String,
        /// The number that was asked for.
        line: usize,
        /// How many there are.
        lines: usize,
    },
    /// The app does not render.
    #[error("app `{app}` does not render")]
    Broken {
        /// The app.
        app: String,
        /// Why.
        diagnostics: Vec<Diagnostic>,
    },
    /// The project could not be read.
    #[error(transparent)]
    Pipeline(#[from] Error),
}

/// Tells which template and values made line `line` (from 1) of a file of an environment: of a file of the branch
/// (`web/manifest.yaml`), or of what a template of the tree renders to (`apps/web/deployment.yaml.j2`).
pub fn line_story(
    tree: &dyn ReadTree,
    project: &Project,
    environment: &str,
    file: &str,
    line: usize,
    limits: &Limits,
) -> Result<LineStory, LineError> {
    let mut selection = Selection::default();
    selection.environments.entry(environment.to_owned()).or_default();
    let units = load_selected(tree, project, &selection)?.units;
    let asked = Asked { environment, file, line, limits };
    let found = asked.find(&units).map_err(|error| match error {
        LineError::Broken { app, mut diagnostics } => {
            lines::point_all(&mut diagnostics, &units, tree, limits);
            LineError::Broken { app, diagnostics }
        }
        error => error,
    });
    let (unit, line) = found?;
    let secrets = lines::rendered_secrets(&units, limits);
    let mut lines = Lines::new(&units, tree, limits);
    lines.learn(secrets.iter().chain([&line.source]).cloned().collect());
    secrets.iter().for_each(|source| lines.hide(source));
    let is_file = matches!(line.source.origin(), crate::source::Origin::File);
    let parts = match is_file && !line.span.is_empty() {
        true => vec![LinePart { template: line.clone(), literal: true, values: Vec::new() }],
        false => lines
            .trace_parts(&line)
            .into_iter()
            .map(|(_, traced)| LinePart { template: traced.template, literal: traced.literal, values: traced.values })
            .collect(),
    };
    Ok(LineStory { app: unit.app.to_string(), line, parts })
}

struct Asked<'a> {
    environment: &'a str,
    file: &'a str,
    line: usize,
    limits: &'a Limits,
}

impl Asked<'_> {
    /// The unit that has the file, and the line in the rendered text.
    fn find<'u>(&self, units: &'u [Unit]) -> Result<(&'u Unit, Location), LineError> {
        let path = RepoPath::parse(self.file).ok();
        if let Some(path) = &path
            && let Some(unit) = units.iter().find(|unit| unit.owns(path))
        {
            return Ok((unit, self.in_rendered(unit, path)?));
        }
        let is_of = |unit: &&Unit| path.is_some() && published(unit) == path;
        match units.iter().find(is_of) {
            Some(unit) => Ok((unit, self.in_published(unit)?)),
            None => Err(self.no_such_file(units)),
        }
    }

    fn in_rendered(&self, unit: &Unit, path: &RepoPath) -> Result<Location, LineError> {
        let rendered = self.render(unit);
        if let Some(file) = rendered.files.iter().find(|file| file.input == *path) {
            // the reader tells the source what is secret
            drop(parse(&file.source, &self.limits.read));
            return self.line_of(&file.source);
        }
        let what = match unit.inputs.files.get(path).map(|input| input.role) {
            Some(Role::Partial) => "a template that others include",
            Some(Role::Values) => "a values file",
            Some(Role::Ignored(reason)) => reason,
            _ => return Err(self.broken(unit, rendered.diagnostics)),
        };
        Err(LineError::NotRendered { file: self.file.to_owned(), what })
    }

    /// The file of the branch is the same objects in another order and style, so its line leads to a value of an object.
    fn in_published(&self, unit: &Unit) -> Result<Location, LineError> {
        let rendered = self.render(unit);
        let mut diagnostics = rendered.diagnostics;
        let mut manifests = Vec::new();
        for file in &rendered.files {
            let parsed = parse(&file.source, &self.limits.read);
            diagnostics.extend(parsed.diagnostics);
            manifests.extend(parsed.manifests.into_iter().map(|manifest| (unit.app.to_string(), manifest)));
        }
        if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(self.broken(unit, diagnostics));
        }
        let (set, _) = ManifestSet::collect(manifests);
        let objects: Vec<&Manifest> = set.app(&unit.app).iter().collect();
        let text = write_documents(objects.iter().map(|manifest| &manifest.root)).map_err(|source| Error::Write {
            environment: self.environment.to_owned(),
            app: unit.app.to_string(),
            source,
        })?;
        let written = Source::file(self.file, text);
        let line = self.line_of(&written)?;
        let documents = read(&written, &self.limits.read).documents;
        let found = documents.iter().zip(&objects).find_map(|(document, manifest)| {
            let pointer = Pointer::at(&document.root, line.span.start as usize)?;
            Some(whole_line(&manifest.locate(&pointer)))
        });
        // `---` between two objects comes from no template
        Ok(found.unwrap_or_else(|| Location::new(&written, Span::at(line.span.start as usize))))
    }

    fn render(&self, unit: &Unit) -> Rendered {
        render(unit, &self.limits.render)
    }

    fn broken(&self, unit: &Unit, diagnostics: Vec<Diagnostic>) -> LineError {
        let within = |diagnostic: Diagnostic| diagnostic.within(&unit.environment, &unit.app);
        LineError::Broken { app: unit.app.to_string(), diagnostics: diagnostics.into_iter().map(within).collect() }
    }

    fn line_of(&self, source: &Arc<Source>) -> Result<Location, LineError> {
        let lines = source.line_count();
        let start = self.line.checked_sub(1).filter(|line| *line < lines).and_then(|line| source.line_start(line));
        match start {
            Some(start) => Ok(whole_line(&Location::new(source, Span::at(start)))),
            None => Err(LineError::NoSuchLine {
                environment: self.environment.to_owned(),
                file: self.file.to_owned(),
                line: self.line,
                lines,
            }),
        }
    }

    fn no_such_file(&self, units: &[Unit]) -> LineError {
        let inputs = units.iter().flat_map(|unit| {
            let rendered = unit.inputs.files.iter().filter(|(path, _)| unit.owns(path));
            rendered
                .filter(|(_, input)| matches!(input.role, Role::Template | Role::Manifest))
                .map(|(path, _)| path.to_string())
        });
        let published = units.iter().filter_map(published).map(|path| path.to_string());
        let known: Vec<String> = inputs.chain(published).collect();
        let near = did_you_mean(self.file, known.iter().map(String::as_str)).map(str::to_owned);
        LineError::NoSuchFile { environment: self.environment.to_owned(), file: self.file.to_owned(), near }
    }
}

/// The file of the branch that holds an app's objects.
fn published(unit: &Unit) -> Option<RepoPath> {
    RepoPath::parse(&format!("{}/manifest.yaml", unit.app)).ok()
}

/// The line on which a place begins, without blanks around it.
fn whole_line(location: &Location) -> Location {
    let source = &location.source;
    let line = source.line_of(location.span.start as usize);
    let start = source.line_start(line).unwrap_or_default();
    let text = source.text()[start..].split('\n').next().unwrap_or_default();
    let indent = text.len() - text.trim_start().len();
    Location::new(source, Span::new(start + indent, start + text.trim_end().len()))
}
