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
mod spec;
mod storage;
mod syntax;
mod volumes;
mod workloads;

use found::Findings;
use scope::Scope;
use syntax::Form;

use crate::diagnostic::Diagnostic;
use crate::manifest::{Gvk, Manifest};

/// The rules of one subject.
type Check = for<'a> fn(&Context<'a>, &mut Findings<'a>);

/// What is known of a kind of Kubernetes' own before any object of it is looked at.
pub(super) struct Profile {
    scope: Scope,
    names: Form,
    /// Paths, and what may stand there.
    choices: Vec<(&'static str, &'static [&'static str])>,
    /// Paths of label selectors.
    selectors: Vec<&'static str>,
    /// Rules that only some kinds have.
    checks: Vec<Check>,
}

impl Profile {
    pub(super) fn new(gvk: &Gvk, minor: u32) -> Self {
        Self {
            scope: scope::of_kubernetes(gvk),
            names: names::form(gvk, minor),
            choices: choices::of_kind(gvk),
            selectors: selectors::of_kind(gvk),
            checks: checks(gvk),
        }
    }
}

/// The rules that only some kinds have.
fn checks(gvk: &Gvk) -> Vec<Check> {
    match (&*gvk.group, &*gvk.kind) {
        ("", "Pod" | "PodTemplate") => vec![pods::check],
        ("", "ReplicationController") | ("apps" | "batch", _) => vec![workloads::check, pods::check],
        ("", "Service") => vec![services::check],
        ("", "ConfigMap" | "Secret") => vec![data::check],
        ("", "PersistentVolume" | "PersistentVolumeClaim") => vec![storage::check],
        ("networking.k8s.io", _) => vec![network::check],
        ("rbac.authorization.k8s.io", _) => vec![access::check],
        ("apiextensions.k8s.io" | "admissionregistration.k8s.io", _)
        | ("autoscaling" | "policy" | "scheduling.k8s.io", _) => vec![extensions::check],
        _ => Vec::new(),
    }
}

/// An object, and what rules need to know of its surroundings.
pub(super) struct Context<'a> {
    manifest: &'a Manifest,
    /// The minor of Kubernetes: 34 for 1.34.
    minor: u32,
    /// `None` if it is not known where objects of the kind live.
    scope: Option<Scope>,
    /// The form of the kind's names.
    names: Form,
    /// `None` for a custom resource.
    profile: Option<&'a Profile>,
}

impl<'a> Context<'a> {
    /// An object of Kubernetes' own.
    pub(super) fn built_in(manifest: &'a Manifest, minor: u32, profile: &'a Profile) -> Self {
        Self { manifest, minor, scope: Some(profile.scope), names: profile.names, profile: Some(profile) }
    }

    /// A custom resource.
    pub(super) fn custom(manifest: &'a Manifest, minor: u32, scope: Option<Scope>) -> Self {
        Self { manifest, minor, scope, names: Form::Subdomain, profile: None }
    }
}

/// Everything the rules hold against an object, in the order of its text.
pub(super) fn check(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    names::check(context, &mut findings);
    metadata::check(context, &mut findings);
    scope::check(context, &mut findings);
    if let Some(profile) = context.profile {
        choices::check(context, &profile.choices, &mut findings);
        selectors::check(context, &profile.selectors, &mut findings);
        spec::check(context, &mut findings);
        profile.checks.iter().for_each(|check| check(context, &mut findings));
    }
    findings.into_diagnostics(context.manifest)
}
