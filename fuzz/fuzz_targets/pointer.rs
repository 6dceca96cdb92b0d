//! From a value to its place and back, in any document that reads; and any text as a pointer or a field path.
//!
//! Run: `RUSTC_BOOTSTRAP=1 cargo fuzz run pointer -O -s none`.
#![no_main]

use hydrant::manifest::{Node, Pointer, ReadLimits, Value, read};
use hydrant::source::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let limits = ReadLimits { bytes: 1 << 11, depth: 32, nodes: 1_000, ..ReadLimits::default() };
    for pointer in [Pointer::parse(text), Pointer::parse_field_path(text)] {
        let printed = pointer.to_string();
        assert_eq!(Pointer::parse(&printed), pointer, "{printed}");
    }
    for document in read(&Source::file("fuzz.yaml", text), &limits).documents {
        for offset in 0..=text.len() {
            if let Some(found) = Pointer::at(&document.root, offset) {
                assert!(found.resolve(&document.root).is_some(), "{found} at {offset} names nothing");
            }
        }
        check(text, &document.root, &Pointer::root(), &document.root);
    }
});

fn check(text: &str, root: &Node, pointer: &Pointer, node: &Node) {
    let place = pointer.locate(root);
    assert!(text.get(place.range()).is_some(), "{pointer} is at {place:?}, outside or inside a character");
    let path = pointer.field_path(root);
    let again = Pointer::parse_field_path(&path).resolve(root);
    assert!(again.is_some_and(|again| std::ptr::eq(again, node)), "`{path}` does not name {pointer}");
    match &node.value {
        Value::Mapping(entries) => {
            entries.iter().for_each(|entry| check(text, root, &pointer.child(&*entry.key.name), &entry.value));
        }
        Value::Sequence(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| check(text, root, &pointer.child(index.to_string()), item));
        }
        // an alias or a merge is located where it is written, which is somewhere else
        _ if !text.contains('*') => {
            assert_eq!(Pointer::at(root, place.start as usize).as_ref(), Some(pointer), "{place:?}");
        }
        _ => {}
    }
}
