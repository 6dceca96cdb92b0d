//! Lines: findings in rendered text are pointed at the template, and at the values, that a person would edit.
//!
//! Nothing is done for a run without findings. For the others, each template with a finding is rendered once more (see
//! [`crate::render::Origins`]); a finding whose text cannot be traced keeps the rendered line as its place.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::{Checkup, Limits};
use crate::diagnostic::{Diagnostic, Label};
use crate::load::Unit;
use crate::manifest::{Node, Pointer, ReadLimits, read, text_of};
use crate::parse::parse;
use crate::render::{Origin, Origins, RenderLimits, origins, render};
use crate::source::{self, Location, Source, Span};
use crate::tree::{Digest, ReadTree, RepoPath};

/// Points every finding of a checkup at what made its text.
pub(super) fn point_at_templates(checkup: &mut Checkup, units: &[Unit], tree: &dyn ReadTree, limits: &Limits) {
    if !checkup.diagnostics().any(has_rendered_place) {
        return;
    }
    let secrets = secrets_of(checkup);
    let common = checkup.common.iter_mut();
    let diagnostics = common.chain(checkup.environments.iter_mut().flat_map(|one| &mut one.diagnostics)).collect();
    point(diagnostics, secrets, Lines::new(units, tree, limits));
}

/// Points findings at what made their text. Nothing is known of their units but how they are loaded; `units` are all of
/// the environments in question, because a values file is shown as it is but for what any of them makes a secret.
pub(super) fn point_all(diagnostics: &mut [Diagnostic], units: &[Unit], tree: &dyn ReadTree, limits: &Limits) {
    if diagnostics.iter().any(has_rendered_place) {
        let secrets = rendered_secrets(units, limits);
        point(diagnostics.iter_mut().collect(), secrets, Lines::new(units, tree, limits));
    }
}

fn point(diagnostics: Vec<&mut Diagnostic>, secrets: Vec<Arc<Source>>, mut lines: Lines<'_>) {
    let found = diagnostics.iter().flat_map(|one| places(one)).map(|location| Arc::clone(&location.source));
    lines.learn(found.chain(secrets.iter().cloned()).collect());
    secrets.iter().for_each(|source| lines.hide(source));
    diagnostics.into_iter().for_each(|diagnostic| lines.point(diagnostic));
}

/// The rendered texts of a checkup in which something is secret.
pub(super) fn secrets_of(checkup: &Checkup) -> Vec<Arc<Source>> {
    let manifests = checkup.environments.iter().flat_map(|one| one.checked.manifests.iter());
    let mut secrets: Vec<Arc<Source>> =
        manifests.map(|(_, manifest)| &manifest.source).filter(is_secret).cloned().collect();
    secrets.dedup_by(|one, other| Arc::ptr_eq(one, other));
    secrets
}

/// The texts of units in which something is secret.
pub(super) fn rendered_secrets(units: &[Unit], limits: &Limits) -> Vec<Arc<Source>> {
    let secrets = |unit: &Unit| {
        let sources = render(unit, &limits.render).files.into_iter().map(|file| file.source);
        // the reader tells the source what is secret
        sources
            .inspect(|source| drop(parse(source, &limits.read)))
            .filter(|source| is_secret(&source))
            .collect::<Vec<_>>()
    };
    units.par_iter().flat_map_iter(secrets).collect()
}

fn is_secret(source: &&Arc<Source>) -> bool {
    environment_of(source).is_some() && !source.hidden().is_empty()
}

/// Whether a finding points into a text that an engine made.
pub(super) fn has_rendered_place(diagnostic: &Diagnostic) -> bool {
    places(diagnostic).any(|location| environment_of(&location.source).is_some())
}

fn places(diagnostic: &Diagnostic) -> impl Iterator<Item = &Location> {
    diagnostic.primary.iter().chain(&diagnostic.secondary).map(|label| &label.location)
}

