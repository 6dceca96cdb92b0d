//! PersistentVolumes and claims (`pkg/apis/core/validation`, `ValidatePersistentVolumeSpec`).

use super::Context;
use super::found::{Finding, Findings};
use super::read::{at, field, items};
use super::volumes::{self, missing, only_one};
use crate::diagnostic::rules;
use crate::manifest::{Node, Value};

/// Fields of a PersistentVolume's spec that say where its bytes are.
const SOURCES: [&str; 22] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// Checks the object, if it is one of the two.
pub(super) fn check<'a>(context: &Context<'a>, findings: &mut Findings<'a>) {
    let gvk = &context.manifest.object.gvk;
    let Some(spec) = field(&context.manifest.root, "spec") else { return };
    match (&*gvk.group, &*gvk.kind) {
        ("", "PersistentVolumeClaim") => volumes::claim(spec, findings),
        ("", "PersistentVolume") => volume(spec, findings),
        _ => {}
    }
}

fn volume<'a>(spec: &'a Node, findings: &mut Findings<'a>) {
    if items(spec, "accessModes").is_empty() {
        findings.push(missing(spec, "accessModes", "a PersistentVolume"));
    }
    if at(spec, &["capacity", "storage"]).is_none() {
        findings.push(missing(spec, "capacity", "a PersistentVolume"));
    }
    let set: Vec<_> =
        SOURCES.into_iter().filter(|name| spec.get(name).is_some_and(|value| value.value != Value::Null)).collect();
    match set[..] {
        [] => {
            let finding = Finding::error(rules::ONE_OF, spec, "a PersistentVolume must say where its bytes are");
            findings.push(finding.label("needs a source such as `csi`, `local` or `nfs`"));
        }
        [_, second, ..] => findings.push(only_one(spec, &set, second, "a PersistentVolume")),
        _ => {}
    }
}
