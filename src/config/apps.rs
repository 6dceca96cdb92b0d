//! Apps: their folders, patterns, values and template syntax, as far as they can be told without looking at files.

use std::sync::Arc;

use super::branch::{NAME_RULE, is_name};
use super::pattern::{AppPath, Globs, glob};
use super::project::{App, ENVIRONMENT_PLACEHOLDER, Environment, Spanned, TemplateSyntax};
use super::raw;
use super::resolve::Reading;
use super::shape::list;
use crate::diagnostic::{did_you_mean, rules};
use crate::tree::{PathError, RepoPath};

/// Resolves every entry; an entry that cannot be used is reported and left out.
pub(super) fn resolve(apps: Vec<raw::App>, environments: &[Environment], reading: &mut Reading<'_>) -> Vec<App> {
    apps.into_iter()
        .enumerate()
        .filter_map(|(index, app)| Entry { index: &index.to_string(), reading }.app(app, environments))
        .collect()
}

/// One entry of `apps` while it is read.
struct Entry<'a, 'r> {
    index: &'a str,
    reading: &'a mut Reading<'r>,
}

impl Entry<'_, '_> {
    fn app(&mut self, app: raw::App, environments: &[Environment]) -> Option<App> {
        let include = self.globs("include", &app.include);
        let exclude = if app.exclude.is_empty() { Some(Globs::nothing()) } else { self.globs("exclude", &app.exclude) };
        let values = app.values.map(|values| self.values(values));
        let names = app.environments.map(|names| self.environments(names, environments));
        let syntax = self.syntax(app.syntax);
        let path = self.path(&app.path);
        let name = self.name(app.name, path.as_ref());
        Some(App {
            path: Spanned::written(path?, self.place(&["path"])),
            name,
            engine: Spanned { value: app.engine, location: Some(self.place(&["engine"])) },
            include: include?,
            exclude: exclude?,
            environments: names,
            values,
            syntax: Arc::new(syntax),
        })
    }

    fn path(&mut self, text: &str) -> Option<AppPath> {
        match AppPath::parse(text) {
            Ok(path) => Some(path),
            Err(error) => {
                let help = "name a folder of the repository, or a pattern such as `apps/*`";
                self.invalid(error.to_string(), &["path"], "not usable", help);
                None
            }
        }
    }

    fn name(&mut self, name: Option<String>, path: Option<&AppPath>) -> Option<Spanned<String>> {
        match (&name, path) {
            (Some(name), Some(AppPath::Pattern(_))) => {
                let message = format!("`{name}` would name every folder that the pattern matches");
                self.invalid(
                    message,
                    &["name"],
                    "one name for many apps",
                    "remove `name`, or let `path` be one folder",
                );
            }
            (Some(name), _) if !is_name(name) => {
                self.invalid(
                    format!("`{name}` cannot be the name of an app"),
                    &["name"],
                    "not a folder name",
                    NAME_RULE,
                );
            }
            (None, Some(AppPath::Top)) => {
                let message = "the app at the top of the repository has no name".to_owned();
                self.invalid(message, &["path"], "no folder to name it after", "add `name: …`");
            }
            (None, Some(AppPath::Folder(folder))) if !is_name(folder.file_name()) => {
                let message = format!("`{}` cannot be the name of an app", folder.file_name());
                self.invalid(
                    message,
                    &["path"],
                    "the app would be named after it",
                    "add a `name` of letters, digits and `-`",
                );
            }
            _ => {}
        }
        name.map(|name| Spanned::written(name, self.place(&["name"])))
    }

    fn environments(&mut self, names: Vec<String>, known: &[Environment]) -> Vec<String> {
        if names.is_empty() {
            let message = "the app is part of no environment".to_owned();
            self.invalid(message, &["environments"], "nothing here", "name at least one, or remove `environments`");
        }
        for (index, name) in names.iter().enumerate() {
            let known: Vec<&str> = known.iter().map(|environment| &*environment.name).collect();
            if known.contains(&name.as_str()) {
                continue;
            }
            let help = match did_you_mean(name, known.iter().copied()) {
                Some(other) => format!("did you mean `{other}`?"),
                None => format!("the environments are {}", list(&known)),
            };
            let location = self.place(&["environments", &index.to_string()]);
            let message = format!("`{name}` is not an environment");
            self.reading.report(rules::CONFIG_REFERENCE, message, location, "no such environment", help);
        }
        names
    }

