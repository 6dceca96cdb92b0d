//! A project is what `hydrant.yaml` means: environments with everything inherited, apps with their defaults filled in.

use std::sync::Arc;

use super::location::SchemaLocation;
use super::pattern::{AppPath, Globs};
use super::raw::{Engine, Layout, RegoVersion, SignatureFormat, Style, UnknownKinds, YamlStyle};
use super::repository::RepositoryUrl;
use crate::source::Location;
use crate::tree::RepoPath;

/// The minor version of Kubernetes for environments that name none.
pub const DEFAULT_KUBERNETES: &str = "1.34";

/// The packs of policies that Hydrant ships.
pub const BUILTIN_PACKS: &[&str] =
    &["good-practice", "hydration-risks", "pod-security-baseline", "pod-security-restricted", "secrets"];

/// The share of a branch's objects that one publication may delete, in percent, where the file does not say.
pub const DEFAULT_MAX_DELETE_PERCENT: u8 = 50;

/// The part of an app's values path that stands for the environment's name.
pub const ENVIRONMENT_PLACEHOLDER: &str = "{environment}";

/// What to render, check and publish. Every name in it resolves, every path stays inside the repository.
///
/// Whether the paths exist is for `load` to see: config looks at nothing but its own text.
#[derive(Debug, Clone)]
pub struct Project {
    /// Sorted by name; never empty.
    pub environments: Vec<Environment>,
    /// In the order written.
    pub apps: Vec<App>,
    /// The folder of shared templates. `None`: [`Project::DEFAULT_TEMPLATES`], if it exists.
    pub templates: Option<Spanned<RepoPath>>,
    /// Schemas besides those of Kubernetes.
    pub schemas: Schemas,
    /// Rego policies.
    pub policies: Policies,
    /// The shape of the output branch.
    pub output: Output,
    /// How commits are signed, if the file says so.
    pub signing: Option<Signing>,
    /// What `verify` trusts.
    pub verify: Verify,
}

impl Project {
    /// The folder of shared templates when the file names none.
    pub const DEFAULT_TEMPLATES: &str = "templates";
    /// The folder of policies when the file names none.
    pub const DEFAULT_POLICIES: &str = "policies";

    /// The folder of shared templates, whether or not it exists.
    #[must_use]
    pub fn templates_folder(&self) -> RepoPath {
        let default = || RepoPath::parse(Self::DEFAULT_TEMPLATES).expect("a fixed name without any sign");
        self.templates.as_ref().map_or_else(default, |templates| templates.value.clone())
    }

    /// The environment of that name.
    #[must_use]
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        let index = self.environments.binary_search_by(|environment| (*environment.name).cmp(name)).ok()?;
        self.environments.get(index)
    }
}

/// A value and where `hydrant.yaml` says it.
#[derive(Debug, Clone)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it is written; `None` for a default.
    pub location: Option<Location>,
}

impl<T> Spanned<T> {
    /// A value that the file says.
    #[must_use]
    pub fn written(value: T, location: Location) -> Self {
        Self { value, location: Some(location) }
    }

    /// A value that stands nowhere.
    #[must_use]
    pub fn default_value(value: T) -> Self {
        Self { value, location: None }
    }
}

/// One environment: one output branch.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Its name, usable as a folder and as part of a branch.
    pub name: Arc<str>,
    /// The output branch, without `refs/heads/`. No two environments share one.
    pub branch: Spanned<String>,
    /// The minor version of Kubernetes: `1.34`.
    pub kubernetes: Spanned<Arc<str>>,
    /// Values files in merge order: those of the parents first.
    pub values: Vec<Spanned<RepoPath>>,
    /// The branch that publications go to instead, for somebody to bring to `branch`; `None`: straight to `branch`.
    pub proposal: Option<String>,
    /// Where a push brings the branch: a remote's name or an address, without credentials.
    pub destination: String,
    /// The share of the branch's objects that one publication may delete, in percent.
    pub max_delete_percent: u8,
}

impl Environment {
    /// Where a push goes that nobody says otherwise of.
    pub const DEFAULT_DESTINATION: &str = "origin";

    /// The branch that publications go to.
    #[must_use]
    pub fn published_branch(&self) -> &str {
        self.proposal.as_deref().unwrap_or(&self.branch.value)
    }
}

/// One entry of `apps`: a folder, or every folder that a pattern matches.
#[derive(Debug, Clone)]
pub struct App {
    /// Which folders.
    pub path: Spanned<AppPath>,
    /// The app's name, if it is not the folder's.
    pub name: Option<Spanned<String>>,
    /// How the folder is turned into manifests.
    pub engine: Spanned<Engine>,
    /// The files that are read, relative to the app folder.
    pub include: Globs,
    /// The files that are not.
    pub exclude: Globs,
    /// The environments it is part of; `None`: all.
    pub environments: Option<Vec<String>>,
    /// Values files relative to the app folder, with [`ENVIRONMENT_PLACEHOLDER`]; `None`: the default names, where they exist.
    pub values: Option<Vec<Spanned<String>>>,
    /// Template delimiters and whitespace rules.
    pub syntax: Arc<TemplateSyntax>,
}

