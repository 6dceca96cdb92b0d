//! `hydrant explain`: what a rule finds, why it matters, and the way out.

use clap::Args;

use super::exit::{Exit, Failure};
use super::terminal::Terminal;
use crate::diagnostic::{did_you_mean, rules};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The rule's id, as reports print it; without one, all rules are listed
    rule: Option<String>,
}

/// A rule as it is explained, wherever it comes from.
struct Explained {
    id: String,
    title: String,
    text: String,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let all = all();
    match &arguments.rule {
        None => terminal.data(&list(&all)),
        Some(id) => match all.iter().find(|rule| rule.id == *id) {
            Some(rule) => terminal.data(&format!("{}: {}\n\n{}\n", rule.id, rule.title, rule.text)),
            None => return Err(unknown(id, &all)),
        },
    }
    Ok(Exit::Clean)
}

fn all() -> Vec<Explained> {
    rules::ALL
        .iter()
        .map(|rule| Explained {
            id: rule.id.to_string(),
            title: rule.title.to_owned(),
            text: rule.explanation.to_owned(),
        })
        .collect()
}

fn list(rules: &[Explained]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    rules.iter().map(|rule| format!("{:width$}  {}\n", rule.id, rule.title)).collect()
}

fn unknown(id: &str, rules: &[Explained]) -> Failure {
    let failure = Failure::usage(format!("no rule is called `{id}`"));
    match did_you_mean(id, rules.iter().map(|rule| rule.id.as_str())) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("`hydrant explain` lists all rules"),
    }
}
