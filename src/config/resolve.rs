//! Resolve: from what the file says to what it means. Every name is looked up, every path and pattern is read.

use std::sync::Arc;

use super::branch::why_no_branch;
use super::location::SchemaLocation;
use super::pattern::{Globs, glob};
use super::project::{Author, BUILTIN_PACKS, Output, Policies, Project, Schemas, Signing, Spanned, Verify};
use super::raw::{SignatureFormat, Style, YamlStyle};
use super::repository::RepositoryUrl;
use super::shape::list;
use super::{apps, environments, raw};
use crate::diagnostic::{Diagnostic, RuleId, did_you_mean, rules};
use crate::manifest::{Node, Pointer};
use crate::source::{Location, Source};
use crate::tree::{PathError, RepoPath};

/// Resolves the file. The project is only good if no diagnostic was added.
pub(super) fn resolve(
    config: raw::Config,
    source: &Arc<Source>,
    root: &Node,
    diagnostics: &mut Vec<Diagnostic>,
) -> Project {
    let reading = &mut Reading { source, root, diagnostics };
    let output = output(config.output, reading);
    let environments = environments::resolve(&config.environments, &output, reading);
    Project {
        apps: apps::resolve(config.apps, &environments, reading),
        environments,
        templates: config.templates.and_then(|text| reading.repo_path(&text, &["templates"])),
        schemas: Schemas {
            crds: reading.repo_paths(&config.schemas.crds, &["schemas", "crds"]),
            locations: locations(&config.schemas.locations, reading),
            unknown: config.schemas.unknown,
        },
        policies: policies(config.policies, reading),
        output: output.output,
        signing: config.signing.map(|written| signing(written, reading)),
        verify: Verify {
            allowed_signers: config
                .verify
                .allowed_signers
                .map(|text| reading.outside_path(text, &["verify", "allowed_signers"])),
            keyring: config.verify.keyring.map(|text| reading.outside_path(text, &["verify", "keyring"])),
        },
    }
}

/// Folders have to lie in the repository; URLs are only read here, and asked where the network is allowed.
fn locations(texts: &[String], reading: &mut Reading<'_>) -> Vec<Spanned<SchemaLocation>> {
    let mut locations = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let path = ["schemas", "locations", &index.to_string()];
        let place = reading.location(&path);
        match SchemaLocation::parse(text) {
            Ok(SchemaLocation::Files(files))
                if !files.folder().is_empty()
                    && !matches!(RepoPath::parse(files.folder()), Err(PathError::Empty))
                    && reading.repo_path(files.folder(), &path).is_none() => {}
            Ok(location) => locations.push(Spanned::written(location, place)),
            Err(error) => {
                let help = error.help();
                reading.report(rules::CONFIG_INVALID, error.to_string(), place, "not a schema location", help);
            }
        }
    }
    locations
}

fn policies(policies: raw::Policies, reading: &mut Reading<'_>) -> Policies {
    let paths = policies.paths.map(|paths| reading.repo_paths(&paths, &["policies", "paths"]));
    let waivers = policies.waivers.and_then(|path| reading.repo_path(&path, &["policies", "waivers"]));
    let waiver_annotations = policies.waiver_annotations;
    let rego = policies.rego;
    let namespaces = policies.namespaces.map(|names| {
        let place = |index: usize| reading.location(&["policies", "namespaces", &index.to_string()]);
        names.into_iter().enumerate().map(|(index, name)| Spanned::written(name, place(index))).collect()
    });
    let Some(names) = policies.builtin else {
        return Policies { paths, namespaces, rego, waivers, waiver_annotations, ..Policies::default() };
    };
    for (index, name) in names.iter().enumerate() {
        if !BUILTIN_PACKS.contains(&name.as_str()) {
            let help = match did_you_mean(name, BUILTIN_PACKS.iter().copied()) {
                Some(pack) => format!("did you mean `{pack}`?"),
                None => format!("the packs are {}", list(BUILTIN_PACKS)),
            };
            let location = reading.location(&["policies", "builtin", &index.to_string()]);
            reading.report(
                rules::CONFIG_REFERENCE,
                format!("`{name}` is not a built-in pack"),
                location,
                "not known",
                help,
            );
        }
    }
    let builtin = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| Spanned::written(name, reading.location(&["policies", "builtin", &index.to_string()])));
    Policies { paths, namespaces, builtin: builtin.collect(), rego, waivers, waiver_annotations }
}

