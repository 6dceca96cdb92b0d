//! Claims: what a branch says about itself, each with the evidence for or against it.

use std::fmt;

use crate::git::CommitId;
use crate::hydrate::Record;

/// What was found out about one commit.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The revision as it was asked for.
    pub revision: String,
    /// The branch that it is, or is judged as.
    pub branch: Option<String>,
    pub(super) commit: CommitId,
    /// Every claim, in a fixed order.
    pub claims: Vec<Claim>,
    /// The record, if it could be read; the first one where several projects share the branch.
    pub record: Option<Record>,
    /// All records that could be read, in order of path.
    pub records: Vec<Record>,
}

impl Verdict {
    /// Whether every claim holds. A claim that could not be checked does not hold.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.claims.iter().all(|claim| matches!(claim.outcome, Outcome::Holds(_) | Outcome::Note(_)))
    }

    /// The claims that do not hold or could not be checked.
    pub fn failures(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| matches!(claim.outcome, Outcome::Fails { .. } | Outcome::Unchecked(_)))
    }
}

/// One claim and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it is about.
    pub subject: Subject,
    /// Whether it holds.
    pub outcome: Outcome,
}

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The commit is signed by someone who may.
    Signature,
    /// The record is there and reads.
    Record,
    /// The owned files are as recorded.
    Files,
    /// The record and the apps' folders are what somebody who may has attested.
    Attestations,
    /// What Argo CD reads of the dry commit agrees with the record.
    Metadata,
    /// The note on the commit names a dry commit that somebody who may has noted.
    Note,
    /// Only those who may have written since some commit.
    History,
    /// Files on the branch that are not Hydrant's.
    OtherFiles,
    /// The commit everything was rendered from.
    DryCommit,
    /// Rendering that commit again gives the same manifests.
    Rebuild,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "signature",
            Self::Record => "record",
            Self::Files => "files",
            Self::Attestations => "attestations",
            Self::Metadata => "metadata",
            Self::Note => "note",
            Self::History => "history",
            Self::OtherFiles => "other files",
            Self::DryCommit => "dry commit",
            Self::Rebuild => "rebuild",
        })
    }
}

/// Whether a claim holds, with the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does: what was seen.
    Holds(String),
    /// It does not.
    Fails {
        /// What differs, one line each, in a fixed order.
        differences: Vec<String>,
        /// One action that helps.
        help: String,
    },
    /// It could not be checked, with the reason. Never a pass.
    Unchecked(String),
    /// Nothing that could fail: what was seen, one line each.
    Note(Vec<String>),
}

impl Outcome {
    pub(super) fn holds(evidence: String) -> Self {
        Self::Holds(evidence)
    }

    pub(super) fn fails(differences: impl IntoIterator<Item = String>, help: &str) -> Self {
        Self::Fails { differences: differences.into_iter().collect(), help: help.to_owned() }
    }
}
