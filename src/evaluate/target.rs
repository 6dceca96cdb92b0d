//! The target is the Kubernetes that objects are judged for; policies read it as `data.hydrant.kubernetes`.

use crate::manifest::{Entry, Key, Node, Value};
use crate::source::Span;

/// The part of `data` that is ours: no policy and no data document may define it.
pub(super) const RESERVED: &str = "hydrant";

/// A minor version of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kubernetes {
    /// 1, to this day.
    pub major: u32,
    /// 34 of `1.34`.
    pub minor: u32,
}

impl Kubernetes {
    /// Reads `1.34`, `v1.34` or `1.34.2`.
    #[must_use]
    pub fn parse(version: &str) -> Option<Self> {
        let mut parts = version.strip_prefix('v').unwrap_or(version).splitn(3, '.');
        let mut number = || parts.next()?.parse().ok();
        Some(Self { major: number()?, minor: number()? })
    }
}

/// `data` as it is for a target; without one, `data.hydrant.kubernetes` is undefined.
pub(super) fn data_for(data: &Node, target: Option<Kubernetes>) -> Node {
    let number = |number: u32| Node::synthetic(Value::Int(i64::from(number)));
    let kubernetes = target
        .map(|version| ("kubernetes", mapping([("major", number(version.major)), ("minor", number(version.minor))])));
    let mut whole = data.clone();
    if let Value::Mapping(entries) = &mut whole.value {
        entries.push(entry(RESERVED, mapping(kubernetes)));
    }
    whole
}

fn mapping<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    Node::synthetic(Value::Mapping(members.into_iter().map(|(name, value)| entry(name, value)).collect()))
}

fn entry(name: &str, value: Node) -> Entry {
    Entry { key: Key { span: Span::at(0), name: name.into() }, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_in_every_form_in_which_people_write_it() {
        for version in ["1.34", "v1.34", "1.34.2", "v1.34.2-eks-1"] {
            assert_eq!(Kubernetes::parse(version), Some(Kubernetes { major: 1, minor: 34 }), "{version}");
        }
        for version in ["", "1", "one.two", "1.x", "latest"] {
            assert_eq!(Kubernetes::parse(version), None, "{version}");
        }
    }
}
