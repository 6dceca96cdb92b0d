//! Neighbours: what is known of the apps beside those that are checked, so that they need not be rendered again.
//!
//! A check of some apps renders their neighbours for two reasons only: an object that both declare, and a CRD that says what
//! the objects of others look like. Which objects a unit gives follows from the digests of all that its engine is given; it
//! is remembered by them, and so never out of date. Wherever anything else could matter, or anything at all is found, the
//! neighbours are rendered: findings read the same either way.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::memory::digest_of;
use super::{Built, Selection};
use crate::diagnostic::Severity;
use crate::load::Unit;
use crate::manifest::{Manifest, Name};
use crate::tree::Digest;

/// How many units are remembered beyond those of today.
const MANY: usize = 1000;

const TELLING: &str = "telling";
const SILENT: &str = "silent";

/// The first line of the text; what another version wrote is not read.
const HEAD: &str = concat!("hydrant neighbours 2, written by ", env!("CARGO_PKG_VERSION"));

/// Of each unit by its digest, the objects that it gives. Kept from run to run as a text; a text that cannot be read is as
/// good as none.
#[derive(Debug, Default)]
pub struct Neighbours {
    units: BTreeMap<Digest, Objects>,
    /// Whether there is something new to write down.
    learned: bool,
}

/// What stands for an object: a part of the digest of its key. Two objects that have it in common by chance cost a rendering.
type Mark = u64;

/// The objects of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Objects {
    names: BTreeSet<Mark>,
    /// Whether they say something about others, or may: a CRD is among them, or something that could not be read.
    telling: bool,
}

impl Neighbours {
    /// What [`text`](Self::text) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Self::default();
        }
        let units: Option<BTreeMap<Digest, Objects>> = lines.map(unit_of_line).collect();
        Self { units: units.unwrap_or_default(), learned: false }
    }

    /// The text to keep, if there is anything new in it.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let line = |(unit, objects): (&Digest, &Objects)| {
            let names: String = objects.names.iter().map(|name| format!(" {name:x}")).collect();
            format!("{unit} {}{names}\n", if objects.telling { TELLING } else { SILENT })
        };
        self.learned.then(|| format!("{HEAD}\n{}", self.units.iter().map(line).collect::<String>()))
    }

    /// Which units have to be built to check those that are selected, and what the others declare.
    pub(super) fn part(&self, units: &[Unit], selection: &Selection) -> (Vec<Unit>, Declared) {
        let silent = |unit: &Unit| {
            let is_asked = selection.has_app(&unit.environment, &unit.app);
            let known = if is_asked { None } else { self.units.get(&digest_of(unit)) };
            known.filter(|objects| !objects.telling)
        };
        let silent: Vec<Option<&Objects>> = units.par_iter().map(silent).collect();
        let (mut needed, mut declared) = (Vec::new(), Declared::default());
        for (unit, silent) in units.iter().zip(silent) {
            match silent {
                Some(objects) => declared.of_environment(unit).extend(&objects.names),
                None => needed.push(unit.clone()),
            }
        }
        (needed, declared)
    }

    /// Remembers what was built, of so many units.
    pub(super) fn learn(&mut self, built: &[Built<'_>], of: usize) {
        let units: Vec<(Digest, Objects)> =
            built.par_iter().map(|built| (digest_of(built.unit), objects_of(built))).collect();
        // of a unit that changed, the old digest comes again only if the change is undone
        if self.units.len() > MANY + 3 * of {
            self.units.clear();
        }
        for (unit, objects) in units {
            self.learned |= self.units.get(&unit) != Some(&objects);
            self.units.insert(unit, objects);
        }
    }
}

/// The objects that units declare that were not built, by environment.
#[derive(Debug, Default)]
pub(super) struct Declared(BTreeMap<Arc<str>, HashSet<Mark>>);

impl Declared {
    fn of_environment(&mut self, unit: &Unit) -> &mut HashSet<Mark> {
        self.0.entry(Arc::clone(&unit.environment)).or_default()
    }

    /// Whether no unit was left out.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something that was built is declared by what was not.
    pub(super) fn clashes_with(&self, built: &[Built<'_>]) -> bool {
        let clash = |built: &Built<'_>| {
            let declared = self.0.get(&built.unit.environment);
            declared.is_some_and(|declared| objects_of(built).names.iter().any(|name| declared.contains(name)))
        };
        built.iter().any(clash)
    }
}

fn objects_of(built: &Built<'_>) -> Objects {
    let is_crd = |manifest: &Manifest| &*manifest.object.gvk.kind == "CustomResourceDefinition";
    let is_broken = built.diagnostics.iter().any(|found| found.severity == Severity::Error);
    let fixed = built.manifests.iter().filter(|manifest| matches!(manifest.object.name, Name::Fixed(_)));
    let name = |manifest: &Manifest| mark(&format!("{:?}", manifest.object.key()));
    Objects {
        names: fixed.map(name).collect(),
        telling: is_broken || built.failed_documents > 0 || built.manifests.iter().any(is_crd),
    }
}

fn mark(key: &str) -> Mark {
    let digest = Digest::of(key.as_bytes()).to_string();
    Mark::from_str_radix(&digest[..16], 16).expect("sixteen hex digits are 64 bits")
}

fn unit_of_line(line: &str) -> Option<(Digest, Objects)> {
    let mut words = line.split(' ');
    let unit = words.next()?.parse().ok()?;
    let telling = match words.next()? {
        TELLING => true,
        SILENT => false,
        _ => return None,
    };
    Some((
        unit,
        Objects { telling, names: words.map(|word| Mark::from_str_radix(word, 16)).collect::<Result<_, _>>().ok()? },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_anything_else_is_nothing() {
        let name = |text: &str| Digest::of(text.as_bytes());
        let objects = |names: &[&str], telling| Objects { names: names.iter().map(|one| mark(one)).collect(), telling };
        let units = BTreeMap::from([
            (name("a"), objects(&["x", "y"], false)),
            (name("b"), objects(&["z"], true)),
            (name("c"), objects(&[], false)),
        ]);
        let known = Neighbours { units: units.clone(), learned: true };
        let text = known.text().expect("there is something new");
        let read = Neighbours::parse(&text);
        assert_eq!(read.units, units);
        assert_eq!(read.text(), None, "nothing is new");
        for broken in [
            "",
            "hydrant neighbours 0\n",
            &text.replace(HEAD, "x"),
            &format!("{text}zz\n"),
            &text[..text.len() - 9].replace(TELLING, "tell"),
        ] {
            assert!(Neighbours::parse(broken).units.is_empty(), "{broken}");
        }
    }
}
