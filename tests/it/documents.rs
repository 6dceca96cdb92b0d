//! Documents stay true: what they show is what the binary says.

use std::fs;
use std::path::Path;

use hydrant::config;
use hydrant::evaluate::waivers::{Review, Waivers};
use hydrant::manifest::ReadLimits;
use hydrant::parse;
use hydrant::report::{difference, json, plan, testing, verdict};
use hydrant::source::Source;

use crate::sandbox::Sandbox;

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The fenced blocks of a Markdown text that begin with this line.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let opening = format!("\n{fence}\n");
    text.split(&opening).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let readme = document("README.md");
    let picture = blocks(&readme, "```text")[0];
    let sandbox = Sandbox::new();
    let output = sandbox.run(&["hydrant", "demo", "shop"]);
    assert_eq!(output.code, 0, "{output}");
    let said = anonymous(&output.stderr);
    for part in picture.split("\n…\n") {
        assert!(said.contains(part.trim_matches('\n')), "the demo does not say\n{part}\nit says\n{said}");
    }
}

/// Ids and keys differ from run to run: the picture has three dots in their place.
fn anonymous(text: &str) -> String {
    let word = |word: &str| match word {
        id if id.len() == 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => "…".to_owned(),
        key if key.starts_with("SHA256:") => "SHA256:…".to_owned(),
        word => word.to_owned(),
    };
    text.lines().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn the_configuration_in_the_readme_is_valid() {
    let readme = document("README.md");
    let examples = blocks(&readme, "```yaml");
    assert!(!examples.is_empty());
    for example in examples {
        let source = Source::file("README.md", example);
        if example.starts_with("# waivers.yaml\n") {
            let waivers = Waivers::read(Some(&source), false);
            assert_eq!(waivers.expect(example).entries().len(), 1);
        } else if example.starts_with("metadata:\n") {
            let text = format!("apiVersion: apps/v1\nkind: Deployment\n{example}\n  name: web\n");
            let parsed = parse::parse(&Source::file("README.md", text), &ReadLimits::default());
            let mut review = Review::new(&Waivers::read(None, true).expect("no file"), None);
            assert!(review.meet(None, None, &parsed.manifests[0]).is_empty(), "{example}");
            assert_eq!(review.audit(&[], |_| true).waivers.len(), 1);
        } else {
            let project = config::parse(&source);
            assert!(project.is_ok(), "{example}\n{project:?}");
        }
    }
}

#[test]
fn the_schemas_of_the_reports_are_up_to_date() {
    let path = "schemas/report.v1.schema.json";
    assert_eq!(document(path), json::schema(), "run: cargo run -- schema report > {path}");
    let path = "schemas/diff.v1.schema.json";
    assert_eq!(document(path), difference::json::schema(), "run: cargo run -- schema diff > {path}");
    let path = "schemas/plan.v1.schema.json";
    assert_eq!(document(path), plan::json::schema(), "run: cargo run -- schema plan > {path}");
    let path = "schemas/verdict.v1.schema.json";
    assert_eq!(document(path), verdict::schema(), "run: cargo run -- schema verdict > {path}");
    let path = "schemas/test-report.v1.schema.json";
    assert_eq!(document(path), testing::json::schema(), "run: cargo run -- schema test-report > {path}");
}

#[test]
fn a_report_fits_its_own_schema() {
    let sandbox = Sandbox::new();
    sandbox.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases/check-four-findings/in"), "");
    let output = sandbox.run(&["hydrant", "check", "--report", "json=-"]);
    assert_eq!(output.code, 1, "{output}");
    let report: serde_json::Value =
        serde_json::from_str(&output.stdout).expect("stdout is the report and nothing else");
    let schema: serde_json::Value = serde_json::from_str(&json::schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let findings = report["findings"].as_array().expect("a list");
    let places: Vec<_> = findings
        .iter()
        .map(|finding| {
            let location = &finding["location"];
            (location["file"].as_str().unwrap_or(""), location["line"].as_u64(), location["column"].as_u64())
        })
        .collect();
    assert_eq!(
        places,
        [
            ("apps/policy/config.yaml", Some(7), Some(13)),
            ("apps/schema/service.yaml", Some(8), Some(13)),
            ("apps/template/config.yaml.j2", Some(7), Some(16)),
            ("apps/yaml/config.yaml", Some(7), Some(13)),
        ]
    );
}
