//! The policies that are part of the product, by the name under which `policies.builtin` asks for them.

use std::sync::Arc;

use crate::source::Source;

/// File names and texts of one pack.
type Pack = &'static [(&'static str, &'static str)];

const PACKS: &[(&str, Pack)] = &[("good-practice", GOOD_PRACTICE)];

const GOOD_PRACTICE: Pack = &[];

/// The policies of a shipped pack; `None` if there is no pack of that name.
#[must_use]
pub fn shipped(name: &str) -> Option<Vec<Arc<Source>>> {
    let (_, pack) = PACKS.iter().find(|(pack, _)| *pack == name)?;
    Some(pack.iter().map(|(path, text)| Source::file(*path, *text)).collect())
}

/// The names of the shipped packs, sorted.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}
