//! A diagnostic is one finding about the user's input: a rule, a severity, a message, a place and a way out.
//!
//! Diagnostics are values. Stages collect them and go on; only `report` words them for a medium, and only `admit`
//! decides what they mean for the deploy. A tool that cannot do its job returns an `Error` instead.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::source::Location;

/// How bad a finding is. Ordered: `Note < Warning < Error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never refuses anything.
    Note,
    /// Refuses only where the threshold says so.
    Warning,
    /// Refuses by default.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The stable name of a rule: lower-case words joined by dashes, named for what it finds (`duplicate-key`).
///
/// Our own rules are the constants of [`rules`]; a policy's rule is named by the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuleId(Cow<'static, str>);

impl RuleId {
    /// One of our own rules.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// A rule that a policy defines.
    #[must_use]
    pub fn of_policy(id: impl Into<String>) -> Self {
        Self(Cow::Owned(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place with a few words on what stands there.
#[derive(Debug, Clone)]
pub struct Label {
    /// The place.
    pub location: Location,
    /// A lower-case phrase; may be empty.
    pub text: String,
}

/// What the finding is about, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The environment that was being built.
    pub environment: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// The object, as `Deployment web` or `Deployment shop/web`.
    pub object: Option<String>,
}

/// Whether a waiver can cover a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Waivable {
    /// Unless it is an error: what Hydrant itself finds. Its errors say that an object cannot be read, was not judged, or
    /// would be refused by the API server, and no owner can answer for that.
    #[default]
    BelowError,
    /// Yes: what a policy finds.
    Always,
    /// No: its rule says so.
    Never,
}

/// The waiver that covers a finding: a reviewed exception with an end.
#[derive(Debug, Clone)]
pub struct Waived {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where it is written.
    pub location: Location,
}

/// What told the place of a policy's finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlacedBy {
    /// The result itself: `path`, `field`, or a list of failed paths.
    Path,
    /// The result itself, by a line: `_loc`.
    Line,
    /// The `details` of a violation.
    Details,
    /// What the rule read of the object before it came to its message.
    Reads,
    /// Nothing: it is where the object says who it is.
    Object,
}

impl PlacedBy {
    /// One word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Line => "_loc",
            Self::Details => "details",
            Self::Reads => "reads",
            Self::Object => "object",
        }
    }
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// Which rule found it.
    pub rule: RuleId,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lower-case phrase without full stop, the most specific name first.
    pub message: String,
    /// Where; `None` only when nothing in any text could be blamed (a missing file, an empty set).
    pub primary: Option<Label>,
    /// Other places that matter, in any source.
    pub secondary: Vec<Label>,
    /// What to do: one action.
    pub help: Option<String>,
    /// Environment, app and object.
    pub subject: Subject,
    /// Where in the object: a JSON pointer (RFC 6901), if the finding is about a value of a manifest.
    pub pointer: Option<String>,
    /// Whether a waiver can cover it.
    pub waivable: Waivable,
    /// The waiver that covers it: it stays in every report, and refuses nothing.
    pub waived: Option<Arc<Waived>>,
    /// What told the place, if the finding is a policy's.
    pub placed_by: Option<PlacedBy>,
    /// Why it does not count, where a policy excepts what it found. It is told all the same.
    pub excepted_by: Option<Label>,
}