/// The shape of the branch, and what environments take from it where they do not say it.
pub(super) struct ResolvedOutput {
    pub(super) output: Output,
    pub(super) propose: bool,
}

fn output(output: raw::Output, reading: &mut Reading<'_>) -> ResolvedOutput {
    let own = match output.style {
        Style::Argocd => YamlStyle::Argocd,
        Style::Plain => YamlStyle::Hydrant,
    };
    ResolvedOutput {
        propose: output.propose,
        output: Output {
            layout: output.layout,
            style: output.style,
            yaml_style: output.yaml_style.unwrap_or(own),
            preserve: preserve(&output.preserve, reading),
            repo_url: output.repo_url.and_then(|text| repo_url(&text, reading)),
            active_path: output.active_path.and_then(|text| active_path(&text, reading)),
            author: output.author.and_then(|text| author(&text, reading)),
        },
    }
}

fn preserve(texts: &[String], reading: &mut Reading<'_>) -> Globs {
    let mut globs = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match glob(text) {
            Ok(glob) => globs.push(glob),
            Err(error) => {
                let location = reading.location(&["output", "preserve", &index.to_string()]);
                let help = "write a path of the branch or a pattern over paths, such as `.github/**`";
                reading.report(rules::CONFIG_INVALID, error.to_string(), location, "not a pattern", help);
            }
        }
    }
    Globs::new(globs).unwrap_or_else(|_| Globs::nothing())
}

fn repo_url(text: &str, reading: &mut Reading<'_>) -> Option<RepositoryUrl> {
    let refuse = |reading: &mut Reading<'_>, message: String, help: &str| {
        let location = reading.location(&["output", "repo_url"]);
        reading.report(rules::CONFIG_INVALID, message, location, "cannot be published", help);
        None
    };
    if RepositoryUrl::holds_credentials(text) {
        // the address goes to every reader of the branch; the secret in it is not repeated here
        let message = "`output.repo_url` holds a password or token".to_owned();
        return refuse(reading, message, "remove everything between `://` and `@`, and change that secret");
    }
    match RepositoryUrl::parse(text) {
        Some(url) => Some(url),
        None => {
            let message = format!("`{text}` is not the address of a repository");
            refuse(reading, message, "write it as `https://git.example.org/team/repository`")
        }
    }
}

/// A folder of the branch, which is also the last part of a branch's name.
fn active_path(text: &str, reading: &mut Reading<'_>) -> Option<RepoPath> {
    let path = reading.repo_path(text, &["output", "active_path"])?.value;
    let reason = match why_no_branch(path.as_str()) {
        Some(reason) => reason,
        None if path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".hydrant")) => {
            "it is Hydrant's own folder"
        }
        None => return Some(path),
    };
    let location = reading.location(&["output", "active_path"]);
    let message = format!("`{text}` cannot be part of a branch name: {reason}");
    reading.report(rules::CONFIG_INVALID, message, location, "not usable", "name a folder such as `teams/shop`");
    None
}

fn author(text: &str, reading: &mut Reading<'_>) -> Option<Author> {
    let parsed =
        text.strip_suffix('>').and_then(|text| text.split_once('<')).map(|(name, email)| (name.trim(), email.trim()));
    match parsed {
        Some((name, email))
            if !name.is_empty()
                && !email.is_empty()
                && !text.contains(char::is_control)
                && !email.contains(['<', '>'])
                && !name.contains('>') =>
        {
            Some(Author { name: name.to_owned(), email: email.to_owned() })
        }
        _ => {
            let location = reading.location(&["output", "author"]);
            let message = format!("`{text}` is not an author");
            reading.report(
                rules::CONFIG_INVALID,
                message,
                location,
                "no name and mail",
                "write it as `Name <mail@example.org>`",
            );
            None
        }
    }
}

