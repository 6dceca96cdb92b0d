//! Environments: what each one inherits, and that each has a branch of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::branch::{NAME_RULE, is_name, why_no_branch};
use super::project::{DEFAULT_KUBERNETES, DEFAULT_MAX_DELETE_PERCENT, Environment, Spanned};
use super::raw;
use super::repository::RepositoryUrl;
use super::resolve::{Reading, ResolvedOutput};
use crate::diagnostic::{Diagnostic, did_you_mean, rules};

type Written = BTreeMap<String, raw::Environment>;

/// Flattens inheritance. Sorted by name, as the file's mapping is.
pub(super) fn resolve(written: &Written, output: &ResolvedOutput, reading: &mut Reading<'_>) -> Vec<Environment> {
    for (name, environment) in written {
        check_name(name, reading);
        check_parent(name, environment, written, reading);
        check_kubernetes(name, environment, reading);
        check_share(name, environment, reading);
        check_destination(name, environment, reading);
    }
    report_circles(written, reading);
    let own: BTreeMap<&str, Vec<_>> = written
        .iter()
        .map(|(name, environment)| {
            (name.as_str(), reading.repo_paths(&environment.values, &["environments", name, "values"]))
        })
        .collect();
    let environments: Vec<Environment> = written
        .iter()
        .map(|(name, environment)| {
            let lineage = lineage(name, written);
            let branch = branch(name, environment, reading);
            let propose = nearest(&lineage, written, |environment| environment.propose).unwrap_or(output.propose);
            let share = nearest(&lineage, written, |environment| environment.max_delete_percent);
            let destination = nearest(&lineage, written, |environment| environment.destination.clone());
            Environment {
                name: Arc::from(name.as_str()),
                proposal: propose.then(|| proposal(&branch.value, output)),
                max_delete_percent: share.and_then(|share| share.try_into().ok()).unwrap_or(DEFAULT_MAX_DELETE_PERCENT),
                destination: destination.unwrap_or_else(|| Environment::DEFAULT_DESTINATION.to_owned()),
                branch,
                kubernetes: kubernetes(&lineage, written, reading),
                values: lineage.iter().rev().flat_map(|ancestor| own[ancestor].iter().cloned()).collect(),
            }
        })
        .collect();
    check_branches(&environments, written, reading);
    environments
}

/// The environment, its parent, its parent's parent, … A circle is walked once.
fn lineage<'a>(name: &'a str, written: &'a Written) -> Vec<&'a str> {
    let mut lineage = Vec::new();
    let mut next = Some(name);
    while let Some((name, environment)) = next.and_then(|name| written.get_key_value(name)) {
        if lineage.contains(&name.as_str()) {
            break;
        }
        lineage.push(name.as_str());
        next = environment.inherits.as_deref();
    }
    lineage
}

/// What the environment says, or else the nearest it inherits from.
fn nearest<T>(lineage: &[&str], written: &Written, value: impl Fn(&raw::Environment) -> Option<T>) -> Option<T> {
    lineage.iter().find_map(|name| value(&written[*name]))
}

/// Where GitOps Promoter looks for what is to be brought to a branch; the suffix is not ours to choose.
fn proposal(branch: &str, output: &ResolvedOutput) -> String {
    match &output.output.active_path {
        None => format!("{branch}-next"),
        Some(path) => format!("{branch}-next/{path}"),
    }
}

fn check_share(name: &str, environment: &raw::Environment, reading: &mut Reading<'_>) {
    let Some(share) = environment.max_delete_percent.filter(|share| !(0..=100).contains(share)) else { return };
    let location = reading.location(&["environments", name, "max_delete_percent"]);
    let message = format!("`{share}` is not a share in percent");
    reading.report(rules::CONFIG_INVALID, message, location, "not between 0 and 100", "write a number from 0 to 100");
}

/// The address goes to git as it is written, and into what people read.
fn check_destination(name: &str, environment: &raw::Environment, reading: &mut Reading<'_>) {
    let Some(destination) = environment.destination.as_deref() else { return };
    let (message, label, help) = if RepositoryUrl::holds_credentials(destination) {
        // the secret is not repeated here
        let message = format!("`environments.{name}.destination` holds a password or token");
        (
            message,
            "a secret",
            "remove everything between `://` and `@`, change that secret, and let git's credential helper give it",
        )
    } else if destination.trim().is_empty() || destination.starts_with('-') || destination.contains(char::is_control) {
        let message = format!("`{}` is neither a remote nor an address", destination.escape_debug());
        (message, "git would not take it for one", "name a remote such as `origin`, or write an address")
    } else {
        return;
    };
    let location = reading.location(&["environments", name, "destination"]);
    reading.report(rules::CONFIG_INVALID, message, location, label, help);
}

fn check_name(name: &str, reading: &mut Reading<'_>) {
    if !is_name(name) {
        let location = reading.key_location(&["environments", name]);
        let message = format!("`{name}` cannot be the name of an environment");
        reading.report(rules::CONFIG_INVALID, message, location, "not a folder name", NAME_RULE);
    }
}

fn check_parent(name: &str, environment: &raw::Environment, written: &Written, reading: &mut Reading<'_>) {
    let Some(parent) = environment.inherits.as_deref().filter(|parent| !written.contains_key(*parent)) else { return };
    let others = written.keys().map(String::as_str).filter(|other| *other != name);
    let help = match did_you_mean(parent, others) {
        Some(other) => format!("did you mean `{other}`?"),
        None => format!("add an environment `{parent}`, or remove `inherits`"),
    };
    let location = reading.location(&["environments", name, "inherits"]);
    let message = format!("`{parent}` is not an environment, so `{name}` cannot inherit from it");
    reading.report(rules::CONFIG_REFERENCE, message, location, "no such environment", help);
}

