//! `hydrant explain ENV:FILE:LINE`: which line of which template made a line of the output, and with which values.

use crate::cli::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::project::{Workspace, pipeline_failure, selection};
use crate::cli::terminal::Terminal;
use crate::pipeline::{self, Limits, LineError, LinePart, LineStory};
use crate::source::{Location, Origin, Source};

pub(super) fn run(place: &str, global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let (environment, file, line) = parse(place)?;
    let workspace = Workspace::from_work_tree(global)?;
    selection(&[environment.to_owned()], &workspace.project)?;
    let limits = Limits::default();
    let story = pipeline::line_story(&*workspace.tree, &workspace.project, environment, file, line, &limits);
    terminal.data(&show(&story.map_err(failure)?, environment, file, line));
    Ok(Exit::Clean)
}

/// Reads `ENV:FILE:LINE`.
fn parse(place: &str) -> Result<(&str, &str, usize), Failure> {
    let malformed = |message: String| {
        Failure::usage(message).help("write `ENV:FILE:LINE`, for example `prod:web/manifest.yaml:12`")
    };
    let parts = place.split_once(':').and_then(|(environment, rest)| Some((environment, rest.rsplit_once(':')?)));
    let Some((environment, (file, line))) =
        parts.filter(|(environment, (file, _))| !environment.is_empty() && !file.is_empty())
    else {
        return Err(malformed(format!("`{place}` names no line of an environment's output")));
    };
    match line.parse() {
        Ok(0) => Err(malformed("lines are counted from 1".to_owned())),
        Ok(line) => Ok((environment, file, line)),
        Err(_) => Err(malformed(format!("`{line}` is no line number"))),
    }
}

fn failure(error: LineError) -> Failure {
    let message = error.to_string();
    match error {
        LineError::NoSuchFile { near: Some(near), .. } => {
            Failure::usage(message).help(format!("did you mean `{near}`?"))
        }
        LineError::NoSuchFile { .. } => {
            Failure::usage(message).help("name a file of the branch, such as `web/manifest.yaml`, or a template")
        }
        LineError::NotRendered { .. } => {
            Failure::usage(message).help("name the template that is rendered, or the app's file on the branch")
        }
        LineError::NoSuchLine { .. } => Failure::usage(message),
        LineError::Broken { diagnostics, .. } => Failure { diagnostics, ..Failure::new(Exit::Findings, message) },
        LineError::Pipeline(error) => pipeline_failure(error),
    }
}

fn show(story: &LineStory, environment: &str, file: &str, line: usize) -> String {
    let mut out = heading(story, environment, file, line);
    out.push_str(&quoted(&story.line));
    if story.parts.is_empty() {
        out.push_str(match story.line.span.is_empty() {
            true => "\nThe line is blank, or only separates objects: no value stands on it.\n",
            false => "\nIts template cannot be named: rendered once more, it does not give the same text.\n",
        });
        return out;
    }
    let mut told: Vec<(String, u32)> = Vec::new();
    for part in &story.parts {
        let place = (part.template.source.name().to_owned(), part.template.position().line);
        if !told.contains(&place) {
            told.push(place);
            out.push_str(&format!("\n{}\n{}", made_by(story, part), quoted(&part.template)));
        }
    }
    let mut named: Vec<&str> = Vec::new();
    for value in story.parts.iter().flat_map(|part| &part.values) {
        if named.contains(&value.name.as_str()) {
            continue;
        }
        named.push(&value.name);
        out.push_str(&match &value.location {
            Some(location) => format!("\n`{}` is set in {}\n{}", value.name, place_of(location), quoted(location)),
            None => format!("\n`{}` is a value that no values file sets in one place\n", value.name),
        });
    }
    out
}

fn heading(story: &LineStory, environment: &str, file: &str, line: usize) -> String {
    let rendered = story.line.position().line;
    let is_itself = story.line.source.name() == file;
    match (story.line.source.origin(), is_itself) {
        (Origin::Rendered { .. }, true) => {
            format!("line {line} of `{file}` as rendered for {environment}, in app {}\n", story.app)
        }
        (Origin::Rendered { .. }, false) => format!(
            "line {line} of `{file}` in {environment} is line {rendered} of `{}` as rendered\n",
            story.line.source.name()
        ),
        (Origin::File, _) => format!("line {line} of `{file}` in {environment}, in app {}\n", story.app),
    }
}

fn made_by(story: &LineStory, part: &LinePart) -> String {
    let place = place_of(&part.template);
    if matches!(story.line.source.origin(), Origin::File) {
        return format!("{place}, which is taken as it is");
    }
    place
}

fn place_of(location: &Location) -> String {
    let position = location.position();
    format!("{}:{}:{}", location.source.name(), position.line, position.column)
}

/// The line of a place with its number; what is secret stays so.
fn quoted(location: &Location) -> String {
    let number = location.position().line;
    format!("{number:>6} | {}\n", line_of(&location.source, number).trim_end())
}

fn line_of(source: &Source, number: u32) -> String {
    let start = source.line_start(number as usize - 1).unwrap_or_default();
    source.masked()[start..].split('\n').next().unwrap_or_default().to_owned()
}
