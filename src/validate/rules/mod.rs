//! Rules: what the API server demands of an object, and no schema says.
//!
//! One file for each subject. Every rule has an id of its own, and its explanation names the place in Kubernetes that it
//! comes from. Rules read the tree with forbearance: what has the wrong type is told by the schema, and not again here.

mod access;
mod choices;
mod containers;
mod data;
mod extensions;
mod found;
mod metadata;
mod names;
mod network;
mod pods;
mod probes;
pub(super) mod quantity;
pub(super) mod read;
mod resources;
pub(super) mod scope;
mod selectors;
mod services;
mod storage;
mod syntax;
mod volumes;
mod workloads;

use found::Findings;
use scope::Scope;

use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;

/// An object, and what rules need to know of its surroundings.
pub(super) struct Context<'a> {
    pub(super) manifest: &'a Manifest,
    /// The minor of Kubernetes: 34 for 1.34.
    pub(super) minor: u32,
    /// `None` if it is not known where objects of the kind live.
    pub(super) scope: Option<Scope>,
    /// Whether the kind is one of Kubernetes' own, in a version that is served.
    pub(super) built_in: bool,
}

/// Everything the rules hold against an object, in the order of its text.
pub(super) fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    names::check(context, &mut findings);
    metadata::check(context, &mut findings);
    scope::check(context, &mut findings);
    if context.built_in {
        built_in(context, &mut findings);
    }
    findings.into_diagnostics(context.manifest)
}

fn built_in<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    choices::check(context, findings);
    selectors::check(context, findings);
    workloads::check(context, findings);
    if let Some(pods) = pods::of(context) {
        pods::check(&pods, context, findings);
    }
    services::check(context, findings);
    data::check(context, findings);
    storage::check(context, findings);
    network::check(context, findings);
    access::check(context, findings);
    extensions::check(context, findings);
}
