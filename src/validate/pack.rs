//! The pack: the definitions of all embedded Kubernetes minors, each stored once (`schemas/build-pack.py` writes it).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;

use crate::manifest::Gvk;

/// The file as it is embedded.
pub(super) static BYTES: &[u8] = include_bytes!("../../schemas/kubernetes.pack");

/// The inflated text: a header line, then one definition a line.
static TEXT: LazyLock<String> = LazyLock::new(inflate);

/// The pack, read when a first schema is asked for.
pub(super) static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::read(&TEXT));

/// What the text says.
pub(super) struct Pack {
    minors: Vec<&'static str>,
    lines: Vec<Line>,
    /// Which minors have a kind.
    kinds: BTreeMap<&'static str, u32>,
    groups: BTreeSet<&'static str>,
}

/// One line: a definition as one or more minors have it.
pub(super) struct Line {
    minors: u32,
    /// `group/version/Kind`, or `-` for a type that is no object.
    gvk: &'static str,
    /// The name that references use.
    pub(super) name: &'static str,
    /// JSON schema.
    pub(super) schema: &'static str,
}

fn inflate() -> String {
    let mut text = String::new();
    DeflateDecoder::new(BYTES).read_to_string(&mut text).expect("the embedded pack is whole: a test inflates it");
    text
}

impl Pack {
    fn read(text: &'static str) -> Self {
        let mut rest = text.lines();
        let minors = rest.next().unwrap_or_default().split_whitespace().skip(2).collect();
        let lines: Vec<_> = rest.filter_map(Line::parse).collect();
        let mut kinds = BTreeMap::new();
        for line in lines.iter().filter(|line| line.gvk != "-") {
            *kinds.entry(line.gvk).or_default() |= line.minors;
        }
        let groups = kinds.keys().filter_map(|gvk| gvk.split_once('/')).map(|(group, _)| group).collect();
        Self { minors, lines, kinds, groups }
    }

    /// The embedded minors, from old to new.
    pub(super) fn minors(&self) -> &[&'static str] {
        &self.minors
    }

    /// The definitions of the n-th minor.
    pub(super) fn lines_of(&self, index: usize) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.minors & 1 << index != 0)
    }

    /// The minors that have a kind, from old to new.
    pub(super) fn minors_with(&self, gvk: &Gvk) -> Vec<&'static str> {
        let wanted = format!("{}/{}/{}", gvk.group, gvk.version, gvk.kind);
        let found = self.kinds.get(wanted.as_str()).copied().unwrap_or_default();
        self.minors.iter().enumerate().filter(|(index, _)| found & 1 << index != 0).map(|(_, minor)| *minor).collect()
    }

    /// Whether any minor has a kind in this group: such a group belongs to Kubernetes itself.
    pub(super) fn has_group(&self, group: &str) -> bool {
        self.groups.contains(group)
    }
}

impl Line {
    fn parse(line: &'static str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let minors = u32::from_str_radix(parts.next()?, 16).ok()?;
        Some(Self { minors, gvk: parts.next()?, name: parts.next()?, schema: parts.next()? })
    }

    /// The kind it describes, if it is an object.
    pub(super) fn gvk(&self) -> Option<Gvk> {
        let (group, rest) = self.gvk.split_once('/')?;
        let (version, kind) = rest.split_once('/')?;
        Some(Gvk { group: group.into(), version: version.into(), kind: kind.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_embedded_pack_reads() {
        assert!(TEXT.starts_with("hydrant-kubernetes-pack 1 "));
        assert_eq!(PACK.lines.len(), TEXT.lines().count() - 1);
        for line in &PACK.lines {
            assert!(serde_json::from_str::<serde_json::Value>(line.schema).is_ok(), "{}", line.name);
            assert_eq!(line.gvk == "-", line.gvk().is_none(), "{}", line.gvk);
        }
        assert_eq!(PACK.minors().first(), Some(&"1.25"));
    }

    #[test]
    fn the_pack_knows_when_a_kind_came_and_went() {
        let gvk = Gvk::new("autoscaling/v2beta2", "HorizontalPodAutoscaler");
        assert_eq!(PACK.minors_with(&gvk), ["1.25"], "removed in 1.26");
        assert!(PACK.has_group("apps") && PACK.has_group(""));
        assert!(!PACK.has_group("monitoring.coreos.com"));
    }
}
