//! `hydrant validate`: loose files, and schemas from places on disk and behind URLs. Its sessions are in `fixtures/cases`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use hydrant::load::{Network, Patience};
use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

const SETTINGS: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
const QUEUE: &str = "apiVersion: shop.example.com/v1\nkind: Queue\nmetadata: {name: orders}\nspec: {size: many}\n";
const SCHEMA: &str =
    r#"{"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}"#;

fn rules(output: &Output) -> Vec<&str> {
    let lines = output.stderr.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning["));
    lines.filter_map(|line| line.split(']').next()).collect()
}

// ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_file_and_every_object_is_accounted_for() {
    let sandbox = Sandbox::new();
    sandbox.write("a/settings.yaml", format!("{SETTINGS}---\n# empty\n---\n{QUEUE}---\nkind: Pod\n"));
    sandbox.write("a/values.yaml", "replicas: 1\n");
    sandbox.write("a/page.yaml.j2", "a: {{ b }}\n");
    sandbox.write("a/latin.yaml", b"a: \xe9\n");
    let output = sandbox.run(&["hydrant", "validate", "a", "--unknown", "allow", "--report", "json=-"]);
    assert_eq!(output.code, 1, "{output}");
    let report: Value = serde_json::from_str(&output.stdout).expect("a report");
    let numbers = &report["accounting"];
    let number = |name: &str| numbers[name].as_u64().expect("a number");
    let sum = |name: &str| numbers[name].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!((number("inputs"), number("rendered"), sum("skipped"), number("failed")), (4, 1, 2, 1));
    assert_eq!((number("documents"), number("empty_documents"), number("failed_documents")), (4, 1, 1));
    assert_eq!((number("objects"), number("validated"), sum("skipped_objects"), number("unvalidated")), (2, 1, 1, 0));
    let found: Vec<_> = report["findings"].as_array().unwrap().iter().filter_map(|one| one["rule"].as_str()).collect();
    assert_eq!(found, ["unreadable-input", "missing-identity"]);
    assert_eq!(report["command"], "validate");
}

#[test]
fn a_file_named_itself_is_taken_whatever_git_or_its_folder_says() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "generated/\n");
    sandbox.write("k8s/generated/bad.yaml", "a: [1\n");
    sandbox.write("k8s/good.yaml", SETTINGS);
    sandbox.ok(&["git", "init", "--quiet"]);
    let output = sandbox.run(&["hydrant", "validate", "k8s"]);
    assert_eq!((output.code, rules(&output)), (0, vec![]), "the ignore file above the folder counts: {output}");
    for paths in [&["k8s/generated/bad.yaml"][..], &["k8s", "./k8s/generated/bad.yaml"]] {
        let output = sandbox.run(&[&["hydrant", "validate"], paths].concat());
        assert_eq!((output.code, rules(&output)), (1, vec!["error[yaml-syntax"]), "{output}");
    }
    sandbox.write("values.yaml", "a: 1\n");
    let output = sandbox.run(&["hydrant", "validate", ".", "values.yaml"]);
    assert_eq!(rules(&output), ["error[missing-identity"], "named once, it is meant: {output}");
}

