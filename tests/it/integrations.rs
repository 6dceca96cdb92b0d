//! The files for CI systems are what those systems read. Their command lines are tried where clap's definition is, in `cli`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hydrant::manifest::{Node, ReadLimits, read};
use hydrant::source::Source;

use crate::corpus::corpus;
use crate::sandbox::Sandbox;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}

fn documents(file: &str) -> Vec<Node> {
    let stream = read(&Source::file(file, text(file)), &ReadLimits::default());
    let messages: Vec<_> = stream.diagnostics.iter().map(|found| &found.message).collect();
    assert!(messages.is_empty(), "{file}: {messages:?}");
    stream.documents.into_iter().map(|document| document.root).collect()
}

#[test]
fn the_action_takes_nothing_from_outside_into_its_scripts() {
    let root = &documents("action.yml")[0];
    let steps = root.get("runs").and_then(|runs| runs.get("steps")).and_then(Node::as_sequence).unwrap();
    assert_eq!(steps.len(), 4);
    for step in steps {
        let script = step.get("run").and_then(Node::as_str);
        assert!(script.is_none_or(|script| !script.contains("${{")), "{script:?}");
        assert!(script.is_none() || step.get("shell").is_some(), "a composite step names its shell");
    }
    for output in root.get("outputs").and_then(Node::as_mapping).unwrap() {
        let value = output.value.get("value").and_then(Node::as_str).unwrap();
        assert!(value.contains("steps.run.outputs."), "{value}");
    }
    match Command::new("actionlint").arg(path(".github/workflows/ci.yml")).status() {
        Ok(status) => assert!(status.success()),
        Err(_) => eprintln!("skipped: actionlint is not on PATH"),
    }
}

#[test]
fn scripts_in_yaml_are_scripts() {
    let mut scripts = Vec::new();
    let action = &documents("action.yml")[0];
    let steps = action.get("runs").and_then(|runs| runs.get("steps")).and_then(Node::as_sequence).unwrap();
    scripts.extend(steps.iter().filter_map(|step| step.get("run")?.as_str().map(str::to_owned)));
    let gitlab = &documents("integrations/gitlab/templates/hydrant.yml")[1];
    for job in ["hydrant-check", "hydrant-publish"] {
        let lines = gitlab.get(job).and_then(|job| job.get("script")).and_then(Node::as_sequence).unwrap();
        scripts.extend(lines.iter().map(|line| line.as_str().expect("a line of a script is text").to_owned()));
    }
    let workflow = &documents("integrations/argo-workflows/hydrant.yaml")[0];
    let templates = workflow.get("spec").and_then(|spec| spec.get("templates")).and_then(Node::as_sequence).unwrap();
    for template in templates {
        let args = template.get("container").and_then(|one| one.get("args")).and_then(Node::as_sequence).unwrap();
        scripts.extend(args.iter().filter_map(|line| line.as_str().map(str::to_owned)));
    }
    assert_eq!(scripts.len(), 7);
    for script in scripts {
        let output = match Command::new("bash").args(["-n", "-c", &script]).output() {
            Ok(output) => output,
            Err(_) => return eprintln!("skipped: bash is not on PATH"),
        };
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_gitlab_component_uses_every_input_it_declares_and_no_other() {
    let documents = documents("integrations/gitlab/templates/hydrant.yml");
    let declared = documents[0].get("spec").and_then(|spec| spec.get("inputs")).and_then(Node::as_mapping).unwrap();
    let mut declared: Vec<String> = declared.iter().map(|entry| entry.key.name.to_string()).collect();
    let text = text("integrations/gitlab/templates/hydrant.yml");
    let mut used: Vec<String> = text
        .match_indices("$[[ inputs.")
        .map(|(at, sign)| text[at + sign.len()..].split(' ').next().unwrap().to_owned())
        .collect();
    declared.sort();
    used.sort();
    used.dedup();
    assert_eq!(used, declared);
}

#[test]
fn the_workflow_template_holds_against_argos_schema() {
    let Some(corpus) = corpus() else { return };
    let schema = corpus.join("crds/crds-catalog/argoproj.io/workflowtemplate_v1alpha1.json");
    if !schema.is_file() {
        return eprintln!("skipped: no schema of WorkflowTemplate in the corpus");
    }
    let sandbox = Sandbox::new();
    sandbox.write("workflow.yaml", text("integrations/argo-workflows/hydrant.yaml"));
    let folder = corpus.join("crds/crds-catalog/{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json");
    let folder = folder.to_str().unwrap();
    let output = sandbox.run(&["hydrant", "validate", "workflow.yaml", "--schema-location", folder]);
    assert_eq!(output.code, 0, "{output}");
    sandbox
        .write("workflow.yaml", text("integrations/argo-workflows/hydrant.yaml").replace("entrypoint:", "entrypont:"));
    let output = sandbox.run(&["hydrant", "validate", "workflow.yaml", "--schema-location", folder]);
    assert_eq!(output.code, 1, "the schema judges: {output}");
}

#[test]
fn the_image_runs_as_nobody_and_names_the_version_of_all_it_is_made_of() {
    let text = text("integrations/container/Containerfile");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let from: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(from.len(), 3);
    for image in &from {
        let name = image.split(' ').next().unwrap();
        assert!(name == "scratch" || name.rsplit_once(':').is_some_and(|(_, tag)| tag != "latest"), "{image}");
    }
    let stages: Vec<&str> = text.split("\nFROM ").skip(1).collect();
    for stage in &stages {
        if !stage.contains("AS build") {
            assert!(stage.contains("USER 65532:65532") && stage.contains("ENTRYPOINT ["), "{stage}");
        }
    }
    let rust = from[0].split([':', '-']).nth(1).unwrap();
    assert!(
        self::text("Cargo.toml").contains(&format!("rust-version = \"{rust}\"")),
        "{rust} is the one the crate needs"
    );
    for checker in ["hadolint"] {
        match Command::new(checker).arg(path("integrations/container/Containerfile")).status() {
            Ok(status) => assert!(status.success(), "{checker}"),
            Err(_) => eprintln!("skipped: {checker} is not on PATH"),
        }
    }
}
