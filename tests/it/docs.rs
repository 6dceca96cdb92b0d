//! Every page of the book is a session: its files are written and its commands are run, and what the terminal says has
//! to be what stands there.
//!
//! A block whose fence has `title="path"` is that file, written where the page shows it. A `console` block has commands
//! after `$ ` and what follows them; a line `...` stands for any lines. Each page has a folder of its own, and in it
//! runs what the page says, from the top. `HYDRANT_BLESS=1` rewrites what commands say, except where dots already fit.

use std::fs;
use std::path::{Path, PathBuf};

use hydrant::config;
use hydrant::source::Source;

use crate::cases::{difference, say, with_numbered_ids};
use crate::sandbox::Sandbox;

/// A page and its place in the repository.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block: the line of its fence, what the fence says, and its lines.
pub(crate) struct Block<'a> {
    pub(crate) fence: usize,
    pub(crate) info: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

impl Block<'_> {
    /// The file that it is.
    pub(crate) fn title(&self) -> Option<&str> {
        self.info.split_once("title=\"").and_then(|(_, rest)| rest.split('"').next())
    }

    pub(crate) fn is_session(&self) -> bool {
        self.info == "console"
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

#[test]
fn every_page_does_what_it_shows() {
    let bless = std::env::var_os("HYDRANT_BLESS").is_some();
    let wanted = std::env::var("HYDRANT_PAGE").unwrap_or_default();
    let pages: Vec<Page> = pages().into_iter().filter(|page| page.path.to_string_lossy().contains(&wanted)).collect();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = pages.iter().map(|page| scope.spawn(move || play(page, bless))).collect();
        runs.into_iter().flat_map(|run| run.join().expect("a page that is run to its end")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_configuration_in_the_book_is_one() {
    // the pages of rules show what is wrong, and their own test tells that it is
    for page in pages().iter().filter(|page| !page.path.to_string_lossy().contains("/rules/")) {
        for block in blocks(&page.text).iter().filter(|block| block.lines.first() == Some(&"version: 1")) {
            let text = block.text();
            // files of sessions may be wrong on purpose: there the commands tell
            if block.title().is_none() && !text.contains("\nwaivers:") {
                let read = config::parse(&Source::file("hydrant.yaml", text));
                assert!(read.is_ok(), "{}:{}\n{read:?}", page.path.display(), block.fence + 1);
            }
        }
    }
}

#[test]
fn three_dots_stand_for_any_lines() {
    let fits = |wanted: &[&str], found: &[&str]| fits(wanted, found);
    assert!(fits(&["a", "...", "d"], &["a", "b", "c", "d"]));
    assert!(fits(&["a", "..."], &["a"]));
    assert!(fits(&["...", "b", "...", "b"], &["b", "x", "b", "b"]));
    assert!(!fits(&["a", "...", "d"], &["a", "d", "c"]));
    assert!(!fits(&["a"], &["a", "b"]));
}

/// The pages of the book that are written by hand or generated, in the order of their paths.
pub(crate) fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let paths = crate::corpus::files_below(&root, &["md"]);
    assert!(paths.len() > 10, "only {} pages", paths.len());
    paths.into_iter().map(|path| Page { text: fs::read_to_string(&path).unwrap(), path }).collect()
}

/// The fenced blocks of a Markdown text.
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = None;
    for (number, line) in text.lines().enumerate() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match open {
            None if ticks >= 3 => {
                open = Some(ticks);
                blocks.push(Block { fence: number, info: line[ticks..].trim(), lines: Vec::new() });
            }
            Some(length) if ticks == length && line.len() == ticks => open = None,
            Some(_) => blocks.last_mut().expect("an open block").lines.push(line),
            None => {}
        }
    }
    blocks
}

fn play(page: &Page, bless: bool) -> Vec<String> {
    let name = page.path.file_name().unwrap_or_default().to_string_lossy();
    let sandbox = Sandbox::new();
    let blocks = blocks(&page.text);
    let mut failures = Vec::new();
    // the ids of a page are numbered together: each transcript is kept, and numbered with those before it
    let mut so_far = String::new();
    let mut rewritten: Vec<(usize, usize, Vec<String>)> = Vec::new();
    for block in &blocks {
        if let Some(file) = block.title() {
            sandbox.write(file, block.text());
            #[cfg(unix)]
            if block.text().starts_with("#!") {
                let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(sandbox.path().join(file), executable).expect("a file of our own");
            }
        }
        if !block.is_session() {
            continue;
        }
        let mut said: Vec<String> = Vec::new();
        for command in commands(block) {
            let before = with_numbered_ids(&so_far).len();
            so_far.push_str(&say(&sandbox, &command[0][2..], "2"));
            let all = with_numbered_ids(&so_far);
            let found: Vec<&str> = all[before..].lines().collect();
            if fits(&command, &found) {
                said.extend(command.iter().map(|line| (*line).to_owned()));
            } else {
                let place = format!("{name}:{}", block.fence + 1);
                failures.push(format!("{place}\n{}", difference(&command.join("\n"), &found.join("\n"))));
                said.extend(found.iter().map(|line| (*line).to_owned()));
            }
        }
        rewritten.push((block.fence + 1, block.lines.len(), said));
    }
    if bless && !failures.is_empty() {
        failures = rewrite(page, &rewritten).err().into_iter().collect();
    }
    failures
}

/// The commands of a session, each with the lines that it says.
fn commands<'a>(block: &Block<'a>) -> Vec<Vec<&'a str>> {
    let mut commands: Vec<Vec<&str>> = Vec::new();
    for line in &block.lines {
        match commands.last_mut() {
            Some(command) if !line.starts_with("$ ") => command.push(line),
            _ => commands.push(vec![line]),
        }
    }
    assert!(commands.iter().all(|command| command[0].starts_with("$ ")), "a session begins with a command");
    commands
}

/// Whether a text says what is wanted, where `...` stands for any lines.
fn fits(wanted: &[&str], found: &[&str]) -> bool {
    match wanted {
        [] => found.is_empty(),
        ["...", rest @ ..] => (0..=found.len()).any(|skipped| fits(rest, &found[skipped..])),
        [first, rest @ ..] => found.first() == Some(first) && fits(rest, &found[1..]),
    }
}

/// Puts what was said into the page; not if its tables were written meanwhile.
fn rewrite(page: &Page, sessions: &[(usize, usize, Vec<String>)]) -> Result<(), String> {
    if fs::read_to_string(&page.path).unwrap() != page.text {
        return Err(format!("{} was written meanwhile: bless it once more", page.path.display()));
    }
    let mut lines: Vec<String> = page.text.lines().map(str::to_owned).collect();
    for (start, length, said) in sessions.iter().rev() {
        lines.splice(*start..start + length, said.iter().cloned());
    }
    fs::write(&page.path, lines.join("\n") + "\n").map_err(|error| error.to_string())
}
