//! Patches: the files that a kustomization lays over others. They are parts of objects, and no objects.

use std::collections::BTreeSet;

use crate::manifest::{Node, ReadLimits, read};
use crate::source::Source;
use crate::tree::RepoPath;

/// The patches of some kustomizations, by path.
#[derive(Debug, Default)]
pub(super) struct Patches(BTreeSet<RepoPath>);

impl Patches {
    /// Adds those that a kustomization names. One that cannot be read names none: it is not for us to judge it.
    pub(super) fn add(&mut self, kustomization: &str, text: &str) {
        let stream = read(&Source::file(kustomization, text), &ReadLimits::default());
        let folder = RepoPath::parse(kustomization).ok().and_then(|path| path.parent());
        for root in stream.documents.iter().map(|document| &document.root) {
            let items = |key: &str| root.get(key).and_then(Node::as_sequence).unwrap_or_default().iter();
            let by_path = items("patches").chain(items("patchesJson6902")).filter_map(|patch| patch.get("path"));
            let by_name = items("patchesStrategicMerge").chain(items("configurations"));
            let names = by_path.chain(by_name).filter_map(Node::as_str);
            self.0.extend(names.filter_map(|name| super::resolve(folder.as_ref(), name).ok()));
        }
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        RepoPath::parse(path).is_ok_and(|path| self.0.contains(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_found_wherever_a_kustomization_names_them() {
        let mut patches = Patches::default();
        patches.add(
            "overlays/prod/kustomization.yaml",
            "patches:\n- path: cpu.yaml\n- patch: |\n    a: 1\npatchesStrategicMerge: [../memory.yaml, \"a: 1\"]\n",
        );
        assert!(patches.contains("overlays/prod/cpu.yaml") && patches.contains("overlays/memory.yaml"));
        assert!(!patches.contains("overlays/prod/other.yaml"));
    }
}
