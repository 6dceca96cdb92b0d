//! Roles: what a file is to an engine, told by its name alone.

use super::Role;
use crate::config::CONFIG_FILE;
use crate::tree::RepoPath;

const TEMPLATE_EXTENSIONS: &[&str] = &["j2", "jinja", "jinja2"];
const MANIFEST_EXTENSIONS: &[&str] = &["yaml", "yml", "json"];

/// The role of a file that is neither excluded nor a values file.
#[must_use]
pub(super) fn role(file: &RepoPath) -> Role {
    let name = file.file_name();
    if name == CONFIG_FILE {
        return Role::Ignored("the configuration");
    }
    match (is_jinja(file), is_template(file), is_manifest(file)) {
        (_, true, _) => Role::Template,
        (true, false, _) => Role::Partial,
        (false, _, true) => Role::Manifest,
        _ => Role::Ignored("not a manifest"),
    }
}

/// Whether a file is rendered to a manifest: `deployment.yaml.j2`, unless its name begins with `_`.
#[must_use]
pub(super) fn is_template(file: &RepoPath) -> bool {
    let name = file.file_name();
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    let inner = stem.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension);
    is_jinja(file) && !name.starts_with('_') && inner.is_some_and(|extension| MANIFEST_EXTENSIONS.contains(&extension))
}

/// Whether a file is taken as it is.
#[must_use]
pub(super) fn is_manifest(file: &RepoPath) -> bool {
    file.extension().is_some_and(|extension| MANIFEST_EXTENSIONS.contains(&extension))
}

/// Whether a file is a template of any kind.
#[must_use]
pub(super) fn is_jinja(file: &RepoPath) -> bool {
    file.extension().is_some_and(|extension| TEMPLATE_EXTENSIONS.contains(&extension))
}

/// Whether the name alone says that some stage may ask for the file's content.
#[must_use]
pub fn is_wanted(file: &RepoPath) -> bool {
    is_manifest(file) || is_jinja(file) || file.extension() == Some("rego")
}

/// The engine that a file belongs to, if it is one that this version does not have: its mere presence means that the
/// YAML beside it is no list of objects.
#[must_use]
pub(super) fn foreign_engine(file: &RepoPath) -> Option<&'static str> {
    match file.file_name() {
        "Chart.yaml" => Some("helm"),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some("kustomize"),
        _ => None,
    }
}

/// Whether any part of a path begins with a dot.
#[must_use]
pub(super) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_role() {
        let of = |text: &str| role(&RepoPath::parse(text).expect("a path"));
        for name in ["a/web.yaml", "a/web.yml", "a/web.json", "a/web.j2.yaml"] {
            assert_eq!(of(name), Role::Manifest, "{name}");
        }
        for name in ["a/web.yaml.j2", "a/web.json.jinja", "a/web.yml.jinja2"] {
            assert_eq!(of(name), Role::Template, "{name}");
        }
        for name in ["a/_web.yaml.j2", "a/macros.j2", "a/nginx.conf.jinja", "a/yaml.j2"] {
            assert_eq!(of(name), Role::Partial, "{name}");
        }
        for name in ["a/README.md", "a/Makefile", "a/.yaml", "a/web.YAML.bak", "a/hydrant.yaml"] {
            assert!(matches!(of(name), Role::Ignored(_)), "{name}");
        }
    }
}
