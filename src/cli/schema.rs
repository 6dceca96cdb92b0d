//! `hydrant schema`: the JSON schemas of what Hydrant reads and writes.

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::{config, report};

#[derive(Debug, Args)]
#[command(
    after_help = "An editor that uses yaml-language-server (the YAML extension of VS Code, coc-yaml, Neovim's yamlls) completes and
checks `hydrant.yaml` by this schema. Keep it beside the file, and name it in the file's first line:

  # yaml-language-server: $schema=.hydrant.schema.json

or, for every repository, in the settings of VS Code:

  \"yaml.schemas\": { \"/home/ada/.config/hydrant.schema.json\": \"hydrant.yaml\" }

Examples:
  hydrant schema > .hydrant.schema.json           of `hydrant.yaml`
  hydrant schema report > report.schema.json      of `--report json=FILE`
  hydrant schema diff                             of `hydrant diff --format json`"
)]
pub(super) struct Arguments {
    /// Which schema
    #[arg(default_value = "config")]
    of: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// `hydrant.yaml`
    Config,
    /// The JSON report
    Report,
    /// What `hydrant diff --format json` prints
    Diff,
    /// What `hydrant publish --dry-run --format json` prints
    Plan,
    /// The JSON report of `hydrant test`
    TestReport,
    /// What `hydrant verify --json` prints
    Verdict,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    terminal.data(&match arguments.of {
        Of::Config => config::json_schema(),
        Of::Report => report::json::schema(),
        Of::Diff => report::difference::json::schema(),
        Of::Plan => report::plan::json::schema(),
        Of::Verdict => report::verdict::schema(),
        Of::TestReport => report::testing::json::schema(),
    });
    Ok(Exit::Clean)
}
