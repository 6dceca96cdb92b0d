//! The options that Conftest has too, and Conftest's own settings: `conftest.toml` and `CONFTEST_…`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use regex::Regex;

use super::Global;
use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::config::{CONFTEST_FILE, CONFTEST_PREFIX, ConftestSettings, Project, RegoVersion, Spanned};
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::evaluate::PolicyOptions;
use crate::evaluate::conftest::{NamespacePattern, Namespaces, Tally};
use crate::load::LooseFile;
use crate::pipeline;
use crate::source::Source;

/// The folder of policies where `conftest.toml` names none.
const DEFAULT_POLICY: &str = "policy";

#[derive(Debug, Args)]
pub(super) struct ConftestArguments {
    /// Ask these packages for messages, by name or by a pattern such as 'main.*'; '!NAME' leaves one out [default: every
    /// package with deny, violation or warn rules]
    #[arg(long = "namespace", value_name = "NAME", value_delimiter = ',', value_parser = namespace)]
    namespaces: Vec<NamespacePattern>,
    /// Ask every package, whatever a configuration says
    #[arg(long, conflicts_with = "namespaces")]
    all_namespaces: bool,
    /// Files or folders with YAML or JSON that policies see below `data`; folders are keys
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    data: Vec<String>,
    /// The policies judge all objects as one input, a list of {"path", "contents"}
    #[arg(long)]
    combine: bool,
    /// The same as `--fail-on warning`
    #[arg(long)]
    fail_on_warn: bool,
    /// Behave as another tool: its exit codes and its last line, and warnings where it passes what Hydrant refuses
    #[arg(long, value_name = "TOOL")]
    compat: Option<Compat>,
    /// The language of the policies [default: what each file parses as]
    #[arg(long, value_name = "VERSION")]
    rego_version: Option<Version>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Version {
    /// deny[msg] { … }
    V0,
    /// deny contains msg if { … }
    V1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Compat {
    /// Asks the package `main` by default; ends with 0, 1, or under --fail-on-warn 2
    Conftest,
}

impl ConftestArguments {
    /// How a run ends: Conftest has one code for everything that is not a pass.
    pub(super) fn end(&self, result: Result<Exit, Failure>) -> Result<Exit, Failure> {
        match (self.compat, result) {
            (None, result) => result,
            (Some(_), Ok(Exit::NothingChecked)) => Ok(Exit::Findings),
            (Some(_), Ok(exit)) => Ok(exit),
            (Some(_), Err(failure)) => Err(Failure { exit: Exit::Findings, ..failure }),
        }
    }
}

fn namespace(text: &str) -> Result<NamespacePattern, String> {
    NamespacePattern::parse(text).map_err(|error| error.to_string())
}

/// What options and settings together ask for.
#[derive(Debug)]
pub(super) struct ConftestRun {
    /// Policies that a setting names; none where an option does.
    pub(super) policies: Vec<String>,
    /// Data documents.
    pub(super) data: Vec<String>,
    /// Which packages are asked, and how they are read.
    pub(super) options: PolicyOptions,
    /// Whether all objects are one input.
    pub(super) combine: bool,
    /// The least severity that refuses.
    pub(super) threshold: Severity,
    /// Whether the run ends as Conftest's would.
    pub(super) as_conftest: bool,
    /// Whether warnings end it with a code of their own, as Conftest has it.
    fail_on_warn: bool,
    /// Settings that do nothing.
    pub(super) diagnostics: Vec<Diagnostic>,
    ignore: Option<Regex>,
}

impl ConftestRun {
    /// Options win over variables, variables over the file. Beside a `hydrant.yaml` neither variables nor file are read:
    /// one of two configurations would be overruled in silence.
    pub(super) fn new(
        arguments: &ConftestArguments,
        threshold: Severity,
        project: Option<&Project>,
        reads_settings: bool,
        global: &Global,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut found = if reads_settings { Settings::find(global)? } else { Settings::default() };
        if project.is_some() && !found.from.is_empty() {
            terminal.talk(&format!("not read beside hydrant.yaml: {}", found.from.join(", ")));
            found = Settings::default();
        }
        let Settings { settings, mut diagnostics, from } = found;
        if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            diagnostics.retain(|diagnostic| diagnostic.severity == Severity::Error);
            return Err(Failure::configuration(diagnostics));
        }
        if !from.is_empty() {
            terminal.talk(&format!("settings of Conftest: {}", from.join(", ")));
        }
        let has_file = from.iter().any(|name| name == CONFTEST_FILE);
        let default_policy = || if has_file { vec![DEFAULT_POLICY.to_owned()] } else { Vec::new() };
        let fail_on_warn = arguments.fail_on_warn || settings.fail_on_warn == Some(true);
        Ok(Self {
            policies: settings.policy.clone().unwrap_or_else(default_policy),
            data: if arguments.data.is_empty() {
                settings.data.clone().unwrap_or_default()
            } else {
                arguments.data.clone()
            },
            options: options(arguments, &settings, project, global)?,
            combine: arguments.combine || settings.combine == Some(true),
            threshold: if fail_on_warn && arguments.compat.is_none() {
                threshold.min(Severity::Warning)
            } else {
                threshold
            },
            ignore: settings.ignore.as_ref().map(ignore).transpose()?,
            as_conftest: arguments.compat.is_some(),
            fail_on_warn,
            diagnostics,
        })
    }

    /// The code of Conftest where something was found; its warnings are those of `warn` rules, and ours beside them are none.
    pub(super) fn exit(&self, tally: &Tally, errors: usize) -> Option<Exit> {
        match (tally.failures + errors > 0, self.fail_on_warn) {
            (true, true) => Some(Exit::Usage), // 2, which means that to Conftest
            (true, false) => Some(Exit::Findings),
            (false, true) if tally.warnings > 0 => Some(Exit::Findings),
            (false, _) => None,
        }
    }

    /// Leaves out what `ignore` matches; a file that was named itself stays.
    pub(super) fn leave_out(&self, files: &mut Vec<LooseFile>) {
        if let Some(ignore) = &self.ignore {
            files.retain(|file| file.named || !ignore.is_match(&file.name));
        }
    }
}

fn options(
    arguments: &ConftestArguments,
    settings: &ConftestSettings,
    project: Option<&Project>,
    global: &Global,
) -> Result<PolicyOptions, Failure> {
    let namespaces = if arguments.all_namespaces {
        Namespaces::All
    } else if !arguments.namespaces.is_empty() {
        Namespaces::Chosen(arguments.namespaces.clone())
    } else if let Some(project) = project {
        pipeline::policy_options(project).map_err(Failure::configuration)?.namespaces
    } else if settings.all_namespaces == Some(true) {
        Namespaces::All
    } else {
        match &settings.namespace {
            Some(names) => Namespaces::Chosen(names.iter().map(setting).collect::<Result<_, _>>()?),
            None if arguments.compat.is_some() => Namespaces::Chosen(namespace("main").into_iter().collect()),
            None => Namespaces::All,
        }
    };
    let version = arguments.rego_version.map(|version| match version {
        Version::V0 => RegoVersion::V0,
        Version::V1 => RegoVersion::V1,
    });
    let configured = project.map(|project| project.policies.rego);
    let dialect = pipeline::dialect_of(version.or(settings.rego_version).or(configured).unwrap_or_default());
    // policies may ask in which folder a file lies: that of a loose file is where it is on this machine
    let folder = global.directory.canonicalize().unwrap_or_else(|_| global.directory.clone());
    let folder = folder.to_string_lossy().into_owned();
    let as_conftest = arguments.compat.is_some();
    Ok(PolicyOptions { dialect, namespaces, as_conftest, folder, ..PolicyOptions::default() })
}

fn setting(name: &Spanned<String>) -> Result<NamespacePattern, Failure> {
    let pattern = NamespacePattern::parse(&name.value).map_err(|error| refused(name, error.to_string()))?;
    Ok(pattern.at(name.location.clone()))
}

fn ignore(pattern: &Spanned<String>) -> Result<Regex, Failure> {
    Regex::new(&pattern.value).map_err(|_| refused(pattern, format!("`{}` is not a regular expression", pattern.value)))
}

fn refused(setting: &Spanned<String>, message: String) -> Failure {
    let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, message).help("correct the value");
    Failure::configuration(vec![match &setting.location {
        Some(location) => diagnostic.at(location.clone(), "this value"),
        None => diagnostic,
    }])
}

