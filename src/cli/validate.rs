//! `hydrant validate`: schemas and policies on manifests that belong to no app. Renders nothing, needs no repository.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::check::write_reports;
use super::conftest::{ConftestArguments, ConftestRun};
use super::exit::{Exit, Failure};
use super::fix;
use super::network::NetworkArguments;
use super::progress::Bar;
use super::project::{Workspace, config_workspace, pipeline_failure};
use super::terminal::Terminal;
use super::today::DateArguments;
use super::{Global, ReportArguments};
use crate::config::{self, BUILTIN_PACKS, DEFAULT_KUBERNETES, Project, SchemaLocation};
use crate::diagnostic::Severity;
use crate::load::{
    self, Checks, LooseError, LooseInput, MAX_FILE_BYTES, Network, PlaceError, SchemaPlace, loose_schema_place,
    read_loose_checks, read_loose_data,
};
use crate::pipeline::{self, Limits, LooseAbsence, LooseCheckup, LooseRun, ObjectPattern};
use crate::report::{Report, human};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant validate deploy.yaml             one file
  hydrant validate manifests               every YAML and JSON file of a folder that git would not ignore
  hydrant validate 'apps/**/*.yaml'        a pattern, in quotes
  helm template web | hydrant validate -   what another tool prints

  hydrant validate --fix manifests         `yes` to `true`, 0644 to 420, keys given twice, …

  hydrant validate manifests --kubernetes 1.31 --crds crds
  hydrant validate manifests --skip Secret --skip 'namespace=kube-*'
  hydrant validate manifests --policy policies --builtin good-practice
  hydrant validate manifests --schema-location default \\
      --schema-location 'schemas/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json'

What is checked by: where a hydrant.yaml lies in the current folder or above it, its schemas and policies are \
used. An option replaces the setting of the same name. Without policies, schemas alone are a full check.

Files: of those found in a folder or by a pattern, values, templates, charts and kustomizations are skipped, and \
the last lines say so; a file named itself must be a manifest. CRDs among the files define kinds for all of \
them. The same object twice is an error within one file, and none across files, where people keep variants.

Objects: --skip and --only take Kind, group/version, group/Kind, group/version/Kind, namespace=NAME or \
name=NAME, where NAME may hold `*`; the group of core kinds is left out, as in v1/Pod.

Schema locations are written as for kubeconform: a folder, or a path or URL with .Group, .ResourceKind, \
.ResourceAPIVersion, .KindSuffix, .NormalizedKubernetesVersion and .StrictSuffix in double braces. They are \
asked in order. `default` stands for the schemas in the binary, which come last where it is not written. CRDs \
come first.")]
pub(super) struct Arguments {
    /// Files, folders or patterns; `-` is stdin
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// What to call stdin in findings
    #[arg(long, value_name = "NAME", default_value = "<stdin>")]
    stdin_filename: String,
    /// The environment of hydrant.yaml whose Kubernetes version applies
    #[arg(long, value_name = "ENV", conflicts_with_all = ["kubernetes", "no_config"])]
    environment: Option<String>,
    /// The Kubernetes version, such as 1.34
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
    /// Files or folders with CRDs that are not validated themselves
    #[arg(long, value_name = "PATH")]
    crds: Vec<String>,
    /// Where to look schemas up by kind, in this order
    #[arg(long = "schema-location", value_name = "LOCATION", value_parser = location)]
    locations: Vec<SchemaLocation>,
    /// Files or folders with Rego, or with templates and constraints of Gatekeeper
    #[arg(long = "policy", value_name = "PATH")]
    policies: Vec<String>,
    /// Packs of policies that Hydrant ships
    #[arg(long, value_name = "PACK", value_parser = clap::builder::PossibleValuesParser::new(BUILTIN_PACKS))]
    builtin: Vec<String>,
    /// The file of waivers
    #[arg(long, value_name = "FILE")]
    waivers: Option<String>,
    /// Let objects carry waivers themselves, in the annotation hydrant.dev/waive
    #[arg(long)]
    waiver_annotations: bool,
    #[command(flatten)]
    conftest: ConftestArguments,
    /// What happens to an object of a kind without a schema [default: deny]
    #[arg(long, value_name = "WHAT")]
    unknown: Option<Unknown>,
    /// Unknown fields, and keys given twice, are warnings; of those keys the last counts, as for kubectl
    #[arg(long)]
    lenient: bool,
    /// Leave these objects out; may be repeated
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    skip: Vec<ObjectPattern>,
    /// Look at these objects only; may be repeated
    #[arg(long, value_name = "OBJECTS", value_delimiter = ',')]
    only: Vec<ObjectPattern>,
    /// First rewrite what other readers of YAML read otherwise, where that changes nothing for Kubernetes; stdin is
    /// fixed to stdout
    #[arg(long)]
    fix: bool,
    /// Do not look for a hydrant.yaml
    #[arg(long)]
    no_config: bool,
    #[command(flatten)]
    date: DateArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[command(flatten)]
    report: ReportArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// An error
    Deny,
    /// A warning
    Warn,
    /// Nothing
    Allow,
}