/// The environment that a text was rendered for.
fn environment_of(source: &Source) -> Option<&str> {
    match source.origin() {
        source::Origin::File => None,
        source::Origin::Rendered { environment } => Some(environment),
    }
}

/// A place in a template, and the values that were put in there.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) template: Location,
    /// The text stands in the template as it was rendered.
    pub(super) literal: bool,
    pub(super) values: Vec<Defined>,
    /// Who called the macro it stands in.
    callers: Vec<Location>,
}

/// A value, as templates name it, and where the environment's values define it.
#[derive(Debug)]
pub struct Defined {
    /// `app.image.tag`.
    pub name: String,
    /// In which values file; `None` if that is not known.
    pub location: Option<Location>,
}

/// What is known of the texts that have to be traced.
pub(super) struct Lines<'a> {
    units: BTreeMap<&'a str, Vec<&'a Unit>>,
    tree: &'a dyn ReadTree,
    limits: &'a RenderLimits,
    /// By environment and path.
    known: BTreeMap<(String, String), Option<(&'a Unit, Origins)>>,
    values: Mutex<BTreeMap<RepoPath, Option<Arc<ValuesText>>>>,
}

/// A values file with the places of its values.
#[derive(Debug)]
struct ValuesText {
    source: Arc<Source>,
    root: Node,
}

impl<'a> Lines<'a> {
    pub(super) fn new(units: &'a [Unit], tree: &'a dyn ReadTree, limits: &'a Limits) -> Self {
        let mut by_environment: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
        for unit in units {
            by_environment.entry(&unit.environment).or_default().push(unit);
        }
        Self { units: by_environment, tree, limits: &limits.render, known: BTreeMap::new(), values: Mutex::default() }
    }

    /// Renders what has to be traced once more, side by side.
    pub(super) fn learn(&mut self, sources: Vec<Arc<Source>>) {
        let key = |source: &Arc<Source>| Some((environment_of(source)?.to_owned(), source.name().to_owned()));
        let wanted: BTreeMap<_, _> = sources.into_iter().filter_map(|source| Some((key(&source)?, source))).collect();
        let learn = |(key, source): ((String, String), Arc<Source>)| {
            let known = self
                .unit_of(&source)
                .and_then(|(unit, path)| Some((unit, origins(unit, &path, source.text(), self.limits)?)));
            (key, known)
        };
        self.known = wanted.into_par_iter().map(learn).collect();
    }

    fn unit_of(&self, source: &Source) -> Option<(&'a Unit, RepoPath)> {
        let path = RepoPath::parse(source.name()).ok()?;
        let units = self.units.get(environment_of(source)?)?;
        units.iter().find(|unit| unit.owns(&path)).map(|unit| (*unit, path))
    }

    fn origins_of(&self, source: &Source) -> Option<&(&'a Unit, Origins)> {
        let key = (environment_of(source)?.to_owned(), source.name().to_owned());
        self.known.get(&key)?.as_ref()
    }

    /// Points a finding, and the other places it names, at templates.
    fn point(&self, diagnostic: &mut Diagnostic) {
        for label in &mut diagnostic.secondary {
            if let Some(traced) = self.trace(&label.location) {
                label.location = traced.template;
            }
        }
        let Some(primary) = &mut diagnostic.primary else { return };
        let Some(traced) = self.trace(&primary.location) else { return };
        let rendered = std::mem::replace(&mut primary.location, traced.template);
        let shown = traced.values.into_iter().filter_map(|value| {
            Some(Label { location: value.location?, text: format!("`{}` is set here", value.name) })
        });
        // what a macro was given is mended where it is called
        let called = traced.callers.into_iter().filter(|_| !traced.literal);
        let called = called.map(|location| Label { location, text: "called from here".to_owned() });
        diagnostic.secondary.extend(called.chain(shown));
        if line_text(&rendered) != line_text(&primary.location) {
            let environment = environment_of(&rendered.source).unwrap_or_default();
            let text = format!("as rendered for {environment}, line {}", rendered.position().line);
            diagnostic.secondary.push(Label { location: rendered, text });
        }
    }

