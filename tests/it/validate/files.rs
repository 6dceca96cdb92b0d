//! Schema files, each for the kind it was looked up for.

use hydrant::diagnostic::rules;
use hydrant::manifest::Gvk;
use hydrant::source::Source;
use hydrant::validate::Coverage;

use super::{check_with, parse, schemas};

fn gadget() -> Gvk {
    Gvk::new("example.com/v1", "Gadget")
}

#[test]
fn a_schema_file_judges_the_kind_it_was_found_for() {
    let file = Source::file(
        "schemas/example.com/gadget_v1.json",
        r#"{"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}"#,
    );
    let found = check_with(
        schemas().with_schema_files([(gadget(), file)]),
        "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: x, sice: 1}\n",
    );
    assert_eq!(
        found,
        [
            "4:14 schema-violation /spec/size `size` must be an integer, found the string \"x\" | expected an integer | write a whole number",
            "4:17 unknown-field /spec/sice `sice` is not a field of `spec` | unknown field | remove it: `spec` has only `size`",
        ]
    );
}

#[test]
fn a_schema_file_in_json_schema_is_taken_as_it_is() {
    let file = Source::file(
        "example.com/gadget_v1.json",
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"size": {"type": "integer", "minimum": 2}},
            "properties": {"spec": {"properties": {"size": {"$ref": "#/definitions/size"}}}}}"##,
    );
    let found = check_with(
        schemas().with_schema_files([(gadget(), file)]),
        "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: 1, other: 1}\n",
    );
    assert_eq!(
        found,
        ["4:14 schema-violation /spec/size `size` must be at least 2, found the integer 1 | too small | -"]
    );
}

#[test]
fn a_schema_file_that_cannot_be_used_passes_nothing() {
    let object = parse("apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\n");
    for (text, reason) in [
        ("{", "it is not JSON: EOF while parsing an object at line 1 column 1"),
        (r#"{"$ref": "https://example.com/x.json"}"#, "https://example.com/x.json"),
        (r#"{"$ref": "file:///etc/passwd"}"#, "file:///etc/passwd"),
        ("7", "7 is not of types"),
        (r##"{"allOf": [{"$ref": "#"}]}"##, "`#/allOf/0` refers to itself"),
        (r##"{"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}"##, "refers to itself"),
    ] {
        let file = Source::file("example.com/gadget_v1.json", text);
        let verdict = schemas().with_schema_files([(gadget(), file)]).validate(&object[0]);
        assert_eq!(verdict.coverage, Coverage::Failed);
        let [diagnostic] = verdict.diagnostics.as_slice() else { panic!("{:?}", verdict.diagnostics) };
        assert_eq!(diagnostic.rule, rules::BROKEN_SCHEMA);
        assert!(diagnostic.message.starts_with("the schema in `example.com/gadget_v1.json` cannot be used: "));
        assert!(diagnostic.message.contains(reason), "{}", diagnostic.message);
    }
}