impl From<Unknown> for config::UnknownKinds {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Deny => Self::Deny,
            Unknown::Warn => Self::Warn,
            Unknown::Allow => Self::Allow,
        }
    }
}

fn location(text: &str) -> Result<SchemaLocation, String> {
    SchemaLocation::parse(text).map_err(|error| format!("{error}; {}", error.help()))
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    arguments.conftest.end(validate(arguments, global, terminal))
}

fn validate(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let workspace = if arguments.no_config { None } else { config_workspace(global)? };
    let project = workspace.as_ref().map(|(_, workspace)| &workspace.project);
    let kubernetes = kubernetes(arguments, project)?;
    if let Some((shown, _)) = &workspace {
        let environment = arguments.environment.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
        terminal.talk(&format!("schemas and policies of {shown}{environment}, Kubernetes {kubernetes}"));
    }
    let network = arguments.network.network(global);
    let started = Instant::now();
    let threshold = arguments.report.fail_on.into();
    let conftest = ConftestRun::new(&arguments.conftest, threshold, project, !arguments.no_config, global, terminal)?;
    let find = || load::find_loose(&global.directory, inputs(arguments)?).map_err(loose_failure);
    let mut files = pipeline::while_schemas_load(&kubernetes, find)?;
    conftest.leave_out(&mut files);
    let workspace = workspace.as_ref().map(|(_, workspace)| workspace);
    let loose = LooseRun {
        waiver_annotations: arguments.waiver_annotations
            || project.is_some_and(|project| project.policies.waiver_annotations),
        checks: checks(arguments, &conftest, global, workspace)?,
        policies: conftest.options.clone(),
        combine: conftest.combine,
        packs: &packs(arguments, project),
        places: places(arguments, global, workspace, network.as_deref())?,
        kubernetes: &kubernetes,
        unknown: arguments
            .unknown
            .map(Into::into)
            .or(project.map(|project| project.schemas.unknown))
            .unwrap_or_default(),
        lenient: arguments.lenient,
        skip: &arguments.skip,
        only: &arguments.only,
    };
    let limits = Limits { network: network.clone(), today: Some(arguments.date.day()), ..Limits::default() };
    if arguments.fix {
        fix::run(&mut files, &loose, &limits, terminal)?;
    }
    let bar = Bar::new(terminal);
    let checkup = pipeline::validate_loose(&files, &loose, &limits, &bar).map_err(pipeline_failure)?;
    tell(checkup, arguments, &conftest, &kubernetes, started.elapsed(), terminal)
}