impl App {
    /// An app with nothing but defaults.
    #[must_use]
    pub fn at(path: Spanned<AppPath>) -> Self {
        Self {
            path,
            name: None,
            engine: Spanned::default_value(Engine::Auto),
            include: Globs::everything(),
            exclude: Globs::nothing(),
            environments: None,
            values: None,
            syntax: Arc::default(),
        }
    }

    /// Whether the app is part of an environment.
    #[must_use]
    pub fn is_in(&self, environment: &str) -> bool {
        self.environments.as_ref().is_none_or(|names| names.iter().any(|name| name == environment))
    }
}

/// Schemas besides those of Kubernetes.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    /// Files or folders with CustomResourceDefinitions.
    pub crds: Vec<Spanned<RepoPath>>,
    /// Where JSON schemas are looked up by kind, in this order.
    pub locations: Vec<Spanned<SchemaLocation>>,
    /// What happens to kinds without a schema.
    pub unknown: UnknownKinds,
}

/// Rego policies.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Files or folders; `None`: [`Project::DEFAULT_POLICIES`], if it exists.
    pub paths: Option<Vec<Spanned<RepoPath>>>,
    /// Packages that are asked for messages, or patterns over them; `None`: every package.
    pub namespaces: Option<Vec<Spanned<String>>>,
    /// Names among [`BUILTIN_PACKS`].
    pub builtin: Vec<Spanned<String>>,
    /// The file of waivers, if there is one.
    pub waivers: Option<Spanned<RepoPath>>,
    /// Whether objects may carry waivers themselves.
    pub waiver_annotations: bool,
    /// The version of Rego of the files at `paths`.
    pub rego: RegoVersion,
}

impl Default for Policies {
    fn default() -> Self {
        let builtin = vec![Spanned::default_value("good-practice".to_owned())];
        let rego = RegoVersion::default();
        Self { paths: None, namespaces: None, builtin, rego, waivers: None, waiver_annotations: false }
    }
}

/// The shape of the output branch.
#[derive(Debug, Clone)]
pub struct Output {
    /// How objects become files.
    pub layout: Layout,
    /// What stands beside the manifests.
    pub style: Style,
    /// How YAML is laid out.
    pub yaml_style: YamlStyle,
    /// Paths of the branch that are left alone whatever stands there.
    pub preserve: Globs,
    /// The address of this repository, if the file says it.
    pub repo_url: Option<RepositoryUrl>,
    /// The folder of the branch that everything goes to; `None`: its top.
    pub active_path: Option<RepoPath>,
    /// Author and committer of the commits.
    pub author: Option<Author>,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            style: Style::default(),
            yaml_style: YamlStyle::Argocd,
            preserve: Globs::nothing(),
            repo_url: None,
            active_path: None,
            author: None,
        }
    }
}

/// Who a commit is by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name, never empty.
    pub name: String,
    /// The mail address, never empty.
    pub email: String,
}

/// How commits are signed.
#[derive(Debug, Clone)]
pub struct Signing {
    /// Whether content is attested as well.
    pub attest: bool,
    /// The kind of signature.
    pub format: SignatureFormat,
    /// The key's file as written: `~` is for the caller to expand. Where there is none, it comes from elsewhere.
    pub key: Option<Spanned<String>>,
    /// Which part of an OpenPGP key signs.
    pub subkey: Option<Spanned<String>>,
    /// The reason for a seal on the first commit of a branch: one line.
    pub seal: Option<Spanned<String>>,
    /// How many seconds an agent or a program has to sign.
    pub timeout: u32,
}

impl Signing {
    /// Long enough to find a card, read a prompt and type a PIN.
    pub const DEFAULT_TIMEOUT: u32 = 120;
    /// Nobody waits longer on purpose.
    pub const MAX_TIMEOUT: u32 = 3600;
}

/// What `verify` trusts.
#[derive(Debug, Clone, Default)]
pub struct Verify {
    /// The allowed signers file as written: `~` is for the caller to expand.
    ///
    /// No [`RepoPath`]: a list that the repository's writers cannot change is the better one.
    pub allowed_signers: Option<Spanned<String>>,
    /// The keyring of OpenPGP keys, in the same way.
    pub keyring: Option<Spanned<String>>,
}

/// Template delimiters and whitespace rules; the defaults are Jinja's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSyntax {
    /// `{{` and `}}`.
    pub variable: (String, String),
    /// `{%` and `%}`.
    pub block: (String, String),
    /// `{#` and `#}`.
    pub comment: (String, String),
    /// Drop the line break after a block tag.
    pub trim_blocks: bool,
    /// Drop the blanks before a block tag on a line of its own.
    pub lstrip_blocks: bool,
}

impl Default for TemplateSyntax {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self {
            variable: pair("{{", "}}"),
            block: pair("{%", "%}"),
            comment: pair("{#", "#}"),
            trim_blocks: true,
            lstrip_blocks: true,
        }
    }
}