#[test]
fn a_pattern_crosses_folders_only_with_two_stars() {
    let sandbox = Sandbox::new();
    sandbox.write("a/one.yaml", SETTINGS);
    sandbox.write("a/b/two.yaml", SETTINGS);
    sandbox.write("a/b/.three.yaml", "a: [1\n");
    let files = |pattern: &str| {
        let output = sandbox.run(&["hydrant", "validate", pattern]);
        output.stderr.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(files("a/*.yaml"), "1 file: 1 read, 0 failed");
    assert_eq!(files("a/**/*.yaml"), "3 files: 2 read, 1 skipped (hidden), 0 failed");
    assert_eq!(files("./*/b/{one,two}.yaml"), "1 file: 1 read, 0 failed");
    assert_eq!(files(&format!("{}/a/*.yaml", sandbox.path().display())), "1 file: 1 read, 0 failed");
    assert_eq!(sandbox.run(&["hydrant", "validate", "a/["]).code, 2);
}

#[test]
fn the_same_object_may_stand_in_two_files_but_not_twice_in_one() {
    let sandbox = Sandbox::new();
    sandbox.write("dev/settings.yaml", SETTINGS);
    sandbox.write("dev/copy.yaml", SETTINGS);
    sandbox.write("prod/settings.yaml", SETTINGS);
    let output = sandbox.run(&["hydrant", "validate", "."]);
    assert_eq!((output.code, rules(&output)), (0, vec![]), "{output}");
    sandbox.write("prod/settings.yaml", format!("{SETTINGS}---\n{SETTINGS}"));
    assert_eq!(rules(&sandbox.run(&["hydrant", "validate", "."])), ["error[duplicate-object"]);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_are_told() {
    let sandbox = Sandbox::new();
    sandbox.write("real/bad.yaml", "a: [1\n");
    sandbox.write("links/good.yaml", SETTINGS);
    let link = |target: &str, at: &str| std::os::unix::fs::symlink(target, sandbox.path().join(at)).unwrap();
    link("../real", "links/folder");
    let output = sandbox.run(&["hydrant", "validate", "links"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("2 files: 1 read, 1 skipped (a link to a folder)"), "{output}");
    link("../real/bad.yaml", "links/file.yaml");
    link("nowhere.yaml", "links/broken.yaml");
    let output = sandbox.run(&["hydrant", "validate", "links"]);
    assert_eq!(rules(&output), ["error[unreadable-input", "error[yaml-syntax"], "{output}");
}

#[test]
fn a_skipped_crd_still_defines_its_kind() {
    let sandbox = Sandbox::new();
    let crd = "apiVersion: apiextensions.k8s.io/v1beta1\nkind: CustomResourceDefinition\nmetadata: {name: queues.shop.example.com}\n\
               spec:\n  group: shop.example.com\n  version: v1\n  names: {kind: Queue, plural: queues}\n  scope: Namespaced\n  \
               validation: {openAPIV3Schema: {properties: {spec: {properties: {size: {type: integer}}}}}}\n";
    sandbox.write("crd.yaml", crd);
    sandbox.write("queue.yaml", QUEUE);
    let output = sandbox.run(&["hydrant", "validate", "."]);
    assert_eq!(rules(&output), ["error[removed-api", "error[schema-violation"], "no cluster takes v1beta1: {output}");
    let output = sandbox.run(&["hydrant", "validate", ".", "--skip", "CustomResourceDefinition"]);
    assert_eq!(rules(&output), ["error[schema-violation"], "{output}");
    let output = sandbox.run(&["hydrant", "validate", "queue.yaml", "--crds", "crd.yaml"]);
    assert_eq!(rules(&output), ["error[schema-violation"], "{output}");
}

#[test]
fn policies_that_were_asked_for_must_judge_something() {
    let sandbox = Sandbox::new();
    sandbox.write("settings.yaml", SETTINGS);
    sandbox.write("policy/empty.rego", "package shop\n\nimport rego.v1\n\nhelper := 1\n");
    sandbox.write("other/README.md", "");
    let output = sandbox.run(&["hydrant", "validate", "settings.yaml", "--policy", "policy"]);
    assert_eq!(output.code, 3, "{output}");
    assert!(output.stderr.contains("no policy judged any object"), "{output}");
    let output = sandbox.run(&["hydrant", "validate", "settings.yaml", "--policy", "other"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("`other` holds no Rego"), "{output}");
}

#[test]
fn of_keys_given_twice_the_last_counts_for_who_is_lenient() {
    let sandbox = Sandbox::new();
    let pod = |ports: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: a\n    \
             image: a\n    ports: [{{{ports}}}]\n"
        )
    };
    sandbox.write("good-last.yaml", pod("containerPort: many, containerPort: 80"));
    sandbox.write("bad-last.yaml", pod("containerPort: 80, containerPort: many"));
    let run = |words: &[&str]| sandbox.run(&[&["hydrant", "validate"], words].concat());
    let output = run(&["good-last.yaml", "--lenient"]);
    assert_eq!((output.code, rules(&output)), (0, vec!["warning[duplicate-key"]), "{output}");
    let output = run(&["bad-last.yaml", "--lenient"]);
    assert_eq!((output.code, rules(&output).len()), (1, 2), "{output}");
    assert!(rules(&output).contains(&"error[schema-violation"), "{output}");
    assert!(rules(&run(&["good-last.yaml"])).contains(&"error[duplicate-key"));
}

// ── one large file, in parts ────────────────────────────────────────────────────────────────────────────────────

const QUEUES: &str = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
    metadata: {name: queues.shop.example.com}\nspec:\n  group: shop.example.com\n  scope: Namespaced\n  \
    names: {kind: Queue, plural: queues}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    \
    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            \
    type: object\n            properties: {size: {type: integer}}\n";

/// Documents of more than a megabyte: a custom resource first and its CRD last, an object that is there again far below,
/// one that its schema refuses, and a document that is no YAML.
fn large_stream() -> String {
    let padding = "x".repeat(400);
    let settings = |name: &str| format!("{SETTINGS}data: {{padding: {padding}}}\n").replace("settings", name);
    let mut documents = vec![QUEUE.to_owned()];
    documents.extend((0..4_000).map(|number| match number {
        1_000 => "a: [1\n".to_owned(),
        2_000 => settings("bad").replace("\ndata: {", "\ndata: {number: 1, "),
        3_500 => settings("settings-17"),
        number => settings(&format!("settings-{number}")),
    }));
    documents.push(QUEUES.to_owned());
    documents.join("---\n")
}

#[test]
fn a_large_file_is_judged_the_same_by_any_number_of_threads() {
    let sandbox = Sandbox::new();
    let text = large_stream();
    assert!(text.len() > 1024 * 1024, "smaller texts are not read in parts");
    sandbox.write("all.yaml", &text);
    let run = |options: &[&str], threads: &str| {
        let words = [&["hydrant", "validate", "all.yaml", "--report", "json=-"], options].concat();
        let output = sandbox.run_with_threads(&words, threads);
        let report: Value = serde_json::from_str(&output.stdout).expect("a report");
        (output.code, report)
    };
    for options in [&[][..], &["--builtin", "good-practice"], &["--skip", "v1/ConfigMap"], &["--lenient"]] {
        let one = run(options, "1");
        for threads in ["2", "4"] {
            assert_eq!(run(options, threads), one, "{threads} threads, {options:?}");
        }
    }

    let (code, report) = run(&[], "4");
    let lines = |finding: &Value| finding["location"]["line"].as_u64();
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| Some((one["rule"].as_str()?, lines(one))))
        .collect();
    let line = |wanted: &str| Some(text[..text.find(wanted).unwrap()].lines().count() as u64 + 1);
    let last = Some(text[..text.rfind("name: settings-17}").unwrap()].lines().count() as u64);
    let expected = [
        ("schema-violation", Some(4)),
        ("yaml-syntax", line("a: [1")),
        ("schema-violation", line("\ndata: {number: 1")),
        ("duplicate-object", last),
    ];
    assert_eq!((code, found.as_slice()), (1, &expected[..]), "{report:#}");
    let numbers = &report["accounting"];
    let number = |name: &str| numbers[name].as_u64().expect("a number");
    assert_eq!((number("documents"), number("failed_documents"), number("objects")), (4_002, 1, 4_001));
    assert_eq!((number("validated"), number("unvalidated")), (4_001, 0), "the CRD counts for what stands above it");
}

/// Of a tree that is dropped where it was read, enough is kept for waivers; under `--combine` all of it is.
#[test]
fn waivers_reach_what_was_judged_where_it_was_read() {
    let sandbox = Sandbox::new();
    let pod = |name: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{more}spec:\n  containers:\n  - name: web\n    \
             image: example.com/web:latest\n"
        )
    };
    let carried = "  annotations:\n    hydrant.dev/waive: |\n      - {rule: latest-tag, owner: ada, reason: why, expires: \
                   2999-12-31}\n";
    let pods = [pod("carrier", carried), pod("named", "  labels: {tier: old}\n"), pod("neither", "")];
    sandbox.write("all.yaml", format!("{}---\n{}", large_stream(), pods.join("---\n")));
    let selector = "{kind: Pod, labels: {tier: old}}";
    sandbox.write(
        "waivers.yaml",
        format!(
            "version: 1\nwaivers:\n- rule: latest-tag\n  object: {selector}\n  owner: ada\n  reason: why\n  \
             expires: 2999-12-31\n"
        ),
    );
    sandbox
        .write("policy/count.rego", "package main\n\ndeny contains sprintf(\"%d objects\", [count(input)]) if true\n");
    let run = |options: &[&str], threads: &str| {
        let words = ["hydrant", "validate", "all.yaml", "--builtin", "good-practice", "--waiver-annotations"];
        let output = sandbox.run_with_threads(&[&words[..], &["--report", "json=-"], options].concat(), threads);
        serde_json::from_str::<Value>(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"))
    };
    let waived = |report: &Value| {
        let found = report["findings"].as_array().expect("a list").iter().filter(|one| one["rule"] == "latest-tag");
        found.map(|one| one["waived"].is_object()).collect::<Vec<_>>()
    };
    let combined = ["--waivers", "waivers.yaml", "--policy", "policy", "--combine"];
    for (options, expected) in
        [(&[][..], [true, false, false]), (&combined[..2], [true, true, false]), (&combined, [true, true, false])]
    {
        let one = run(options, "1");
        assert_eq!(waived(&one), expected, "{options:?}");
        assert_eq!(one.to_string().contains("4004 objects"), options.len() > 2, "{options:?}");
        assert_eq!(run(options, "4"), one, "{options:?}");
    }
}

