//! Parse: reads a rendered text into manifests with identity, and accounts for every document.

mod identity;
mod list;
mod secret;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity, rules};
use crate::manifest::{
    Document, Lint, Linter, Manifest, Node, OneReader, ReadLimits, Readers, Seen, Value, read_parts,
};
use crate::source::{Location, Source, Span};

/// More lints than this in one text are counted and not told one by one.
const MOST_LINTS: usize = 200;

/// What one text held.
///
/// None is lost on the way: each of the `documents` gave objects, or is counted in `empty_lists` or `failed`.
#[derive(Debug)]
pub struct Parsed<T = Manifest> {
    /// The objects, Lists expanded, in document order; or what [`parse_each`] made of each.
    pub manifests: Vec<T>,
    /// What was found wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Documents as YAML sees them, empty ones not counted.
    pub documents: usize,
    /// Documents that held nothing but comments or `null`.
    pub empty: usize,
    /// Lists without items: they give no object, and nothing is wrong with them.
    pub empty_lists: usize,
    /// Documents that gave no object because of a diagnostic.
    pub failed: usize,
}

/// Reads a text into manifests.
#[must_use]
pub fn parse(source: &Arc<Source>, limits: &ReadLimits) -> Parsed {
    parse_with(source, limits, &OneReader)
}

impl<T> Default for Parsed<T> {
    fn default() -> Self {
        let (manifests, diagnostics) = (Vec::new(), Vec::new());
        Self { manifests, diagnostics, documents: 0, empty: 0, empty_lists: 0, failed: 0 }
    }
}

/// Reads a text into manifests with several readers, if it is large. The result is the same.
#[must_use]
pub fn parse_with(source: &Arc<Source>, limits: &ReadLimits, readers: &impl Readers) -> Parsed {
    parse_each(source, limits, readers, || (), |(), manifest| manifest)
}

/// Reads a text as [`parse_with`] does, and makes something of every object where it was read, before the next document of
/// its part is: of a large text that nobody needs whole, no more than a document for each reader is held.
///
/// Every part has a `worker` of its own. Where the limits are exceeded, an object may be made something of twice; what was
/// made first is dropped.
#[must_use]
pub fn parse_each<W, T: Send>(
    source: &Arc<Source>,
    limits: &ReadLimits,
    readers: &impl Readers,
    worker: impl Fn() -> W + Sync + Send,
    each: impl Fn(&mut W, Manifest) -> T + Sync + Send,
) -> Parsed<T> {
    let linter = Linter::of(source);
    let mut parts = read_parts(source, limits, readers, |documents| {
        let mut part = Part { source, parsed: Parsed::default(), seen: Seen::default(), secrets: Vec::new() };
        let mut worker = worker();
        for document in documents {
            linter.look(&document, &mut part.seen);
            part.document(document, &mut |manifest| each(&mut worker, manifest));
        }
        part
    });
    let mut made = std::mem::take(&mut parts.made);
    let seen: Vec<Seen> = made.iter_mut().map(|part| std::mem::take(&mut part.seen)).collect();
    let lints = linter.of_parts(seen, &parts);
    let (diagnostics, failed) = (parts.diagnostics, parts.failed);
    let mut parsed = Parsed { documents: failed, failed, diagnostics, ..Parsed::default() };
    parsed.manifests.reserve_exact(made.iter().map(|part| part.parsed.manifests.len()).sum());
    let mut secrets = Vec::new();
    for mut part in made {
        parsed.append(part.parsed);
        secrets.append(&mut part.secrets);
    }
    if !secrets.is_empty() {
        source.hide(secrets);
    }
    tell(source, &lints, &mut parsed.diagnostics);
    parsed
}

/// What the documents of one part gave.
struct Part<'a, T> {
    source: &'a Arc<Source>,
    parsed: Parsed<T>,
    seen: Seen,
    /// Where values of Secrets are written.
    secrets: Vec<Span>,
}