/// Stdin is read here, whole; everything else where it is needed.
fn inputs(arguments: &Arguments) -> Result<Vec<LooseInput>, Failure> {
    let mut inputs = Vec::with_capacity(arguments.paths.len());
    for path in &arguments.paths {
        inputs.push(match path.as_str() {
            "-" => LooseInput::Text { name: arguments.stdin_filename.clone(), bytes: stdin()? },
            path => LooseInput::Path(path.to_owned()),
        });
    }
    Ok(inputs)
}

pub(super) fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limited = &mut std::io::stdin().lock().take(MAX_FILE_BYTES + 1);
    limited.read_to_end(&mut bytes).map_err(|error| Failure::cannot_work(format!("cannot read stdin: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::cannot_work(format!("stdin has more than {} MiB", MAX_FILE_BYTES >> 20))
            .help("give it in parts, or as files"));
    }
    Ok(bytes)
}

/// The Kubernetes version: what was asked for, or what the environments of `hydrant.yaml` agree on.
fn kubernetes(arguments: &Arguments, project: Option<&Project>) -> Result<Arc<str>, Failure> {
    if let Some(version) = &arguments.kubernetes {
        return Ok(Arc::from(version.strip_prefix('v').unwrap_or(version)));
    }
    let Some(project) = project else {
        return match &arguments.environment {
            None => Ok(Arc::from(DEFAULT_KUBERNETES)),
            Some(name) => Err(Failure::usage(format!("there is no hydrant.yaml to look up environment `{name}` in"))
                .help("name the version with `--kubernetes`")),
        };
    };
    let names = || project.environments.iter().map(|environment| &*environment.name).collect::<Vec<_>>().join(", ");
    if let Some(name) = &arguments.environment {
        let environment = project.environment(name);
        return environment.map(|environment| Arc::clone(&environment.kubernetes.value)).ok_or_else(|| {
            Failure::usage(format!("no environment is called `{name}`")).help(format!("there is {}", names()))
        });
    }
    let mut versions = project.environments.iter().map(|environment| &environment.kubernetes.value);
    let first = versions.next().expect("a project has an environment");
    if versions.any(|version| version != first) {
        return Err(Failure::usage("the environments of hydrant.yaml have different Kubernetes versions")
            .help(format!("choose one with `--environment`: {}", names())));
    }
    Ok(Arc::clone(first))
}

/// Policies and CRDs: those of the options, where there are any, instead of those of `hydrant.yaml`.
fn checks(
    arguments: &Arguments,
    conftest: &ConftestRun,
    global: &Global,
    workspace: Option<&Workspace>,
) -> Result<Checks, Failure> {
    let policies = if arguments.policies.is_empty() { &conftest.policies } else { &arguments.policies };
    let waivers = arguments.waivers.as_deref();
    let mut given = read_loose_checks(&global.directory, policies, &arguments.crds, waivers).map_err(loose_failure)?;
    given.data_trees = read_loose_data(&global.directory, &conftest.data).map_err(loose_failure)?;
    given.diagnostics.extend(conftest.diagnostics.iter().cloned());
    let Some(workspace) = workspace else { return Ok(given) };
    let mut project = workspace.project.clone();
    if !arguments.policies.is_empty() {
        project.policies.paths = Some(Vec::new());
    }
    if !arguments.crds.is_empty() {
        project.schemas.crds.clear();
    }
    if !arguments.locations.is_empty() {
        project.schemas.locations.clear();
    }
    if waivers.is_some() {
        project.policies.waivers = None;
    }
    let configured =
        load::read_checks(&*workspace.tree, &project).map_err(|error| Failure::cannot_work(error.to_string()))?;
    if configured.diagnostics.iter().any(|diagnostic| load::is_configuration(&diagnostic.rule)) {
        return Err(Failure::configuration(configured.diagnostics));
    }
    Ok(Checks {
        policies: [configured.policies, given.policies].concat(),
        data: [configured.data, given.data].concat(),
        data_trees: given.data_trees,
        gatekeeper: [configured.gatekeeper, given.gatekeeper].concat(),
        waivers: given.waivers.or(configured.waivers),
        crds: [configured.crds, given.crds].concat(),
        diagnostics: configured.diagnostics,
    })
}

