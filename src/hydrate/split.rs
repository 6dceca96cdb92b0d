//! Split: one file for each object, with a name that no other object has and that does not depend on the others.
//!
//! `deployment.apps_shop_web.yaml`: kind and group, namespace, name. `_` stands between the parts and in none of them,
//! capitals and other signs are written `%41`, so two names that some file system takes for one do not exist.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::manifest::{Manifest, Name, Node};
use crate::tree::Digest;

/// The file that tells Flux and kustomize which files of a folder are objects. No object's file has this name.
pub(super) const LIST_NAME: &str = "kustomization.yaml";

/// File systems take 255 bytes.
const LONGEST: usize = 200;

/// The name of an object's file; `text` is what stands in it, and tells apart objects that have no name yet.
pub(super) fn file_name(manifest: &Manifest, text: &[u8]) -> String {
    let (group, kind, namespace, name) = manifest.object.key();
    let mut file = escaped(&kind.to_lowercase());
    if !group.is_empty() {
        file.push('.');
        file.push_str(&escaped(&group.to_lowercase()));
    }
    for part in namespace.into_iter().chain([match name {
        Name::Fixed(name) | Name::Generated(name) => &**name,
    }]) {
        file.push('_');
        file.push_str(&escaped(part));
    }
    if matches!(name, Name::Generated(_)) {
        file.push_str(&mark(text));
    }
    if file.len() > LONGEST {
        let whole = mark(file.as_bytes());
        file.truncate(LONGEST - whole.len());
        file.push_str(&whole);
    }
    file.push_str(".yaml");
    file
}

/// A name that is not taken, for objects without a name whose texts are equal as well.
pub(super) fn unique(file: String, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(file.clone()) {
        return file;
    }
    let stem = file.strip_suffix(".yaml").unwrap_or(&file);
    let mut names = (2_usize..).map(|number| format!("{stem}+{number}.yaml"));
    names.find(|name| taken.insert(name.clone())).expect("numbers do not end")
}

/// `apiVersion: kustomize.config.k8s.io/v1beta1`, with the files in order.
pub(super) fn list_of(files: &BTreeSet<String>) -> Node {
    Node::from_json(&serde_json::json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": files,
    }))
}

/// `+` and half of a digest; no part has a `+`.
fn mark(bytes: &[u8]) -> String {
    let mut digest = Digest::of(bytes).to_string();
    digest.truncate(16);
    format!("+{digest}")
}

fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => text.push(char::from(byte)),
            other => write!(text, "%{other:02x}").expect("writing to a string cannot fail"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Gvk, ObjectRef, Value};
    use crate::source::Source;
    use proptest::prelude::*;

    fn name(api: &str, kind: &str, namespace: Option<&str>, name: Name) -> String {
        let object = ObjectRef { gvk: Gvk::new(api, kind), namespace: namespace.map(Into::into), name };
        let manifest = Manifest { object, root: Node::synthetic(Value::Null), source: Source::file("a.yaml", "") };
        file_name(&manifest, b"text")
    }

    fn fixed(text: &str) -> Name {
        Name::Fixed(text.into())
    }

    #[test]
    fn a_file_is_named_by_kind_namespace_and_name() {
        assert_eq!(name("v1", "ConfigMap", Some("shop"), fixed("web")), "configmap_shop_web.yaml");
        assert_eq!(name("apps/v1", "Deployment", None, fixed("web")), "deployment.apps_web.yaml");
        let role = name("rbac.authorization.k8s.io/v1", "ClusterRole", None, fixed("system:Node"));
        assert_eq!(role, "clusterrole.rbac.authorization.k8s.io_system%3a%4eode.yaml");
        let job = name("batch/v1", "Job", Some("a"), Name::Generated("run-".into()));
        assert!(job.starts_with("job.batch_a_run-+") && job.len() == "job.batch_a_run-+.yaml".len() + 16, "{job}");
    }

    #[test]
    fn a_name_that_is_too_long_ends_in_a_digest_of_all_of_it() {
        let (one, two) = ("x".repeat(253), format!("{}y", "x".repeat(252)));
        let (one, two) = (name("v1", "Secret", None, fixed(&one)), name("v1", "Secret", None, fixed(&two)));
        assert!(one.len() <= LONGEST + 5 && two.len() <= LONGEST + 5);
        assert_ne!(one, two);
    }

    #[test]
    fn equal_objects_without_a_name_are_numbered() {
        let mut taken = BTreeSet::new();
        let names: Vec<String> = (0..3).map(|_| unique("job_a+1.yaml".to_owned(), &mut taken)).collect();
        assert_eq!(names, ["job_a+1.yaml", "job_a+1+2.yaml", "job_a+1+3.yaml"]);
    }

    proptest! {
        #[test]
        fn two_objects_never_share_a_file_on_any_file_system(
            one in ("[a-zA-Z_.:é-]{1,8}", prop::option::of("[a-z_-]{1,4}")),
            two in ("[a-zA-Z_.:é-]{1,8}", prop::option::of("[a-z_-]{1,4}")),
        ) {
            let file = |(text, namespace): &(String, Option<String>)| name("v1", "Role", namespace.as_deref(), fixed(text));
            let (first, second) = (file(&one), file(&two));
            prop_assert_eq!(one == two, first == second);
            prop_assert_eq!(&first.to_lowercase(), &first);
            prop_assert!(first.is_ascii() && !first.contains('/'));
            prop_assert_ne!(first.as_str(), LIST_NAME);
        }
    }
}