// ── schema places ───────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_kind_cannot_lead_out_of_its_location() {
    let sandbox = Sandbox::new();
    sandbox.write("secret_v1.json", SCHEMA);
    sandbox.write("catalog/README.md", "");
    for (version, kind) in [("x/v1", "../../secret"), ("../v1", "Secret"), ("..", "Secret"), ("a/../v1", "Secret")] {
        let object = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{size: many}}\n");
        sandbox.write("object.yaml", object);
        let output = sandbox.run(&["hydrant", "validate", "object.yaml", "--schema-location", "catalog"]);
        assert_eq!((output.code, rules(&output)), (1, vec!["error[invalid-identity"]), "{output}");
    }
}

#[test]
fn a_broken_schema_is_an_error_and_the_next_place_is_not_asked() {
    let sandbox = Sandbox::new();
    sandbox.write("queue.yaml", QUEUE);
    sandbox.write("first/shop.example.com/queue_v1.json", "{");
    sandbox.write("second/shop.example.com/queue_v1.json", "{}");
    let words = ["hydrant", "validate", "queue.yaml", "--schema-location", "first", "--schema-location", "second"];
    let output = sandbox.run(&words);
    assert_eq!((output.code, rules(&output)), (1, vec!["error[broken-schema"]), "{output}");
    let output = sandbox.run(&["hydrant", "validate", "queue.yaml", "--schema-location", "second"]);
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn a_lenient_run_asks_for_lenient_schemas() {
    let sandbox = Sandbox::new();
    sandbox.write("queue.yaml", QUEUE);
    sandbox.write("s/v1.33.4-standalone/queue-shop-v1.json", SCHEMA);
    sandbox.write("s/v1.33.4-standalone-strict/queue-shop-v1.json", "{}");
    let run = |more: &[&str]| {
        let words = ["hydrant", "validate", "queue.yaml", "--schema-location", "s", "--kubernetes", "1.33.4"];
        sandbox.run(&[&words, more].concat())
    };
    assert_eq!(run(&[]).code, 0);
    assert_eq!(rules(&run(&["--lenient"])), ["error[schema-violation"]);
}

#[test]
fn apps_use_the_same_places() {
    let sandbox = Sandbox::new();
    let config = |location: &str| {
        format!(
            "version: 1\nenvironments: {{ dev: {{}} }}\napps: [{{ path: apps/* }}]\n\
             schemas: {{ locations: [default, \"{location}\"] }}\n"
        )
    };
    sandbox.write("apps/web/queue.yaml", QUEUE);
    sandbox.write("kinds/queue-shop-v1.json", SCHEMA);
    sandbox.write("hydrant.yaml", config("kinds/{{ .ResourceKind }}{{ .KindSuffix }}.json"));
    assert_eq!(rules(&sandbox.run(&["hydrant", "check"])), ["error[schema-violation"]);
    for (location, message) in [
        ("none/{{ .ResourceKind }}.json", "there is no file or folder `none`"),
        ("../kinds", "`../kinds` leaves the repository"),
        ("kinds/{{ .Kind }}.json", "`.Kind` is not known"),
        ("https://schemas.example.com", "add `--allow-network`"),
    ] {
        sandbox.write("hydrant.yaml", config(location));
        for command in [&["hydrant", "check"][..], &["hydrant", "validate", "apps"]] {
            let output = sandbox.run(command);
            assert_eq!(output.code, 2, "{output}");
            assert!(output.stderr.contains(message), "{output}");
        }
    }
}

// ── the network: over http, to this machine only. https cannot be tested without a certificate that others trust ─────

/// A server that answers each path with its answers, one after another, the last one again and again.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

type Answers = BTreeMap<&'static str, Vec<(u16, Vec<u8>)>>;

impl Server {
    fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new((answers, Arc::clone(&asked)));
        // ends with the test process
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || answer(stream, &shared.0, &shared.1));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Status 0: the connection breaks; status 1: nothing is said.
fn answer(mut stream: TcpStream, answers: &Answers, seen: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)) else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(path.clone());
        seen.iter().filter(|one| **one == path).count() - 1
    };
    let (status, body) = match answers.get(path.as_str()) {
        Some(answers) => answers[before.min(answers.len() - 1)].clone(),
        None => (404, b"not found".to_vec()),
    };
    match status {
        0 => return,
        1 => thread::sleep(Duration::from_secs(5)),
        _ => {}
    }
    let more = if status == 302 { format!("Location: {}\r\n", String::from_utf8_lossy(&body)) } else { String::new() };
    let head = format!("HTTP/1.1 {status} x\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn once(status: u16, body: &str) -> Vec<(u16, Vec<u8>)> {
    vec![(status, body.as_bytes().to_vec())]
}

