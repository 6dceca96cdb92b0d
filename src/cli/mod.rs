//! The command line: what was typed, and what the terminal says back. One file a command.
//!
//! stdout is data, stderr is talk. Exit codes are in [`exit`].

mod agent;
mod check;
mod completions;
mod conftest;
mod demo;
mod diff;
mod drift;
mod exit;
mod explain;
mod fix;
mod init;
mod key;
mod man;
#[cfg(test)]
mod mentioned;
mod network;
mod passphrase;
mod patience;
mod progress;
mod project;
mod publish;
mod receive;
mod render;
mod schema;
mod signer;
mod starter;
mod terminal;
mod test;
mod today;
mod validate;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::diagnostic::Severity;
use exit::Exit;
use terminal::Terminal;

/// Renders templated manifests, validates them against schemas and policies, and publishes them as signed branches.
#[derive(Debug, Parser)]
#[command(name = "hydrant", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes:
  0 clean · 1 findings · 2 usage or configuration · 3 nothing was checked
  4 could not do the job · 5 publication refused · 6 verification failed

Start with `hydrant demo`: it makes an example repository and takes you through it.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// Options that every command understands.
#[derive(Debug, Args)]
struct Global {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, default_value = ".")]
    directory: PathBuf,
    /// Threads to use; as many as there are cores by default. The result is the same with any number
    #[arg(long, value_name = "N", global = true, env = "HYDRANT_THREADS")]
    threads: Option<usize>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    color: Color,
    /// Say only what is wrong
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an example repository and take it through the whole pipeline
    Demo(demo::Arguments),
    /// Write a hydrant.yaml for this repository, or for what another tool renders from it
    Init(init::Arguments),
    /// Render manifests, without checking them
    Render(render::Arguments),
    /// Render and gate: YAML, schemas, policies. The pre-commit hook and the CI gate
    Check(check::Arguments),
    /// Check loose manifests against schemas and policies: files, folders, stdin
    Validate(Box<validate::Arguments>),
    /// What changes, object by object and field by field: against the branches, or against another revision
    Diff(diff::Arguments),
    /// What a cluster has against what the branch of an environment says
    Drift(drift::Arguments),
    /// Check, then commit the rendered manifests to the environments' branches, signed
    Publish(publish::Arguments),
    /// Say which key would sign, as those who check it have to name it
    Key(key::Arguments),
    /// Check a published branch: its signature, its record, its attestations, and every file
    Verify(verify::Arguments),
    /// Run the Rego tests beside policies, and measure what they reach
    Test(test::Arguments),
    /// Explain a rule
    Explain(explain::Arguments),
    /// Print the JSON schema of `hydrant.yaml`, or of the JSON reports
    Schema(schema::Arguments),
    /// Print a script that completes `hydrant …` in a shell
    Completions(completions::Arguments),
    /// Print the manual page, or write those of all commands to a folder
    Man(man::Arguments),
}

/// Which reports to write, and what refuses.
#[derive(Debug, Args)]
struct ReportArguments {
    /// Also write a report to a file; `-` is stdout. Several may be asked for. Formats: json, sarif, junit, tap, github,
    /// gitlab, azure, markdown, html
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = ReportTarget::parse)]
    reports: Vec<ReportTarget>,
    /// The lowest severity that refuses
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: Threshold,
    /// Also tell what each policy rule judged, which engine ran it, and which objects no policy judged
    #[arg(short, long)]
    verbose: bool,
}

impl ReportArguments {
    /// Whether a report of this format was asked for.
    fn wants(&self, format: ReportFormat) -> bool {
        self.reports.iter().any(|target| target.format == format)
    }
}

impl Default for ReportArguments {
    fn default() -> Self {
        Self { reports: Vec::new(), fail_on: Threshold::Error, verbose: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Threshold {
    /// Only errors
    Error,
    /// Errors and warnings
    Warning,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Error => Self::Error,
            Threshold::Warning => Self::Warning,
        }
    }
}

/// `json=report.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ReportTarget {
    format: ReportFormat,
    file: PathBuf,
}

/// What a report can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    Json,
    Sarif,
    Junit,
    Tap,
    Github,
    Gitlab,
    Azure,
    Markdown,
    Html,
}

