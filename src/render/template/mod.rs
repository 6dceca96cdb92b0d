//! The template engine: Jinja templates rendered with the values of an environment, strictly and within limits.

mod environment;
mod failure;
mod filters;
mod inheritance;
mod json;
mod loader;
mod methods;
pub(super) mod origin;
mod output;
mod scan;
mod suggestion;
mod trace;
mod value;
mod watch;
mod way;

pub use filters::{HELPERS, Helper, HelperKind};

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{Environment, Error};

use super::{Engine, Outcome, RenderLimits, Rendered, RenderedFile, own_inputs};
use crate::diagnostic::{Diagnostic, rules};
use crate::load::{Input, Role, Unit};
use crate::source::Source;
use crate::tree::RepoPath;

use output::LimitedOutput;

/// The name under which templates find the environment, the app and the Kubernetes version.
const RESERVED: &str = "hydrant";

/// Renders templates, and passes plain manifests beside them on.
pub(super) struct Template;

impl Engine for Template {
    fn render(&self, unit: &Unit, limits: &RenderLimits) -> Rendered {
        let mut rendered = Rendered::default();
        rendered.diagnostics.extend(shadowed_values(unit));
        let mut results = match Run::of(unit, limits) {
            Ok(run) => run.templates(),
            Err(error) => {
                rendered.diagnostics.push(unusable_delimiters(&error));
                BTreeMap::new()
            }
        };
        for (path, input) in own_inputs(unit) {
            match (input.role, results.remove(path)) {
                (Role::Manifest, _) => rendered.pass_on(path, input),
                (Role::Values, _) => rendered.skip(path, "values"),
                (Role::Ignored(reason), _) => rendered.skip(path, reason),
                (Role::Partial, Some(Ok(_))) => rendered.skip(path, "partial"),
                (Role::Template, Some(Ok(text))) => {
                    let source = Source::rendered(path.as_str(), &*unit.environment, text);
                    rendered.files.push(RenderedFile { input: path.clone(), source });
                    rendered.outcomes.push((path.clone(), Outcome::Rendered));
                }
                (Role::Template | Role::Partial, Some(Err(diagnostic))) => rendered.fail(path, *diagnostic),
                (Role::Template | Role::Partial, None) | (Role::Unreadable, _) => rendered.failed(path),
            }
        }
        let subject = |diagnostic: Diagnostic| diagnostic.within(&unit.environment, &unit.app);
        rendered.diagnostics = rendered.diagnostics.into_iter().map(subject).collect();
        rendered
    }
}

impl Rendered {
    fn fail(&mut self, path: &RepoPath, diagnostic: Diagnostic) {
        self.failed(path);
        match self.diagnostics.iter_mut().find(|earlier| failure::is_same(earlier, &diagnostic)) {
            // one broken partial is one finding, however many templates include it
            Some(earlier) => failure::join(earlier, diagnostic),
            None => self.diagnostics.push(diagnostic),
        }
    }
}

/// The text of a template, empty for a partial; or what is wrong with it.
type TextOrFinding = Result<String, Box<Diagnostic>>;

/// What all templates of a unit share.
struct Run {
    unit: Unit,
    limits: RenderLimits,
    environment: Environment<'static>,
    context: Value,
}

impl Run {
    fn of(unit: &Unit, limits: &RenderLimits) -> Result<Self, Error> {
        let environment = environment::of(unit, limits)?;
        Ok(Self { unit: unit.clone(), limits: limits.clone(), environment, context: context(unit) })
    }

    /// Every template and partial of the unit's own folder.
    fn templates(self) -> BTreeMap<RepoPath, TextOrFinding> {
        let is_template = |input: &Input| matches!(input.role, Role::Template | Role::Partial);
        let inputs = own_inputs(&self.unit).filter(|(_, input)| is_template(input));
        let paths: Arc<[RepoPath]> = inputs.map(|(path, _)| path.clone()).collect();
        let run = Arc::new(self);
        let (worker, names) = (Arc::clone(&run), Arc::clone(&paths));
        let results = watch::each(paths.len(), run.limits.time, move |number| worker.template(&names[number]));
        let results = paths.iter().zip(results).map(|(path, result)| {
            (path.clone(), result.unwrap_or_else(|| Err(Box::new(failure::too_long(&run, path)))))
        });
        results.collect()
    }

    fn template(&self, path: &RepoPath) -> TextOrFinding {
        let is_partial = self.unit.inputs.files.get(path).is_some_and(|input| input.role == Role::Partial);
        let text = if is_partial {
            // it gives no text of its own, but a broken one is told even if nothing includes it today
            self.environment.get_template(path.as_str()).map(|_| String::new())
        } else if let Some(circle) = inheritance::circle(self, path) {
            return Err(Box::new(circle));
        } else {
            self.text(&self.environment, path)
        };
        text.map_err(|error| Box::new(failure::explain(self, path, &error)))
    }

    fn text(&self, environment: &Environment, path: &RepoPath) -> Result<String, Error> {
        let template = environment.get_template(path.as_str())?;
        let mut output = LimitedOutput::new(self.limits.output_bytes);
        // the engine has panicked on templates (`loop.cycle()`): that is a finding in a file, not the end of the run
        let result = catch_unwind(AssertUnwindSafe(|| template.render_captured_to(self.context.clone(), &mut output)));
        match result {
            Ok(result) => result.map(|_| output.into_text()),
            Err(_) => Err(value::refuse("the template engine broke down").with_source(EngineBroke)),
        }
    }

    fn input(&self, path: &str) -> Option<&Input> {
        self.unit.inputs.files.get(&RepoPath::parse(path).ok()?)
    }
}

/// The engine itself failed: a bug of its own, which a template brought to light.
#[derive(Debug, thiserror::Error)]
#[error("the template engine panicked")]
struct EngineBroke;

/// The values at top level, and what the environment is under one reserved name.
fn context(unit: &Unit) -> Value {
    let about = [("environment", &*unit.environment), ("app", &*unit.app), ("kubernetes", &*unit.kubernetes)];
    let values = unit.values.as_mapping().unwrap_or_default().iter();
    let values = values.map(|entry| (&*entry.key.name, value::from_node(&entry.value)));
    Value::from_pairs(values.chain([(RESERVED, Value::from_pairs(about))]))
}

fn shadowed_values(unit: &Unit) -> Option<Diagnostic> {
    unit.values.get(RESERVED).map(|_| {
        Diagnostic::error(rules::CONFIG_INVALID, format!("the values define `{RESERVED}`, which is reserved"))
            .help("rename the value: templates find environment, app and Kubernetes version under this name")
    })
}

fn unusable_delimiters(error: &Error) -> Diagnostic {
    let reason = error.detail().unwrap_or("they cannot be told apart");
    Diagnostic::error(rules::CONFIG_INVALID, format!("the template delimiters cannot be used: {reason}"))
        .help("give variables, blocks and comments different opening delimiters")
}
