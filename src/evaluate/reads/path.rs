//! A path is where in the input a value stands; an origin is what is known of where a value came from.

use std::collections::BTreeMap;
use std::rc::Rc;

use regorus::Value;

/// Keys and indices from the top of the input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(Rc<Vec<String>>);

impl Path {
    pub(super) fn root() -> Self {
        Self(Rc::new(Vec::new()))
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }

    /// One level deeper; `None` for a key that no pointer has.
    pub(super) fn child(&self, key: &Value) -> Option<Self> {
        let part = match key {
            Value::String(key) => key.to_string(),
            other => other.as_u64().ok()?.to_string(),
        };
        let mut parts = Vec::with_capacity(self.0.len() + 1);
        parts.extend_from_slice(&self.0);
        parts.push(part);
        Some(Self(Rc::new(parts)))
    }

    /// What follows after some keys; `None` for a path that leads elsewhere, or no further.
    pub(super) fn below(&self, keys: &[&str]) -> Option<Self> {
        let rest = self.0.len().checked_sub(keys.len()).filter(|rest| *rest > 0)?;
        let leads = self.0.iter().zip(keys).all(|(part, key)| part == key);
        leads.then(|| Self(Rc::new(self.0[self.0.len() - rest..].to_vec())))
    }

    fn is_inside(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    fn common(&self, other: &Self) -> Self {
        let same = self.0.iter().zip(other.0.iter()).take_while(|(a, b)| a == b).count();
        if same == self.0.len() { self.clone() } else { Self(Rc::new(self.0[..same].to_vec())) }
    }
}

/// The nearest place that all of some paths lead through.
pub(super) fn nearest(paths: impl IntoIterator<Item = Path>) -> Option<Path> {
    paths.into_iter().reduce(|a, b| a.common(&b))
}

/// The nearest common place, unless that is the whole object: then the deepest of them, the first of several.
pub(super) fn nearest_or_deepest(paths: &[Path]) -> Option<Path> {
    match nearest(paths.iter().cloned()) {
        Some(common) if common.parts().is_empty() => paths.iter().rev().max_by_key(|path| path.parts().len()).cloned(),
        found => found,
    }
}

/// Where a value came from. Most values came from nowhere in the input.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin(Option<Rc<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The value is what stands there.
    at: Option<Path>,
    /// It was computed from what stands there, or because nothing does.
    focus: Option<Path>,
    /// What was gone through to come to it.
    base: Option<Path>,
    /// Of the members of a value that was put together.
    parts: BTreeMap<Value, Origin>,
}

/// A value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Traced {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

impl Traced {
    /// A value from nowhere.
    pub(super) fn of(value: Value) -> Self {
        Self { value, origin: Origin::default() }
    }
}

impl Origin {
    pub(super) fn at(path: Path) -> Self {
        Self(Some(Rc::new(Known { at: Some(path), ..Known::default() })))
    }

    pub(super) fn derived(focus: Option<Path>, base: Option<Path>) -> Self {
        match (&focus, &base) {
            (None, None) => Self::default(),
            _ => Self(Some(Rc::new(Known { focus, base, ..Known::default() }))),
        }
    }

    /// Of a value that was put together from others. What it is about if none of them tells is `focus`.
    pub(super) fn composed(parts: BTreeMap<Value, Self>, focus: Option<Path>) -> Self {
        if parts.values().all(|part| part.0.is_none()) {
            return Self::derived(focus, None);
        }
        Self(Some(Rc::new(Known { parts, focus, ..Known::default() })))
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.0.as_ref()?.at.as_ref()
    }

    /// The origin of a member, or of what is not there.
    pub(super) fn child(&self, key: &Value) -> Self {
        let Some(known) = &self.0 else { return Self::default() };
        match &known.at {
            Some(path) => {
                let Some(at) = path.child(key) else { return Self::default() };
                Self(Some(Rc::new(Known { at: Some(at), base: Some(path.clone()), ..Known::default() })))
            }
            None => match known.parts.get(key) {
                Some(part) => part.clone(),
                None => Self::derived(known.focus.clone(), known.base.clone()),
            },
        }
    }

    /// The origin of the key of a member.
    pub(super) fn key(&self, key: &Value) -> Self {
        let child = self.child(key);
        Self::derived(child.whole(), child.gone_through())
    }

    /// The place in the whole input that a value is about.
    pub(super) fn whole(&self) -> Option<Path> {
        let known = self.0.as_ref()?;
        let of_parts = || nearest(known.parts.values().filter_map(Self::whole));
        match &known.at {
            Some(at) => known.focus.as_ref().or(Some(at)).cloned(),
            None => match (of_parts(), &known.focus) {
                (Some(parts), Some(focus)) if focus.is_inside(&parts) => Some(focus.clone()),
                (parts, focus) => parts.or_else(|| focus.clone()),
            },
        }
    }

    /// The same, about a place that tells more: one inside of it, or any where nothing is known.
    pub(super) fn or_better(&self, place: Option<Path>) -> Self {
        let (Some(place), whole) = (place, self.whole()) else { return self.clone() };
        match (&self.0, whole) {
            (Some(known), Some(whole)) => {
                if !place.is_inside(&whole) || known.at.is_none() && known.parts.is_empty() {
                    return self.clone();
                }
                let Known { at, base, parts, .. } = &**known;
                let (at, base, parts) = (at.clone(), base.clone(), parts.clone());
                Self(Some(Rc::new(Known { at, base, focus: Some(place), parts })))
            }
            _ => Self::derived(Some(place), None),
        }
    }

    /// The place that was searched for it.
    pub(super) fn gone_through(&self) -> Option<Path> {
        let known = self.0.as_ref()?;
        let of_parts = || nearest(known.parts.values().filter_map(Self::gone_through));
        known.base.clone().or_else(of_parts).or_else(|| self.whole())
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }
}

/// Keys and values of a collection, in order.
pub(super) fn members(value: &Value) -> Vec<(Value, Value)> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (Value::from(index), item.clone())).collect()
        }
        Value::Object(fields) => fields.iter_sorted().map(|(key, value)| (key.clone(), value.clone())).collect(),
        Value::Set(members) => members.iter_sorted().map(|member| (member.clone(), member.clone())).collect(),
        _ => Vec::new(),
    }
}

/// The member under a key; a member of a set is its own key.
pub(super) fn member(value: &Value, key: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => items.get(usize::try_from(key.as_u64().ok()?).ok()?).cloned(),
        Value::Object(fields) => fields.get(key).cloned(),
        Value::Set(members) => members.contains(key).then(|| key.clone()),
        _ => None,
    }
}