impl Diagnostic {
    /// A finding without a place yet; chain [`at`](Self::at), [`help`](Self::help) and the rest.
    #[must_use]
    pub fn new(severity: Severity, rule: RuleId, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            help: None,
            subject: Subject::default(),
            pointer: None,
            waivable: Waivable::default(),
            waived: None,
            placed_by: None,
            excepted_by: None,
        }
    }

    /// Whether it refuses where everything from `threshold` on does.
    #[must_use]
    pub fn refuses(&self, threshold: Severity) -> bool {
        self.severity >= threshold && self.counts()
    }

    /// Whether a waiver can cover it, as severe as it is.
    #[must_use]
    pub fn is_waivable(&self) -> bool {
        match self.waivable {
            Waivable::BelowError => self.severity < Severity::Error,
            Waivable::Always => true,
            Waivable::Never => false,
        }
    }

    /// An error.
    #[must_use]
    pub fn error(rule: RuleId, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(rule: RuleId, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule, message)
    }

    /// A note.
    #[must_use]
    pub fn note(rule: RuleId, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule, message)
    }

    /// The place it is about, with a few words that stand under the arrow.
    #[must_use]
    pub fn at(mut self, location: Location, text: impl Into<String>) -> Self {
        self.primary = Some(Label { location, text: text.into() });
        self
    }

    /// Another place that matters.
    #[must_use]
    pub fn also(mut self, location: Location, text: impl Into<String>) -> Self {
        self.secondary.push(Label { location, text: text.into() });
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The object it is about.
    #[must_use]
    pub fn object(mut self, object: impl fmt::Display) -> Self {
        self.subject.object = Some(object.to_string());
        self
    }

    /// Where in the object.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Whether a waiver can cover it.
    #[must_use]
    pub fn waivable(mut self, waivable: Waivable) -> Self {
        self.waivable = waivable;
        self
    }

    /// What told the place.
    #[must_use]
    pub fn placed_by(mut self, what: PlacedBy) -> Self {
        self.placed_by = Some(what);
        self
    }

    /// Whether it counts: what is waived or excepted is told, and refuses nothing.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.waived.is_none() && self.excepted_by.is_none()
    }

    /// The environment and app it arose in; a stage that knows only a text leaves that to its caller.
    #[must_use]
    pub fn within(self, environment: &str, app: &str) -> Self {
        self.of_app(app).of_environment(environment)
    }

    /// The app it arose in.
    #[must_use]
    pub fn of_app(mut self, app: &str) -> Self {
        self.subject.app = Some(app.to_owned());
        self
    }

    /// The environment it arose in.
    #[must_use]
    pub fn of_environment(mut self, environment: &str) -> Self {
        self.subject.environment = Some(environment.to_owned());
        self
    }
}

