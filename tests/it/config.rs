//! `hydrant.yaml`: what a good file means, and what a bad one is told, with line and column.

use std::sync::Arc;

use hydrant::config::{self, AppPath, Engine, Layout, Project, Style, YamlStyle};
use hydrant::diagnostic::Diagnostic;
use hydrant::source::Source;

fn parse(text: &str) -> Result<Project, Vec<Diagnostic>> {
    config::parse(&Source::file("hydrant.yaml", text))
}

fn project(text: &str) -> Project {
    parse(text).unwrap_or_else(|diagnostics| panic!("refused:\n{}", shown(&diagnostics)))
}

/// One line a diagnostic: `line:column rule: message (help)`.
fn shown(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let place = diagnostic.primary.as_ref().map(|label| label.location.position());
        let place = place.map_or("-".to_owned(), |place| format!("{}:{}", place.line, place.column));
        let help = diagnostic.help.as_deref().unwrap_or_default();
        format!("{place} {}: {} ({help})\n", diagnostic.rule, diagnostic.message)
    };
    diagnostics.iter().map(line).collect()
}

fn refusal(text: &str) -> String {
    shown(&parse(text).expect_err("the file is refused"))
}

const GOOD: &str = r#"version: 1
environments:
  prod: { branch: env/prod, inherits: dev, values: [envs/prod.yaml] }
  dev: { branch: env/dev, kubernetes: "1.33", values: [envs/dev.yaml, ./envs/more.yaml] }
  spare: {}
