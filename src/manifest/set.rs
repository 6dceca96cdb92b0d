//! The objects of one environment: each object once, in a fixed order.

use std::collections::BTreeMap;

use super::{Manifest, Name, ObjectRef};
use crate::diagnostic::{Diagnostic, rules};

/// The manifests of an environment by app, sorted and unique.
///
/// Inside an app, objects stand in the order in which they were rendered: some tools apply in file order.
#[derive(Debug, Clone, Default)]
pub struct ManifestSet {
    apps: BTreeMap<String, Vec<Manifest>>,
}

impl ManifestSet {
    /// Collects `(app, manifest)` pairs. An object that was seen before is left out and reported.
    #[must_use]
    pub fn collect(manifests: impl IntoIterator<Item = (String, Manifest)>) -> (Self, Vec<Diagnostic>) {
        let mut set = Self::default();
        let mut seen: BTreeMap<ObjectKey, Seen> = BTreeMap::new();
        let mut diagnostics = Vec::new();
        for (app, manifest) in manifests {
            if matches!(manifest.object.name, Name::Fixed(_)) {
                let key = ObjectKey::of(&manifest.object);
                if let Some(seen) = seen.get(&key) {
                    let first = &set.apps[&seen.app][seen.index];
                    diagnostics.push(duplicate(&manifest, first, &seen.app, &app));
                    continue;
                }
                let index = set.apps.get(&app).map_or(0, Vec::len);
                seen.insert(key, Seen { app: app.clone(), index });
            }
            set.apps.entry(app).or_default().push(manifest);
        }
        (set, diagnostics)
    }

    /// Apps in order of their names, with their objects in the order rendered.
    pub fn apps(&self) -> impl Iterator<Item = (&str, &[Manifest])> {
        self.apps.iter().map(|(app, manifests)| (app.as_str(), manifests.as_slice()))
    }

    /// The objects of one app; none if there is no such app.
    #[must_use]
    pub fn app(&self, app: &str) -> &[Manifest] {
        self.apps.get(app).map_or(&[], Vec::as_slice)
    }

    /// Every object with its app.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Manifest)> {
        self.apps().flat_map(|(app, manifests)| manifests.iter().map(move |manifest| (app, manifest)))
    }

    /// How many objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.apps.values().map(Vec::len).sum()
    }

    /// Whether there is no object at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.apps.values().all(Vec::is_empty)
    }
}

/// What tells objects apart, as [`ObjectRef::key`] says it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ObjectKey {
    group: Box<str>,
    kind: Box<str>,
    namespace: Option<Box<str>>,
    name: Name,
}

impl ObjectKey {
    fn of(object: &ObjectRef) -> Self {
        let (group, kind, namespace, name) = object.key();
        Self { group: group.into(), kind: kind.into(), namespace: namespace.map(Into::into), name: name.clone() }
    }
}

/// Where an object was seen first.
struct Seen {
    app: String,
    index: usize,
}

fn duplicate(second: &Manifest, first: &Manifest, first_app: &str, app: &str) -> Diagnostic {
    let name = super::Pointer::from_parts(["metadata", "name"]);
    let whose = if first_app == app { String::new() } else { format!(" by app `{first_app}`") };
    Diagnostic::error(rules::DUPLICATE_OBJECT, format!("{} is declared twice", second.object))
        .at(second.locate(&name), "declared again here")
        .also(first.locate(&name), format!("first declared here{whose}"))
        .help("remove one of the two, or give them different names or namespaces")
        .object(&second.object)
        .of_app(app)
        .pointer(name.to_string())
}
