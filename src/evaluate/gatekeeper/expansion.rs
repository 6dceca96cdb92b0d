//! Expansion: the objects that controllers would create from an object, so that a policy on Pods judges a Deployment.

use super::fields::{at, pointer, texts, word};
use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::manifest::{Entry, Gvk, Key, Manifest, Name, Node, ObjectRef, Value};
use crate::source::Span;

/// How many generations are followed.
const DEEPEST: usize = 30;

/// An `ExpansionTemplate`.
#[derive(Debug)]
pub(super) struct Expansion {
    pub(super) name: String,
    applies_to: Vec<Generators>,
    /// `["spec", "template"]`
    path: Vec<String>,
    generated: Gvk,
    /// Overrides the severity of the constraints.
    severity: Option<Severity>,
}

#[derive(Debug)]
struct Generators {
    groups: Vec<String>,
    versions: Vec<String>,
    kinds: Vec<String>,
}

impl Generators {
    fn has(&self, gvk: &Gvk) -> bool {
        let any = |list: &[String], word: &str| list.iter().any(|item| item == word);
        any(&self.groups, &gvk.group) && any(&self.versions, &gvk.version) && any(&self.kinds, &gvk.kind)
    }
}

/// An object that would be created.
pub(super) struct Generated {
    pub(super) manifest: Manifest,
    /// The expansion that made it.
    pub(super) by: String,
    pub(super) severity: Option<Severity>,
    /// Where in the written object it stands.
    pub(super) path: Vec<String>,
}

impl Expansion {
    /// Reads one.
    pub(super) fn load(manifest: &Manifest) -> Result<Self, Box<Diagnostic>> {
        let root = &manifest.root;
        let refuse = |path: &[&str], message: String, help: &str| {
            Err(Box::new(
                Diagnostic::error(rules::POLICY_SYNTAX, message)
                    .at(manifest.locate(&pointer(path)), "")
                    .help(help)
                    .object(&manifest.object),
            ))
        };
        let object = &manifest.object;
        let source = word(at(root, &["spec", "templateSource"])).unwrap_or_default();
        if source.is_empty() {
            return refuse(&["spec"], format!("{object} has no `templateSource`"), "add it: `spec.template`");
        }
        let generated = at(root, &["spec", "generatedGVK"]);
        let part = |key: &str| word(generated.and_then(|gvk| gvk.get(key))).unwrap_or_default().into();
        let generated = Gvk { group: part("group"), version: part("version"), kind: part("kind") };
        if generated.kind.is_empty() || generated.version.is_empty() {
            return refuse(
                &["spec", "generatedGVK"],
                format!("{object} does not say what it generates"),
                "add `generatedGVK` with `version` and `kind`",
            );
        }
        let listed = at(root, &["spec", "applyTo"]).and_then(Node::as_sequence).unwrap_or_default();
        let applies_to: Vec<Generators> = listed
            .iter()
            .map(|item| Generators {
                groups: texts(item.get("groups")),
                versions: texts(item.get("versions")),
                kinds: texts(item.get("kinds")),
            })
            .collect();
        if applies_to.is_empty() {
            return refuse(&["spec"], format!("{object} applies to nothing"), "add `applyTo`");
        }
        if applies_to.iter().any(|generators| generators.has(&generated)) {
            return refuse(
                &["spec", "applyTo"],
                format!("{object} generates `{generated}`, and applies to it"),
                "remove that kind from `applyTo`",
            );
        }
        let severity = match word(at(root, &["spec", "enforcementAction"])) {
            None | Some("") => None,
            Some("deny") => Some(Severity::Error),
            Some("warn") => Some(Severity::Warning),
            Some("dryrun") => Some(Severity::Note),
            Some(action) => {
                let message = format!("`{action}` is no enforcement action of an expansion");
                return refuse(&["spec", "enforcementAction"], message, "write `deny`, `warn` or `dryrun`");
            }
        };
        let path = source.split('.').map(str::to_owned).collect();
        Ok(Self { name: object.name.to_string(), applies_to, path, generated, severity })
    }

    fn expand(&self, parent: &Manifest) -> Result<Manifest, String> {
        let source = self.path.iter().try_fold(&parent.root, |node, key| node.get(key));
        let Some(Value::Mapping(entries)) = source.map(|source| &source.value) else {
            return Err(format!("there is no `{}` to expand", self.path.join(".")));
        };
        let mut entries = entries.clone();
        set(&mut entries, "apiVersion", text(&self.generated.api_version()));
        set(&mut entries, "kind", text(&self.generated.kind));
        let name = format!("{}-{}", plain_name(parent), self.generated.kind).to_lowercase();
        let namespace = parent.object.namespace.clone();
        let mut metadata =
            match entries.iter().find(|entry| &*entry.key.name == "metadata").map(|entry| &entry.value.value) {
                Some(Value::Mapping(metadata)) => metadata.clone(),
                _ => Vec::new(),
            };
        set(&mut metadata, "name", text(&name));
        if let Some(namespace) = &namespace {
            set(&mut metadata, "namespace", text(namespace));
        }
        let owner = serde_json::json!({
            "apiVersion": parent.object.gvk.api_version(),
            "kind": parent.object.gvk.kind,
            "name": plain_name(parent),
            "uid": "",
        });
        let mut owners = match metadata.iter().find(|entry| &*entry.key.name == "ownerReferences") {
            Some(Entry { value: Node { value: Value::Sequence(owners), .. }, .. }) => owners.clone(),
            _ => Vec::new(),
        };
        owners.push(Node::from_json(&owner));
        set(&mut metadata, "ownerReferences", Node::synthetic(Value::Sequence(owners)));
        set(&mut entries, "metadata", Node::synthetic(Value::Mapping(metadata)));
        let object = ObjectRef { gvk: self.generated.clone(), namespace, name: Name::Fixed(name.into()) };
        let span = source.map(|source| source.span).unwrap_or_default();
        Ok(Manifest { object, root: Node { span, value: Value::Mapping(entries) }, source: parent.source.clone() })
    }
}

/// Everything that would be created from an object, and from what is created. An error for an object that a controller
/// could make nothing of.
pub(super) fn expand(expansions: &[Expansion], manifest: &Manifest) -> Result<Vec<Generated>, String> {
    let mut found = Vec::new();
    generation(expansions, manifest, &[], 0, &mut found)?;
    Ok(found)
}

fn generation(
    expansions: &[Expansion],
    parent: &Manifest,
    path: &[String],
    depth: usize,
    found: &mut Vec<Generated>,
) -> Result<(), String> {
    if depth >= DEEPEST {
        return Err("its expansions do not end".to_owned());
    }
    let applies =
        |expansion: &&Expansion| expansion.applies_to.iter().any(|generators| generators.has(&parent.object.gvk));
    for expansion in expansions.iter().filter(applies) {
        let manifest = expansion.expand(parent)?;
        let path: Vec<String> = path.iter().chain(&expansion.path).cloned().collect();
        generation(expansions, &manifest, &path, depth + 1, found)?;
        found.push(Generated { manifest, by: expansion.name.clone(), severity: expansion.severity, path });
    }
    Ok(())
}

fn plain_name(manifest: &Manifest) -> &str {
    match &manifest.object.name {
        Name::Fixed(name) | Name::Generated(name) => name,
    }
}

fn set(entries: &mut Vec<Entry>, key: &str, value: Node) {
    match entries.iter_mut().find(|entry| &*entry.key.name == key) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry { key: Key { span: Span::default(), name: key.into() }, value }),
    }
}

fn text(text: &str) -> Node {
    Node::synthetic(Value::String(text.into()))
}