impl ReportTarget {
    fn parse(text: &str) -> Result<Self, String> {
        let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err("write FORMAT=FILE, such as sarif=report.sarif".to_owned());
        };
        let format = ReportFormat::from_str(format, false).map_err(|_| {
            let known = ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let known: Vec<_> = known.map(|value| value.get_name().to_owned()).collect();
            format!("`{format}` is not a report format; there is {}", known.join(", "))
        })?;
        Ok(Self { format, file: file.into() })
    }
}

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap words its own errors, and `--help` and `--version` are "errors" that succeed
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Clean.into() };
        }
    };
    let terminal = Terminal::detect(cli.global.color, cli.global.quiet);
    let result = crate::pipeline::with_threads(cli.global.threads, || dispatch(&cli, &terminal));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.failure(&failure);
            failure.exit.into()
        }
    }
}

fn dispatch(cli: &Cli, terminal: &Terminal) -> Result<Exit, exit::Failure> {
    match &cli.command {
        Command::Demo(arguments) => demo::run(arguments, &cli.global, terminal),
        Command::Init(arguments) => init::run(arguments, &cli.global, terminal),
        Command::Render(arguments) => render::run(arguments, &cli.global, terminal),
        Command::Check(arguments) => check::run(arguments, &cli.global, terminal),
        Command::Validate(arguments) => validate::run(arguments, &cli.global, terminal),
        Command::Diff(arguments) => diff::run(arguments, &cli.global, terminal),
        Command::Drift(arguments) => drift::run(arguments, &cli.global, terminal),
        Command::Publish(arguments) => publish::run(arguments, &cli.global, terminal),
        Command::Key(arguments) => key::run(arguments, &cli.global, terminal),
        Command::Verify(arguments) => verify::run(arguments, &cli.global, terminal),
        Command::Test(arguments) => test::run(arguments, &cli.global, terminal),
        Command::Explain(arguments) => explain::run(arguments, &cli.global, terminal),
        Command::Schema(arguments) => schema::run(arguments, terminal),
        Command::Completions(arguments) => completions::run(arguments, terminal),
        Command::Man(arguments) => man::run(arguments, &cli.global, terminal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_has_examples_that_can_be_typed() {
        let command = Cli::command();
        for command in command.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let (_, examples) = help
                .split_once("Examples:\n")
                .unwrap_or_else(|| panic!("`hydrant {} --help` has no examples", command.get_name()));
            let lines = mentioned::commands_in(examples);
            assert!(!lines.is_empty(), "`hydrant {} --help` has no example of itself", command.get_name());
            for words in lines {
                let tried = Cli::try_parse_from(&words);
                assert!(tried.is_ok(), "{words:?}: {}", tried.err().map(|error| error.to_string()).unwrap_or_default());
            }
        }
    }

    #[test]
    fn the_command_lines_in_files_for_ci_can_be_typed() {
        let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (file, at_least) in [
            ("action.yml", 2),
            (".pre-commit-hooks.yaml", 3),
            ("integrations/gitlab/templates/hydrant.yml", 2),
            ("integrations/jenkins/Jenkinsfile", 2),
            ("integrations/argo-workflows/hydrant.yaml", 2),
        ] {
            let text = std::fs::read_to_string(top.join(file)).expect("a file of the project");
            let lines = mentioned::commands_in(&text);
            assert!(lines.len() >= at_least, "{file}: {lines:?}");
            for mut words in lines {
                if file.starts_with(".pre-commit") && words[1] == "validate" {
                    words.push("a-file-that-pre-commit-names.yaml".to_owned());
                }
                let tried = Cli::try_parse_from(&words);
                let refused = tried.err().filter(clap::Error::use_stderr);
                assert!(
                    refused.is_none(),
                    "{file}: {words:?}: {}",
                    refused.map(|error| error.to_string()).unwrap_or_default()
                );
            }
        }
    }

    #[test]
    fn a_report_target_names_format_and_file() {
        let target = ReportTarget { format: ReportFormat::Json, file: "out.json".into() };
        assert_eq!(ReportTarget::parse("json=out.json"), Ok(target));
        assert!(
            ReportTarget::parse("pdf=out.pdf").is_err_and(|error| error.contains("`pdf`") && error.contains("sarif"))
        );
        assert!(ReportTarget::parse("json").is_err() && ReportTarget::parse("json=").is_err());
    }
}
