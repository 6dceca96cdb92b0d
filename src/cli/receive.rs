//! `hydrant verify --pre-receive`: git's hook, which decides about a push before any branch moves.

use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::project::git_failure;
use super::terminal::Terminal;
use super::verify::describe;
use crate::git::Repository;
use crate::verify::{Answer, Question, Trust, Update, VerifyError, judge_update};

/// A push of more branches than this is no push to output branches.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Where git keeps what is pushed until the hook has let it pass, and where everything else is.
const OBJECT_FOLDERS: [&str; 2] = ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"];

/// Judges every update that git tells on stdin. One that is refused refuses the push.
pub(super) fn receive(
    repository: Repository,
    input: &str,
    question: &Question,
    trust: &Trust,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let repository = repository.with_object_folders(&object_folders()).map_err(git_failure)?;
    let mut exit = Exit::Clean;
    for line in input.lines() {
        let update = Update::parse(line).ok_or_else(|| {
            Failure::usage(format!("`{}` is no update of a reference", line.escape_debug()))
                .help("`--pre-receive` is for git's hook, which writes `<old> <new> <reference>` to stdin")
        })?;
        let answer = judge_update(&repository, &update, question, trust);
        match answer.map_err(|VerifyError::Git(error)| git_failure(error))? {
            Answer::NotOurs => {}
            Answer::Refused(reason) => {
                terminal.say(&format!("{}: {reason}", terminal.strong("refused", "31")));
                exit = Exit::NotVerified;
            }
            Answer::Judged(verdict) => {
                terminal.say(&describe(&verdict, terminal));
                if !verdict.is_good() {
                    exit = Exit::NotVerified;
                }
            }
        }
    }
    Ok(exit)
}

/// What git writes to the hook.
pub(super) fn read_updates() -> Result<String, Failure> {
    use std::io::Read as _;
    let mut text = String::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let read = std::io::stdin().take(limit + 1).read_to_string(&mut text);
    read.map_err(|error| Failure::cannot_work(format!("cannot read the updates from stdin: {error}")))?;
    match text.len() > MAX_BYTES {
        true => Err(Failure::usage("there are more updates on stdin than any push has")),
        false => Ok(text),
    }
}

/// The folders that hold what is pushed: git tells hooks through variables, which nothing else here reads.
fn object_folders() -> Vec<PathBuf> {
    let values = OBJECT_FOLDERS.iter().filter_map(std::env::var_os).filter(|value| !value.is_empty());
    values.flat_map(|value| std::env::split_paths(&value).collect::<Vec<_>>()).collect()
}