    fn globs(&mut self, key: &str, patterns: &[String]) -> Option<Globs> {
        if patterns.is_empty() {
            self.invalid(
                format!("`{key}` is empty, so the app reads no file"),
                &[key],
                "nothing here",
                format!("remove `{key}`"),
            );
            return None;
        }
        let mut globs = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            match glob(pattern) {
                Ok(_)
                    if pattern.starts_with('/')
                        || pattern.starts_with("./")
                        || pattern.split('/').any(|part| part == "..") =>
                {
                    let message = format!("`{pattern}` matches nothing: patterns are relative to the app folder");
                    let help = format!("write `{}`", pattern.trim_start_matches(['.', '/']));
                    self.invalid(message, &[key, &index.to_string()], "not inside the app folder", help);
                }
                Ok(glob) => globs.push(glob),
                Err(error) => {
                    let help = "write a pattern such as `**/test/**`";
                    self.invalid(error.to_string(), &[key, &index.to_string()], "not a pattern", help);
                }
            }
        }
        Globs::new(globs)
            .map_err(|error| self.invalid(error.to_string(), &[key], "too large", "use fewer patterns"))
            .ok()
    }

    fn values(&mut self, values: Vec<String>) -> Vec<Spanned<String>> {
        let mut read = Vec::new();
        for (index, text) in values.into_iter().enumerate() {
            let path = ["values", &index.to_string()];
            let filled = text.replace(ENVIRONMENT_PLACEHOLDER, "environment");
            let left = filled.find('{').map(|start| &filled[start..=start + filled[start..].find('}').unwrap_or(0)]);
            if let Some(placeholder) = left {
                let message = format!("`{placeholder}` in `{text}` stands for nothing");
                self.invalid(message, &path, "not replaced", format!("write `{ENVIRONMENT_PLACEHOLDER}`"));
            }
            match RepoPath::parse(&filled) {
                // `..` may well stay inside the repository: whether it does is known once the app's folder is
                Ok(_) | Err(PathError::Outside(_)) => {}
                Err(error) => {
                    self.invalid(
                        error.to_string(),
                        &path,
                        "not a path of this repository",
                        "name a file, from the app folder",
                    );
                }
            }
            read.push(Spanned::written(text, self.place(&path)));
        }
        read
    }

    fn syntax(&mut self, syntax: raw::Syntax) -> TemplateSyntax {
        let default = TemplateSyntax::default();
        let syntax = TemplateSyntax {
            variable: self.delimiters("variable", syntax.variable, default.variable),
            block: self.delimiters("block", syntax.block, default.block),
            comment: self.delimiters("comment", syntax.comment, default.comment),
            trim_blocks: syntax.trim_blocks.unwrap_or(default.trim_blocks),
            lstrip_blocks: syntax.lstrip_blocks.unwrap_or(default.lstrip_blocks),
        };
        let openers = [("variable", &syntax.variable.0), ("block", &syntax.block.0), ("comment", &syntax.comment.0)];
        for (later, (key, opener)) in openers.iter().enumerate() {
            if let Some((first, _)) = openers[..later].iter().find(|(_, other)| other == opener && !opener.is_empty()) {
                let message = format!("`{opener}` opens both `{first}` and `{key}`");
                self.invalid(message, &["syntax"], "cannot be told apart", "give each its own delimiters");
            }
        }
        syntax
    }

    fn delimiters(&mut self, key: &str, pair: Option<(String, String)>, default: (String, String)) -> (String, String) {
        let Some((open, close)) = pair else { return default };
        for (index, delimiter) in [&open, &close].into_iter().enumerate() {
            if delimiter.trim().is_empty() || delimiter.contains(['\n', '\r']) {
                let message = format!("a delimiter of `{key}` is blank or holds a line break");
                let path = ["syntax", key, &index.to_string()];
                self.invalid(message, &path, "not a delimiter", "write signs that manifests do not use, such as `[[`");
            }
        }
        (open, close)
    }

    fn invalid(&mut self, message: String, path: &[&str], label: &str, help: impl Into<String>) {
        let location = self.place(path);
        self.reading.report(rules::CONFIG_INVALID, message, location, label, help);
    }

    fn place(&self, path: &[&str]) -> crate::source::Location {
        self.reading.location(&[&["apps", self.index], path].concat())
    }
}
