//! Attestation of a prepared commit: every app's folder, then the record that names them all.

use std::collections::BTreeMap;

use super::Error;
use super::publication::side_by_side;
use crate::attest::{Attestation, Attested as What, Subject, subject_of_app, subject_of_record};
use crate::git::{ContentId, Repository, Tip, UnsignedCommit};
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
    let tip = commit.parent().map(|parent| repository.tip(parent, record.folder.as_ref())).transpose()?;
    let before = tip.as_deref().map(|tip| Before::of(repository, tip, signer)).transpose()?.flatten();
    let one = |(app, tree): &(&String, &ContentId)| {
        let subject = subject_of_app(&record, app, &tree.to_string());
        let (Some(subject), Some(path)) = (subject, record.attestation_path(app)) else { return Ok(None) };
        let bytes = match before.as_ref().map(|before| before.kept(app, tree, &subject)).transpose()?.flatten() {
            Some(bytes) => bytes,
            None => Attestation::make(&record, What::App(app), subject, time, signer)?.to_bytes(),
        };
        Ok(Some(((*app).clone(), path, Digest::of(&bytes), bytes)))
    };
    // somebody who is asked for each signature is asked for one after the other
    let apps: Vec<(&String, &ContentId)> = commit.app_trees().iter().collect();
    let made: Result<Vec<_>, Error> = match signer.holds_the_key() {
        true => side_by_side(&apps, one),
        false => apps.iter().map(one).collect(),
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

/// The attestations that [`attest`] would write anew, by whether one stands at that path already. For who only wants to
/// know: nothing is signed, and the signer is taken for the one who signed before.
pub(super) fn to_attest(
    repository: &Repository,
    commit: &UnsignedCommit,
    branch: &Attested,
) -> Result<BTreeMap<RepoPath, bool>, Error> {
    let Some(mut record) = commit.record().cloned() else { return Ok(BTreeMap::new()) };
    record.attested = Some(branch.clone());
    let tip = commit.parent().map(|parent| repository.tip(parent, record.folder.as_ref())).transpose()?;
    let tip = tip.as_deref();
    let subject = |record: &Record, app: &str, tree: &ContentId| subject_of_app(record, app, &tree.to_string());
    let stays = |app: &str, tree: &ContentId| {
        let before = tip.and_then(Tip::record);
        before.is_some_and(|before| subject(before, app, tree) == subject(&record, app, tree))
    };
    let anew = commit.app_trees().iter().filter(|(app, tree)| !stays(app, tree));
    let paths = anew.filter_map(|(app, _)| record.attestation_path(app)).chain([record.own_attestation_path()]);
    let is_there = |path: &RepoPath| tip.is_some_and(|tip| tip.files().plain_file(path).is_some());
    Ok(paths.map(|path| (path.clone(), is_there(&path))).collect())
}

/// What stands on the branch, attested by the same signer.
///
/// One signature is checked, that of the record's own attestation. The record names the digest of every app's, and a
/// signer who attests a record has made, or found to be their own, each attestation in it.
struct Before<'a> {
    tip: &'a Tip,
    record: &'a Record,
}

impl<'a> Before<'a> {
    /// `None` if somebody else attested the record, or nobody.
    fn of(repository: &Repository, tip: &'a Tip, signer: &dyn Signer) -> Result<Option<Self>, Error> {
        let Some(record) = tip.record() else { return Ok(None) };
        let found = stored(tip, &record.own_attestation_path())?;
        let Some(attestation) = found.and_then(|bytes| Attestation::parse(&bytes).ok()) else { return Ok(None) };
        let bytes = record.to_bytes();
        let subject = subject_of_record(record, &bytes, &repository.blob_id(&bytes)?.to_string());
        let is_ours = subject.as_ref() == Some(attestation.subject()) && attestation.is_by(signer);
        Ok(is_ours.then_some(Self { tip, record }))
    }

    /// The attestation of an app, if it says what a new one would: it has the same subject.
    fn kept(&self, app: &str, tree: &ContentId, subject: &Subject) -> Result<Option<Vec<u8>>, Error> {
        // the same files by their digests are the same tree
        if subject_of_app(self.record, app, &tree.to_string()).as_ref() != Some(subject) {
            return Ok(None);
        }
        let (Some(record), Some(path)) = (self.record.apps.get(app), self.record.attestation_path(app)) else {
            return Ok(None);
        };
        let found = stored(self.tip, &path)?;
        Ok(found.filter(|bytes| record.attestation == Some(Digest::of(bytes))))
    }
}

/// A plain file, if there is one.
fn stored(tip: &Tip, path: &RepoPath) -> Result<Option<Vec<u8>>, Error> {
    let files = tip.files();
    Ok(files.plain_file(path).map(|_| files.stored(path)).transpose()?.flatten())
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