    /// Where the text at a place of a rendered source comes from.
    pub(super) fn trace(&self, location: &Location) -> Option<Traced> {
        let (unit, origins) = self.origins_of(&location.source)?;
        self.traced(unit, origins.of(location.span)?)
    }

    /// The parts of a span of a rendered source, each with where it comes from.
    pub(super) fn trace_parts(&self, location: &Location) -> Vec<(Span, Traced)> {
        let Some((unit, origins)) = self.origins_of(&location.source) else { return Vec::new() };
        let parts = origins.parts(location.span).into_iter();
        parts.filter_map(|part| Some((part, self.traced(unit, origins.of(part)?)?))).collect()
    }

    fn traced(&self, unit: &Unit, origin: Origin) -> Option<Traced> {
        let input = unit.inputs.files.get(&origin.template)?;
        let values = origin.values.iter().map(|pointer| Defined {
            name: pointer.field_path(&unit.values),
            location: self.definition(unit, pointer).map(|(file, span)| Location::new(&file.source, span)),
        });
        let callers = origin
            .callers
            .iter()
            .filter_map(|(path, span)| unit.inputs.files.get(path).map(|input| Location::new(&input.source, *span)));
        Some(Traced {
            template: Location::new(&input.source, origin.span),
            literal: origin.literal,
            values: values.collect(),
            callers: callers.collect(),
        })
    }

    /// The values file that has the last word on a value, and the place in it.
    fn definition(&self, unit: &Unit, pointer: &Pointer) -> Option<(Arc<ValuesText>, Span)> {
        unit.values_files.iter().rev().find_map(|(path, digest)| {
            let file = self.values_file(path, *digest)?;
            pointer.resolve(&file.root)?;
            let span = pointer.locate(&file.root);
            Some((file, span))
        })
    }

    fn values_file(&self, path: &RepoPath, digest: Digest) -> Option<Arc<ValuesText>> {
        let mut known = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(path.clone()).or_insert_with(|| self.read_values(path, digest)).clone()
    }

    /// Reads a values file again; `None` if it is not any more what the templates were given.
    fn read_values(&self, path: &RepoPath, digest: Digest) -> Option<Arc<ValuesText>> {
        let bytes = self.tree.read(path).ok().filter(|bytes| Digest::of(bytes) == digest)?;
        let source = Source::file(path.as_str(), text_of(&bytes).ok()?);
        let root = read(&source, &ReadLimits::default()).documents.pop()?.root;
        Some(Arc::new(ValuesText { source, root }))
    }

    /// What is secret in a rendered text is as secret where it comes from.
    pub(super) fn hide(&self, source: &Source) {
        let Some((unit, origins)) = self.origins_of(source) else { return };
        for origin in source.hidden().into_iter().flat_map(|span| origins.all_of(span)) {
            let Some(input) = unit.inputs.files.get(&origin.template) else { continue };
            // an expression names values; only text in quotes could be one
            if origin.literal || input.source.slice(origin.span).contains(['"', '\'']) {
                input.source.hide([origin.span]);
            }
            for pointer in &origin.values {
                for (path, digest) in unit.values_files.iter() {
                    let Some(file) = self.values_file(path, *digest) else { continue };
                    let Some(node) = pointer.resolve(&file.root) else { continue };
                    // a list or mapping was only walked through; its scalars were read themselves
                    if node.as_mapping().is_none() && node.as_sequence().is_none() {
                        file.source.hide([node.span]);
                    }
                }
            }
        }
    }
}

/// The line of a place, without blanks around it; `None` if the place goes on.
fn line_text(location: &Location) -> Option<&str> {
    let (start, end) = (location.position().line, location.end_position().line);
    let from = location.source.line_start(start as usize - 1).filter(|_| start == end)?;
    location.source.text()[from..].lines().next().map(str::trim)
}
