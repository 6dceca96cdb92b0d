//! The claims of content: that what stands on a branch is what was attested, whoever made the commit.

use std::collections::{BTreeMap, BTreeSet};

use super::signature::{self, Trust};
use super::{Claim, Outcome, Subject, read_record, record_outcome, record_paths};
use crate::attest::{Attestation, Subject as Attested, subject_of_app, subject_of_record};
use crate::diagnostic::count;
use crate::git::{self, CommitTree};
use crate::hydrate::Record;
use crate::tree::RepoPath;

/// What was found out about the files of a commit.
pub(super) struct Content {
    /// The records that read, in order of path.
    pub(super) records: Vec<Record>,
    pub(super) claims: Vec<Claim>,
    /// Whether every file of ours is attested by somebody who may, and stands where it was attested for.
    pub(super) is_attested: bool,
}

/// What is known beside the files.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The branch that is judged, if it is one.
    pub(super) branch: Option<&'a str>,
    /// Whether a branch without attestations fails.
    pub(super) required: bool,
    /// Whether the commit is signed by somebody who may: then what others put beside our files was seen, and left.
    pub(super) is_signed: bool,
    pub(super) trust: &'a Trust,
}

/// Judges the files of a commit by themselves.
pub(super) fn judge(tree: &CommitTree, context: Context<'_>) -> Result<Content, git::Error> {
    let read = record_paths(tree).into_iter().map(|path| read_record(tree, &path));
    let read: Vec<Result<Record, String>> = read.collect::<Result<_, _>>()?;
    let owned = owned(read.iter().flatten());
    let (mut claims, mut is_attested) = (Vec::new(), true);
    for record in &read {
        let (files, attestations) = match record {
            Ok(record) => (files(tree, record)?, Some(attestations(tree, record, &owned, context)?)),
            Err(_) => (Outcome::Unchecked("without a record nobody knows which files are Hydrant's".to_owned()), None),
        };
        let holds = |outcome: &Outcome| matches!(outcome, Outcome::Holds(_));
        is_attested &= holds(&files) && attestations.as_ref().is_some_and(holds);
        claims.push(Claim { subject: Subject::Record, outcome: record_outcome(record) });
        claims.push(Claim { subject: Subject::Files, outcome: files });
        claims.extend(attestations.map(|outcome| Claim { subject: Subject::Attestations, outcome }));
    }
    Ok(Content { records: read.into_iter().flatten().collect(), claims, is_attested })
}

/// Every path that some record accounts for.
pub(super) fn owned<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeSet<RepoPath> {
    let paths = records.flat_map(|record| {
        let files = record.files().into_keys().cloned().chain(record.attestations().into_keys());
        files.chain([record.path(), record.own_attestation_path()]).collect::<Vec<_>>()
    });
    paths.collect()
}

/// Every owned file is there, and is as the record says.
fn files(tree: &CommitTree, record: &Record) -> Result<Outcome, git::Error> {
    let edited = tree.edited_files(record)?;
    if edited.is_empty() {
        let (files, digest) = (count(record.files().len(), "file"), record.manifests_digest());
        return Ok(Outcome::holds(format!("{files} as recorded, together sha256:{digest}")));
    }
    let differences = edited.iter().map(ToString::to_string);
    Ok(Outcome::fails(differences, "publish again after undoing the edit on the branch"))
}

/// The record, and the folder of every app, are what somebody who may has attested.
fn attestations(
    tree: &CommitTree,
    record: &Record,
    owned: &BTreeSet<RepoPath>,
    context: Context<'_>,
) -> Result<Outcome, git::Error> {
    let Some(attested) = &record.attested else {
        let none =
            "there are none: the publication was made without, as `signing.attest` may say, or with a signer of X.509";
        return Ok(match context.required {
            true => Outcome::fails([none.to_owned()], "publish again, so that the next commit brings them"),
            false => Outcome::Note(vec![none.to_owned()]),
        });
    };
    let mut differences = Vec::new();
    if let Some(branch) = context.branch
        && branch != attested.branch
        && Some(branch) != attested.proposal.as_deref()
    {
        differences.push(format!("what stands here was attested for `{}`, not for `{branch}`", attested.branch));
    }
    let mut signed_by: BTreeMap<String, usize> = BTreeMap::new();
    let mut judged = |what: String, found: Result<String, String>| match found {
        Ok(who) => *signed_by.entry(who).or_default() += 1,
        Err(reason) => differences.push(format!("{what}: {reason}")),
    };
    let check = Check { tree, record, owned, is_signed: context.is_signed, trust: context.trust };
    judged(format!("`{}`", record.path()), check.record()?);
    for (app, _) in record.apps.iter().filter(|(_, app)| app.attestation.is_some()) {
        judged(format!("app `{app}`"), check.app(app)?);
    }
    if differences.is_empty() {
        let apps = signed_by.values().sum::<usize>() - 1;
        let names: Vec<String> = signed_by.keys().map(|name| format!("`{name}`")).collect();
        let (branch, names) = (&attested.branch, names.join(" and "));
        return Ok(Outcome::holds(format!("the record and {} for `{branch}`, by {names}", count(apps, "app"))));
    }
    Ok(Outcome::fails(
        differences,
        "publish again; to judge a commit under another branch's name, use `BRANCH --at REV`",
    ))
}

