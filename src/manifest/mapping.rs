//! What happens when a mapping is complete: keys given twice are reported, and `<<` merges are applied.

use std::collections::{HashMap, HashSet};

use super::problems::Problems;
use super::{Entry, Node, RepeatedKeys, Text, Value};
use crate::source::Span;

/// Up to this many keys are compared pair by pair; more go through a hash table.
const FEW: usize = 12;

/// A `<<` and what it merges.
#[derive(Debug)]
pub(super) struct Merge {
    pub(super) key: Span,
    pub(super) value: Node,
}

/// What YAML allows in merges and a strict reader of Kubernetes, or another reader, does not. Values files may do it.
#[derive(Debug, Clone)]
pub(super) enum Remark {
    /// A mapping gives a key and merges it, or merges it twice.
    Overlap(Overlap),
    /// A mapping has `<<` twice.
    SecondMerge { again: Span, first: Span },
}

/// A key that a merge brings into a mapping that has it already.
#[derive(Debug, Clone)]
pub(super) struct Overlap {
    pub(super) name: Box<str>,
    /// Where the mapping has it from.
    pub(super) key: Span,
    /// The `<<`.
    pub(super) merge: Span,
    /// What stands behind it.
    pub(super) value: Span,
    /// How many entries the mapping gives itself. Those that are merged follow them.
    pub(super) own: usize,
    /// The key of the first of them.
    pub(super) first_own: Option<Span>,
}

/// A `<<` while it is applied.
#[derive(Debug, Clone, Copy)]
struct Applied {
    key: Span,
    value: Span,
    /// How many entries there were before.
    before: usize,
}

impl Problems {
    /// Reports keys given twice, and keeps one of each.
    pub(super) fn drop_duplicates(&mut self, entries: &mut Vec<Entry>, keep: RepeatedKeys) {
        let repeated = repeated_keys(entries);
        if repeated.is_empty() {
            return;
        }
        for (first, again) in &repeated {
            let name = &entries[*again].key.name;
            self.duplicate_key(name, entries[*again].key.span, entries[*first].key.span);
        }
        let dropped = match keep {
            RepeatedKeys::First => repeated.into_iter().map(|(_, again)| again).collect(),
            RepeatedKeys::Last => all_but_the_last(&repeated),
        };
        let mut dropped = dropped.into_iter().peekable();
        let mut index = 0;
        entries.retain(|_| {
            let drop = dropped.next_if_eq(&index).is_some();
            index += 1;
            !drop
        });
    }

    /// Adds what `<<` merges under keys the mapping does not give itself. False if a merge cannot be understood.
    pub(super) fn merge(&mut self, entries: &mut Vec<Entry>, merges: Vec<Merge>, keep: RepeatedKeys) -> bool {
        let mut understood = true;
        let mut known = KnownKeys::of(entries, keep);
        let mut first: Option<Span> = None;
        for Merge { key, value } in merges {
            match first {
                None => first = Some(key),
                Some(first) => self.remark(Remark::SecondMerge { again: key, first }),
            }
            let merge = Applied { key, value: value.span, before: entries.len() };
            understood &= self.merge_value(entries, &mut known, merge, value, true);
        }
        understood
    }

    fn merge_value(
        &mut self,
        entries: &mut Vec<Entry>,
        known: &mut KnownKeys,
        merge: Applied,
        value: Node,
        lists: bool,
    ) -> bool {
        match value.value {
            Value::Mapping(merged) => {
                self.merge_entries(entries, known, merge, merged);
                true
            }
            Value::Sequence(items) if lists => {
                let mut understood = true;
                for item in items {
                    understood &= self.merge_value(entries, known, merge, item, false);
                }
                understood
            }
            _ => {
                self.wrong_merge(value.span, merge.key);
                false
            }
        }
    }

