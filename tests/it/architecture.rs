//! Two tables hold the architecture: who may use whom, and where each dependency lives.
//!
//! `cli → pipeline → stages → vocabulary`. A stage may name the output type of the stage before it; stages never call
//! each other. A dependency with a home is named in no other folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules of this crate that its code may name. Tests inside a module may name more.
const MAY_USE: &[(&str, &[&str])] = &[
    // the vocabulary knows no stage
    ("source", &[]),
    ("date", &[]),
    ("diagnostic", &["source", "date"]),
    ("tree", &[]),
    ("manifest", &["source", "diagnostic"]),
    // what differs between two sets of objects: of plans, diffs, and drift
    ("compare", &["source", "manifest"]),
    // the stages: vocabulary, and the output of the stage before
    ("config", &["source", "diagnostic", "tree", "manifest"]),
    ("load", &["source", "diagnostic", "tree", "manifest", "config"]),
    ("render", &["source", "diagnostic", "tree", "manifest", "load"]),
    ("parse", &["source", "diagnostic", "manifest"]),
    ("validate", &["source", "diagnostic", "tree", "manifest"]),
    ("evaluate", &["source", "date", "diagnostic", "tree", "manifest"]),
    ("admit", &["date", "diagnostic", "tree", "manifest", "load"]),
    ("hydrate", &["source", "date", "diagnostic", "tree", "manifest", "config", "load", "admit"]),
    ("sign", &[]),
    ("attest", &["date", "tree", "hydrate", "sign"]),
    ("git", &["tree", "hydrate", "sign"]),
    ("verify", &["diagnostic", "tree", "hydrate", "sign", "attest", "git"]),
    // what other tools are told, said as a hydrant.yaml
    ("takeover", &["source", "tree", "manifest"]),
    ("report", &["source", "date", "diagnostic", "tree", "manifest", "compare", "verify"]),
    // the order of the stages, then the terminal
    (
        "pipeline",
        &[
            "source",
            "date",
            "diagnostic",
            "tree",
            "manifest",
            "config",
            "load",
            "render",
            "parse",
            "validate",
            "evaluate",
            "admit",
            "hydrate",
            "attest",
            "git",
            "sign",
            "report",
            "compare",
        ],
    ),
    (
        "cli",
        &[
            "source",
            "date",
            "diagnostic",
            "tree",
            "manifest",
            "config",
            "load",
            "evaluate",
            "hydrate",
            "git",
            "sign",
            "verify",
            "report",
            "pipeline",
            "render",
            "admit",
            "takeover",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// Dependency (as code names it), and the only modules that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
    ("serde_yaml", &["config"]),
    ("toml", &["config"]),
    ("schemars", &["config", "report"]),
    ("globset", &["config"]),
    ("ignore", &["load"]),
    ("ureq", &["load"]),
    ("granit_parser", &["manifest"]),
    ("smol_str", &["manifest"]),
    ("minijinja", &["render"]),
    // `regex_replace` of templates; messages in suites of Gatekeeper; `hydrant test --run`
    ("regex", &["render", "evaluate", "cli"]),
    ("semver", &["render"]),
    ("jsonschema", &["validate"]),
    ("regorus", &["evaluate"]),
    // built-in functions of OPA that regorus lacks
    ("ring", &["evaluate"]),
    ("p521", &["evaluate"]),
    ("md5", &["evaluate"]),
    ("hmac", &["evaluate"]),
    ("ipnet", &["evaluate"]),
    ("gix", &["git"]),
    ("crc32fast", &["git"]),
    ("flate2", &["git", "validate"]),
    ("ssh_key", &["sign"]),
    ("pgp", &["sign"]),
    ("rsa", &["sign"]),
    ("zeroize", &["sign", "cli"]),
    ("rustix", &["cli"]),
    ("sha2", &["tree"]),
    ("miette", &["report"]),
    ("similar", &["compare"]),
    ("rayon", &["git", "pipeline", "render"]),
    ("tempfile", &["cli", "git"]),
    // `!!binary`, the filters of templates, secrets in messages of policies, `stringData`, the armor of SSHSIG, DSSE
    ("base64", &["manifest", "render", "evaluate", "compare", "sign", "attest"]),
];

/// What any module may name: how values are written out, and how errors are declared.
const EVERYWHERE: &[&str] = &["serde", "serde_json", "thiserror"];

#[test]
fn modules_use_only_what_lies_below_them() {
    let table: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in sources() {
        let allowed = table.get(file.module.as_str()).unwrap_or_else(|| panic!("`{}` is in no table", file.module));
        for (number, line) in file.code() {
            for used in crate_modules(line) {
                if used != file.module && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{}:{number}: `{}` uses `{used}`", file.path.display(), file.module));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_one_home() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in file.code() {
            for (dependency, homes) in HOMES {
                if names_crate(line, dependency) && !homes.contains(&file.module.as_str()) {
                    wrong.push(format!("{}:{number}: `{dependency}` lives in {homes:?}", file.path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_homes_is_complete() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let section =
        manifest.split("\n[dependencies]\n").nth(1).expect("a section").split("\n[").next().expect("its text");
    let lines = section.lines().filter(|line| !line.starts_with('#'));
    let mut declared: Vec<String> =
        lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim().replace('-', "_")).collect();
    let mut known: Vec<String> =
        HOMES.iter().map(|(name, _)| *name).chain(EVERYWHERE.iter().copied()).map(str::to_owned).collect();
    declared.sort();
    known.sort();
    assert_eq!(declared, known);
}

#[test]
fn stages_do_not_touch_the_world() {
    const WORLD: &[&str] =
        &["std::env", "std::process", "std::fs", "TcpStream", "UdpSocket", "SystemTime", "Instant::now", "println!"];
    const RIM: &[&str] = &["cli", "main", "git", "load"];
    // the last resort against a policy that does not end
    const CLOCK: &str = "evaluate/machine.rs";
    let mut wrong = Vec::new();
    for file in sources().into_iter().filter(|file| !RIM.contains(&file.module.as_str())) {
        for (number, line) in file.code() {
            let may = |word: &str| word == "Instant::now" && file.path.ends_with(CLOCK);
            wrong.extend(WORLD.iter().filter(|word| line.contains(**word) && !may(word)).map(|word| {
                format!("{}:{number}: `{}` touches the world through `{word}`", file.path.display(), file.module)
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

struct SourceFile {
    module: String,
    path: PathBuf,
    text: String,
}

impl SourceFile {
    /// Numbered lines of code: comments and the test module at the end of the file are left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines
            // not indented: above a method it ends nothing
            .take_while(|(_, line)| *line != "#[cfg(test)]")
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 20, "found {} source files", files.len());
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(root).expect("under src");
            let first = inside.components().next().expect("a file").as_os_str().to_string_lossy().into_owned();
            let module = first.trim_end_matches(".rs").to_owned();
            // a module of tests is a file of its own in some folders
            if path.file_stem().is_none_or(|stem| stem != "tests") {
                files.push(SourceFile { module, text: fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
}

/// `crate::manifest::…` gives `manifest`, `use crate::{git, sign}` gives both.
fn crate_modules(line: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for rest in line.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split([',', '}']).collect(),
            None => vec![rest],
        };
        modules.extend(names.into_iter().filter_map(|name| {
            let word: String = name.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            (!word.is_empty() && word != "self").then_some(word)
        }));
    }
    modules
}

fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
    }) || line.trim_start().starts_with(&format!("use {name};"))
}