/// A number with its noun: `1 error`, `2 errors`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The name among `candidates` that is closest to `wanted`, if any is close enough to be a slip of the fingers.
#[must_use]
pub fn did_you_mean<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != wanted)
        .map(|candidate| (edit_distance(&wanted.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance with swaps of neighbours (optimal string alignment).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// What `hydrant explain` tells of one of our own rules.
#[derive(Debug)]
pub struct Rule {
    /// The stable name.
    pub id: RuleId,
    /// What it finds, in one line.
    pub title: &'static str,
    /// Why it matters and what to do, in a few sentences.
    pub explanation: &'static str,
}

macro_rules! rules {
    ($($(#[$heading:meta])* $name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        /// Our own rules: everything Hydrant itself can find wrong with an input. Policies bring their own.
        pub mod rules {
            use super::{Rule, RuleId};
            $(
                $(#[$heading])*
                #[doc = $title]
                pub const $name: RuleId = RuleId::new($id);
            )*
            /// Every rule with its explanation, in the order of the stages.
            pub const ALL: &[Rule] = &[$(Rule { id: $name, title: $title, explanation: $explanation }),*];
        }
    };
}

rules! {
    // ── config ────────────────────────────────────────────────────────────────────────────────────────────────
    CONFIG_SYNTAX = "config-syntax", "`hydrant.yaml` or a values file is not valid YAML",
        "The file could not be read as YAML, so nothing in it counts. The arrow stands where reading stopped.";
    CONFIG_UNKNOWN_KEY = "config-unknown-key", "a key of `hydrant.yaml` is not known",
        "An unknown key is an error, because a misspelt setting that is ignored in silence is worse than none. `hydrant schema` prints all keys.";
    CONFIG_TYPE = "config-type", "a value of `hydrant.yaml` has the wrong type or is not one of the choices",
        "The message names the type that is wanted. Versions such as `\"1.34\"` need quotes: without them YAML reads a number.";
    CONFIG_REFERENCE = "config-reference", "`hydrant.yaml` names something that does not exist",
        "An environment that inherits from an unknown one, a values file, policy or schema folder that is not in the tree.";
    CONFIG_CYCLE = "config-cycle", "environments inherit from each other in a circle",
        "Follow `inherits` from environment to environment: it has to end.";
    CONFIG_INVALID = "config-invalid", "a value of `hydrant.yaml` cannot be used",
        "The value has the right type but breaks a rule of its own: two environments with one branch, a path outside the repository, a name that is no folder name.";
    // ── load ──────────────────────────────────────────────────────────────────────────────────────────────────
    APP_NOT_FOUND = "app-not-found", "an app path matches no folder",
        "Every pattern under `apps` must match at least one folder: a pattern that matches nothing would silently publish nothing.";
    ENGINE_NOT_BUILT = "engine-not-built", "the folder needs an engine that this version does not have",
        "The folder is a Helm chart or a kustomization. It is recognised, and refused rather than read as plain YAML, which would publish templates or patches as objects.";
    UNREADABLE_INPUT = "unreadable-input", "a file of an app could not be used",
        "It is not UTF-8, too large, or a symlink that leaves the repository.";
    UTF_16 = "utf-16", "a file is UTF-16",
        "kubectl cuts a text into lines byte by byte and cannot read UTF-16. `hydrant validate --fix` writes the same text as UTF-8.";
    // ── render ────────────────────────────────────────────────────────────────────────────────────────────────
    TEMPLATE_SYNTAX = "template-syntax", "a template does not parse",
        "The template engine stopped at the arrow.";
    UNDEFINED_VALUE = "undefined-value", "a template uses a value that is not defined",
        "Templates are strict: an undefined value would render as nothing and change the meaning of the manifest. Define it in a values file, or say `| default(…)`.";
    UNKNOWN_TEMPLATE_FUNCTION = "unknown-template-function", "a template calls a filter, test or function that does not exist",
        "The message suggests the nearest name. Clock, randomness and environment are left out on purpose: the same commit must render the same bytes.";
    TEMPLATE_NOT_FOUND = "template-not-found", "an included, imported or extended template does not exist",
        "Templates are looked up in the app's folder and in the shared `templates/` folder, nowhere else.";
    PATH_OUTSIDE_REPOSITORY = "path-outside-repository", "a template names a file outside the repository",
        "A render reads only the inputs of its app, so that the branch can be rebuilt from the commit alone.";
    TEMPLATE_FAILED = "template-failed", "a template failed while it rendered",
        "A filter was given something it cannot use, or the template called `fail`.";
    RENDER_LIMIT = "render-limit", "a template exceeded a limit",
        "Steps, depth and output of one template are limited, so that an endless loop ends as a finding and not as a hung pipeline.";
    // ── parse ─────────────────────────────────────────────────────────────────────────────────────────────────
    YAML_SYNTAX = "yaml-syntax", "a document is not valid YAML",
        "Kubernetes would refuse the document. Other documents of the file are still checked where their borders are clear.";
    YAML_SPLIT = "yaml-split", "YAML and kubectl disagree on where documents begin and end",
        "kubectl cuts a file at lines before it reads YAML. Where the two disagree, a document could pass a gate unseen, so the file is refused.";
    YAML_LIMIT = "yaml-limit", "a document exceeds a limit of size, depth or aliases",
        "Aliases that multiply, or nesting without end, are refused before they cost memory.";
    DUPLICATE_KEY = "duplicate-key", "a mapping has the same key twice",
        "YAML readers keep one of the two in silence, and not all the same one. `hydrant validate --fix` drops one of the two where their values are equal.";
    COLLIDING_KEYS = "colliding-keys", "two keys of a mapping are one key to Kubernetes",
        "Keys become text: `1` and `\"1\"` are one key, and so are `on` and `yes`. Kubernetes loses one of the two in silence, even where it is strict.";
    MERGE_OVERLAP = "merge-overlap", "a mapping gives a key that it also merges with `<<`",
        "YAML lets the mapping's own key win, but a strict reader of Kubernetes refuses it as a duplicate, and go-yaml lets a merge below the key override it. Write the key once: leave it out of what is merged, or write the merged keys out.";
    REPEATED_MERGE = "repeated-merge", "a mapping has `<<` twice",
        "Kubernetes merges both in silence; other readers take the second for a duplicate, and drop one or refuse the file. Merge both with one key: `<<: [*first, *second]`.";
    YAML_BOOLEAN = "yaml-boolean", "a word without quotes that Kubernetes reads as a boolean",
        "`yes`, `no`, `on`, `off`, `y` and `n` are booleans in YAML 1.1, which Kubernetes reads, and text in YAML 1.2. Write `true` or `false`, or quotes where text is meant.";
    LEADING_ZERO = "leading-zero", "a number that begins with a zero",
        "To Kubernetes `0644` is octal: 420. To readers of YAML 1.2 it is 644. `0888` is 888 to Kubernetes and text to other readers. Write the decimal number, or quotes where text is meant.";
    NUMBER_SPELLING = "number-spelling", "a number in a spelling that not every reader knows",
        "`1_000`, `0b101` and `0o644` are numbers to Kubernetes and text to other readers. Write the decimal number, or quotes where text is meant.";
    BASE_60 = "base-60", "a text that other readers take for a number to the base 60",
        "`22:22` is text to Kubernetes and to YAML 1.2, and 1342 to many readers of YAML 1.1. Write quotes.";
    LOSSY_NUMBER = "lossy-number", "a number with more digits than a reader keeps",
        "Kubernetes keeps integers of 64 bits with sign; of anything else, and in every tool that knows only floating point, 15 to 17 digits are left. An identifier of many digits is text: write quotes.";
    NON_STRING_KEY = "non-string-key", "a key that is written as a number or a boolean",
        "Keys of JSON are text, so Kubernetes makes text of them: `on` becomes `\"true\"`, `0x10` becomes `\"16\"`. Other readers keep a number, or another text. Write the key in quotes.";
    CUSTOM_TAG = "custom-tag", "a tag that Kubernetes does not know",
        "Kubernetes drops tags like `!Ref` in silence and keeps the bare value. The tool that was to replace the value has not run, or was never meant to read this file.";
    TAB_SEPARATOR = "tab-separator", "a tab between words of YAML",
        "Kubernetes reads a tab here as a space; other readers refuse the file. Write a space.";
    BYTE_ORDER_MARK = "byte-order-mark", "a document begins with a byte order mark",
        "Kubernetes skips the invisible character U+FEFF; other tools take it for a part of the first key.";
    MIXED_LINE_ENDS = "mixed-line-ends", "a text has line ends of two kinds",
        "Kubernetes does not mind, but tools that look for `---` between line ends of one kind miss documents.";
    DOCUMENT_END = "document-end", "a line `...` ends a document",
        "Kubernetes drops what follows `...` up to the next `---`, in silence. Where nothing follows, the line does nothing and may go.";
    YAML_DIRECTIVE = "yaml-directive", "a `%` directive stands before a document",
        "kubectl cuts the directive from its document and then refuses the file. Remove it: Kubernetes reads YAML 1.1.";
    ODD_LINE_BREAK = "odd-line-break", "an invisible character is a line break to Kubernetes only",
        "U+0085, U+2028 and U+2029 end lines in YAML 1.1, which Kubernetes reads, and are text in YAML 1.2: a key can hide behind one.";
    UNRENDERED_TEMPLATE = "unrendered-template", "template braces are left in a document",
        "`{{ … }}` without quotes is a mapping used as a key, which Kubernetes refuses. Render the template first, or quote the text.";
    NOT_AN_OBJECT = "not-an-object", "a document is no Kubernetes object",
        "A document must be a mapping with `apiVersion`, `kind` and `metadata.name`.";
    MISSING_IDENTITY = "missing-identity", "an object lacks `apiVersion`, `kind` or `metadata.name`",
        "Without them neither the cluster nor Hydrant can tell which object is meant.";
    INVALID_IDENTITY = "invalid-identity", "`apiVersion`, `kind`, `metadata.name` or `metadata.namespace` cannot be one",
        "It is not text, or holds signs that no API server accepts. These four are used to look things up, so they are checked first.";
    INVALID_LIST = "invalid-list", "the `items` of a List are not a list of objects",
        "kubectl takes everything with `items` at its top for a List. Where they are no list, or the kind is no List, it would fail, apply nothing, or apply what was not checked.";
    DUPLICATE_OBJECT = "duplicate-object", "the same object is declared twice in one environment",
        "The cluster would keep whichever was applied last. Group, kind, namespace and name make an object; the version does not.";
    // ── validate ──────────────────────────────────────────────────────────────────────────────────────────────
    SCHEMA_VIOLATION = "schema-violation", "a value does not fit its schema",
        "The API server would refuse the object. The schema is that of the Kubernetes version of the environment, or of the CRD.";
    UNKNOWN_FIELD = "unknown-field", "a field is not known to the schema",
        "The API server drops or refuses unknown fields; most are misspelt, and what they were meant to set stays unset.";
    MISSING_FIELD = "missing-field", "a required field is missing",
        "The schema demands it.";
    UNKNOWN_KIND = "unknown-kind", "a group of Kubernetes has no such kind",
        "Group and version are those of Kubernetes, or nearly so, and the kind is not among them: mostly it is misspelt, in the wrong case, or belongs to another group. `schemas.unknown` does not change that: no CRD can add a kind to a group of Kubernetes.";
    MISSING_CRD = "missing-crd", "no CRD defines a kind",
        "Neither the Kubernetes version of the environment nor a CRD among the rendered objects or under `schemas.crds` defines it. An object nobody can check is an error by default; `schemas.unknown` changes that.";
    CRD_VERSION = "crd-version", "a CRD does not serve a kind in this version",
        "The CRD defines the kind, and the version is not among those with `served: true`. The API server would answer that it knows no such kind.";
    REMOVED_API = "removed-api", "an API is gone in the environment's Kubernetes",
        "The API server of this minor no longer serves the kind in this version. From the deprecation guide of Kubernetes (https://kubernetes.io/docs/reference/using-api/deprecation-guide) and the API definitions of each minor.";
    NOT_YET_API = "not-yet-api", "an API is newer than the environment's Kubernetes",
        "A later minor serves the kind in this version, the one of the environment does not. From the API definitions of each minor.";
    DEPRECATED_API = "deprecated-api", "an API is served, and will not be for long",
        "Deprecated by Kubernetes, or known to be gone in a later minor: a warning, so that the next upgrade does not become an outage. From the deprecation guide of Kubernetes and the API definitions of each minor.";
    BROKEN_SCHEMA = "broken-schema", "a CRD or schema cannot be used",
        "A schema that does not compile checks nothing, so it is an error and never a pass.";
    CEL_NOT_EVALUATED = "cel-not-evaluated", "a kind has rules in CEL that were not evaluated",
        "A CRD can hold rules in the Common Expression Language (`x-kubernetes-validations`). Hydrant judges objects by every other keyword of the schema, and says for each kind how many such rules are left to the API server.";
    INVALID_NAME = "invalid-name", "a name does not have the form that Kubernetes demands",
        "Names become parts of paths, host names and environment variables, and each sort has its own form: most objects a DNS subdomain, Namespaces and containers a DNS label, Services until 1.35 one that begins with a letter, CronJobs at most 52 characters, CRDs plural and group. See `pkg/apis/*/validation` and apimachinery's `pkg/util/validation` of Kubernetes, and KEP-5311 for Services.";
    INVALID_LABEL = "invalid-label", "a label's key or value cannot be one",
        "Keys are names with or without a domain before `/`, values have at most 63 letters, digits, `-`, `_` and `.`. The same holds in selectors. See https://kubernetes.io/docs/concepts/overview/working-with-objects/labels and apimachinery's `pkg/apis/meta/v1/validation`.";
    INVALID_ANNOTATION = "invalid-annotation", "an annotation's key cannot be one, or the annotations are too large",
        "Keys are names with or without a domain before `/`; all keys and values of an object together have at most 256 KiB. `kubectl apply` writes the whole object into an annotation, so large objects reach the limit without having one. See apimachinery's `pkg/api/validation/objectmeta.go`.";
    INVALID_FINALIZER = "invalid-finalizer", "a finalizer's name cannot be one",
        "Finalizers are qualified names; on built-in kinds all but three need a domain. See `ValidateFinalizerName` in `pkg/apis/core/validation` of Kubernetes.";
    INVALID_SELECTOR = "invalid-selector", "a selector cannot be used",
        "An operator that does not exist, values where none are allowed or none where some are needed, or an empty selector on a workload. See `ValidateLabelSelector` in apimachinery's `pkg/apis/meta/v1/validation`.";
    SELECTOR_MISMATCH = "selector-mismatch", "a workload's selector does not match its own template",
        "A workload whose selector does not match the labels of its template could never find its Pods, so the API server refuses it. See `ValidateDeploymentSpec` and its relatives in `pkg/apis/apps/validation` of Kubernetes.";
    INVALID_CHOICE = "invalid-choice", "a value is not among the choices that Kubernetes documents",
        "The schema says that the field is text; only the prose of the API reference lists what may stand there. Cases matter. See `pkg/apis/*/types.go` and `pkg/apis/*/validation` of Kubernetes.";
    OUT_OF_RANGE = "out-of-range", "a number lies beyond what Kubernetes allows",
        "Ports lie between 1 and 65535, file modes between 0 and 0777, counts and delays are not negative. See `pkg/apis/*/validation` of Kubernetes.";
    DUPLICATE_NAME = "duplicate-name", "two things in one list have the same name",
        "Containers of a Pod (init containers included), volumes, ports of one container or Service, versions of a CRD and webhooks are told apart by their names. See `validateContainers` and `ValidateVolumes` in `pkg/apis/core/validation` of Kubernetes.";
    DUPLICATE_MOUNT = "duplicate-mount", "two volumes are mounted at the same path",
        "Only one of them could be seen, so the API server refuses the container. See `ValidateVolumeMounts` in `pkg/apis/core/validation` of Kubernetes.";
    REPEATED_ITEM = "repeated-item", "a list sets the same thing twice, and only one of them counts",
        "The API server takes the same environment variable or container port twice, and warns: the last one wins, and apply may lose either. See `pkg/api/pod/warnings.go` of Kubernetes.";
    UNKNOWN_VOLUME = "unknown-volume", "a container mounts a volume that the Pod does not have",
        "Volumes are named in `spec.volumes`, and in the claim templates of a StatefulSet. See `ValidateVolumeMounts` in `pkg/apis/core/validation` of Kubernetes. For a StatefulSet the API server says it only when it is to make the Pods.";
    UNKNOWN_PORT = "unknown-port", "a probe names a port that its container does not have",
        "The API server accepts it, and the probe fails for as long as the container runs.";
    ONE_OF = "one-of", "not exactly one of several fields is set",
        "Probes have one handler, volumes one source, variables one origin, CRDs one stored version. The schema lists all of them as optional. See `validateHandler`, `validateVolumeSource` and `validateEnvVarValueFrom` in `pkg/apis/core/validation` of Kubernetes.";
    REQUIRED_VALUE = "required-value", "a field is missing that the schema does not demand, and the API server does",
        "Many fields are optional in the schema only because something else may fill them in: the image of a container, the restart policy of a Job, the size of a claim. See `field.Required` in `pkg/apis/*/validation` of Kubernetes.";
    FORBIDDEN_FIELD = "forbidden-field", "a field may not be set here",
        "The field exists, and contradicts another one or the kind of the object: probes on an init container, `rollingUpdate` beside `Recreate`, the selector of a Job. See `field.Forbidden` in `pkg/apis/*/validation` of Kubernetes.";
    INVALID_KEY = "invalid-key", "a key of a ConfigMap or Secret cannot be one",
        "Keys become file names and environment variables: letters, digits, `-`, `_` and `.`. See `IsConfigMapKey` in apimachinery's `pkg/util/validation`.";
    DATA_TOO_LARGE = "data-too-large", "a ConfigMap or Secret holds more than 1 MiB",
        "The API server refuses it: etcd is no file server. See `MaxSecretSize` in `pkg/apis/core/types.go` of Kubernetes.";
    INVALID_PATH = "invalid-path", "a path of an Ingress is not absolute or not normal",
        "Paths begin with `/`, and `Exact` and `Prefix` match whole elements, so `//`, `/./` and `/../` could never match. See `validateHTTPIngressPath` in `pkg/apis/networking/validation` of Kubernetes.";
    INVALID_RESOURCE = "invalid-resource", "a container asks for a resource that does not exist, or for an impossible amount of it",
        "Without a domain there are cpu, memory, ephemeral-storage and huge pages; extended resources are whole numbers with a limit; nothing is negative. See `ValidateContainerResourceRequirements` in `pkg/apis/core/validation` of Kubernetes.";
    REQUEST_ABOVE_LIMIT = "request-above-limit", "a container requests more than its limit",
        "It could be scheduled only to be stopped, so the API server refuses it. What cannot be shared, extended resources and huge pages, must be requested exactly as limited. See `ValidateContainerResourceRequirements` in `pkg/apis/core/validation` of Kubernetes.";
    FRACTIONAL_BYTES = "fractional-bytes", "an amount of memory is a fraction of a byte",
        "`512m` of memory is half a byte: the suffix `m` stands for thousandths. The API server rounds up, and warns. See `pkg/api/pod/warnings.go` of Kubernetes.";
    IGNORED_NAMESPACE = "ignored-namespace", "an object that lives in no namespace names one",
        "The API server forgets the namespace of a cluster-scoped object without a word, so two environments that seem apart share one object. See `EnsureObjectNamespaceMatchesRequestNamespace` in apiserver's `pkg/registry/rest`.";
    IMMUTABLE_FIELD = "immutable-field", "a field is changed that cannot be changed on an object in the cluster",
        "The API server refuses the update, and the rollout stops there. Give the object another name, or let the agent replace it: with the annotation `argocd.argoproj.io/sync-options: Replace=true` or `Force=true` the change is taken as meant. See `Validate…Update` in `pkg/apis/*/validation` of Kubernetes.";
    // ── evaluate ──────────────────────────────────────────────────────────────────────────────────────────────
    POLICY_SYNTAX = "policy-syntax", "a policy does not load",
        "A policy that cannot be loaded checks nothing, so it is an error and never a pass.";
    POLICY_UNSUPPORTED = "policy-unsupported", "a policy uses what this engine does not evaluate exactly as OPA does",
        "Recursion, a built-in function that is missing, the clock, the network: a verdict that could differ from OPA's is refused at load.";
    POLICY_SHAPE = "policy-shape", "a policy rule has a shape that can never report anything",
        "`deny if {…}` is a boolean, not a set of messages: tools that query messages find none, and pass. Write `deny contains msg if {…}`.";
    UNKNOWN_NAMESPACE = "unknown-namespace", "a namespace asks no package for messages",
        "No package has that name, or none of its rules is called `deny`, `violation` or `warn`. Conftest passes without a test; Hydrant refuses, because a misspelt namespace would switch policies off.";
    UNQUERIED_PACKAGE = "unqueried-package", "nothing asks a package for anything",
        "Its rules report and no namespace asks for them, or none of them reports and no other policy uses them. Whoever wrote it believes that it judges something. `--namespace '!name'` leaves a package out knowingly.";
    POLICY_FAILED = "policy-failed", "a policy failed while it judged an object",
        "An evaluation error, a result without a message, or a limit. The object counts as not judged, which refuses it.";
    WAIVER_UNUSED = "waiver-unused", "a waiver covers nothing",
        "Nothing that was found needs it, or another waiver covers it already. A waiver that outlives its reason would hide the next finding: remove it. A run of some apps or environments does not complain about waivers for others.";
    WAIVER_EXPIRED = "waiver-expired", "a waiver has ended",
        "A waiver holds to the end of the day it names, in UTC. What it covered counts again. Fix that, or let the exception be reviewed again and give it a later date.";
    WAIVER_EXPIRES_SOON = "waiver-expires-soon", "a waiver ends within two weeks",
        "What it covers is going to refuse from the day after its last.";
    WAIVER_REFUSED = "waiver-refused", "a waiver is for something that cannot be waived",
        "No waiver covers a rule whose policy says `overridable: false`, or an error that Hydrant itself finds: the object cannot be read, was not judged, or would be refused by the API server. An annotation waives nothing unless `policies.waiver_annotations` allows it.";
    WAIVER_INVALID = "waiver-invalid", "the waiver on an object cannot be read",
        "The annotation `hydrant.dev/waive` holds a YAML list as text; each entry has `rule`, `owner`, `reason` and `expires`. What cannot be read waives nothing.";
    // ── admit ─────────────────────────────────────────────────────────────────────────────────────────────────
    NOTHING_CHECKED = "nothing-checked", "nothing was checked",
        "No app, no document, or no policy judged anything. Absence is never success.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_named_once_in_lower_case_words() {
        let mut ids: Vec<_> = rules::ALL.iter().map(|rule| rule.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count);
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        assert!(ids.iter().all(|id| id.bytes().all(allowed)));
    }

    #[test]
    fn suggestions_forgive_a_slip_and_nothing_more() {
        assert_eq!(did_you_mean("replcias", ["replicas", "selector"]), Some("replicas"));
        assert_eq!(did_you_mean("Replicas", ["replicas"]), Some("replicas"));
        assert_eq!(did_you_mean("image", ["volumes", "ports"]), None);
    }
}
