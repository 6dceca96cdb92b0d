//! `hydrant completions`: what a shell has to know to complete `hydrant …`.
//!
//! The script knows commands, options and their words. Names of environments and apps would need the crate's dynamic
//! engine, which its authors call unstable.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use super::exit::{Exit, Failure};
use super::terminal::Terminal;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant completions bash > ~/.local/share/bash-completion/completions/hydrant
  hydrant completions zsh > ~/.zfunc/_hydrant           with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  hydrant completions fish > ~/.config/fish/completions/hydrant.fish
  hydrant completions powershell >> $PROFILE
  hydrant completions elvish >> ~/.config/elvish/rc.elv")]
pub(super) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "hydrant", &mut script);
    terminal.data(&String::from_utf8_lossy(&script));
    Ok(Exit::Clean)
}