fn network(cache: Option<PathBuf>) -> Network {
    let milliseconds = Duration::from_millis;
    let patience = Patience { connect: milliseconds(500), answer: milliseconds(500), pauses: vec![milliseconds(1); 2] };
    Network::new(cache, patience)
}

#[test]
fn a_url_is_asked_where_the_network_is_allowed_and_kept() {
    let path = "/v1.34.0-standalone-strict/queue-shop-v1.json";
    let server = Server::start(BTreeMap::from([(path, once(200, SCHEMA))]));
    let sandbox = Sandbox::new();
    sandbox.write("queue.yaml", QUEUE);
    sandbox.write("settings.yaml", SETTINGS);
    let words = ["hydrant", "validate", ".", "--schema-location", "default", "--schema-location", &server.url];
    assert_eq!(sandbox.run(&words).code, 2, "not allowed");
    assert_eq!(server.asked(), [""; 0]);
    for _ in 0..2 {
        let output = sandbox.run(&[&words[..], &["--allow-network", "--cache-dir", ".cache"]].concat());
        assert_eq!(rules(&output), ["error[schema-violation"], "{output}");
    }
    assert_eq!(server.asked(), [path], "a ConfigMap is embedded, and what was fetched is kept");
    // by default it is kept in the user's cache folder
    let output = sandbox.run(&[&words[..], &["--allow-network"]].concat());
    assert_eq!(rules(&output), ["error[schema-violation"], "{output}");
    assert_eq!(server.asked().len(), 2);
    let output = sandbox.run(&[&words[..], &["--allow-network"]].concat());
    assert_eq!((rules(&output), server.asked().len()), (vec!["error[schema-violation"], 2));
}

