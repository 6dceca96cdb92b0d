//! `hydrant explain`: what a rule finds, why it matters, and the way out; or what made a line of the output.

mod line;

use clap::Args;

use super::Global;
use super::exit::{Exit, Failure};
use super::project::Workspace;
use super::terminal::Terminal;
use crate::diagnostic::{did_you_mean, rules};
use crate::evaluate::waivers;
use crate::evaluate::{EvaluationLimits, PolicyRule, PolicySet, chosen, shipped_names};
use crate::load::{self, Checks};
use crate::pipeline;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hydrant explain                            all rules: our own, the shipped packs', and the policies' of this project
  hydrant explain unknown-kind               one of them
  hydrant explain prod:web/manifest.yaml:12  which template line and values made line 12 of a published file
  hydrant explain prod:apps/web/a.yaml.j2:7  the same for line 7 of what a template renders to")]
pub(super) struct Arguments {
    /// A rule's id, as reports print it, or a line of the output; without one, all rules are listed
    #[arg(value_name = "RULE|ENV:FILE:LINE")]
    rule: Option<String>,
}

/// A rule as it is explained, wherever it comes from.
struct Explained {
    id: String,
    title: String,
    paragraphs: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(place) = arguments.rule.as_deref().filter(|word| word.contains(':')) {
        return line::run(place, global, terminal);
    }
    let all = all(global);
    match &arguments.rule {
        None => terminal.data(&list(&all)),
        Some(id) => match all.iter().find(|rule| rule.id == *id) {
            Some(rule) => terminal.data(&show(rule)),
            None => return Err(unknown(id, &all)),
        },
    }
    Ok(Exit::Clean)
}

/// Our own rules first, then those of policies in alphabetical order.
fn all(global: &Global) -> Vec<Explained> {
    let own = rules::ALL.iter().map(|rule| Explained {
        id: rule.id.to_string(),
        title: rule.title.to_owned(),
        paragraphs: vec![rule.explanation.to_owned(), waiver_of_own(rule.id.as_str())],
    });
    let limits = EvaluationLimits::default();
    let load = |packs: &[&str], checks: &Checks| pipeline::policies(chosen(packs.iter().copied()), checks, &limits).0;
    // pack by pack: chosen together, one may silence rules of another
    let mut sets: Vec<PolicySet> = shipped_names().map(|pack| load(&[pack], &Checks::default())).collect();
    // a project or policy that cannot be read has no rules to add; `check` is the command that says why
    if let Ok(Workspace { tree, project, .. }) = Workspace::from_work_tree(global)
        && let Ok(checks) = load::read_checks(&*tree, &project)
    {
        let packs: Vec<&str> = project.policies.builtin.iter().map(|pack| pack.value.as_str()).collect();
        let options = pipeline::policy_options(&project).unwrap_or_default();
        sets.push(pipeline::policies_with(chosen(packs.iter().copied()), &checks, &options, &limits).0);
    }
    let mut rules: Vec<Explained> = sets.iter().flat_map(PolicySet::rules).map(explain_policy).collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules.dedup_by(|a, b| a.id == b.id);
    own.chain(rules).collect()
}

fn explain_policy(rule: &PolicyRule) -> Explained {
    let place = rule.location.position();
    let mut paragraphs: Vec<String> = rule.description.iter().map(|text| text.trim().to_owned()).collect();
    paragraphs.extend(rule.fix.as_ref().map(|fix| format!("way out: {}", fix.trim())));
    paragraphs.extend(rule.related.iter().map(|link| format!("see {link}")));
    let since = rule.since.as_ref().map(|since| format!(", since {since}")).unwrap_or_default();
    paragraphs.push(format!("{} of {}:{}{since}", rule.severity, rule.location.source.name(), place.line));
    paragraphs.extend(
        rule.enforce_after
            .map(|last| format!("Its errors are warnings up to {last}, and errors from {} on.", last.next())),
    );
    paragraphs.push(match rule.overridable {
        true => format!("To waive it, in the file that `policies.waivers` names:\n\n{}", example(rule.id.as_str())),
        false => "It cannot be waived: the policy says `overridable: false`.".to_owned(),
    });
    let title = rule.title.clone().unwrap_or_else(|| format!("`{}` of package `{}`", rule.name, rule.package));
    Explained { id: rule.id.to_string(), title, paragraphs }
}

/// Errors of our own say that an object is not valid or was not judged: no owner can answer for that.
fn waiver_of_own(id: &str) -> String {
    match id.starts_with("waiver-") {
        true => "It cannot be waived.".to_owned(),
        false => format!("Its errors cannot be waived; a warning can, by a waiver with `rule: {id}`."),
    }
}

fn example(id: &str) -> String {
    waivers::example(id).lines().map(|line| format!("    {line}\n")).collect::<String>().trim_end().to_owned()
}

fn show(rule: &Explained) -> String {
    format!("{}: {}\n\n{}\n", rule.id, rule.title, rule.paragraphs.join("\n\n"))
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
