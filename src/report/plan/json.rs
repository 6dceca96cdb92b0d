//! Plans for machines, version 1. These types are frozen: they change only by addition.
//!
//! The schema is `schemas/plan.v1.schema.json`, generated from the types.

use schemars::JsonSchema;
use serde::Serialize;

use super::{PlannedEnvironment, Step};
use crate::report::difference::json::{ObjectV1, object};
use crate::report::json::pretty;

/// What a publication would do.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Hydrant plan, version 1")]
pub struct PlanV1 {
    /// The version of this format: 1.
    pub version: u8,
    /// Every environment that would be published, in alphabetical order.
    pub environments: Vec<EnvironmentV1>,
}

/// What would be done with one environment.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlannedEnvironmentV1")]
pub struct EnvironmentV1 {
    /// Its name.
    pub environment: String,
    /// The branch that would move: the environment's own, or its proposal.
    pub branch: String,
    /// What would become of the branch.
    pub step: StepV1,
    /// The full id of the commit at its tip, or of the one that it would begin at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip: Option<String>,
    /// The branch that would be begun with an empty commit, so that something can be proposed to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<String>,
    /// How many objects the branch would hold.
    pub objects: usize,
    /// By kind, in alphabetical order: how many objects would become what.
    pub kinds: Vec<KindV1>,
    /// What to know before it is done.
    pub risks: Vec<RiskV1>,
    /// Its files.
    pub files: FilesV1,
    /// The objects that differ from those of the branch that agents read, sorted by app, then by kind and name.
    pub differences: Vec<ObjectV1>,
}

/// What would become of a branch.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StepV1 {
    /// It says the same already.
    Unchanged,
    /// It would begin at a commit that is there.
    Start,
    /// It would get a commit.
    Commit,
}

/// Objects of one kind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KindV1 {
    /// `Deployment`.
    pub kind: String,
    /// New ones.
    pub added: usize,
    /// Those that differ.
    pub changed: usize,
    /// Those that would go.
    pub removed: usize,
}

/// Something to know before it is done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RiskV1 {
    /// `deletes-namespace`, `deletes-custom-resources`, `deletes-data`, `moves-between-apps`, `scales-to-zero` or
    /// `stays-in-cluster`; more may come.
    pub risk: String,
    /// `Namespace shop`.
    pub object: String,
    /// The app that it belongs to.
    pub app: String,
    /// What may happen, in words.
    pub message: String,
}

/// Paths of files on the branch, sorted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FilesV1 {
    /// New files.
    pub added: Vec<String>,
    /// Files that would say something else.
    pub changed: Vec<String>,
    /// Files that would go.
    pub removed: Vec<String>,
    /// What would be taken over from others.
    pub taken_over: Vec<String>,
    /// Files whose edits by hand would be lost.
    pub overwritten: Vec<String>,
}

/// The plan as JSON with a line break at the end.
#[must_use]
pub fn write(environments: &[PlannedEnvironment]) -> String {
    pretty(&PlanV1 { version: 1, environments: environments.iter().map(environment).collect() })
}

/// The JSON schema of [`PlanV1`].
#[must_use]
pub fn schema() -> String {
    crate::report::json::schema_of::<PlanV1>()
}

fn environment(plan: &PlannedEnvironment) -> EnvironmentV1 {
    let kinds = plan.kinds().into_iter();
    let files = &plan.files;
    EnvironmentV1 {
        environment: plan.environment.clone(),
        branch: plan.branch.clone(),
        step: match plan.step {
            Step::Unchanged => StepV1::Unchanged,
            Step::Start => StepV1::Start,
            Step::Commit => StepV1::Commit,
        },
        tip: plan.tip.clone(),
        begins: plan.begins.clone(),
        objects: plan.objects,
        kinds: kinds
            .map(|(kind, of)| KindV1 {
                kind: kind.to_owned(),
                added: of.added,
                changed: of.changed,
                removed: of.removed,
            })
            .collect(),
        risks: plan
            .risks
            .iter()
            .map(|risk| RiskV1 {
                risk: risk.kind.name().to_owned(),
                object: risk.object.to_string(),
                app: risk.app.clone(),
                message: risk.kind.words().to_owned(),
            })
            .collect(),
        files: FilesV1 {
            added: files.added.clone(),
            changed: files.changed.clone(),
            removed: files.removed.clone(),
            taken_over: files.taken_over.clone(),
            overwritten: files.overwritten.clone(),
        },
        differences: plan.difference.objects.iter().map(object).collect(),
    }
}