/// What was found of Conftest's settings.
#[derive(Debug, Default)]
struct Settings {
    settings: ConftestSettings,
    diagnostics: Vec<Diagnostic>,
    /// Where they are from, as it is told.
    from: Vec<String>,
}

impl Settings {
    /// Those of the variables, and of the file in the folder where Hydrant works.
    fn find(global: &Global) -> Result<Self, Failure> {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| name.starts_with(CONFTEST_PREFIX) && !value.is_empty())
            .collect();
        let (settings, mut diagnostics) = ConftestSettings::of_environment(&variables);
        let mut from: Vec<String> = Vec::new();
        let path = global.directory.join(CONFTEST_FILE);
        let mut whole = settings;
        match std::fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes)
                    .map_err(|error| Failure::usage(format!("`{CONFTEST_FILE}` is not UTF-8: {error}")))?;
                let (settings, more) = ConftestSettings::parse(&Source::file(CONFTEST_FILE, text) as &Arc<Source>);
                whole = whole.or(settings);
                diagnostics.extend(more);
                from.push(CONFTEST_FILE.to_owned());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::cannot_work(format!("cannot read `{CONFTEST_FILE}`: {error}"))),
        }
        from.extend(variables.into_keys());
        Ok(Self { settings: whole, diagnostics, from })
    }
}
