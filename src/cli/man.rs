//! `hydrant man`: the manual pages, made of the same text as `--help`.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use super::{Cli, Global};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant man | man -l -                             the first page
  hydrant man ~/.local/share/man/man1                one page for each command: `man hydrant-check`")]
pub(super) struct Arguments {
    /// The folder to write the pages of all commands to; without one, the first page goes to stdout
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &arguments.folder else {
        terminal.data(&page(&command)?);
        return Ok(Exit::Clean);
    };
    let folder = global.directory.join(folder);
    let cannot_write = |error| Failure::cannot_work(format!("cannot write to `{}`: {error}", folder.display()));
    fs::create_dir_all(&folder).map_err(cannot_write)?;
    let commands: Vec<&Command> = std::iter::once(&command).chain(command.get_subcommands()).collect();
    for command in &commands {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        fs::write(folder.join(format!("{name}.1")), page(command)?).map_err(cannot_write)?;
    }
    terminal.talk(&format!("wrote {} pages to {}", commands.len(), folder.display()));
    Ok(Exit::Clean)
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::cannot_work(format!("cannot make the page: {error}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