#[test]
fn what_is_not_there_is_looked_for_in_the_next_place() {
    let server = Server::start(BTreeMap::from([("/b/queue.json", once(200, SCHEMA))]));
    let sandbox = Sandbox::new();
    sandbox.write("queue.yaml", QUEUE);
    let location = |name: &str| format!("{}/{name}/{{{{ .ResourceKind }}}}.json", server.url);
    let (a, b) = (location("a"), location("b"));
    let run = |locations: &[&str]| {
        let mut words = vec!["hydrant", "validate", "queue.yaml", "--allow-network"];
        locations.iter().for_each(|location| words.extend(["--schema-location", location]));
        sandbox.run(&words)
    };
    assert_eq!(rules(&run(&[&a, &b])), ["error[schema-violation"]);
    assert_eq!(server.asked(), ["/a/queue.json", "/b/queue.json"]);
    assert_eq!(rules(&run(&[&a])), ["error[missing-crd"], "a 404 is not kept as an answer");
}

#[test]
fn a_server_that_fails_is_never_taken_for_a_schema_that_is_not_there() {
    let server = Server::start(BTreeMap::from([("/queue.json", once(403, "no"))]));
    let sandbox = Sandbox::new();
    sandbox.write("queue.yaml", QUEUE);
    let location = format!("{}/{{{{ .ResourceKind }}}}.json", server.url);
    let words = ["hydrant", "validate", "queue.yaml", "--unknown", "allow", "--allow-network", "--schema-location"];
    let output = sandbox.run(&[&words[..], &[&location]].concat());
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("/queue.json`: the server says 403"), "{output}");
}

