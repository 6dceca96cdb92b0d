//! Duplicates among loose files: the same object twice in one file is a mistake. Twice in two files is how people keep
//! variants, overlays and `install.yaml` beside its parts, and nobody has said that these files go to one cluster.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::kept::Known;
use crate::diagnostic::{Diagnostic, rules};
use crate::manifest::{Name, Pointer};
use crate::source::{Location, Source};

/// Every object that was there before in the same file.
pub(super) fn find(source: &Arc<Source>, objects: &[Known]) -> Vec<Diagnostic> {
    if objects.len() < 2 {
        return Vec::new();
    }
    // asked, and never walked: its order shows nowhere
    let mut seen: HashMap<_, &Known> = HashMap::with_capacity(objects.len());
    let mut diagnostics = Vec::new();
    for known in objects.iter().filter(|known| known.outcome.wanted && matches!(known.object.name, Name::Fixed(_))) {
        match seen.entry(known.object.key()) {
            Entry::Occupied(first) => diagnostics.push(duplicate(source, known, first.get())),
            Entry::Vacant(place) => {
                place.insert(known);
            }
        }
    }
    diagnostics
}

fn duplicate(source: &Arc<Source>, second: &Known, first: &Known) -> Diagnostic {
    let name = Pointer::from_parts(["metadata", "name"]);
    Diagnostic::error(rules::DUPLICATE_OBJECT, format!("{} is declared twice", second.object))
        .at(Location::new(source, second.name), "declared again here")
        .also(Location::new(source, first.name), "first declared here")
        .help("remove one of the two, or give them different names or namespaces")
        .object(&second.object)
        .pointer(name.to_string())
}
