//! The judged file as policies see it: `data.conftest.file.name` and `data.conftest.file.dir`.

use crate::evaluate::graph::{Names, own_names};
use crate::evaluate::module::Module;
use crate::evaluate::usage::references;
use crate::manifest::{Entry, Key, Node, Value};

/// Where it lies below `data`.
const PATH: [&str; 2] = ["conftest", "file"];

/// What a policy sees of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::evaluate) struct JudgedFile {
    name: String,
    folder: String,
}

impl JudgedFile {
    /// A file by the name it is told by, from a folder whose path begins with `/`.
    pub(in crate::evaluate) fn of(name: &str, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let whole = if name.starts_with('/') { name.to_owned() } else { format!("{base}/{name}") };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        let name = parts.pop().unwrap_or_default().to_owned();
        Self { name, folder: format!("/{}", parts.join("/")) }
    }
}

/// Whether some policy reads it. Telling it for every file costs time, so it is told only then.
pub(in crate::evaluate) fn is_named(modules: &[Module]) -> bool {
    let own = own_names(modules);
    modules.iter().any(|module| {
        let names = Names::of(module, &own[&module.package]);
        let mut read = module.syntax.policy.iter().flat_map(|rule| references(rule));
        read.any(|reference| {
            let path = names.resolve(&reference);
            path.is_some_and(|path| path.iter().zip(PATH).all(|(part, ours)| part == ours))
        })
    })
}

/// `data` with the file in it. What a data document says about `conftest` otherwise stays.
pub(in crate::evaluate) fn with_file(mut data: Node, file: &JudgedFile) -> Node {
    let text = |text: &str| Node::synthetic(Value::String(text.into()));
    let told = mapping([("dir", text(&file.folder)), ("name", text(&file.name))]);
    let Value::Mapping(entries) = &mut data.value else { return data };
    match entries.iter_mut().find(|entry| &*entry.key.name == PATH[0]) {
        None => entries.push(entry(PATH[0], mapping([(PATH[1], told)]))),
        Some(there) => {
            if let Value::Mapping(inner) = &mut there.value.value {
                inner.retain(|entry| &*entry.key.name != PATH[1]);
                inner.push(entry(PATH[1], told));
            }
        }
    }
    data
}

fn mapping<'a>(members: impl IntoIterator<Item = (&'a str, Node)>) -> Node {
    Node::synthetic(Value::Mapping(members.into_iter().map(|(name, value)| entry(name, value)).collect()))
}

fn entry(name: &str, value: Node) -> Entry {
    Entry { key: Key { span: value.span, name: name.into() }, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_name_and_an_absolute_folder() {
        let told = |name: &str, base: &str| {
            let file = JudgedFile::of(name, base);
            (file.name, file.folder)
        };
        let pair = |name: &str, folder: &str| (name.to_owned(), folder.to_owned());
        assert_eq!(told("apps/web/a.yaml", "/"), pair("a.yaml", "/apps/web"));
        assert_eq!(told("a.yaml", "/"), pair("a.yaml", "/"));
        assert_eq!(told("../b/a.yaml", "/srv/c"), pair("a.yaml", "/srv/b"));
        assert_eq!(told("/srv/a.yaml", "/x"), pair("a.yaml", "/srv"));
    }
}
