//! The text of a `hydrant.yaml`, with comments for who reads it first.

use super::{App, Environment, Takeover};

/// The file that says what was taken over; `made_by` is the command that writes it.
#[must_use]
pub fn text(takeover: &Takeover, made_by: &str) -> String {
    let mut out = format!(
        "# Written by `{made_by}`. All keys: `hydrant schema`, which editors complete from.\nversion: 1\n\n\
         # Each environment is rendered to a branch of its own.\nenvironments:\n"
    );
    for (name, environment) in &takeover.environments {
        out.push_str(&environment_lines(name, environment));
    }
    out.push_str("\n# Folders that are rendered: templates (`*.yaml.j2`) and plain manifests.\napps:\n");
    takeover.apps.iter().for_each(|app| out.push_str(&app_lines(app)));
    out.push_str(
        "\n# Every object is held against the schemas of Kubernetes, and against these policies.\n\
         policies:\n  builtin: [good-practice]\n",
    );
    if takeover.preserve.is_empty() {
        out.push_str("\n# output:\n#   preserve: [CODEOWNERS]   # what stays on the branches as it is\n");
    } else {
        out.push_str("\n# What stays on the branches as it is.\noutput:\n");
        let preserve: Vec<String> = takeover.preserve.iter().cloned().collect();
        out.push_str(&format!("  preserve: {}\n", list(&preserve)));
    }
    out.push_str("\n# signing: { format: ssh, key: ~/.ssh/id_ed25519 }\n");
    out
}

fn environment_lines(name: &str, environment: &Environment) -> String {
    let mut out = format!("  {}:\n    branch: {}\n", scalar(name), scalar(&environment.branch));
    if environment.propose {
        out.push_str("    propose: true   # publish to `<branch>-next`, for a promotion to bring over\n");
    }
    if !environment.values.is_empty() {
        out.push_str(&format!("    values: {}\n", list(&environment.values)));
    }
    out
}

fn app_lines(app: &App) -> String {
    let mut out = format!("  - path: {}\n", scalar(&app.path));
    if let Some(name) = &app.name {
        out.push_str(&format!("    name: {}\n", scalar(name)));
    }
    let environments: Vec<String> = app.environments.iter().cloned().collect();
    for (key, values) in [("environments", &environments), ("include", &app.include), ("exclude", &app.exclude)] {
        if !values.is_empty() {
            out.push_str(&format!("    {key}: {}\n", list(values)));
        }
    }
    out
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| scalar(value)).collect::<Vec<_>>().join(", "))
}

/// A text as YAML: in quotes unless it is a plain word for every reader.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_./".contains(sign))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    // JSON's quotes are YAML's
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