fn packs(arguments: &Arguments, project: Option<&Project>) -> Vec<String> {
    match project {
        Some(project) if arguments.builtin.is_empty() => {
            project.policies.builtin.iter().map(|pack| pack.value.clone()).collect()
        }
        _ => arguments.builtin.clone(),
    }
}

/// Where schemas are looked up: by the options, or by `hydrant.yaml`.
fn places<'a>(
    arguments: &Arguments,
    global: &Global,
    workspace: Option<&'a Workspace>,
    network: Option<&'a Network>,
) -> Result<Vec<SchemaPlace<'a>>, Failure> {
    match workspace {
        Some(workspace) if arguments.locations.is_empty() => {
            let (places, refused) = load::schema_places(&*workspace.tree, &workspace.project, network);
            if refused.is_empty() { Ok(places) } else { Err(Failure::configuration(refused)) }
        }
        _ => {
            let place = |location| loose_schema_place(location, &global.directory, network);
            arguments.locations.iter().map(place).collect::<Result<_, _>>().map_err(place_failure)
        }
    }
}

fn place_failure(error: PlaceError) -> Failure {
    let help = error.help();
    Failure::usage(error.to_string()).help(help)
}

pub(super) fn loose_failure(error: LooseError) -> Failure {
    match &error {
        LooseError::Io { .. } => Failure::cannot_work(error.to_string()),
        LooseError::NoMatch(_) => Failure::usage(error.to_string())
            .help("`*` stays within a folder, `**` crosses folders; hidden and ignored files do not count"),
        LooseError::NotFound(_) | LooseError::Nothing { .. } | LooseError::Pattern(_) | LooseError::NotText(_) => {
            Failure::usage(error.to_string())
        }
    }
}

fn tell(
    checkup: LooseCheckup,
    arguments: &Arguments,
    conftest: &ConftestRun,
    kubernetes: &str,
    elapsed: Duration,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let absence = checkup.absence();
    let policies = checkup.policies_wanted;
    let tally = checkup.tally;
    let report = Report::new("validate", checkup.diagnostics, checkup.accounting, conftest.threshold)
        .with_waivers(checkup.waivers);
    write_reports(&report, &arguments.report, elapsed, terminal, &|report| {
        human::loose_accounting(&report.accounting, kubernetes, policies)
    })?;
    if conftest.as_conftest {
        terminal.data(&format!("{tally}\n"));
    }
    if conftest.as_conftest
        && let Some(exit) = conftest.exit(&tally, report.count(Severity::Error))
    {
        return Ok(exit);
    }
    Ok(match absence {
        _ if report.refusing() > 0 => Exit::Findings,
        None => Exit::Clean,
        Some(absence) => {
            terminal.say(&format!("{}: nothing was checked: {absence}", terminal.strong("error", "31")));
            terminal.say(&format!("  help: {}", way_out(absence)));
            Exit::NothingChecked
        }
    })
}

fn way_out(absence: LooseAbsence) -> &'static str {
    match absence {
        LooseAbsence::NoFile => "name files that end in .yaml, .yml or .json, or a folder that holds some",
        LooseAbsence::NoManifest => {
            "see above what the files are: charts, kustomizations and templates are rendered first"
        }
        LooseAbsence::NoObject => {
            "give it at least one object: a document with `apiVersion`, `kind` and `metadata.name`"
        }
        LooseAbsence::AllSkipped => {
            "see above why: `--skip` and `--only` choose objects, `--crds` and `--schema-location` add schemas"
        }
        LooseAbsence::NoPolicy => {
            "name a folder with `deny`, `violation` or `warn` rules as `--policy`, or leave the option out"
        }
    }
}