impl<T> Part<'_, T> {
    fn document(&mut self, document: Document, each: &mut impl FnMut(Manifest) -> T) {
        if document.root.value == Value::Null {
            self.parsed.empty += 1;
            return;
        }
        self.parsed.documents += 1;
        let (objects, diagnostics) = (self.parsed.manifests.len(), self.parsed.diagnostics.len());
        self.object(document.root, each);
        match (self.parsed.manifests.len() == objects, self.parsed.diagnostics.len() == diagnostics) {
            (true, true) => self.parsed.empty_lists += 1,
            (true, false) => self.parsed.failed += 1,
            (false, _) => {}
        }
    }

    /// An object, a List of objects, or something else that is reported.
    fn object(&mut self, root: Node, each: &mut impl FnMut(Manifest) -> T) {
        if root.as_mapping().is_none() {
            self.parsed.diagnostics.push(not_an_object(self.source, &root));
            return;
        }
        match list::open(self.source, root) {
            list::Opened::Object(root) => self.single(root, each),
            list::Opened::Items(items) => items.into_iter().for_each(|item| self.object(item, each)),
            list::Opened::Invalid(diagnostic) => self.parsed.diagnostics.push(*diagnostic),
        }
    }

    fn single(&mut self, root: Node, each: &mut impl FnMut(Manifest) -> T) {
        match identity::of(self.source, &root) {
            Ok(object) => {
                let manifest = Manifest { object, root, source: Arc::clone(self.source) };
                secret::spans(&manifest, &mut self.secrets);
                self.parsed.manifests.push(each(manifest));
            }
            Err(mut diagnostics) => self.parsed.diagnostics.append(&mut diagnostics),
        }
    }
}

impl<T> Parsed<T> {
    /// The same, with something else in the place of each object.
    #[must_use]
    pub fn map<U>(self, of: impl FnMut(T) -> U) -> Parsed<U> {
        let Self { manifests, diagnostics, documents, empty, empty_lists, failed } = self;
        let mut mapped = Vec::with_capacity(manifests.len());
        mapped.extend(manifests.into_iter().map(of));
        Parsed { manifests: mapped, diagnostics, documents, empty, empty_lists, failed }
    }

    fn append(&mut self, mut later: Self) {
        self.manifests.append(&mut later.manifests);
        self.diagnostics.append(&mut later.diagnostics);
        self.documents += later.documents;
        self.empty += later.empty;
        self.empty_lists += later.empty_lists;
        self.failed += later.failed;
    }
}

/// Adds what other readers read otherwise. Where an error stands already, that comes first.
fn tell(source: &Arc<Source>, lints: &[Lint], diagnostics: &mut Vec<Diagnostic>) {
    let labels = diagnostics.iter().flat_map(|told| told.primary.iter().chain(&told.secondary));
    let told: Vec<_> = labels.map(|label| label.location.span).collect();
    let (mut shown, mut untold) = (0, Vec::new());
    for lint in lints.iter().filter(|lint| !told.contains(&lint.span())) {
        // an error is never left out: it decides
        if shown < MOST_LINTS || lint.severity() == Severity::Error {
            shown += 1;
            diagnostics.push(lint.diagnostic(source));
        } else {
            untold.push(lint);
        }
    }
    if let [first, ..] = untold.as_slice() {
        let message = format!("{} further places of this text are read differently elsewhere", untold.len());
        let label = "the first of those that are not shown";
        let worst = untold.iter().map(|lint| lint.severity()).max().unwrap_or(first.severity());
        diagnostics.push(Diagnostic::new(worst, first.rule(), message).at(Location::new(source, first.span()), label));
    }
}

