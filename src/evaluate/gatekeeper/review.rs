//! A review is an object as Gatekeeper hands it to a template: what would be an admission request in a cluster.

use regorus::Value as RegoValue;
use serde_json::{Map, Value as Json, json};

use crate::evaluate::value::of_node;
use crate::manifest::{Gvk, Manifest, Name, Node};

/// What happens to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation<'a> {
    /// Nothing is known, as where `gator` looks at a file.
    Unknown,
    /// It is created: what every object of a render must be fit for.
    Create,
    /// It takes the place of another one.
    Update(&'a RegoValue),
    /// It is deleted. Gatekeeper shows it as `object` too, so that a policy finds it where it looks.
    Delete,
}

/// The review of an object, whose value is shared with whatever else judges it.
pub(super) fn of_object(manifest: &Manifest, object: &RegoValue, operation: Operation<'_>) -> RegoValue {
    let Gvk { group, version, kind } = &manifest.object.gvk;
    let word = match operation {
        Operation::Unknown => "",
        Operation::Create => "CREATE",
        Operation::Update(_) => "UPDATE",
        Operation::Delete => "DELETE",
    };
    let mut request = request(&json!({
        "kind": {"group": group, "version": version, "kind": kind},
        "operation": word,
    }));
    if let Name::Fixed(name) = &manifest.object.name
        && !name.is_empty()
    {
        request.insert("name".to_owned(), json!(name));
    }
    if let Some(namespace) = &manifest.object.namespace {
        request.insert("namespace".to_owned(), json!(namespace));
    }
    let mut review = of_node(&Node::from_json(&Json::Object(request)));
    if let Ok(members) = review.as_object_mut() {
        members.insert(RegoValue::from("object"), object.clone());
        let old = match operation {
            Operation::Update(old) => Some(old),
            Operation::Delete => Some(object),
            Operation::Unknown | Operation::Create => None,
        };
        if let Some(old) = old {
            members.insert(RegoValue::from("oldObject"), old.clone());
        }
    }
    review
}

/// The review that an `AdmissionReview` holds.
pub(super) fn of_request(given: &Node) -> RegoValue {
    let mut request = request(&given.to_json());
    let deleted = request.get("operation") == Some(&json!("DELETE"));
    if deleted && let Some(old) = request.get("oldObject").cloned() {
        request.insert("object".to_owned(), old);
    }
    of_node(&Node::from_json(&Json::Object(request)))
}

/// A request with the fields that every request has.
fn request(given: &Json) -> Map<String, Json> {
    let always = json!({
        "uid": "",
        "kind": {"group": "", "version": "", "kind": ""},
        "resource": {"group": "", "version": "", "resource": ""},
        "operation": "",
        "userInfo": {},
        "object": null,
        "oldObject": null,
        "options": null,
    });
    let mut request = always.as_object().cloned().unwrap_or_default();
    for (key, value) in given.as_object().into_iter().flatten() {
        request.insert(key.clone(), value.clone());
    }
    request
}
