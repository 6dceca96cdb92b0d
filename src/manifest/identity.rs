//! Identity: which object a manifest is, as the API server tells objects apart.

use std::fmt;
use std::sync::Arc;

use super::{Node, Pointer};
use crate::source::{Location, Source, Span};

/// Group, version and kind. The core group is the empty string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// `apps`, `""` for core.
    pub group: Box<str>,
    /// `v1`.
    pub version: Box<str>,
    /// `Deployment`.
    pub kind: Box<str>,
}

impl Gvk {
    /// From the `apiVersion` and `kind` of a manifest.
    #[must_use]
    pub fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// `apps/v1`, or `v1` for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.api_version(), self.kind)
    }
}

/// An object's name, or the prefix the API server makes one from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// `metadata.name`.
    Fixed(Box<str>),
    /// `metadata.generateName`: every apply makes a new object, so two of them are never the same one.
    Generated(Box<str>),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name) => f.write_str(name),
            Self::Generated(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// Which object is meant. Two objects are the same if group, kind, namespace and name agree; the version is not part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The namespace written in the manifest, if any.
    pub namespace: Option<Box<str>>,
    /// The name.
    pub name: Name,
}

impl ObjectRef {
    /// Whether the cluster would take both for one object.
    #[must_use]
    pub fn is_same_object(&self, other: &Self) -> bool {
        matches!(self.name, Name::Fixed(_)) && self.key() == other.key()
    }

    /// What tells objects apart: group, kind, namespace, name.
    #[must_use]
    pub fn key(&self) -> (&str, &str, Option<&str>, &Name) {
        (&self.gvk.group, &self.gvk.kind, self.namespace.as_deref(), &self.name)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.gvk.kind, self.name),
            None => write!(f, "{} {}", self.gvk.kind, self.name),
        }
    }
}

/// One object: who it is, what it says, and the text it came from.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Which object.
    pub object: ObjectRef,
    /// The whole object; always a mapping.
    pub root: Node,
    /// The text that all spans of `root` point into.
    pub source: Arc<Source>,
}

impl Manifest {
    /// The place of a value: see [`Pointer::locate`].
    #[must_use]
    pub fn locate(&self, pointer: &Pointer) -> Location {
        self.location(pointer.locate(&self.root))
    }

    /// A span of this manifest's source.
    #[must_use]
    pub fn location(&self, span: Span) -> Location {
        Location::new(&self.source, span)
    }

    /// Whether values of this object must never be shown: it is a `Secret` of the core group.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.object.gvk.group.is_empty() && &*self.object.gvk.kind == "Secret"
    }
}