fn not_an_object(source: &Arc<Source>, root: &Node) -> Diagnostic {
    let help = match root.value {
        Value::Sequence(_) => "write each object as a document of its own, or put them under `items` of a `kind: List`",
        _ => "remove it, or write a mapping with `apiVersion`, `kind` and `metadata.name`",
    };
    Diagnostic::error(rules::NOT_AN_OBJECT, format!("{} is no Kubernetes object", root.kind_name()))
        .at(Location::new(source, identity::head(root)), "")
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Parsed {
        parse(&Source::file("test.yaml", text), &ReadLimits::default())
    }

    fn objects(parsed: &Parsed) -> Vec<String> {
        parsed
            .manifests
            .iter()
            .map(|manifest| format!("{} {}", manifest.object.gvk.api_version(), manifest.object))
            .collect()
    }

    fn only(parsed: &Parsed) -> &Diagnostic {
        assert_eq!(parsed.diagnostics.len(), 1, "{:?}", parsed.diagnostics);
        &parsed.diagnostics[0]
    }

    fn under(diagnostic: &Diagnostic) -> &str {
        let label = diagnostic.primary.as_ref().unwrap();
        label.location.source.slice(label.location.span)
    }

    #[test]
    fn every_document_is_accounted_for() {
        let parsed = parse_text(concat!(
            "# a comment\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n[broken\n---\n- 1\n---\n~\n",
            "---\napiVersion: v1\nkind: List\nitems: []\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n",
        ));
        assert_eq!(objects(&parsed), ["v1 Namespace a", "v1 Namespace b"]);
        assert_eq!((parsed.documents, parsed.empty, parsed.empty_lists, parsed.failed), (5, 2, 1, 2));
        let found: Vec<_> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.rule.as_str()).collect();
        assert_eq!(found, ["yaml-syntax", "not-an-object"]);
    }

    #[test]
    fn a_list_gives_its_items_and_so_does_a_list_in_a_list() {
        let parsed = parse_text(concat!(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: x}}\n",
            "- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: b}}\n",
        ));
        assert_eq!(objects(&parsed), ["v1 Service x/a", "apps/v1 Deployment b"]);
        assert_eq!(parsed.source_slice(0), "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: x}}");
    }

    impl Parsed {
        fn source_slice(&self, index: usize) -> &str {
            let manifest = &self.manifests[index];
            manifest.source.slice(manifest.root.span)
        }
    }

    #[test]
    fn items_of_a_typed_list_inherit_what_they_do_not_say() {
        let parsed = parse_text(concat!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nitems:\n- metadata: {name: a}\n",
            "- {kind: Role, metadata: {name: b}}\n",
        ));
        assert_eq!(objects(&parsed), ["rbac.authorization.k8s.io/v1 Role a", "rbac.authorization.k8s.io/v1 Role b"]);
        assert_eq!(parsed.manifests[0].root.get("kind").and_then(Node::as_str), Some("Role"));
        let parsed = parse_text("apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n");
        assert_eq!(only(&parsed).rule, rules::MISSING_IDENTITY, "an untyped List has nothing to inherit");
        let parsed = parse_text("apiVersion: v1\nkind: PodList\nitems:\n- {kind: Secret, metadata: {name: a}}\n");
        assert_eq!(only(&parsed).rule, rules::MISSING_IDENTITY, "kubectl would turn this Secret into a Pod");
    }

    #[test]
    fn items_that_are_no_list_are_refused() {
        for (text, place) in [
            ("apiVersion: v1\nkind: List\nitems: {a: 1}\n", "items"),
            ("apiVersion: v1\nkind: PodList\nitems: 3\n", "items"),
            ("apiVersion: v1\nkind: List\n", "List"),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems:\n- {kind: Pod}\n", "items"),
        ] {
            let parsed = parse_text(text);
            assert_eq!(only(&parsed).rule, rules::INVALID_LIST, "{text}");
            assert_eq!(under(only(&parsed)), place, "{text}");
            assert_eq!((parsed.manifests.len(), parsed.failed), (0, 1), "{text}");
        }
        let parsed = parse_text(
            "apiVersion: v1\nkind: List\nitems:\n- null\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n",
        );
        assert_eq!((only(&parsed).rule.as_str(), parsed.manifests.len(), parsed.failed), ("not-an-object", 1, 0));
        let parsed = parse_text("apiVersion: example.com/v1\nkind: DenyList\nmetadata: {name: a}\nspec: {}\n");
        assert_eq!(objects(&parsed), ["example.com/v1 DenyList a"], "a kind may end in List");
    }

    #[test]
    fn what_identity_lacks_is_told_with_the_place() {
        for (text, message, place) in [
            ("kind: Pod\nmetadata: {name: a}\n", "`apiVersion` is missing", "kind"),
            ("apiVersion: v1\nmetadata: {name: a}\n", "`kind` is missing", "apiVersion"),
            ("a: 1\n", "`apiVersion`, `kind` and `metadata.name` are missing", "a"),
            ("apiVersion: v1\nkind: Pod\n", "`metadata.name` is missing", "kind"),
            ("apiVersion: v1\nkind: Pod\nmetadata:\n", "`metadata.name` is missing", "metadata"),
            ("apiVersion: v1\nkind: Pod\nmetadata: {labels: {}}\n", "`metadata.name` is missing", "metadata"),
            ("apiVersion: v1\nkind: Pod\nmetadata: {name: ''}\n", "`metadata.name` is missing", "name"),
        ] {
            let parsed = parse_text(text);
            let diagnostic = only(&parsed);
            assert_eq!((diagnostic.message.as_str(), under(diagnostic)), (message, place), "{text}");
            assert_eq!(diagnostic.rule, rules::MISSING_IDENTITY);
            assert!(diagnostic.help.is_some());
        }
    }

    #[test]
    fn what_identity_cannot_be_is_told_with_the_place() {
        for (text, message, place) in [
            ("apiVersion: 1\nkind: Pod\nmetadata: {name: a}\n", "`apiVersion` is an integer", "1"),
            ("apiVersion: v1\nkind: [Pod]\nmetadata: {name: a}\n", "`kind` is a list", "kind"),
            ("apiVersion: v1\nkind: ../x\nmetadata: {name: a}\n", "`../x` cannot be a kind", "../x"),
            ("apiVersion: a/b/c\nkind: Pod\nmetadata: {name: a}\n", "`a/b/c` cannot be an API version", "a/b/c"),
            ("apiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n", "`metadata.name` is an integer", "12"),
            ("apiVersion: v1\nkind: Pod\nmetadata: {name: a/b}\n", "`a/b` cannot be a name", "a/b"),
            ("apiVersion: v1\nkind: Pod\nmetadata: [a]\n", "`metadata` is a list", "metadata"),
            (
                "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: on}\n",
                "`metadata.namespace` is a boolean",
                "on",
            ),
        ] {
            let parsed = parse_text(text);
            let diagnostic = only(&parsed);
            assert_eq!((diagnostic.message.as_str(), under(diagnostic)), (message, place), "{text}");
            assert_eq!(diagnostic.rule, rules::INVALID_IDENTITY);
            assert!(diagnostic.help.is_some());
        }
    }

    #[test]
    fn a_generated_name_is_a_name() {
        let parsed = parse_text("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-, namespace: ''}\n");
        assert_eq!(objects(&parsed), ["v1 Pod a-*"]);
        assert_eq!(parsed.manifests[0].object.namespace, None);
    }

    #[test]
    fn files_that_are_no_manifests_are_recognised() {
        let help = |text: &str| only(&parse_text(text)).help.clone().unwrap();
        assert!(help("resources:\n- a.yaml\n").contains("kustomization"));
        assert!(help("replicas: 3\nimage:\n  tag: \"1\"\n").contains("values"));
        assert!(help("kind: Deployment\nmetadata: {name: a}\n").contains("apps/v1"));
    }
}