#[test]
fn a_busy_server_is_asked_again_and_not_for_ever() {
    let busy = |status| (status, b"wait".to_vec());
    let server = Server::start(BTreeMap::from([
        ("/soon", vec![busy(429), busy(503), (200, b"{}".to_vec())]),
        ("/broken", vec![busy(0), (200, b"{}".to_vec())]),
        ("/never", vec![busy(500)]),
    ]));
    let network = network(None);
    assert_eq!(network.get(&format!("{}/soon", server.url)), Ok(Some("{}".to_owned())));
    assert_eq!(network.get(&format!("{}/broken", server.url)), Ok(Some("{}".to_owned())));
    for _ in 0..2 {
        let error = network.get(&format!("{}/never", server.url)).expect_err("it fails");
        assert!(error.to_string().ends_with("after 3 attempts"), "{error}");
    }
    assert_eq!(server.asked().iter().filter(|path| *path == "/never").count(), 3, "one run asks once");
}

#[test]
fn an_answer_that_is_no_schema_is_a_failure() {
    let large = vec![b' '; 17 * 1024 * 1024];
    let server = Server::start(BTreeMap::from([
        ("/page", once(200, "<html>please log in</html>")),
        ("/large", vec![(200, large)]),
        ("/bytes", vec![(200, b"{\"a\": \"\xff\"}".to_vec())]),
        ("/silent", once(1, "")),
        ("/elsewhere", once(302, "/page")),
        ("/circle", once(302, "/circle")),
    ]));
    for (path, reason) in [
        ("/page", "the answer is not a JSON schema"),
        ("/large", "it has more than 16777216 bytes"),
        ("/bytes", "the answer is not UTF-8"),
        ("/silent", "timeout"),
        ("/elsewhere", "the answer is not a JSON schema"),
        ("/circle", "redirects"),
    ] {
        let error = network(None).get(&format!("{}{path}", server.url)).expect_err(path);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let error = network(None).get("http://127.0.0.1:1/x").expect_err("nobody listens there");
    assert!(error.to_string().starts_with("cannot fetch `http://127.0.0.1:1/x`: "), "{error}");
}

#[test]
fn what_was_kept_and_changed_since_is_fetched_anew() {
    let server = Server::start(BTreeMap::from([("/x", once(200, "{\"title\": \"x\"}"))]));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/x", server.url);
    let get = || network(Some(folder.path().to_owned())).get(&url).expect("an answer").expect("a schema");
    assert_eq!((get(), get()), ("{\"title\": \"x\"}".to_owned(), "{\"title\": \"x\"}".to_owned()));
    assert_eq!(server.asked().len(), 1);
    for file in std::fs::read_dir(folder.path().join("content")).unwrap() {
        std::fs::write(file.unwrap().path(), "{\"title\": \"forged\"}").unwrap();
    }
    assert_eq!(get(), "{\"title\": \"x\"}");
    assert_eq!(server.asked().len(), 2);
}
