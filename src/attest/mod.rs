//! An attestation says of a folder's content, and not of a commit, what it was rendered from and what judged it.
//!
//! A commit's signature ends with the commit: a forge that squashes, rebases or merges makes another one. What an
//! attestation names is the git tree of an app's folder, so it holds wherever that folder stands.
//!
//! An attestation is a file of two lines, each a DSSE envelope around an in-toto Statement v1: SLSA provenance v1, then an
//! SLSA verification summary v1 that names the first line by its digest. Both have one subject:
//!
//! - `name`: `git+<repository>@<branch>//<path>`, where the branch is the one that agents read, and the repository is
//!   `local` if it has no address that others could open;
//! - `digest.gitTree`: the id of the tree that holds the app's own files and nothing else. That is the id of the folder
//!   on the branch, unless another app lies inside of it;
//! - `digest.sha256`: see [`content_digest`].
//!
//! One more attestation has the record as its subject (`gitBlob`, and the `sha256` of its bytes), and the record names
//! every file of ours: so nothing of ours is left that nobody vouches for.

mod envelope;
mod predicate;
mod statement;
mod time;

use crate::hydrate::{CommitTime, Record};
use crate::sign::{SignError, Signer};
use crate::tree::{Digest, RepoPath};

pub use envelope::{Envelope, EnvelopeError, EnvelopeSignature, PAYLOAD_TYPE, pre_authentication_encoding};
pub use predicate::{PROVENANCE, SUMMARY};
pub use statement::{STATEMENT, Statement, StatementError, Subject, SubjectDigest};

/// The inputs of one app are told one by one: tens of thousands of files stay below.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The two envelopes of one subject. That they read says nothing yet about who signed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    provenance: Envelope,
    summary: Envelope,
    subject: Subject,
    time: i64,
}

/// Why bytes are no attestation, or none of this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Larger than any that we write. The user's move: somebody replaced the file.
    #[error("it has {0} bytes, more than any that Hydrant writes")]
    TooLarge(usize),
    /// Not two lines. The user's move.
    #[error("it does not hold two envelopes, one a line")]
    Lines,
    /// A line that is no envelope. The user's move.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A payload that is no statement of ours. The user's move.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Two statements that do not belong together. The user's move.
    #[error("its two statements do not belong together: {0}")]
    Torn(&'static str),
    /// A summary of something that did not pass. The user's move.
    #[error("it says that the verification ended with `{0}`")]
    NotPassed(String),
}

/// What is attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attested<'a> {
    /// An app of the record.
    App(&'a str),
    /// The record, and with it everything it names.
    Record,
}

impl Attestation {
    /// States what a record says, and signs it.
    ///
    /// The time of the statements is that of the dry commit: the same content gives the same statements.
    pub fn make(
        record: &Record,
        of: Attested<'_>,
        subject: Subject,
        time: CommitTime,
        signer: &dyn Signer,
    ) -> Result<Self, SignError> {
        let (time, text) = time::of_statement(time);
        let provenance = predicate::provenance(record, of, &subject);
        let provenance = Envelope::seal(provenance, signer)?;
        let summary = predicate::summary(record, of, &subject, &text, Digest::of(&provenance.to_bytes()));
        let summary = Envelope::seal(summary, signer)?;
        Ok(Self { provenance, summary, subject, time })
    }