fn signing(written: raw::Signing, reading: &mut Reading<'_>) -> Signing {
    let raw::Signing { attest, format, key, subkey, seal, timeout } = written;
    let mut refuse = |present: bool, name: &str, needs: &str, help: &str| {
        if present {
            let location = reading.location(&["signing", name]);
            let message = format!("`signing.{name}` needs {needs}");
            reading.report(rules::CONFIG_INVALID, message, location, "has no effect", help);
        }
    };
    if format == SignatureFormat::Git {
        let help = "set `user.signingKey` with `git config`, or name another `format`";
        refuse(key.is_some(), "key", "`format: ssh` or `format: openpgp`", help);
    }
    if format != SignatureFormat::OpenPgp {
        let help = "remove it; with gpg, `user.signingKey` ends with `!` to mean exactly that key";
        refuse(subkey.is_some(), "subkey", "`format: openpgp`", help);
    }
    if let Some(text) = &seal
        && (text.trim().is_empty() || text.chars().any(char::is_control))
    {
        let location = reading.location(&["signing", "seal"]);
        let message = "`signing.seal` is not one line of text".to_owned();
        reading.report(rules::CONFIG_INVALID, message, location, "not a reason", "say in one line why");
    }
    if timeout.is_some_and(|seconds| !(1..=Signing::MAX_TIMEOUT).contains(&seconds)) {
        let location = reading.location(&["signing", "timeout"]);
        let message = format!("`signing.timeout` is not between 1 and {} seconds", Signing::MAX_TIMEOUT);
        reading.report(rules::CONFIG_INVALID, message, location, "out of range", "leave it out for two minutes");
    }
    let spanned = |text: Option<String>, name: &str, reading: &Reading<'_>| {
        text.map(|text| Spanned::written(text, reading.location(&["signing", name])))
    };
    Signing {
        format,
        subkey: spanned(subkey, "subkey", reading),
        attest: attest.unwrap_or(true),
        seal: spanned(seal, "seal", reading),
        key: key.map(|key| reading.outside_path(key, &["signing", "key"])),
        timeout: timeout.unwrap_or(Signing::DEFAULT_TIMEOUT),
    }
}

/// The file while it is resolved: where its values stand, and what is wrong with them.
pub(super) struct Reading<'a> {
    source: &'a Arc<Source>,
    root: &'a Node,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reading<'_> {
    /// Where the value at a path stands.
    pub(super) fn location(&self, path: &[&str]) -> Location {
        let pointer = Pointer::from_parts(path.iter().copied());
        let span = pointer.resolve(self.root).map_or_else(|| pointer.locate(self.root), |node| node.span);
        Location::new(self.source, span)
    }

    /// Where the key at the end of a path stands.
    pub(super) fn key_location(&self, path: &[&str]) -> Location {
        let entry = path
            .split_last()
            .and_then(|(key, parents)| Pointer::from_parts(parents.iter().copied()).resolve(self.root)?.entry(key));
        entry.map_or_else(|| self.location(path), |entry| Location::new(self.source, entry.key.span))
    }

    /// Where the value at a path stands, or the key of its parent if the value is a default.
    pub(super) fn location_or_key(&self, written: bool, path: &[&str]) -> Location {
        if written { self.location(path) } else { self.key_location(&path[..path.len() - 1]) }
    }

    /// Reports an error.
    pub(super) fn report(
        &mut self,
        rule: RuleId,
        message: String,
        location: Location,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::error(rule, message).at(location, label).help(help));
    }

    /// Reports what was found.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn repo_path(&mut self, text: &str, path: &[&str]) -> Option<Spanned<RepoPath>> {
        let location = self.location(path);
        match RepoPath::parse(text) {
            Ok(value) => Some(Spanned::written(value, location)),
            Err(error) => {
                let help = "name a path inside the repository, from its top";
                self.report(rules::CONFIG_INVALID, error.to_string(), location, "not a path of this repository", help);
                None
            }
        }
    }

    /// The paths of a list.
    pub(super) fn repo_paths(&mut self, texts: &[String], path: &[&str]) -> Vec<Spanned<RepoPath>> {
        let item = |(index, text): (usize, &String)| {
            let index = index.to_string();
            self.repo_path(text, &[path, &[&index]].concat())
        };
        texts.iter().enumerate().filter_map(item).collect()
    }

    /// A path that may lie anywhere on the machine; only the caller of the library can look there.
    fn outside_path(&mut self, text: String, path: &[&str]) -> Spanned<String> {
        let location = self.location(path);
        if text.trim().is_empty() {
            let message = format!("`{}` is empty", path.join("."));
            self.report(rules::CONFIG_INVALID, message, location.clone(), "nothing here", "name a file");
        }
        Spanned::written(text, location)
    }
}
