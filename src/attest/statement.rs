//! A statement is in-toto's: subjects, and a predicate about them.

use serde::{Deserialize, Serialize};

use crate::tree::Digest;

/// `_type` of every statement.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// What is said, and about what.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    /// What the predicate is.
    pub predicate_type: String,
    /// What is said.
    pub predicate: serde_json::Value,
}

/// What a statement is about. Fields stand in alphabetical order, as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its content.
    pub digest: SubjectDigest,
    /// Where it stands.
    pub name: String,
}

/// Content by its digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectDigest {
    /// The id of a blob of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_blob: Option<String>,
    /// The id of a tree of git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_tree: Option<String>,
    /// Of a file, its bytes; of a folder, [`content_digest`](super::content_digest).
    pub sha256: Digest,
}

/// Why a payload is no statement. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not JSON, or not of this form.
    #[error("its statement does not read: {0}")]
    Malformed(String),
    /// Another version of in-toto, or something else.
    #[error("its statement is `{0}`, not `{STATEMENT}`")]
    Kind(String),
    /// None, or several.
    #[error("its statement has {0} subjects instead of one")]
    Subjects(usize),
    /// A predicate that lacks what we write.
    #[error("its statement lacks `{0}`")]
    Lacks(&'static str),
}

impl Statement {
    /// Reads a payload.
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        let statement: Self =
            serde_json::from_slice(payload).map_err(|error| StatementError::Malformed(error.to_string()))?;
        match statement.kind == STATEMENT {
            true => Ok(statement),
            false => Err(StatementError::Kind(statement.kind.chars().take(100).collect())),
        }
    }

    /// The one subject.
    pub fn subject(&self) -> Result<&Subject, StatementError> {
        match self.subject.as_slice() {
            [subject] => Ok(subject),
            several => Err(StatementError::Subjects(several.len())),
        }
    }
}

/// A statement as it is written: its predicate is of a type that we know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, P> {
    #[serde(rename = "_type")]
    kind: &'static str,
    predicate: P,
    predicate_type: &'static str,
    subject: [&'a Subject; 1],
}

/// The bytes of a statement: JSON without blanks.
pub(super) fn write(subject: &Subject, predicate_type: &'static str, predicate: impl Serialize) -> Vec<u8> {
    let statement = Written { kind: STATEMENT, predicate, predicate_type, subject: [subject] };
    serde_json::to_vec(&statement).expect("texts, numbers, and maps with text keys: all of it JSON")
}
