//! Differences for machines, version 1. These types are frozen: they change only by addition.
//!
//! The schema is `schemas/diff.v1.schema.json`, generated from the types.

use schemars::JsonSchema;
use serde::Serialize;

use super::{EnvironmentDifference, Totals};
use crate::compare::{FieldChange, FieldDifference, Line, ObjectChange, ObjectDifference, Shown};
use crate::report::json::{pretty, schema_of};
use crate::source::Location;

/// What differs between two states of some environments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Hydrant differences, version 1")]
pub struct DiffV1 {
    /// The version of this format: 1.
    pub version: u8,
    /// Counts over all environments.
    pub totals: TotalsV1,
    /// Every environment that was compared, in alphabetical order.
    pub environments: Vec<EnvironmentV1>,
}

/// How many objects became what.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TotalsV1 {
    /// New objects.
    pub added: usize,
    /// Objects that differ, or moved to another app.
    pub changed: usize,
    /// Objects that are gone.
    pub removed: usize,
    /// Objects that are alike.
    pub unchanged: usize,
}

/// One environment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnvironmentV1 {
    /// Its name.
    pub environment: String,
    /// Where the state before is from, in words.
    pub before: String,
    /// Where the state afterwards is from, in words.
    pub after: String,
    /// Counts.
    pub totals: TotalsV1,
    /// The objects that differ, sorted by app, then by kind and name.
    pub objects: Vec<ObjectV1>,
}

/// One object that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObjectV1 {
    /// What became of it.
    pub change: ChangeV1,
    /// The app it belongs to; to which it belonged, if it is gone.
    pub app: String,
    /// The app it belonged to before, if that was another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// The namespace that is written in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name; with a `*` at its end, the prefix of a generated one.
    pub name: String,
    /// What differs in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldV1>,
}

/// What became of an object or a field.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeV1 {
    /// It is new.
    Added,
    /// It differs.
    Changed,
    /// It is gone.
    Removed,
    /// It is a list with the same items in another order.
    Reordered,
}

/// One field that differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldV1 {
    /// What became of it.
    pub change: ChangeV1,
    /// The way to it as people write it.
    pub path: String,
    /// The way to it as a JSON pointer, in the object afterwards; in the one before, if the field is gone.
    pub pointer: String,
    /// Its value before, as YAML; `(hidden)` for values of a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value afterwards, as YAML; `(hidden)` for values of a Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// For a text of several lines: the lines that differ, each with its sign: `-`, `+` or a blank.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Where it is written before: `file:line:column`, or where its nearest parent is.
    pub written_before: String,
    /// Where it is written afterwards.
    pub written_after: String,
}

/// The differences as JSON with a line break at the end.
#[must_use]
pub fn write(environments: &[EnvironmentDifference]) -> String {
    let document = DiffV1 {
        version: 1,
        totals: totals(environments),
        environments: environments
            .iter()
            .map(|environment| EnvironmentV1 {
                environment: environment.environment.clone(),
                before: environment.before.clone(),
                after: environment.after.clone(),
                totals: totals(std::slice::from_ref(environment)),
                objects: environment.objects.iter().map(object).collect(),
            })
            .collect(),
    };
    pretty(&document)
}

/// The JSON schema of [`DiffV1`].
#[must_use]
pub fn schema() -> String {
    schema_of::<DiffV1>()
}

fn totals(environments: &[EnvironmentDifference]) -> TotalsV1 {
    let Totals { added, changed, removed, unchanged } = Totals::of(environments);
    TotalsV1 { added, changed, removed, unchanged }
}

pub(in crate::report) fn object(difference: &ObjectDifference) -> ObjectV1 {
    let ObjectDifference { object, app, change } = difference;
    let (change, moved_from, fields) = match change {
        ObjectChange::Added => (ChangeV1::Added, None, Vec::new()),
        ObjectChange::Removed => (ChangeV1::Removed, None, Vec::new()),
        ObjectChange::Changed { moved_from, fields } => {
            (ChangeV1::Changed, moved_from.clone(), fields.iter().map(field).collect())
        }
    };
    ObjectV1 {
        change,
        app: app.clone(),
        moved_from,
        api_version: object.gvk.api_version(),
        kind: object.gvk.kind.to_string(),
        namespace: object.namespace.as_deref().map(str::to_owned),
        name: object.name.to_string(),
        fields,
    }
}

fn field(difference: &FieldDifference) -> FieldV1 {
    let yaml = |shown: &Shown| Some(shown.yaml.clone());
    let (change, before, after, lines) = match &difference.change {
        FieldChange::Added(after) => (ChangeV1::Added, None, yaml(after), Vec::new()),
        FieldChange::Removed(before) => (ChangeV1::Removed, yaml(before), None, Vec::new()),
        FieldChange::Changed(before, after) => (ChangeV1::Changed, yaml(before), yaml(after), Vec::new()),
        FieldChange::Reordered => (ChangeV1::Reordered, None, None, Vec::new()),
        FieldChange::Lines(hunks) => {
            let lines = hunks.iter().flat_map(|hunk| &hunk.lines).map(|line| match line {
                Line::Same(text) => format!(" {text}"),
                Line::Removed(text) => format!("-{text}"),
                Line::Added(text) => format!("+{text}"),
            });
            (ChangeV1::Changed, None, None, lines.collect())
        }
    };
    FieldV1 {
        change,
        path: difference.path.clone(),
        pointer: difference.pointer.to_string(),
        before,
        after,
        lines,
        written_before: place(&difference.before),
        written_after: place(&difference.after),
    }
}

fn place(location: &Location) -> String {
    let position = location.position();
    format!("{}:{}:{}", location.source.name(), position.line, position.column)
}
