//! Lists: which item of a list before is which item afterwards.
//!
//! Kubernetes merges some lists by a key (`x-kubernetes-list-map-keys` of its schemas): containers by `name`, ports of a
//! container by `containerPort` and `protocol`. Lists of other mappings are matched by a `name` that every item has;
//! the rest by what stays equal, in order.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::manifest::{Node, Value};

/// Keys that name an item, the first that every item of both lists has, and has for itself, is taken.
const KEYS: &[&[&str]] = &[
    &["name"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["containerPort"],
    &["port"],
    &["mountPath"],
    &["devicePath"],
    &["ip"],
    &["uid"],
    &["type"],
    &["topologyKey", "whenUnsatisfiable"],
    &["key", "operator"],
    &["host"],
    &["path"],
    &["id"],
    &["key"],
];

/// Lists whose order says nothing.
const UNORDERED: &[&str] = &[
    "accessModes",
    "add",
    "categories",
    "drop",
    "finalizers",
    "imagePullSecrets",
    "namespaces",
    "ports",
    "resources",
    "secrets",
    "shortNames",
    "tolerations",
    "verbs",
    "volumeMounts",
    "volumes",
];

/// Lists with more items than this are matched by key or by place only: the work grows with their product.
const MOST_ITEMS: usize = 5_000;

/// An item, or two that are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// The indexes before and afterwards.
    Both(usize, usize),
    /// The index before.
    Removed(usize),
    /// The index afterwards.
    Added(usize),
}

/// Two lists, matched.
#[derive(Debug)]
pub(super) struct Matched {
    /// Every item of both lists once: in the order of the list afterwards, then what is gone.
    pub(super) pairs: Vec<Pair>,
    /// Whether items that are in both stand in another order.
    pub(super) reordered: bool,
}

/// Whether the order of a list with this name says something.
pub(super) fn order_matters(name: &str) -> bool {
    !UNORDERED.contains(&name)
}

/// Matches the items of two lists.
pub(super) fn pairs(before: &[Node], after: &[Node], same: &dyn Fn(&Node, &Node) -> bool) -> Matched {
    match KEYS.iter().find_map(|keys| Some((names(before, keys)?, names(after, keys)?))) {
        Some((before, after)) => by_name(&before, &after),
        None => by_likeness(before, after, same),
    }
}

/// What names every item; `None` if one has no such name, or shares it.
fn names(items: &[Node], keys: &[&str]) -> Option<Vec<String>> {
    let names: Vec<String> = items.iter().map(|item| name(item, keys)).collect::<Option<_>>()?;
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1]).then_some(names)
}

fn name(item: &Node, keys: &[&str]) -> Option<String> {
    let parts = keys.iter().map(|key| match item.get(key).map(|node| &node.value) {
        Some(Value::String(text)) => Some(text.to_string()),
        Some(Value::Int(number)) => Some(number.to_string()),
        // what Kubernetes fills in
        None if *key == "protocol" => Some("TCP".to_owned()),
        _ => None,
    });
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("\0"))
}

fn by_name(before: &[String], after: &[String]) -> Matched {
    let places: std::collections::BTreeMap<&String, usize> =
        before.iter().enumerate().map(|(index, name)| (name, index)).collect();
    let mut pairs = Vec::with_capacity(after.len());
    let mut kept = vec![false; before.len()];
    for (index, name) in after.iter().enumerate() {
        match places.get(name) {
            Some(place) => {
                kept[*place] = true;
                pairs.push(Pair::Both(*place, index));
            }
            None => pairs.push(Pair::Added(index)),
        }
    }
    let order: Vec<usize> =
        pairs.iter().filter_map(|pair| if let Pair::Both(left, _) = pair { Some(*left) } else { None }).collect();
    let reordered = !order.is_sorted();
    pairs.extend((0..before.len()).filter(|index| !kept[*index]).map(Pair::Removed));
    Matched { pairs, reordered }
}

/// Items that stayed equal keep their order; between two of them, the first that is gone became the first that is new.
fn by_likeness(before: &[Node], after: &[Node], same: &dyn Fn(&Node, &Node) -> bool) -> Matched {
    let start = before.iter().zip(after).take_while(|(a, b)| same(a, b)).count();
    let (rest_before, rest_after) = (&before[start..], &after[start..]);
    let end = rest_before.iter().rev().zip(rest_after.iter().rev()).take_while(|(a, b)| same(a, b)).count();
    let (old, new) = (&rest_before[..rest_before.len() - end], &rest_after[..rest_after.len() - end]);
    let mut pairs: Vec<Pair> = (0..start).map(|index| Pair::Both(index, index)).collect();
    let mut gone = Vec::new();
    for (left, right) in gaps(old, new, same) {
        let both = left.len().min(right.len());
        pairs.extend((0..both).map(|step| Pair::Both(start + left.start + step, start + right.start + step)));
        pairs.extend((right.start + both..right.end).map(|index| Pair::Added(start + index)));
        gone.extend((left.start + both..left.end).map(|index| Pair::Removed(start + index)));
    }
    pairs.extend((0..end).map(|step| Pair::Both(before.len() - end + step, after.len() - end + step)));
    pairs.extend(gone);
    let reordered = is_reordered(old, new, same);
    if reordered {
        // the same items: nothing is new, nothing is gone
        let pairs = pairs.into_iter().filter(|pair| matches!(pair, Pair::Both(a, b) if same(&before[*a], &after[*b])));
        return Matched { pairs: pairs.collect(), reordered };
    }
    Matched { pairs, reordered }
}

type Range = std::ops::Range<usize>;

/// Ranges of both lists that correspond: equal items one by one, and what lies between them.
fn gaps(old: &[Node], new: &[Node], same: &dyn Fn(&Node, &Node) -> bool) -> Vec<(Range, Range)> {
    if old.len().max(new.len()) > MOST_ITEMS {
        return vec![(0..old.len(), 0..new.len())];
    }
    let (old_ids, new_ids) = numbers(old, new, same);
    let operations = capture_diff_slices(Algorithm::Myers, &old_ids, &new_ids);
    let mut ranges: Vec<(Range, Range)> = Vec::new();
    let mut open: Option<(Range, Range)> = None;
    for operation in operations {
        let (left, right) = (operation.old_range(), operation.new_range());
        if let DiffOp::Equal { .. } = operation {
            ranges.extend(open.take());
            ranges.push((left, right));
        } else {
            let (from_left, from_right) = open.take().map_or((left.start, right.start), |(l, r)| (l.start, r.start));
            open = Some((from_left..left.end, from_right..right.end));
        }
    }
    ranges.extend(open);
    ranges
}

/// A number for every item, the same for items that are the same.
fn numbers(old: &[Node], new: &[Node], same: &dyn Fn(&Node, &Node) -> bool) -> (Vec<usize>, Vec<usize>) {
    let mut known: Vec<&Node> = Vec::new();
    let mut number = |item| match known.iter().position(|known| same(known, item)) {
        Some(number) => number,
        None => {
            known.push(item);
            known.len() - 1
        }
    };
    let old = old.iter().map(&mut number).collect();
    let new = new.iter().map(&mut number).collect();
    (old, new)
}

fn is_reordered(old: &[Node], new: &[Node], same: &dyn Fn(&Node, &Node) -> bool) -> bool {
    if old.len() != new.len() || old.len() < 2 || old.len() > MOST_ITEMS {
        return false;
    }
    let (mut old, mut new) = numbers(old, new, same);
    old.sort_unstable();
    new.sort_unstable();
    old == new
}
