//! Schemas as a whole: their digest, and their use from many threads.

use std::collections::BTreeSet;

use hydrant::manifest::Gvk;
use hydrant::source::Source;
use hydrant::validate::{Schemas, UnknownKinds};

use super::{WIDGET, parse, schemas, show};

#[test]
fn the_digest_changes_with_everything_that_can_change_a_verdict() {
    let widget = parse(WIDGET);
    let other = parse(&WIDGET.replace("maximum: 10", "maximum: 100"));
    let file = Source::file("example.com/gadget_v1.json", "{}");
    let make = |version: &str, unknown: UnknownKinds| Schemas::new(version, unknown).expect("embedded");
    let digests = [
        make("1.34", UnknownKinds::Deny).digest(),
        make("1.35", UnknownKinds::Deny).digest(),
        make("1.34", UnknownKinds::Warn).digest(),
        schemas().with_crds(&widget).0.digest(),
        schemas().with_crds(&other).0.digest(),
        schemas().with_schema_files([(Gvk::new("example.com/v1", "Gadget"), file)]).digest(),
    ];
    let distinct: BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
    assert_eq!(make("1.34.7", UnknownKinds::Deny).digest(), digests[0]);
    assert_eq!(schemas().with_crds(&parse(WIDGET)).0.digest(), digests[3]);
}

#[test]
fn schemas_are_shared_between_threads() {
    let text =
        format!("{WIDGET}---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{size: 0}}\n");
    let manifests = parse(&text);
    let (schemas, _) = schemas().with_crds(&manifests);
    let judge = || {
        manifests
            .iter()
            .flat_map(|manifest| schemas.validate(manifest).diagnostics)
            .map(|found| show(&found))
            .collect::<Vec<_>>()
    };
    let expected = judge();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(judge)).collect();
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().expect("no panic"), expected));
    });
}
