//! Attestation of a prepared commit: every app's folder, then the record that names them all.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::Error;
use crate::attest::{Attestation, Attested as What, Subject, subject_of_app, subject_of_record};
use crate::git::{CommitTree, ContentId, Repository, UnsignedCommit};
use crate::hydrate::{Attested, CommitTime, Record};
use crate::sign::{SignatureFormat, Signer};
use crate::tree::{Digest, RepoPath};

/// Whether attestations are made with this signer: with those whose signatures `verify` can check. The roots of trust of
/// X.509 are not ours to know, and what nobody can check is better not there.
pub(super) fn can_attest(signer: &dyn Signer) -> bool {
    matches!(signer.format(), SignatureFormat::Ssh | SignatureFormat::OpenPgp)
}

/// The same commit with attestations; as it is, if the signer makes none.
///
/// An app that is as it was keeps its attestation to the byte, if this signer made it: a new one would say no more.
pub(super) fn attest(
    repository: &Repository,
    commit: UnsignedCommit,
    branch: &Attested,
    time: CommitTime,
    signer: &dyn Signer,
) -> Result<UnsignedCommit, Error> {
    let Some(mut record) = commit.record().cloned().filter(|_| can_attest(signer)) else { return Ok(commit) };
    record.attested = Some(branch.clone());
    let before = commit.parent().map(|parent| repository.commit_tree_of(parent)).transpose()?;
    let one = |(app, tree): (&String, &ContentId)| {
        let subject = subject_of_app(&record, app, &tree.to_string());
        let (Some(subject), Some(path)) = (subject, record.attestation_path(app)) else { return Ok(None) };
        let attestation = match kept(before.as_ref(), &path, &subject, signer)? {
            Some(attestation) => attestation,
            None => Attestation::make(&record, What::App(app), subject, time, signer)?,
        };
        let bytes = attestation.to_bytes();
        Ok(Some((app.clone(), path, Digest::of(&bytes), bytes)))
    };
    // somebody who is asked for each signature is asked for one after the other
    let made: Result<Vec<_>, Error> = match signer.holds_the_key() {
        true => commit.app_trees().par_iter().map(one).collect(),
        false => commit.app_trees().iter().map(one).collect(),
    };
    let mut files: BTreeMap<RepoPath, Vec<u8>> = BTreeMap::new();
    for (app, path, digest, bytes) in made?.into_iter().flatten() {
        if let Some(app) = record.apps.get_mut(&app) {
            app.attestation = Some(digest);
        }
        files.insert(path, bytes);
    }
    files.extend(attest_record(repository, &record, time, signer)?);
    Ok(repository.with_files(commit, record, &files)?)
}

/// The attestation that stands at this path, if it says what a new one would, and this signer made it.
fn kept(
    before: Option<&CommitTree>,
    path: &RepoPath,
    subject: &Subject,
    signer: &dyn Signer,
) -> Result<Option<Attestation>, Error> {
    let Some(before) = before.filter(|before| before.plain_file(path).is_some()) else { return Ok(None) };
    let found = before.stored(path)?.and_then(|bytes| Attestation::parse(&bytes).ok());
    Ok(found.filter(|attestation| attestation.subject() == subject && attestation.is_by(signer)))
}

/// The attestation of the record as it will stand on the branch.
fn attest_record(
    repository: &Repository,
    record: &Record,
    time: CommitTime,
    signer: &dyn Signer,
) -> Result<Option<(RepoPath, Vec<u8>)>, Error> {
    let bytes = record.to_bytes();
    let blob = repository.blob_id(&bytes)?.to_string();
    let Some(subject) = subject_of_record(record, &bytes, &blob) else { return Ok(None) };
    let attestation = Attestation::make(record, What::Record, subject, time, signer)?;
    Ok(Some((record.own_attestation_path(), attestation.to_bytes())))
}
