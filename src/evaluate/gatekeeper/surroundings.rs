//! Surroundings: what a template can know of the other objects of an environment, and of the object's namespace.

use std::collections::BTreeMap;

use regorus::Value as RegoValue;

use super::matching::{Namespaces, is_namespace, namespace_labels, with_name};
use crate::evaluate::finding::secret_values;
use crate::evaluate::value::of_node;
use crate::manifest::{Manifest, Name};

/// The objects around the one that is judged. Made once for an environment.
#[derive(Debug)]
pub struct Surroundings {
    /// What policies see as `data`.
    pub(super) data: RegoValue,
    pub(super) namespaces: Namespaces,
    /// Values of Secrets, which a policy could put into its message.
    pub(super) secrets: Vec<String>,
    /// The objects that are there already; `None` if nothing is known of them.
    before: Option<BTreeMap<Key, Manifest>>,
}

/// Group, kind, namespace and name.
type Key = (String, String, Option<String>, String);

/// `None` for an object whose name is yet to be made: it is always a new one.
fn key(manifest: &Manifest) -> Option<Key> {
    let Name::Fixed(name) = &manifest.object.name else { return None };
    let (gvk, namespace) = (&manifest.object.gvk, manifest.object.namespace.as_deref());
    Some((gvk.group.to_string(), gvk.kind.to_string(), namespace.map(str::to_owned), name.to_string()))
}

impl Surroundings {
    /// The surroundings of an object that is alone.
    #[must_use]
    pub fn none() -> Self {
        Self::of(&[], true)
    }

    /// `whole` tells whether some policy looks at other objects; if none does, only namespaces matter.
    pub(in crate::evaluate) fn of(manifests: &[&Manifest], whole: bool) -> Self {
        let mut namespaces = Namespaces::new();
        // there is always one of this name
        namespaces.insert("default".to_owned(), with_name("default", BTreeMap::new()));
        for manifest in manifests.iter().filter(|manifest| is_namespace(manifest)) {
            namespaces.insert(manifest.object.name.to_string(), namespace_labels(manifest));
        }
        let inventory = if whole { inventory(manifests) } else { RegoValue::new_object() };
        let data = RegoValue::from(BTreeMap::from([(RegoValue::from("inventory"), inventory)]));
        let secrets =
            if whole { manifests.iter().flat_map(|manifest| secret_values(manifest)).collect() } else { Vec::new() };
        Self { data, namespaces, secrets, before: None }
    }

    /// The same, where some objects are there already.
    pub(in crate::evaluate) fn since(self, published: &[Manifest]) -> Self {
        let keyed = published.iter().filter_map(|manifest| Some((key(manifest)?, manifest.clone())));
        Self { before: Some(keyed.collect()), ..self }
    }

    /// The object that is there already under the same name.
    pub(super) fn before(&self, manifest: &Manifest) -> Option<&Manifest> {
        self.before.as_ref()?.get(&key(manifest)?)
    }
}

/// `cluster[version][kind][name]` and `namespace[namespace][version][kind][name]`.
fn inventory(manifests: &[&Manifest]) -> RegoValue {
    let mut tree = Tree::default();
    for manifest in manifests {
        let Name::Fixed(name) = &manifest.object.name else { continue }; // there is no object of that name yet
        let version = manifest.object.gvk.api_version();
        let kind = &*manifest.object.gvk.kind;
        let path = match manifest.object.namespace.as_deref() {
            Some(namespace) => vec!["namespace", namespace, &version, kind, name],
            None => vec!["cluster", &version, kind, name],
        };
        tree.insert(&path, of_node(&manifest.root));
    }
    tree.into_value()
}

#[derive(Default)]
struct Tree {
    value: Option<RegoValue>,
    below: BTreeMap<String, Tree>,
}

impl Tree {
    fn insert(&mut self, path: &[&str], value: RegoValue) {
        match path.split_first() {
            None => self.value = Some(value),
            Some((first, rest)) => self.below.entry((*first).to_owned()).or_default().insert(rest, value),
        }
    }

    fn into_value(self) -> RegoValue {
        let Self { value, below } = self;
        value.unwrap_or_else(|| {
            let members = below.into_iter().map(|(key, tree)| (RegoValue::from(key.as_str()), tree.into_value()));
            RegoValue::from(members.collect::<BTreeMap<_, _>>())
        })
    }
}
