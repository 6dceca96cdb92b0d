//! Values that write down who read them: which scalar of the values went into which expression of a template.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use crate::manifest::{Node, Pointer, Text, Value as Yaml};
use crate::render::template::value;

/// More reads than this are not written down: what was read later has no key.
const MAX_READS: usize = 500_000;

/// One look at the values.
#[derive(Debug, Clone)]
pub(super) struct Read {
    path: Arc<Path>,
    /// As a template would print it; `None` for a list or mapping.
    pub(super) text: Option<Arc<str>>,
    /// The key was handed out, not what stands under it.
    pub(super) is_key: bool,
    /// The innermost expression that was being evaluated.
    pub(super) emission: Option<u32>,
}

impl Read {
    /// Where the value stands in the values.
    pub(super) fn pointer(&self) -> Pointer {
        let mut parts: Vec<&str> = Vec::new();
        let mut next = Some(&self.path);
        while let Some(path) = next {
            parts.push(&path.part);
            next = path.parent.as_ref();
        }
        Pointer::from_parts(parts.into_iter().rev())
    }

    /// The last part of the way.
    pub(super) fn name(&self) -> &str {
        &self.path.part
    }

    /// Whether both stand in the same list or mapping.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        match (&self.path.parent, &other.path.parent) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

#[derive(Debug)]
struct Path {
    parent: Option<Arc<Path>>,
    part: Text,
}

/// One time that `{{ … }}` was evaluated.
#[derive(Debug, Clone)]
pub(super) struct Emission {
    /// The number of its tag.
    pub(super) tag: u32,
    /// What was read meanwhile, by it and by what it called.
    pub(super) reads: std::ops::Range<usize>,
}

/// All that was read, in order.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Reads>);

#[derive(Debug, Default, Clone)]
pub(super) struct Reads {
    pub(super) reads: Vec<Read>,
    pub(super) emissions: Vec<Emission>,
    open: Vec<u32>,
}

impl Log {
    fn with<T>(&self, work: impl FnOnce(&mut Reads) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An expression begins: its number.
    pub(super) fn open(&self, tag: u32) -> u32 {
        self.with(|log| {
            let number = u32::try_from(log.emissions.len()).unwrap_or(u32::MAX);
            let now = log.reads.len();
            log.emissions.push(Emission { tag, reads: now..now });
            log.open.push(number);
            number
        })
    }

    /// The innermost expression ends: its number.
    pub(super) fn close(&self) -> Option<u32> {
        self.with(|log| {
            let number = log.open.pop()?;
            let now = log.reads.len();
            log.emissions.get_mut(number as usize)?.reads.end = now;
            Some(number)
        })
    }

    fn read(&self, path: &Arc<Path>, text: Option<Arc<str>>, is_key: bool) {
        self.with(|log| {
            if log.reads.len() < MAX_READS {
                let emission = log.open.last().copied();
                log.reads.push(Read { path: Arc::clone(path), text, is_key, emission });
            }
        });
    }

    /// What was written down.
    pub(super) fn taken(&self) -> Reads {
        self.with(std::mem::take)
    }
}

/// The values of a unit as its templates see them, each telling `log` when it is read; `more` stands beside them.
pub(super) fn tracked(values: &Node, more: (&str, Value), log: &Arc<Log>) -> Value {
    let mut branch = branch(values, None, log);
    let path = Arc::new(Path { parent: None, part: more.0.into() });
    branch.index.insert(more.0.into(), branch.children.len());
    branch.children.push(Child { path, kind: Kind::Silent(more.1) });
    Value::from_object(branch)
}

/// A list or mapping that tells when it is read.
#[derive(Debug)]
struct Branch {
    children: Vec<Child>,
    /// Of a mapping: where each key is.
    index: HashMap<Text, usize>,
    is_list: bool,
    log: Arc<Log>,
}

#[derive(Debug)]
struct Child {
    path: Arc<Path>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Branch(Arc<Branch>),
    Scalar(Value, Arc<str>),
    /// Not of the values.
    Silent(Value),
}

fn branch(node: &Node, parent: Option<&Arc<Path>>, log: &Arc<Log>) -> Branch {
    let mut branch = Branch { children: Vec::new(), index: HashMap::new(), is_list: false, log: Arc::clone(log) };
    let mut add = |part: Text, node: &Node| {
        let path = Arc::new(Path { parent: parent.cloned(), part });
        let kind = match &node.value {
            Yaml::Mapping(_) | Yaml::Sequence(_) => Kind::Branch(Arc::new(self::branch(node, Some(&path), log))),
            _ => {
                let value = value::from_node(node);
                let text = value::scalar_text(&value).unwrap_or_default();
                Kind::Scalar(value, text.into())
            }
        };
        branch.children.push(Child { path, kind });
    };
    match &node.value {
        Yaml::Mapping(entries) => {
            entries.iter().for_each(|entry| add(entry.key.name.clone(), &entry.value));
            branch.index = entries.iter().enumerate().map(|(number, entry)| (entry.key.name.clone(), number)).collect();
        }
        Yaml::Sequence(items) => {
            items.iter().enumerate().for_each(|(number, item)| add(number.to_string().as_str().into(), item));
            branch.is_list = true;
        }
        _ => {}
    }
    branch
}

impl Object for Branch {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.is_list { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let number = match self.is_list {
            true => usize::try_from(key.clone()).ok()?,
            false => *self.index.get(key.as_str()?)?,
        };
        let Child { path, kind } = self.children.get(number)?;
        Some(match kind {
            Kind::Branch(branch) => {
                self.log.read(path, None, false);
                Value::from_dyn_object(Arc::clone(branch))
            }
            Kind::Scalar(value, text) => {
                self.log.read(path, Some(Arc::clone(text)), false);
                value.clone()
            }
            Kind::Silent(value) => value.clone(),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        if self.is_list {
            return Enumerator::Seq(self.children.len());
        }
        let key = |child: &Child| {
            if !matches!(child.kind, Kind::Silent(_)) {
                self.log.read(&child.path, Some(Arc::from(&*child.path.part)), true);
            }
            Value::from(&*child.path.part)
        };
        Enumerator::Values(self.children.iter().map(key).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.children.len())
    }
}