    /// Reads the file of an attestation, and everything it promises about itself; not who signed it.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        if bytes.len() > MAX_BYTES {
            return Err(AttestationError::TooLarge(bytes.len()));
        }
        let lines = bytes.strip_suffix(b"\n").ok_or(AttestationError::Lines)?;
        let mut lines = lines.split(|byte| *byte == b'\n');
        let (Some(first), Some(second), None) = (lines.next(), lines.next(), lines.next()) else {
            return Err(AttestationError::Lines);
        };
        let (provenance, summary) = (Envelope::parse(first)?, Envelope::parse(second)?);
        let (origin, verdict) = (Statement::parse(provenance.payload())?, Statement::parse(summary.payload())?);
        let subject = origin.subject()?.clone();
        if origin.predicate_type != PROVENANCE || verdict.predicate_type != SUMMARY {
            return Err(AttestationError::Torn("one has to be a provenance, the other a verification summary"));
        }
        if *verdict.subject()? != subject {
            return Err(AttestationError::Torn("they have different subjects"));
        }
        let verdict = predicate::Verdict::read(&verdict)?;
        if verdict.resource_uri != subject.name {
            return Err(AttestationError::Torn("the summary is about another resource than its subject"));
        }
        if verdict.input != Some(Digest::of(first)) {
            return Err(AttestationError::Torn("the summary was made for another provenance"));
        }
        if verdict.result != predicate::PASSED {
            return Err(AttestationError::NotPassed(verdict.result));
        }
        Ok(Self { provenance, summary, subject, time: verdict.time })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for envelope in self.envelopes() {
            bytes.extend(envelope.to_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    /// Provenance, then summary.
    #[must_use]
    pub fn envelopes(&self) -> [&Envelope; 2] {
        [&self.provenance, &self.summary]
    }

    /// What both are about.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// When it was verified, in seconds since 1970: the time of the dry commit.
    #[must_use]
    pub fn time(&self) -> i64 {
        self.time
    }

    /// Whether this signer made both signatures, and they hold. Then nothing is won by making them again.
    #[must_use]
    pub fn is_by(&self, signer: &dyn Signer) -> bool {
        self.envelopes().into_iter().all(|envelope| envelope.is_by(signer))
    }
}

/// The subject of an app's attestation: its own files as the record has them, and the git tree of them. `None` if the
/// record attests nothing, or knows no such app with files.
#[must_use]
pub fn subject_of_app(record: &Record, app: &str, git_tree: &str) -> Option<Subject> {
    let folder = record.app_folder(app)?;
    let files = record.apps.get(app)?.all_files();
    let files = files.filter_map(|(path, digest)| Some((path.strip_prefix(&folder)?, digest)));
    let sha256 = content_digest(files.collect());
    let digest = SubjectDigest { git_blob: None, git_tree: Some(git_tree.to_owned()), sha256 };
    Some(Subject { digest, name: subject_name(record, &folder)? })
}

/// The subject of a record's own attestation. `None` if the record attests nothing.
#[must_use]
pub fn subject_of_record(record: &Record, bytes: &[u8], git_blob: &str) -> Option<Subject> {
    let digest = SubjectDigest { git_blob: Some(git_blob.to_owned()), git_tree: None, sha256: Digest::of(bytes) };
    Some(Subject { digest, name: subject_name(record, &record.path())? })
}

/// The canonical digest of a folder's files, which needs no git: the SHA-256 of one line for each file, in the byte order
/// of their paths. A line is the mode as git writes it, `100644`, a blank, the SHA-256 of the file's bytes in lower-case
/// hexadecimal digits, two blanks, the path below the folder with `/` between its parts, and a line feed. Other modes do
/// not occur: what Hydrant writes is plain files.
///
/// `sha256sum` gives the same from inside the folder:
/// `git ls-files | LC_ALL=C sort | xargs -d '\n' sha256sum | sed 's/^/100644 /' | sha256sum`.
#[must_use]
pub fn content_digest(mut files: Vec<(&str, Digest)>) -> Digest {
    files.sort_unstable();
    let listing: String = files.into_iter().map(|(path, digest)| format!("100644 {digest}  {path}\n")).collect();
    Digest::of(listing.as_bytes())
}

/// `git+https://git.example.org/shop@env/prod//web`.
fn subject_name(record: &Record, path: &RepoPath) -> Option<String> {
    Some(format!("{}//{path}", resource(record, &record.attested.as_ref()?.branch)))
}

/// A revision of the record's repository. Addresses are normalised, and hold no credentials.
fn resource(record: &Record, revision: &str) -> String {
    format!("git+{}@{revision}", record.writer.repository.as_deref().unwrap_or("local"))
}

#[cfg(test)]
mod tests;
