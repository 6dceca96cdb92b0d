//! The raw config is exactly the file: the keys of `hydrant.yaml` and the types of their values, nothing resolved.
//!
//! The doc comments here are what editors show: they become the descriptions of the JSON schema.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// What Hydrant renders, checks and publishes, and how.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "hydrant.yaml")]
pub(super) struct Config {
    /// The version of this file's format: always 1.
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "checked before anything else is read")]
    pub(super) version: u32,
    /// Environments by name. Each has one output branch.
    #[schemars(extend("minProperties" = 1))]
    pub(super) environments: BTreeMap<String, Environment>,
    /// The apps: folders that are rendered to manifests.
    #[schemars(length(min = 1))]
    pub(super) apps: Vec<App>,
    /// The folder of templates that all apps may include. By default `templates`, if it exists.
    pub(super) templates: Option<String>,
    /// Schemas besides those of Kubernetes itself, and what happens to kinds that have none.
    #[serde(default)]
    pub(super) schemas: Schemas,
    /// Rego policies that every object has to pass.
    #[serde(default)]
    pub(super) policies: Policies,
    /// The shape of the output branch and its commits.
    #[serde(default)]
    pub(super) output: Output,
    /// How commits are signed.
    pub(super) signing: Option<Signing>,
    /// What `hydrant verify` trusts.
    #[serde(default)]
    pub(super) verify: Verify,
}

/// One environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    /// The output branch. Never inherited; by default `env/` and the environment's name.
    pub(super) branch: Option<String>,
    /// The minor version of Kubernetes whose schemas apply, in quotes: `"1.34"`.
    #[schemars(regex(pattern = r"^1\.(0|[1-9][0-9]*)$"))]
    pub(super) kubernetes: Option<String>,
    /// The environment whose values and Kubernetes version this one starts from.
    pub(super) inherits: Option<String>,
    /// Values files, from the top of the repository. Later files win; those of the parent come first.
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Publish to `<branch>-next`, for a promotion tool or a pull request to bring to the branch. By default what
    /// `output.propose` says. Inherited.
    pub(super) propose: Option<bool>,
    /// Where `publish --push` brings the branch: the name of a remote, or the address of a repository. By default `origin`.
    /// Inherited.
    pub(super) destination: Option<String>,
    /// The share of the branch's objects that one publication may delete, in percent: more needs `--allow-mass-delete`.
    /// By default 50; 100 switches the guard off. Inherited.
    #[schemars(range(min = 0, max = 100))]
    pub(super) max_delete_percent: Option<i64>,
}

/// One app, or many with the same settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    /// A folder, or a pattern over folders: `apps/*`. Each folder is an app, named after its last part.
    pub(super) path: String,
    /// The app's name, where `path` is one folder.
    pub(super) name: Option<String>,
    /// How the folder is turned into manifests.
    #[serde(default)]
    pub(super) engine: Engine,
    /// Patterns over the files of the app folder: only these are read. By default all.
    #[serde(default = "everything")]
    pub(super) include: Vec<String>,
    /// Patterns over the files of the app folder: these are not read.
    #[serde(default)]
    pub(super) exclude: Vec<String>,
    /// The environments the app is part of. By default all.
    pub(super) environments: Option<Vec<String>>,
    /// Values files, from the app folder; `{environment}` stands for the environment's name. Files without it yield to the
    /// environment's values, files with it win over them. By default `values.yaml` and `values-{environment}.yaml`,
    /// where they exist; files listed here must exist.
    pub(super) values: Option<Vec<String>>,
    /// Template delimiters and whitespace rules.
    #[serde(default)]
    pub(super) syntax: Syntax,
}

fn everything() -> Vec<String> {
    vec!["**".to_owned()]
}

/// How a folder is turned into manifests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// `template` if the folder holds a template (`*.yaml.j2`), else `plain`.
    #[default]
    Auto,
    /// minijinja templates, and plain YAML beside them.
    Template,
    /// YAML and JSON as they are.
    Plain,
    /// A Helm chart. Not built yet: refused with `engine-not-built`.
    Helm,
    /// A kustomization. Not built yet: refused with `engine-not-built`.
    Kustomize,
}

/// Template delimiters and whitespace rules.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Syntax {
    /// Around expressions. By default `["{{", "}}"]`.
    pub(super) variable: Option<(String, String)>,
    /// Around statements. By default `["{%", "%}"]`.
    pub(super) block: Option<(String, String)>,
    /// Around comments. By default `["{#", "#}"]`.
    pub(super) comment: Option<(String, String)>,
    /// Drop the line break after a statement. By default true.
    pub(super) trim_blocks: Option<bool>,
    /// Drop the blanks before a statement on a line of its own. By default true.
    pub(super) lstrip_blocks: Option<bool>,
}

/// Schemas besides those of Kubernetes itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Schemas {
    /// Files or folders with CustomResourceDefinitions.
    #[serde(default)]
    pub(super) crds: Vec<String>,
    /// Where JSON schemas are looked up by kind, in this order, in the grammar of kubeconform's `-schema-location`: a
    /// folder, a path or a URL with variables such as `{{ .ResourceKind }}`, or `default` for the schemas in the binary,
    /// which otherwise come last. A URL is only asked under `--allow-network`.
    #[serde(default)]
    pub(super) locations: Vec<String>,
    /// What happens to an object of a kind that has no schema.
    #[serde(default)]
    pub(super) unknown: UnknownKinds,
}

