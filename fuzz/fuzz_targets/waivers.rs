//! Any text reads as a file of waivers, and as the waivers on an object, or is refused with its place, without a panic.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run waivers -O -s none`.
#![no_main]

use hydrant::evaluate::waivers::{ANNOTATION, Review, Waivers};
use hydrant::manifest::{Entry, Gvk, Key, Manifest, Name, Node, ObjectRef, Value};
use hydrant::source::{Source, Span};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(found) = Waivers::read(Some(&Source::file("waivers.yaml", text)), false) {
        assert!(!found.is_empty() && found.iter().all(|found| found.primary.is_some()));
    }
    let annotation = Node { span: Span::new(0, text.len()), value: Value::String(text.into()) };
    let root = under("metadata", under("annotations", under(ANNOTATION, annotation)));
    let object = ObjectRef { gvk: Gvk::new("v1", "Pod"), namespace: None, name: Name::Fixed("a".into()) };
    let manifest = Manifest { object, root, source: Source::file("pod.yaml", text) };
    let waivers = Waivers::read(None, true).expect("there is no file");
    let mut review = Review::new(&waivers, None);
    let told = review.meet(None, None, &manifest);
    let read = review.audit(&[], |_| true).waivers;
    assert_eq!(told.is_empty(), !read.is_empty(), "an annotation waives something, or is told");
});

fn under(key: &str, value: Node) -> Node {
    Node::synthetic(Value::Mapping(vec![Entry { key: Key { span: Span::at(0), name: key.into() }, value }]))
}