/// The attestations of one record.
struct Check<'a> {
    tree: &'a CommitTree,
    record: &'a Record,
    owned: &'a BTreeSet<RepoPath>,
    is_signed: bool,
    trust: &'a Trust,
}

impl Check<'_> {
    fn record(&self) -> Result<Result<String, String>, git::Error> {
        let path = self.record.path();
        let (Some(bytes), Some(blob)) = (self.tree.stored(&path)?, self.tree.plain_file(&path)) else {
            return Ok(Err("it is no plain file".to_owned()));
        };
        let wanted = subject_of_record(self.record, &bytes, &blob.to_string());
        self.attestation(&self.record.own_attestation_path(), wanted)
    }

    fn app(&self, app: &str) -> Result<Result<String, String>, git::Error> {
        let (Some(folder), Some(path)) = (self.record.app_folder(app), self.record.attestation_path(app)) else {
            return Ok(Err("no folder can be called so".to_owned()));
        };
        let own = self.record.apps.get(app).into_iter().flat_map(|app| app.all_files()).map(|(path, _)| path);
        let tree = self.tree.tree_of(&folder, own)?;
        let wanted = subject_of_app(self.record, app, &tree.to_string());
        let found = self.attestation(&path, wanted)?;
        if self.is_signed {
            return Ok(found);
        }
        // what agents read is the whole folder
        Ok(match (found, self.strangers(&folder)?) {
            (Ok(_), Some(strangers)) => Err(strangers),
            (found, _) => found,
        })
    }

    /// What stands in a folder and belongs to no record.
    fn strangers(&self, folder: &RepoPath) -> Result<Option<String>, git::Error> {
        let all = self.owned.range(folder.clone()..);
        let below = all.take_while(|path| path.as_str().starts_with(folder.as_str()));
        let below = below.filter(|path| path.strip_prefix(folder).is_some());
        if self.tree.folder(folder)? == Some(self.tree.tree_of(folder, below)?) {
            return Ok(None);
        }
        let entries = self.tree.entries().map(|(path, _)| path);
        let others = entries.filter(|path| path.strip_prefix(folder).is_some() && !self.owned.contains(*path));
        let names: Vec<String> = others.map(|path| format!("`{path}`")).collect();
        Ok(Some(match names.is_empty() {
            true => "its folder holds something that no record names, such as a submodule".to_owned(),
            false => format!("its folder holds {}, which nobody attested", names.join(", ")),
        }))
    }

    /// Who attested this, or why nobody did.
    fn attestation(&self, path: &RepoPath, wanted: Option<Attested>) -> Result<Result<String, String>, git::Error> {
        let stored = self.tree.plain_file(path).map(|_| self.tree.stored(path)).transpose()?.flatten();
        let Some(bytes) = stored else { return Ok(Err(format!("its attestation `{path}` is missing"))) };
        let attestation = match Attestation::parse(&bytes) {
            Ok(attestation) => attestation,
            Err(error) => return Ok(Err(format!("`{path}`: {error}"))),
        };
        if let Some(reason) = wanted
            .as_ref()
            .map_or(Some("it is attested by nothing".to_owned()), |wanted| difference(attestation.subject(), wanted))
        {
            return Ok(Err(reason));
        }
        let mut who = String::new();
        for envelope in attestation.envelopes() {
            match signature::judge_envelope(envelope, attestation.time(), self.trust) {
                Ok(name) => who = name,
                Err(reason) => return Ok(Err(format!("`{path}`: {reason}"))),
            }
        }
        Ok(Ok(who))
    }
}

/// How what is attested differs from what is here.
fn difference(attested: &Attested, wanted: &Attested) -> Option<String> {
    if attested.name != wanted.name {
        return Some(format!("the attestation is one of `{}`, not of `{}`", attested.name, wanted.name));
    }
    let (there, here) = (&attested.digest, &wanted.digest);
    let ids = |digest: &crate::attest::SubjectDigest| digest.git_tree.clone().or_else(|| digest.git_blob.clone());
    let show = |id: Option<String>| id.unwrap_or_else(|| "nothing of git".to_owned());
    match (ids(there) == ids(here), there.sha256 == here.sha256 && there == here) {
        (true, true) => None,
        (false, _) => Some(format!("it is {} here, and {} was attested", show(ids(here)), show(ids(there)))),
        (true, false) => Some(format!("its sha256 is {} here, and {} was attested", here.sha256, there.sha256)),
    }
}
