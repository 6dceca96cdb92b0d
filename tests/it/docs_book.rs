//! The book hangs together: every page is in its table of contents, and every link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::docs::pages;

#[test]
fn every_page_is_in_the_table_of_contents() {
    let source = root().join("docs/src");
    let summary = fs::read_to_string(source.join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&summary).into_iter().map(|link| source.join(link)).collect();
    let mut there: BTreeSet<PathBuf> = pages().into_iter().map(|page| page.path).collect();
    there.remove(&source.join("SUMMARY.md"));
    assert_eq!(listed, there);
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let documents = ["README.md", "ARCHITECTURE.md", "COMPATIBILITY.md", "CHANGELOG.md", "policies/README.md"];
    let mut paths: Vec<PathBuf> = documents.iter().map(|name| root().join(name)).collect();
    paths.push(root().join("schemas/README.md"));
    paths.extend(pages().into_iter().map(|page| page.path));
    let dead: Vec<String> = paths.iter().flat_map(|path| dead_links(path)).collect();
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn dead_links(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let folder = path.parent().expect("a file lies in a folder");
    let dead = |link: &&str| {
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let target = if file.is_empty() { path.to_owned() } else { folder.join(file) };
        if !target.exists() {
            return true;
        }
        !heading.is_empty() && !headings(&fs::read_to_string(&target).unwrap()).contains(heading)
    };
    let near = links(&text).into_iter().filter(|link| !link.contains("://"));
    near.filter(dead).map(|link| format!("{}: {link}", path.display())).collect()
}

/// The targets of the links of a Markdown text; what stands in fenced blocks is no link.
fn links(text: &str) -> Vec<&str> {
    let mut fenced = false;
    let prose = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    });
    prose
        .flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split(')').next()))
        .filter(|link| !link.is_empty() && !link.contains(' '))
        .collect()
}

/// The anchors of the headings of a Markdown text.
fn headings(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut found = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if !fenced && line.starts_with('#') {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
            found.insert(kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect());
        }
    }
    found
}
