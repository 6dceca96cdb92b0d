//! `hydrant drift`: whether a cluster is what the branch says.

use clap::{Args, ValueEnum};

use super::Global;
use super::exit::{Exit, Failure};
use super::project::{Workspace, open_repository, pipeline_failure};
use super::terminal::Terminal;
use super::validate::{loose_failure, stdin};
use crate::diagnostic::count;
use crate::load::{self, LooseInput};
use crate::pipeline::{self, Drift, DriftError, DriftOptions, Limits, ObjectPattern};
use crate::report::difference::{Totals, json, text};

#[derive(Debug, Args)]
#[command(
    after_help = "The export is what kubectl prints, or a folder of manifests. Fields that only a cluster writes, defaults, and objects
that its controllers made are no drift; nor are replicas that an autoscaler sets. Exit code 1 if there is drift.

  + is only in the cluster   - is only on the branch   ~ differs

Examples:
  kubectl get deploy,svc,cm -A -o yaml | hydrant drift prod -
  hydrant drift prod export/ --ignore spec.replicas
  hydrant drift prod export.yaml --only Deployment --format json"
)]
pub(super) struct Arguments {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Files, folders and patterns; `-` is stdin
    #[arg(value_name = "EXPORT", required = true)]
    export: Vec<String>,
    /// The namespace of objects that do not name one; by default where the cluster has them
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// A field that may differ, such as `spec.replicas` or `spec.template.spec.containers[].image`
    #[arg(long, value_name = "FIELD")]
    ignore: Vec<String>,
    /// Compare only these objects, written as for `hydrant validate --only`: `Deployment`, `namespace=shop`
    #[arg(long, value_name = "OBJECTS")]
    only: Vec<ObjectPattern>,
    /// How to word what differs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For machines; `hydrant schema diff` prints its schema
    Json,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let workspace = Workspace::from_work_tree(global)?;
    let environment = &arguments.environment;
    let project = &workspace.project;
    let Some(configured) = project.environment(environment) else {
        let names: Vec<&str> = project.environments.iter().map(|environment| &*environment.name).collect();
        return Err(Failure::usage(format!("no environment is called `{environment}`"))
            .help(format!("there is {}", names.join(", "))));
    };
    let mut inputs = Vec::with_capacity(arguments.export.len());
    for path in &arguments.export {
        inputs.push(match path.as_str() {
            "-" => LooseInput::Text { name: "stdin".to_owned(), bytes: stdin()? },
            path => LooseInput::Path(path.to_owned()),
        });
    }
    let export = load::find_loose(&global.directory, inputs).map_err(loose_failure)?;
    let limits = Limits::default();
    let repository = open_repository(global)?;
    let published = pipeline::published_objects(&repository, project, environment, &limits)
        .map_err(pipeline_failure)?
        .ok_or_else(|| {
            Failure::new(Exit::NothingChecked, format!("nothing is published on `{}`", configured.branch.value))
                .help("publish it first, or fetch the branch: `git fetch origin BRANCH:BRANCH`")
        })?;
    let options =
        DriftOptions { namespace: arguments.namespace.as_deref(), ignored: &arguments.ignore, only: &arguments.only };
    let drift = match pipeline::drift(environment, &published, &export, &options, &limits) {
        Ok(drift) => drift,
        Err(error @ DriftError::NoObject) => {
            return Err(Failure::new(Exit::NothingChecked, error.to_string())
                .help("export with `kubectl get KINDS -A -o yaml`, and without `--ignore-not-found`"));
        }
        Err(DriftError::Export(diagnostics)) => {
            return Err(Failure { exit: Exit::Findings, ..Failure::configuration(diagnostics) });
        }
    };
    let environments = std::slice::from_ref(&drift.difference);
    terminal.data(&match arguments.format {
        Format::Text => text::text(environments, terminal.data_style()),
        Format::Json => json::write(environments),
    });
    terminal.talk(&summary(&drift));
    Ok(if drift.difference.objects.is_empty() { Exit::Clean } else { Exit::Findings })
}

fn summary(drift: &Drift) -> String {
    let Totals { added, changed, removed, unchanged } = Totals::of(std::slice::from_ref(&drift.difference));
    let verdict = if drift.difference.objects.is_empty() { "no drift" } else { "the cluster has drifted" };
    let skipped: usize = drift.skipped.values().sum();
    let mut out = format!(
        "{verdict}: {} alike, {changed} changed, {removed} missing, {added} extra\n{} exported, {skipped} of them not compared",
        count(unchanged, "object"),
        count(drift.exported, "object"),
    );
    for (reason, number) in &drift.skipped {
        out.push_str(&format!("\n  {number} {reason}"));
    }
    out
}