apps:
  - path: apps/*
  - path: infra/dns
    name: resolver
    engine: template
    include: ["**"]
    exclude: ["**/test/**"]
    environments: [dev]
    values: [base.yaml, "{environment}.yaml"]
    syntax: { variable: ["[[", "]]"], trim_blocks: false }
templates: shared
schemas: { crds: [schemas/crds], locations: [catalog], unknown: warn }
policies: { paths: [rules], builtin: [] }
output: { layout: single, author: "Ann Example <ann@example.org>" }
signing: { format: ssh, key: ~/.ssh/id_ed25519 }
verify: { allowed_signers: .allowed_signers }
"#;

#[test]
fn a_full_file_resolves() {
    let project = project(GOOD);
    let environments: Vec<_> = project
        .environments
        .iter()
        .map(|environment| {
            let values: Vec<_> = environment.values.iter().map(|path| path.value.as_str()).collect();
            (&*environment.name, environment.branch.value.as_str(), &*environment.kubernetes.value, values)
        })
        .collect();
    assert_eq!(
        environments,
        [
            ("dev", "env/dev", "1.33", vec!["envs/dev.yaml", "envs/more.yaml"]),
            ("prod", "env/prod", "1.33", vec!["envs/dev.yaml", "envs/more.yaml", "envs/prod.yaml"]),
            ("spare", "env/spare", config::DEFAULT_KUBERNETES, vec![]),
        ]
    );
    let [apps, dns] = project.apps.as_slice() else { panic!("two entries") };
    assert!(matches!(&apps.path.value, AppPath::Pattern(pattern) if pattern.as_str() == "apps/*"));
    assert_eq!(apps.engine.value, Engine::Auto);
    assert!(apps.values.is_none() && apps.is_in("prod"));
    assert!(matches!(&dns.path.value, AppPath::Folder(folder) if folder.as_str() == "infra/dns"));
    assert_eq!(dns.name.as_ref().map(|name| name.value.as_str()), Some("resolver"));
    assert!(dns.is_in("dev") && !dns.is_in("prod"));
    assert!(dns.exclude.is_match("a/test/x.yaml") && !dns.exclude.is_match("a/x.yaml"));
    assert_eq!(dns.syntax.variable, ("[[".to_owned(), "]]".to_owned()));
    assert_eq!(dns.syntax.block, ("{%".to_owned(), "%}".to_owned()));
    assert!(!dns.syntax.trim_blocks && dns.syntax.lstrip_blocks);
    let author = project.output.author.as_ref().expect("an author");
    assert_eq!((author.name.as_str(), author.email.as_str()), ("Ann Example", "ann@example.org"));
    assert_eq!(
        project.signing.as_ref().and_then(|signing| signing.key.as_ref()).expect("a key").value,
        "~/.ssh/id_ed25519"
    );
    assert!(project.policies.builtin.is_empty());
}

/// `hydrant.yaml` with these environments and this output.
fn with_output(environments: &str, output: &str) -> String {
    format!("version: 1\nenvironments: {{ {environments} }}\napps: [{{ path: apps/* }}]\noutput: {{ {output} }}\n")
}

#[test]
fn yaml_is_laid_out_as_the_style_of_the_branch_asks_unless_it_is_said() {
    let style = |output: &str| {
        let output = project(&with_output("dev: {}", output)).output;
        (output.style, output.yaml_style, output.layout)
    };
    assert_eq!(style(""), (Style::Argocd, YamlStyle::Argocd, Layout::Single));
    assert_eq!(style("style: plain, layout: split"), (Style::Plain, YamlStyle::Hydrant, Layout::Split));
    assert_eq!(style("yaml_style: k8s"), (Style::Argocd, YamlStyle::K8s, Layout::Single));
}

#[test]
fn proposals_and_guards_are_inherited() {
    let environments = "dev: { max_delete_percent: 10 }, test: { inherits: dev, propose: true }, \
        prod: { inherits: test, max_delete_percent: 0 }, spare: { propose: false }";
    let guards = |output: &str| -> Vec<(String, u8)> {
        let project = project(&with_output(environments, output));
        let each = project.environments.iter();
        each.map(|environment| (environment.published_branch().to_owned(), environment.max_delete_percent)).collect()
    };
    let of = |pairs: [(&str, u8); 4]| pairs.map(|(branch, share)| (branch.to_owned(), share)).to_vec();
    assert_eq!(guards(""), of([("env/dev", 10), ("env/prod-next", 0), ("env/spare", 50), ("env/test-next", 10)]));
    let folder = "propose: true, active_path: ./teams//shop/";
    let branches = [
        ("env/dev-next/teams/shop", 10),
        ("env/prod-next/teams/shop", 0),
        ("env/spare", 50),
        ("env/test-next/teams/shop", 10),
    ];
    assert_eq!(guards(folder), of(branches));
}

#[test]
fn destinations_are_inherited_and_go_to_origin_by_default() {
    let environments = "dev: {}, live: { destination: 'https://git.example.org/live' }, prod: { inherits: live }, \
        test: { inherits: live, destination: origin }";
    let project = project(&with_output(environments, ""));
    let destinations: Vec<&str> = project.environments.iter().map(|environment| &*environment.destination).collect();
    assert_eq!(destinations, ["origin", "https://git.example.org/live", "https://git.example.org/live", "origin"]);
}

#[test]
fn what_cannot_be_an_output_is_told_with_a_way_out() {
    for (environments, output, told) in [
        ("dev: { max_delete_percent: 101 }", "", "`101` is not a share in percent"),
        ("dev: {}", "preserve: [\"[\"]", "`[` is not a pattern"),
        ("dev: {}", "repo_url: /srv/git", "`/srv/git` is not the address of a repository"),
        ("dev: {}", "repo_url: \"https://a:b@c/d\"", "`output.repo_url` holds a password or token"),
        ("dev: {}", "active_path: ../x", "`../x` leaves the repository"),
        ("dev: {}", "active_path: a b", "`a b` cannot be part of a branch name"),
        ("dev: {}", "active_path: x/.hydrant", "`x/.hydrant` cannot be part of a branch name"),
        ("dev: { propose: true }, x: { branch: env/dev-next }", "", "both publish to the branch `env/dev-next`"),
        ("dev: { branch: a, propose: true }, x: { branch: a-next/b }", "", "git cannot keep both branches"),
    ] {
        let text = with_output(environments, output);
        let diagnostics = config::parse(&Source::file("hydrant.yaml", text)).expect_err(told);
        let [diagnostic] = diagnostics.as_slice() else { panic!("{told}: {diagnostics:?}") };
        assert!(diagnostic.message.contains(told), "{told}: {}", diagnostic.message);
        assert!(diagnostic.help.is_some() && !diagnostic.message.contains("a:b@"), "{told}");
    }
}

#[test]
fn an_inherited_value_still_points_at_the_parent() {
    let project = project(GOOD);
    let prod = project.environment("prod").expect("prod");
    let lines: Vec<_> =
        prod.values.iter().map(|path| path.location.as_ref().expect("written").position().line).collect();
    assert_eq!(lines, [4, 4, 3]);
    assert_eq!(prod.kubernetes.location.as_ref().expect("written").position().line, 4);
}

#[test]
fn a_short_file_has_defaults() {
    let project = project("version: 1\nenvironments: { dev: {} }\napps: [{ path: apps/* }]\n");
    assert_eq!(project.environments[0].branch.value, "env/dev");
    assert!(project.templates.is_none() && project.policies.paths.is_none() && project.signing.is_none());
    assert_eq!(project.policies.builtin[0].value, "good-practice");
}

#[test]
fn anchors_and_merges_mean_what_yaml_says() {
    let project = project(
        "version: 1\nenvironments:\n  dev: &base { kubernetes: \"1.30\", branch: d }\n  prod: { <<: *base, branch: p }\napps: [{ path: a }]\n",
    );
    assert_eq!(&*project.environment("prod").expect("prod").kubernetes.value, "1.30");
    assert_eq!(project.environment("prod").expect("prod").branch.value, "p");
}

/// The rest of a file whose first lines are under test.
fn with(head: &str) -> String {
    format!("{head}\napps: [{{ path: apps/* }}]\n")
}

#[test]
fn bad_files_are_told_where_and_what() {
    let cases: Vec<(&str, String)> = vec![
        ("empty", String::new()),
        ("comments only", "# nothing\n".to_owned()),
        ("not YAML", "version: 1\n  apps: [\n".to_owned()),
        ("tab", "version: 1\nenvironments:\n\tdev: {}\n".to_owned()),
        ("a list", "- version: 1\n".to_owned()),
        ("two documents", "version: 1\n---\nversion: 1\n".to_owned()),
        ("duplicate key", with("version: 1\nversion: 1\nenvironments: { dev: {} }")),
        ("another version", "version: 2\nanything: goes\n".to_owned()),
        ("no version", with("environments: { dev: {} }")),
        ("version as text", with("version: \"1\"\nenvironments: { dev: {} }")),
        ("nothing else", "version: 1\n".to_owned()),
        ("misspelt top key", with("version: 1\nenviroments: { dev: {} }")),
        ("unknown top key", with("version: 1\nenvironments: { dev: {} }\nclusters: []")),
        ("misspelt keys below", with("version: 1\nenvironments:\n  dev:\n    brnch: x\n    inherit: y\n    colour: z")),
        ("no environment", with("version: 1\nenvironments: {}")),
        ("empty environment", with("version: 1\nenvironments:\n  dev:")),
        ("unquoted version", with("version: 1\nenvironments:\n  dev: { kubernetes: 1.34 }")),
        ("patch version", with("version: 1\nenvironments:\n  dev: { kubernetes: \"v1.34.2\" }")),
        ("octal minor", with("version: 1\nenvironments:\n  dev: { kubernetes: \"1.034\" }")),
        ("values as text", with("version: 1\nenvironments:\n  dev: { values: envs/dev.yaml }")),
        ("values outside", with("version: 1\nenvironments:\n  dev: { values: [../x.yaml, /etc/passwd] }")),
        (
            "unknown parent",
            with("version: 1\nenvironments:\n  dev: {}\n  prod: { inherits: dve }\n  qa: { inherits: base }"),
        ),
        (
            "circle",
            with(
                "version: 1\nenvironments:\n  a: { inherits: c }\n  b: { inherits: a }\n  c: { inherits: b }\n  d: { inherits: a }",
            ),
        ),
        ("self", with("version: 1\nenvironments:\n  a: { inherits: a }")),
        ("one branch twice", with("version: 1\nenvironments:\n  a: { branch: env/b }\n  b: {}")),
        ("branch in branch", with("version: 1\nenvironments:\n  a: { branch: env }\n  b: { branch: env/b }")),
        (
            "bad branches",
            with(
                "version: 1\nenvironments:\n  a: { branch: \"a b\" }\n  b: { branch: x..y }\n  c: { branch: refs/heads/c }",
            ),
        ),
        ("bad environment name", with("version: 1\nenvironments:\n  a/b: { branch: x }\n  .c: { branch: y }")),
        ("yes", with("version: 1\nenvironments:\n  dev: { branch: yes }")),
        ("on as name", with("version: 1\nenvironments:\n  on: { branch: x }")),
        ("no apps", "version: 1\nenvironments: { dev: {} }\napps: []\n".to_owned()),
    ];
    let all: String = cases.iter().map(|(name, text)| format!("── {name}\n{}", refusal(text))).collect();
    insta::assert_snapshot!(all);
}

#[test]
fn bad_apps_and_the_rest_are_told_where_and_what() {
    let file = |rest: &str| format!("version: 1\nenvironments: {{ dev: {{}} }}\n{rest}\n");
    let app = |rest: &str| file(&format!("apps:\n  - path: apps/web\n    {rest}"));
    let cases: Vec<(&str, String)> = vec![
        ("no path", file("apps: [{ name: x }]")),
        ("outside", file("apps: [{ path: ../x }, { path: /x }, { path: ../* }, { path: \"\" }]")),
        ("bad pattern", file("apps: [{ path: \"apps/[\" }]")),
        ("name on pattern", file("apps: [{ path: apps/*, name: x }]")),
        ("top without name", file("apps: [{ path: . }]")),
        ("bad names", file("apps: [{ path: a, name: ../b }, { path: \"my app\" }]")),
        ("engine", app("engine: helmm")),
        ("engine nowhere near", app("engine: jsonnet")),
        ("engine list", app("engine: [plain]")),
        ("environments", app("environments: [dve, prod]")),
        ("no environments", app("environments: []")),
        ("include", app("include: []")),
        ("globs", app("exclude: [\"[\", ./x, ../y]")),
        ("placeholder", app("values: [\"values-{env}.yaml\"]")),
        ("values null", app("values:")),
        ("delimiters", app("syntax: { variable: [\"\", \"}}\"], block: [\"{%\"], comment: x }")),
        ("same delimiters", app("syntax: { variable: [\"{%\", \"%}\"] }")),
        ("trim", app("syntax: { trim_blocks: yes, lstrip_blocks: 1 }")),
        ("pack", file("apps: [{ path: a }]\npolicies: { builtin: [good-practise, strict] }")),
        ("layout", file("apps: [{ path: a }]\noutput: { layout: tree, author: Ann }")),
        ("signing", file("apps: [{ path: a }]\nsigning: { format: x509 }")),
        (
            "signing by git",
            file("apps: [{ path: a }]\nsigning: { format: git, key: a, subkey: b, seal: \"a\\nb\", timeout: 0 }"),
        ),
        ("schemas", file("apps: [{ path: a }]\nschemas: { unknown: ignore, crds: [.git/x] }")),
    ];
    let all: String = cases.iter().map(|(name, text)| format!("── {name}\n{}", refusal(text))).collect();
    insta::assert_snapshot!(all);
}

#[test]
fn one_misspelt_key_hides_no_other_error() {
    let told = refusal(
        "version: 1\nenvironments:\n  dev: { brnch: x, kubernetes: 1.34 }\n  prod: { inherits: dve }\napps:\n  - path: apps/*\n    engine: heml\n  - path: ../out\n",
    );
    let starts: Vec<&str> = told.lines().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(
        starts,
        [
            "3:10 config-unknown-key",
            "3:32 config-type",
            "4:21 config-reference",
            "7:13 config-type",
            "8:11 config-invalid"
        ]
    );
}

#[test]
fn the_published_json_schema_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/hydrant.schema.json");
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == config::json_schema(),
        "schemas/hydrant.schema.json is old; run `cargo run -- schema > schemas/hydrant.schema.json`"
    );
}

#[test]
fn the_json_schema_accepts_what_the_reader_accepts() {
    let schema: serde_json::Value = serde_json::from_str(&config::json_schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON schema");
    let json = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).expect("YAML");
    assert!(validator.is_valid(&json(GOOD)));
    for bad in ["version: 2", "version: 1\nclusters: []", "version: 1\nenvironments: { dev: { kubernetes: 1.34 } }"] {
        assert!(!validator.is_valid(&json(bad)), "{bad}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(project(&text).environments.len(), 3);
}

#[test]
fn a_circle_and_a_shared_branch_show_every_place() {
    let places = |text: &str| -> Vec<u32> {
        let diagnostics = parse(text).expect_err("the file is refused");
        let [only] = diagnostics.as_slice() else { panic!("one: {}", shown(&diagnostics)) };
        let labels = only.primary.iter().chain(&only.secondary);
        labels.map(|label| label.location.position().line).collect()
    };
    let circle = with("version: 1\nenvironments:\n  a: { inherits: c }\n  b: { inherits: a }\n  c: { inherits: b }");
    assert_eq!(places(&circle), [3, 5, 4]);
    let shared = with("version: 1\nenvironments:\n  a: { branch: env/b }\n  b: {}");
    assert_eq!(places(&shared), [4, 3]);
}

#[test]
fn a_number_may_name_an_environment_in_quotes() {
    assert_eq!(project(&with("version: 1\nenvironments: { \"2024\": {} }")).environments[0].branch.value, "env/2024");
    assert_eq!(
        refusal(&with("version: 1\nenvironments: { 2024: { branch: 5 }, 7: {} }")),
        "2:17 config-type: the key `2024` in `environments` means different things to different YAML readers (write it in quotes: `\"2024\"`)\n\
         2:33 config-type: `environments.2024.branch` must be a string, not an integer (write it in quotes: `\"5\"`)\n\
         2:38 config-type: the key `7` in `environments` means different things to different YAML readers (write it in quotes: `\"7\"`)\n"
    );
}

#[test]
fn git_agrees_on_which_branch_names_are_good() {
    let names = [
        "env/dev", "main", "a.b", "a-b", "-a", "a b", "a..b", "a~", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/",
        "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "a@{b", "a@b", "HEAD", "ü", "a\u{7f}",
    ];
    for name in names {
        let Ok(status) = std::process::Command::new("git")
            .args(["check-ref-format", "--branch", name])
            .output()
            .map(|output| output.status)
        else {
            eprintln!("skipped: no git on this machine");
            return;
        };
        let text = format!(
            "version: 1\nenvironments: {{ dev: {{ branch: {} }} }}\napps: [{{ path: a }}]\n",
            serde_json::json!(name)
        );
        assert_eq!(parse(&text).is_ok(), status.success(), "`{name}`");
    }
}

#[test]
fn a_branch_is_never_named_as_git_names_its_head() {
    // `git check-ref-format` lets `@` pass; `git branch` does not
    assert!(refusal("version: 1\nenvironments: { dev: { branch: \"@\" } }\napps: [{ path: a }]\n").contains("`HEAD`"));
}

#[test]
fn no_text_makes_the_reader_panic() {
    use proptest::prelude::*;
    let words = prop::sample::select(vec![
        "version: 1\n",
        "environments:\n",
        "  dev: {}\n",
        "  dev:\n",
        "    inherits: dev\n",
        "apps:\n",
        "  - path: a\n",
        "    values: [x]\n",
        "- x\n",
        "null\n",
        "*a\n",
        "&a b\n",
        "<<: {}\n",
        "? []\n",
        "---\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\u{feff}",
        "ä",
        ": ",
        "\t",
        "\0",
    ]);
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&prop::collection::vec(words, 0..24), |words| {
            let source: Arc<Source> = Source::file("hydrant.yaml", words.concat());
            if let Err(diagnostics) = config::parse(&source) {
                prop_assert!(!diagnostics.is_empty(), "a refusal says why");
                prop_assert!(diagnostics.iter().all(|diagnostic| diagnostic.primary.is_some()));
            }
            Ok(())
        })
        .expect("never panics");
}
