//! Schema files, named as catalogs name them.

use hydrant::diagnostic::rules;
use hydrant::source::Source;
use hydrant::validate::Coverage;

use super::{check_with, parse, schemas, show};

#[test]
fn a_schema_file_judges_the_kind_its_path_names() {
    let file = Source::file(
        "schemas/example.com/gadget_v1.json",
        r#"{"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}"#,
    );
    let (schemas, diagnostics) = schemas().with_schema_files([&file]);
    assert!(diagnostics.is_empty());
    let found = check_with(
        schemas,
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
        schemas().with_schema_files([&file]).0,
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
    ] {
        let file = Source::file("example.com/gadget_v1.json", text);
        let verdict = schemas().with_schema_files([&file]).0.validate(&object[0]);
        assert_eq!(verdict.coverage, Coverage::Failed);
        let [diagnostic] = verdict.diagnostics.as_slice() else { panic!("{:?}", verdict.diagnostics) };
        assert_eq!(diagnostic.rule, rules::BROKEN_SCHEMA);
        assert!(diagnostic.message.starts_with("the schema in `example.com/gadget_v1.json` cannot be used: "));
        assert!(diagnostic.message.contains(reason), "{}", diagnostic.message);
    }
}

#[test]
fn a_schema_file_whose_name_says_no_kind_is_told() {
    let file = Source::file("schemas/gadget.json", "{}");
    let (_, diagnostics) = schemas().with_schema_files([&file]);
    assert_eq!(
        diagnostics.iter().map(show).collect::<Vec<_>>(),
        [
            "1:1 broken-schema - `schemas/gadget.json` names no kind, so its schema is not used |  | name it `<group>/<kind>_<version>.json`, in lower case"
        ]
    );
}