/// What happens to an object of a kind that has no schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownKinds {
    /// An error.
    #[default]
    Deny,
    /// A warning.
    Warn,
    /// Nothing.
    Allow,
}

/// Rego policies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Policies {
    /// Files or folders with Rego. By default `policies`, if it exists.
    pub(super) paths: Option<Vec<String>>,
    /// Packages that are asked for messages: names without `data.`, or patterns with `*`, `?` and `[…]`. `!name` leaves one out
    /// knowingly. By default every package with `deny`, `violation` or `warn` rules.
    pub(super) namespaces: Option<Vec<String>>,
    /// Packs that Hydrant ships: `good-practice`, `hydration-risks`, `pod-security-baseline`, `pod-security-restricted`,
    /// `secrets`. By default `[good-practice]`; `[]` switches them off.
    pub(super) builtin: Option<Vec<String>>,
    /// The file of waivers: reviewed exceptions, each for one rule, with an owner, a reason and an end date. By default
    /// nothing is waived.
    pub(super) waivers: Option<String>,
    /// Whether objects may carry waivers themselves, in the annotation `hydrant.dev/waive`. By default false: whoever
    /// writes a manifest would waive its findings without another's review.
    #[serde(default)]
    pub(super) waiver_annotations: bool,
    /// The version of Rego that the policies are written in; templates of Gatekeeper say it themselves.
    #[serde(default)]
    pub(super) rego: RegoVersion,
}

/// A version of Rego.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegoVersion {
    /// For each file: v1 if it reads as v1, else v0.
    #[default]
    Detect,
    /// What OPA before 1.0 reads: `deny[msg] { … }`. A file that imports `rego.v1` is v1 all the same.
    V0,
    /// What OPA reads since 1.0: `deny contains msg if { … }`.
    V1,
}

/// The shape of the output branch and its commits.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Output {
    /// How objects become files.
    #[serde(default)]
    pub(super) layout: Layout,
    /// What stands beside the manifests. By default what Argo CD's own hydrator writes.
    #[serde(default)]
    pub(super) style: Style,
    /// How YAML is laid out. By default `argocd` where `style` is `argocd`, else `hydrant`.
    pub(super) yaml_style: Option<YamlStyle>,
    /// Patterns over paths of the branch: what matches is never written, changed, taken over or deleted.
    #[serde(default)]
    pub(super) preserve: Vec<String>,
    /// The address of this repository as it stands in `hydrator.metadata`. By default that of the remote `origin`.
    pub(super) repo_url: Option<String>,
    /// Publish to `<branch>-next` instead of the branch, in environments that do not say otherwise.
    #[serde(default)]
    pub(super) propose: bool,
    /// The folder of the branch that everything goes to, where several projects share one branch. Proposals then go to
    /// `<branch>-next/<active_path>`.
    pub(super) active_path: Option<String>,
    /// Author and committer of the commits: `Name <mail>`.
    pub(super) author: Option<String>,
}

/// How objects become files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One file for each app: `manifest.yaml`.
    #[default]
    Single,
    /// One file for each object; a `kustomization.yaml` lists them where `style` is `plain`.
    Split,
}

/// What stands on the branch beside the manifests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// What Argo CD's hydrator writes and its tools read: `hydrator.metadata`, `README.md`, `.gitattributes`.
    #[default]
    Argocd,
    /// Nothing.
    Plain,
}

/// How YAML is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum YamlStyle {
    /// As Argo CD writes it: lists are indented under their key.
    Argocd,
    /// As Helm and kustomize print it: lists are not indented, long texts are folded.
    K8s,
    /// Hydrant's own: lists are not indented, nothing is folded, and quotes wherever any reader might need them.
    Hydrant,
}

/// How commits are signed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Signing {
    /// Whether the content of every app is attested as well, which takes two signatures for each app that changed. By
    /// default yes; `false` is for keys on hardware that want to be touched for every signature.
    pub(super) attest: Option<bool>,
    /// The kind of signature. Argo CD checks `openpgp` alone, Flux `openpgp` and `ssh`.
    #[serde(default)]
    pub(super) format: SignatureFormat,
    /// The private key's file; `~` is the home folder. A public SSH key (`.pub`) or certificate (`-cert.pub`) stands for
    /// the private key beside it or in the SSH agent. Not with `format: git`.
    pub(super) key: Option<String>,
    /// Which part of an OpenPGP key signs: `newest` (the newest subkey that may, as gpg chooses; the default), `primary`,
    /// or an id or fingerprint.
    pub(super) subkey: Option<String>,
    /// Why the history behind a branch's first commit need not be checked: becomes its trailer `Argocd-gpg-seal`, to which
    /// Argo CD's mode `strict` looks back.
    pub(super) seal: Option<String>,
    /// How many seconds an agent or a program has to sign. By default 120.
    #[schemars(range(min = 1, max = 3600))]
    pub(super) timeout: Option<u32>,
}

/// The kind of signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignatureFormat {
    /// An OpenSSH key, in a file or in an agent.
    #[default]
    Ssh,
    /// An OpenPGP key in a file.
    OpenPgp,
    /// Whatever git itself is configured to sign with: gpg with its agent and cards, ssh-keygen, gpgsm, gitsign.
    Git,
}

/// What `hydrant verify` trusts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    /// SSH keys, in the format of `ssh-keygen`'s allowed signers; `~` is the home folder.
    pub(super) allowed_signers: Option<String>,
    /// OpenPGP keys, as `gpg --armor --export` writes them; `~` is the home folder.
    pub(super) keyring: Option<String>,
}