fn check_kubernetes(name: &str, environment: &raw::Environment, reading: &mut Reading<'_>) {
    let Some(version) = environment.kubernetes.as_deref() else { return };
    let minor = version
        .strip_prefix("1.")
        .filter(|minor| minor.parse::<u32>().is_ok_and(|number| number.to_string() == *minor));
    if minor.is_some() {
        return;
    }
    let bare = version.trim_start_matches('v');
    let parts: Vec<&str> = bare.splitn(3, '.').collect();
    let help = match parts.as_slice() {
        ["1", minor, ..] if let Ok(minor) = minor.parse::<u32>() => format!("write `\"1.{minor}\"`"),
        _ => format!("write a minor version, such as `\"{DEFAULT_KUBERNETES}\"`"),
    };
    let location = reading.location(&["environments", name, "kubernetes"]);
    let message = format!("`{version}` is not a minor version of Kubernetes");
    reading.report(rules::CONFIG_INVALID, message, location, "not of the form `1.34`", help);
}

/// Each circle is reported once, at its alphabetically first member.
fn report_circles(written: &Written, reading: &mut Reading<'_>) {
    for start in written.keys() {
        let lineage = lineage(start, written);
        let closes = lineage.last().and_then(|last| written[*last].inherits.as_deref()) == Some(start);
        if !closes || lineage.iter().any(|other| *other < start.as_str()) {
            continue;
        }
        let mut steps: Vec<String> = lineage.iter().map(|name| format!("`{name}`")).collect();
        steps.push(format!("`{start}`"));
        let place = |name: &str| reading.location(&["environments", name, "inherits"]);
        let message = match lineage.as_slice() {
            [only] => format!("`{only}` inherits from itself"),
            _ => format!("environments inherit in a circle: {}", steps.join(" → ")),
        };
        let mut diagnostic = Diagnostic::error(rules::CONFIG_CYCLE, message).at(place(start), "the circle begins here");
        for name in &lineage[1..] {
            diagnostic = diagnostic.also(place(name), "and goes on here");
        }
        reading.push(diagnostic.help("remove one `inherits` of the circle"));
    }
}

fn branch(name: &str, environment: &raw::Environment, reading: &mut Reading<'_>) -> Spanned<String> {
    let Some(branch) = environment.branch.clone() else { return Spanned::default_value(format!("env/{name}")) };
    let location = reading.location(&["environments", name, "branch"]);
    if let Some(reason) = why_no_branch(&branch) {
        let message = format!("`{branch}` is not a branch name: {reason}");
        let help = format!("write a name such as `env/{name}`");
        reading.report(rules::CONFIG_INVALID, message, location.clone(), "git refuses this", help);
    }
    Spanned::written(branch, location)
}

fn kubernetes(lineage: &[&str], written: &Written, reading: &Reading<'_>) -> Spanned<Arc<str>> {
    let nearest = lineage.iter().find_map(|name| Some((*name, written[*name].kubernetes.as_deref()?)));
    match nearest {
        Some((name, version)) => {
            Spanned::written(Arc::from(version), reading.location(&["environments", name, "kubernetes"]))
        }
        None => Spanned::default_value(Arc::from(DEFAULT_KUBERNETES)),
    }
}

/// No branch may be that of two environments, or a folder of another's: git keeps branches as files.
fn check_branches(environments: &[Environment], written: &Written, reading: &mut Reading<'_>) {
    let mut by_branch: BTreeMap<&str, &Environment> = BTreeMap::new();
    for environment in environments {
        for branch in [Some(&environment.branch.value), environment.proposal.as_ref()].into_iter().flatten() {
            match clash(branch, &by_branch) {
                Some((taken, first)) => report_clash((first, taken), (environment, branch), written, reading),
                None => drop(by_branch.insert(branch, environment)),
            }
        }
    }
}

/// The branch that keeps git from having this one too, and whose it is.
fn clash<'a>(branch: &str, taken: &BTreeMap<&'a str, &'a Environment>) -> Option<(&'a str, &'a Environment)> {
    let above = branch.match_indices('/').map(|(end, _)| &branch[..end]);
    let at_or_above = std::iter::once(branch).chain(above).find_map(|name| taken.get_key_value(name));
    let folder = format!("{branch}/");
    let below = taken.iter().find(|(name, _)| name.starts_with(&folder));
    at_or_above.or(below).map(|(name, environment)| (*name, *environment))
}

fn report_clash(
    (first, one): (&Environment, &str),
    (second, two): (&Environment, &str),
    written: &Written,
    reading: &mut Reading<'_>,
) {
    let place = |environment: &Environment| {
        let explicit = written[&*environment.name].branch.is_some();
        reading.location_or_key(explicit, &["environments", &environment.name, "branch"])
    };
    let message = if one == two {
        format!("`{}` and `{}` both publish to the branch `{one}`", first.name, second.name)
    } else {
        format!("git cannot keep both branches `{one}` and `{two}`: one would be a folder of the other")
    };
    let diagnostic = Diagnostic::error(rules::CONFIG_INVALID, message)
        .at(place(second), format!("the branch of `{}`", second.name))
        .also(place(first), format!("the branch of `{}`", first.name))
        .help("give each environment a branch of its own");
    reading.push(diagnostic);
}
