//! Every folder in `fixtures/cases` is one behaviour that a newcomer can run by hand.
//!
//! `in/` is a project. `report.txt` is a session in it: a comment that says what is special, then commands with what
//! the terminal says and the exit code. `out/`, where there is one, is what the commands leave in `in/out`.
//!
//! ```text
//! # A misspelt key of hydrant.yaml is an error.
//! $ hydrant check
//! error[config-unknown-key]
//! …
//! [exit 2]
//! ```
//!
//! Commands are `hydrant` and `git`, run without a shell; `< FILE` at the end is stdin. `HYDRANT_BLESS=1 cargo test` rewrites the expectations; read
//! every line that changes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

#[test]
fn every_case_says_what_it_did_before() {
    let mut names: Vec<PathBuf> = fs::read_dir(root()).expect("fixtures/cases").map(|e| e.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 10, "only {} cases found", names.len());
    let bless = std::env::var_os("HYDRANT_BLESS").is_some();
    let failures: Vec<String> = names.iter().filter_map(|case| run(case, bless).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases")
}

fn run(case: &Path, bless: bool) -> Result<(), String> {
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let expected =
        fs::read_to_string(case.join("report.txt")).map_err(|error| format!("{name}/report.txt: {error}"))?;
    if !expected.starts_with("# ") {
        return Err(format!("{name}/report.txt: the first line must say what is special, after `# `"));
    }
    let (one, left) = play(case, &expected, "1");
    let (many, _) = play(case, &expected, "8");
    if one != many {
        return Err(format!("{name}: one thread and eight say different things\n{}", difference(&one, &many)));
    }
    if bless {
        fs::write(case.join("report.txt"), &one).map_err(|error| error.to_string())?;
        bless_tree(&case.join("out"), &left);
        return Ok(());
    }
    if one != expected {
        return Err(format!("{name}/report.txt differs\n{}", difference(&expected, &one)));
    }
    let wanted = tree(&case.join("out"));
    if wanted != left {
        return Err(format!("{name}/out differs\nwanted {wanted:#?}\nfound {left:#?}"));
    }
    Ok(())
}

/// Runs the session of a case; gives the transcript, and the files in `out`.
fn play(case: &Path, script: &str, threads: &str) -> (String, Vec<(String, String)>) {
    let sandbox = Sandbox::new();
    sandbox.copy(&case.join("in"), "");
    let comments = script.lines().take_while(|line| line.starts_with('#'));
    let mut transcript: String = comments.map(|line| format!("{line}\n")).collect();
    for command in script.lines().filter_map(|line| line.strip_prefix("$ ")) {
        transcript.push_str(&say(&sandbox, command, threads));
    }
    (with_numbered_ids(&transcript), tree(&sandbox.path().join("out")))
}

/// The command as it is typed, and what the terminal says then.
pub(crate) fn say(sandbox: &Sandbox, command: &str, threads: &str) -> String {
    let words = words(command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    format!("$ {command}\n{}", sandbox.run_with_threads(&words, threads))
}

/// The words of a command: blanks part them, except between quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for sign in command.chars() {
        match (quote, sign) {
            (None, '"' | '\'') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().expect("begins with one").push(sign),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Commit ids and digests as `[id 1]`, `[id 2]`: they change with every policy that is shipped, which of them are equal
/// does not.
pub(crate) fn with_numbered_ids(transcript: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let mut out = String::new();
    let mut rest = transcript;
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_hexdigit()) {
        let (before, from_here) = rest.split_at(start);
        let length = from_here.find(|sign: char| !sign.is_ascii_hexdigit()).unwrap_or(from_here.len());
        let (run, after) = from_here.split_at(length);
        out.push_str(before);
        if run.len() == 40 || run.len() == 64 {
            let number = known.iter().position(|id| id == run).unwrap_or_else(|| {
                known.push(run.to_owned());
                known.len() - 1
            });
            out.push_str(&format!("[id {}]", number + 1));
        } else {
            out.push_str(run);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Every file under a folder with its text, sorted.
fn tree(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    files.sort();
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("under the root").to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

fn bless_tree(folder: &Path, files: &[(String, String)]) {
    let _ = fs::remove_dir_all(folder);
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The first lines that differ, with a little around them.
pub(crate) fn difference(wanted: &str, found: &str) -> String {
    let common = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let tail = |text: &str| text.lines().skip(common).take(25).map(|line| format!("    {line}\n")).collect::<String>();
    format!("  from line {}, wanted:\n{}  found:\n{}", common + 1, tail(wanted), tail(found))
}