    fn merge_entries(&mut self, entries: &mut Vec<Entry>, known: &mut KnownKeys, merge: Applied, merged: Vec<Entry>) {
        for entry in merged {
            match known.find(entries, &entry.key.name) {
                None => {
                    known.add(entries, &entry.key.name);
                    entries.push(entry);
                }
                Some(index) => {
                    let overrides = self.overlap(entries, index, known, merge, &entry);
                    if overrides && known.keep == RepeatedKeys::Last {
                        entries[index].value = entry.value;
                    }
                }
            }
        }
    }

    /// go-yaml lets a merge override what was written above it, be it a key or another `<<`; other readers do not. Whether
    /// it does so here.
    fn overlap(&mut self, entries: &[Entry], index: usize, known: &KnownKeys, merge: Applied, entry: &Entry) -> bool {
        let existing = &entries[index];
        let (name, key) = (existing.key.name.clone(), existing.key.span);
        let above = if known.is_own(index) { key.start < merge.key.start } else { index < merge.before };
        if above && !existing.value.same_meaning(&entry.value) {
            self.merge_overrides(&name, key, merge.key, known.is_own(index));
            return true;
        }
        let first_own = entries[..known.own].first().map(|entry| entry.key.span);
        let Applied { key: merge, value, .. } = merge;
        self.remark(Remark::Overlap(Overlap {
            name: name.as_str().into(),
            key,
            merge,
            value,
            own: known.own,
            first_own,
        }));
        false
    }
}

/// Whether a key is given twice.
pub(super) fn has_repeated_keys(entries: &[Entry]) -> bool {
    if entries.len() <= FEW {
        let among = |rest: &[Entry], entry: &Entry| rest.iter().any(|other| other.key.name == entry.key.name);
        return entries.iter().enumerate().any(|(index, entry)| among(&entries[..index], entry));
    }
    let mut seen: HashSet<&[u8]> = HashSet::with_capacity(entries.len());
    entries.iter().any(|entry| !seen.insert(entry.key.name.as_bytes()))
}

/// Pairs of (first, again) by index, in the order of `again`.
fn repeated_keys(entries: &[Entry]) -> Vec<(usize, usize)> {
    if entries.len() <= FEW {
        return (1..entries.len())
            .filter_map(|again| {
                let name = &entries[again].key.name;
                entries[..again].iter().position(|entry| entry.key.name == *name).map(|first| (first, again))
            })
            .collect();
    }
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    let mut repeated = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let first = *seen.entry(&entry.key.name).or_insert(index);
        if first != index {
            repeated.push((first, index));
        }
    }
    repeated
}

/// Of pairs of (first, again): all but the last of each key, in their order.
fn all_but_the_last(repeated: &[(usize, usize)]) -> Vec<usize> {
    let mut latest: HashMap<usize, usize> = HashMap::new();
    let mut dropped: Vec<usize> =
        repeated.iter().map(|(first, again)| latest.insert(*first, *again).unwrap_or(*first)).collect();
    dropped.sort_unstable();
    dropped
}

/// Finds keys of a mapping that grows while merges are applied.
struct KnownKeys {
    /// How many entries the mapping gives itself.
    own: usize,
    keep: RepeatedKeys,
    /// Made when the mapping has many keys.
    index: Option<HashMap<Text, usize>>,
}

impl KnownKeys {
    fn of(entries: &[Entry], keep: RepeatedKeys) -> Self {
        let mut known = Self { own: entries.len(), keep, index: None };
        known.index_if_many(entries);
        known
    }

    fn is_own(&self, index: usize) -> bool {
        index < self.own
    }

    fn find(&self, entries: &[Entry], name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => entries.iter().position(|entry| &*entry.key.name == name),
        }
    }

    /// Notes that `name` is about to be pushed.
    fn add(&mut self, entries: &[Entry], name: &str) {
        if self.index.is_none() {
            self.index_if_many(entries);
        }
        if let Some(index) = &mut self.index {
            index.insert(name.into(), entries.len());
        }
    }

    fn index_if_many(&mut self, entries: &[Entry]) {
        if entries.len() > FEW {
            self.index = Some(entries.iter().enumerate().map(|(at, entry)| (entry.key.name.clone(), at)).collect());
        }
    }
}
