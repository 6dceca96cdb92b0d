//! Finds templates that extend themselves.
//!
//! The engine compares the names as written, which differ from the paths they stand for; a circle would only end when
//! the steps run out, after a long while.

use super::Run;
use super::loader::Names;
use crate::diagnostic::{Diagnostic, rules};
use crate::source::{Location, Span};
use crate::tree::RepoPath;

/// The circle of `extends` tags that begins with the template `path`, if there is one.
pub(super) fn circle(run: &Run, path: &RepoPath) -> Option<Diagnostic> {
    let names = Names::of(&run.unit);
    let mut places: Vec<(RepoPath, Location)> = Vec::new();
    let mut current = path.clone();
    while let Some((name, location)) = extends(run, &current) {
        places.push((current.clone(), location));
        current = RepoPath::parse(&names.resolve(&name, current.as_str())).ok()?;
        if let Some(begin) = places.iter().position(|(path, _)| *path == current) {
            return Some(finding(&current, places.split_off(begin)));
        }
    }
    None
}

fn finding(path: &RepoPath, circle: Vec<(RepoPath, Location)>) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(rules::TEMPLATE_FAILED, format!("template `{}` extends itself", path.file_name()))
            .help("remove one `extends`");
    let mut places = circle.into_iter().map(|(_, location)| location).rev();
    let Some(last) = places.next() else {
        return diagnostic;
    };
    places.fold(diagnostic.at(last, "closes the circle"), |diagnostic, location| {
        diagnostic.also(location, "extends the next")
    })
}

/// The name that a template extends, and the tag; only names written as text are known before it runs.
fn extends(run: &Run, path: &RepoPath) -> Option<(String, Location)> {
    let source = &run.unit.inputs.files.get(path)?.source;
    let text = source.text();
    let open = run.unit.syntax.block.0.as_str();
    text.match_indices(open).find_map(|(index, _)| {
        let inside = text[index + open.len()..].trim_start_matches(['-', '+']).trim_start();
        let rest = inside.strip_prefix("extends")?.trim_start();
        let quote = rest.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        let name = rest[1..].split_once(quote)?.0;
        let start = text.len() - inside.len();
        let end = text.len() - rest.len() + name.len() + 2;
        Some((name.to_owned(), Location::new(source, Span::new(start, end))))
    })
}
