//! The record is the file `.hydrant/record.json` on an output branch: what was published, from what, judged by what,
//! and which files of the branch are ours.
//!
//! It is the ownership index for the next publication and the list of claims for `verify`. Its bytes are canonical:
//! one value has one text, so [`Record::parse`] refuses a text that says the same in other words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::admit::UsedWaiver;
use crate::date::Date;
use crate::tree::{Digest, RepoPath};

/// Where the record stands on the branch: a folder with a leading dot, which no agent syncs as an app.
pub const RECORD_PATH: &str = ".hydrant/record.json";

/// Where the attestation of the record stands, beside it.
const RECORD_ATTESTATION_PATH: &str = ".hydrant/record.dsse";

/// The folder of the attestations of apps. What it holds is no YAML to anybody: `.dsse` is no manifest.
const ATTESTATIONS_FOLDER: &str = ".hydrant/attestations";

/// The version of the format that this program writes. Version 1, which knew one file an app and no writer, is read.
pub const RECORD_VERSION: u64 = 2;

/// A record larger than this is not read: 10,000 apps with a hundred inputs each stay well below.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// What was published. Fields stand in alphabetical order, as in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Files at the top that tell about the manifests without being one: they say more in every commit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<RepoPath, Digest>,
    /// Every app of the environment by name.
    pub apps: BTreeMap<String, AppRecord>,
    /// Where the attestations say that it stands; absent where nothing was attested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attested>,
    /// How much was checked before it was admitted.
    pub checked: CheckedCounts,
    /// The full id of the commit everything was rendered from.
    pub dry_commit: String,
    /// The environment's name.
    pub environment: String,
    /// The folder of the branch that everything lies in; `None`: its top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<RepoPath>,
    /// The Kubernetes minor whose schemas applied.
    pub kubernetes: String,
    /// The digest of the policies in force.
    pub policies: Digest,
    /// The digest of the schemas in force.
    pub schemas: Digest,
    /// Who wrote it.
    pub tool: Tool,
    /// The version of this format.
    pub version: u64,
    /// The waivers that covered findings when it was admitted; not written where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverRecord>,
    /// Which project writes here: nobody else may.
    #[serde(default, skip_serializing_if = "Writer::is_unknown")]
    pub writer: Writer,
}

/// The branch that attestations are about. If the record has this, its own attestation is there, and those of all apps
/// with files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attested {
    /// The branch that agents read.
    pub branch: String,
    /// The branch beside it that was published, if it was a proposal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
}

/// A waiver that covered a finding on one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaiverRecord {
    /// The app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The last day on which it holds.
    pub expires: Date,
    /// The object; absent for a finding about a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The rule whose finding it covered.
    pub rule: String,
}

impl From<&UsedWaiver> for WaiverRecord {
    fn from(used: &UsedWaiver) -> Self {
        let UsedWaiver { rule, app, object, owner, reason, expires } = used.clone();
        Self { app, expires, object, owner, reason, rule }
    }
}

/// Which project writes a branch, or a folder of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Writer {
    /// The folder of `hydrant.yaml` in the repository; `None`: its top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<RepoPath>,
    /// The repository's address; `None` where it has none that others could open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

impl Writer {
    fn is_unknown(&self) -> bool {
        self == &Self::default()
    }

    /// Whether the other one is known to be somebody else. Two clones of which one knows no address may be the same.
    #[must_use]
    pub fn is_other_than(&self, other: &Self) -> bool {
        match (&self.repository, &other.repository) {
            (Some(one), Some(two)) => !one.eq_ignore_ascii_case(two) || self.project != other.project,
            _ => false,
        }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repository = self.repository.as_deref().unwrap_or("a repository without an address");
        match &self.project {
            None => write!(f, "`{repository}`"),
            Some(project) => write!(f, "`{project}` of `{repository}`"),
        }
    }
}

/// One app: what it was rendered from and which files it owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRecord {
    /// Files that tell about the manifests without being one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub about: BTreeMap<RepoPath, Digest>,
    /// The file that attests the app's folder: where, [`Record::attestation_path`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Digest>,
    /// `template`, `plain`, …
    pub engine: String,
    /// The files on the branch that agents read.
    pub files: BTreeMap<RepoPath, FileRecord>,
    /// The files of the dry commit it was rendered from.
    pub inputs: BTreeMap<RepoPath, Digest>,
}

impl AppRecord {
    /// Every file of the app with its digest, those that only tell about manifests included.
    pub fn all_files(&self) -> impl Iterator<Item = (&RepoPath, Digest)> {
        let manifests = self.files.iter().map(|(path, file)| (path, file.sha256));
        manifests.chain(self.about.iter().map(|(path, digest)| (path, *digest)))
    }
}

/// One owned file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileRecord {
    /// How many objects it holds.
    pub objects: usize,
    /// The digest of its bytes.
    pub sha256: Digest,
}

/// How many objects were checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckedCounts {
    /// By at least one policy.
    pub judged: usize,
    /// All there were.
    pub objects: usize,
    /// By a schema.
    pub validated: usize,
}

/// The program that wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// `hydrant`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    #[must_use]
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Larger than any record we write. The user's move: somebody replaced the file.
    #[error("the record has {0} bytes, more than any that Hydrant writes")]
    TooLarge(usize),
    /// Not JSON, or not of the form this version writes. The user's move.
    #[error("the record does not read: {0}")]
    Malformed(String),
    /// Written by a later version. The user's move: update Hydrant.
    #[error("the record has version {0}; this Hydrant reads versions up to {RECORD_VERSION}: update it")]
    Version(u64),
    /// The same value in other words: edited by hand, or keys twice. The user's move.
    #[error("the record is not in the form Hydrant writes: it was edited")]
    NotCanonical,
    /// The dry commit is no commit id. The user's move.
    #[error("the record names the dry commit `{0}`, which is no full commit id")]
    DryCommit(String),
    /// It was copied from another folder. The user's move.
    #[error("the record belongs at `{0}`")]
    Elsewhere(RepoPath),
    /// An app that no folder can be named after. The user's move: it was edited.
    #[error("the record names the app `{0}`, which no folder can be called")]
    AppName(String),
    /// Either all apps with files have attestations or none has. The user's move: it was edited.
    #[error("the record contradicts itself about the attestation of app `{0}`")]
    Attested(String),
    /// A file outside its app's folder, owned twice, or inside `.hydrant`. The user's move.
    #[error("the record gives `{path}` to app `{app}`, which cannot own it")]
    Ownership {
        /// The app.
        app: String,
        /// The file.
        path: RepoPath,
    },
}

impl Record {
    /// Reads a record and everything it promises about itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_BYTES {
            return Err(RecordError::TooLarge(bytes.len()));
        }
        let malformed = |error: serde_json::Error| RecordError::Malformed(error.to_string());
        // the version first and alone: a later format is "update Hydrant", not "unknown field"
        let Version { version } = serde_json::from_slice(bytes).map_err(malformed)?;
        if !(1..=RECORD_VERSION).contains(&version) {
            return Err(RecordError::Version(version));
        }
        let record: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        record.validate()?;
        if record.to_bytes() == bytes { Ok(record) } else { Err(RecordError::NotCanonical) }
    }

    /// The bytes of the file: JSON, two spaces, keys in alphabetical order, one trailing line feed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .expect("a record is numbers, texts and maps with text keys: all of it JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Every owned file with its digest, in order of path. The record itself and attestations are not among them.
    #[must_use]
    pub fn files(&self) -> BTreeMap<&RepoPath, Digest> {
        let apps = self.apps.values().flat_map(AppRecord::all_files);
        apps.chain(self.about.iter().map(|(path, digest)| (path, *digest))).collect()
    }

    /// The attestation of every app that has one, with its digest, in order of path.
    #[must_use]
    pub fn attestations(&self) -> BTreeMap<RepoPath, Digest> {
        let attested = self.apps.iter().filter_map(|(app, record)| Some((app, record.attestation?)));
        attested.filter_map(|(app, digest)| Some((self.attestation_path(app)?, digest))).collect()
    }

    /// Where the attestation of an app stands. A `/` in an app's name is written `%2F`, so that an app never needs a
    /// folder where another one needs a file.
    #[must_use]
    pub fn attestation_path(&self, app: &str) -> Option<RepoPath> {
        let name = app.replace('%', "%25").replace('/', "%2F");
        self.at(&format!("{ATTESTATIONS_FOLDER}/{name}.dsse"))
    }

    /// Where the attestation of the record itself stands.
    #[must_use]
    pub fn own_attestation_path(&self) -> RepoPath {
        self.at(RECORD_ATTESTATION_PATH).expect("a constant without `..`, below a path")
    }

    /// The folder of an app; `None` if none can be called so, which then has no files either.
    #[must_use]
    pub fn app_folder(&self, app: &str) -> Option<RepoPath> {
        RepoPath::parse(app).ok().filter(|folder| folder.as_str() == app)?;
        self.at(app)
    }

    /// A path below the folder that everything lies in.
    fn at(&self, path: &str) -> Option<RepoPath> {
        self.folder.as_ref().map_or_else(|| RepoPath::parse(path), |folder| folder.join(path)).ok()
    }

    /// The owned files that agents read, in order of path.
    #[must_use]
    pub fn manifests(&self) -> BTreeMap<&RepoPath, &FileRecord> {
        self.apps.values().flat_map(|app| &app.files).collect()
    }

    /// One digest for all files that agents read: that of the listing `sha256sum` prints for them.
    #[must_use]
    pub fn manifests_digest(&self) -> Digest {
        Digest::of_list(self.manifests().into_iter().map(|(path, file)| (path.as_str(), file.sha256)))
    }

    /// Whether both own the same files, with the same bytes in those that agents read: then the branch already is what
    /// the other asks for.
    ///
    /// Such a publication makes no commit. Everything else in a record tells how the files came about, and stays true of
    /// the commit it was written for; an edited comment in a template must not become a deploy to review.
    #[must_use]
    pub fn owns_the_same_as(&self, other: &Self) -> bool {
        self.environment == other.environment
            && self.folder == other.folder
            && !self.writer.is_other_than(&other.writer)
            && self.manifests() == other.manifests()
            // attestations tell of the publication that made them, and are made for a new commit only
            && self.files().into_keys().eq(other.files().into_keys())
    }

    /// Where the record itself stands.
    #[must_use]
    pub fn path(&self) -> RepoPath {
        record_path(self.folder.as_ref())
    }

    fn validate(&self) -> Result<(), RecordError> {
        if !is_commit_id(&self.dry_commit) {
            return Err(RecordError::DryCommit(self.dry_commit.clone()));
        }
        let mut seen = BTreeSet::new();
        for (app, record) in &self.apps {
            if record.attestation.is_some() && self.app_folder(app).is_none() {
                return Err(RecordError::AppName(app.clone()));
            }
            let expects_one = self.attested.is_some() && record.all_files().next().is_some();
            if record.attestation.is_some() != expects_one {
                return Err(RecordError::Attested(app.clone()));
            }
            for path in record.files.keys().chain(record.about.keys()) {
                let inside = self.below(path).and_then(|path| path.strip_prefix(app.as_str()));
                if !inside.is_some_and(|rest| rest.starts_with('/')) || !self.may_own(path) || !seen.insert(path) {
                    return Err(RecordError::Ownership { app: app.clone(), path: path.clone() });
                }
            }
        }
        let not_at_the_top =
            |path: &&RepoPath| !self.may_own(path) || self.below(path).is_none_or(|name| name.contains('/'));
        match self.about.keys().find(not_at_the_top) {
            Some(path) => Err(RecordError::Ownership { app: String::new(), path: path.clone() }),
            None => Ok(()),
        }
    }

    /// A path as seen from the folder that everything lies in.
    fn below<'a>(&self, path: &'a RepoPath) -> Option<&'a str> {
        self.folder.as_ref().map_or(Some(path.as_str()), |folder| path.strip_prefix(folder))
    }

    fn may_own(&self, path: &RepoPath) -> bool {
        self.below(path).is_some_and(|below| !RepoPath::parse(below).is_ok_and(|below| is_reserved(&below)))
    }
}

/// Where the record of what lies in a folder stands, or of a whole branch.
#[must_use]
pub fn record_path(folder: Option<&RepoPath>) -> RepoPath {
    let top = || RepoPath::parse(RECORD_PATH);
    let path = folder.map_or_else(top, |folder| folder.join(RECORD_PATH));
    path.expect("a constant without `..`, below a path")
}

/// Whether a path lies in the folder that belongs to Hydrant itself, on any file system.
pub(super) fn is_reserved(path: &RepoPath) -> bool {
    path.as_str().split('/').next().is_some_and(|first| first.eq_ignore_ascii_case(".hydrant"))
}

fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).expect("valid")
    }

    fn record() -> Record {
        let app = AppRecord {
            about: BTreeMap::new(),
            attestation: None,
            engine: "template".to_owned(),
            files: BTreeMap::from([(
                path("web/manifest.yaml"),
                FileRecord { objects: 2, sha256: Digest::of(b"a: 1\n") },
            )]),
            inputs: BTreeMap::from([(path("apps/web/a.yaml.j2"), Digest::of(b"x"))]),
        };
        Record {
            about: BTreeMap::new(),
            apps: BTreeMap::from([("web".to_owned(), app)]),
            attested: None,
            checked: CheckedCounts { judged: 2, objects: 2, validated: 1 },
            dry_commit: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            environment: "prod".to_owned(),
            folder: None,
            kubernetes: "1.34".to_owned(),
            policies: Digest::of(b"p"),
            schemas: Digest::of(b"s"),
            tool: Tool::this(),
            version: RECORD_VERSION,
            waivers: Vec::new(),
            writer: Writer::default(),
        }
    }

    fn replaced(from: &str, to: &str) -> Result<Record, RecordError> {
        let text = String::from_utf8(record().to_bytes()).expect("UTF-8");
        assert!(text.contains(from), "{from} not in {text}");
        Record::parse(text.replacen(from, to, 1).as_bytes())
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        assert_eq!(Record::parse(&record().to_bytes()), Ok(record()));
    }

    fn with_waiver() -> Record {
        let waiver = WaiverRecord {
            app: Some("web".to_owned()),
            expires: "2026-12-31".parse().expect("a date"),
            object: Some("Deployment web".to_owned()),
            owner: "ada".to_owned(),
            reason: "until the move".to_owned(),
            rule: "latest-tag".to_owned(),
        };
        Record { waivers: vec![waiver], ..record() }
    }

    #[test]
    fn a_record_without_waivers_is_what_it_was_before_there_were_any() {
        assert!(!String::from_utf8(record().to_bytes()).expect("UTF-8").contains("waiver"));
        assert_eq!(Record::parse(&with_waiver().to_bytes()), Ok(with_waiver()));
        let text = String::from_utf8(record().to_bytes()).expect("UTF-8");
        let empty = text.replace("\"version\": 2\n", "\"version\": 2,\n  \"waivers\": []\n");
        assert_eq!(Record::parse(empty.as_bytes()), Err(RecordError::NotCanonical));
    }

    #[test]
    fn keys_stand_in_alphabetical_order() {
        let text = String::from_utf8(with_waiver().to_bytes()).expect("UTF-8");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let sorted: BTreeMap<String, serde_json::Value> = serde_json::from_value(value.clone()).expect("an object");
        let mut canonical = serde_json::to_string_pretty(&sorted).expect("JSON");
        canonical.push('\n');
        assert_eq!(text, canonical);
        assert!(text.starts_with("{\n  \"apps\": {\n    \"web\": {\n      \"engine\": \"template\",\n"));
    }

    #[test]
    fn a_later_version_says_so_before_anything_else() {
        assert_eq!(Record::parse(br#"{"version": 3, "new": []}"#), Err(RecordError::Version(3)));
    }

    #[test]
    fn a_record_in_other_words_is_refused() {
        assert_eq!(replaced("  \"apps\"", " \"apps\""), Err(RecordError::NotCanonical));
        assert_eq!(replaced("web/manifest.yaml", "web/./manifest.yaml"), Err(RecordError::NotCanonical));
        let twice = replaced("  \"kubernetes\"", "  \"kubernetes\": \"1.33\",\n  \"kubernetes\"");
        assert!(matches!(twice, Err(RecordError::Malformed(_))), "{twice:?}");
    }

    #[test]
    fn a_record_cannot_own_what_is_not_its_own() {
        let ownership = |text: &str| replaced("web/manifest.yaml", text);
        assert!(matches!(ownership("other/manifest.yaml"), Err(RecordError::Ownership { .. })));
        assert!(matches!(ownership("website/manifest.yaml"), Err(RecordError::Ownership { .. })));
        assert!(matches!(ownership("../etc/passwd"), Err(RecordError::Malformed(_))));
        assert!(matches!(ownership("web/.git/config"), Err(RecordError::Malformed(_))));
        assert!(matches!(replaced("0123456789abcdef0", "HEAD"), Err(RecordError::DryCommit(_))));
        assert!(matches!(replaced("\"prod\"", "\"prod\", \"extra\": 1"), Err(RecordError::Malformed(_))));
    }

    #[test]
    fn only_owned_files_decide_whether_a_branch_is_up_to_date() {
        let mut other = record();
        other.dry_commit = "f".repeat(40);
        other.tool.version = "9.9.9".to_owned();
        other.policies = Digest::of(b"stricter");
        assert!(record().owns_the_same_as(&other));
        let app = other.apps.values_mut().next().expect("an app");
        let file = app.files.values_mut().next().expect("a file");
        file.sha256 = Digest::of(b"other bytes");
        assert!(!record().owns_the_same_as(&other));
    }

    #[test]
    fn a_record_of_the_first_version_reads_as_what_it_was() {
        let first = replaced("\"version\": 2", "\"version\": 1").expect("reads");
        assert_eq!(first.version, 1);
        assert!(first.owns_the_same_as(&record()), "a new format is no reason for a commit");
    }

    #[test]
    fn a_record_of_the_first_version_keeps_its_waivers() {
        let first = Record { version: 1, ..with_waiver() };
        assert_eq!(Record::parse(&first.to_bytes()), Ok(first.clone()));
        assert!(first.owns_the_same_as(&record()), "a waiver that came or went changes no file");
    }

    #[test]
    fn files_that_only_tell_about_manifests_are_owned_and_decide_nothing() {
        let about = |text: &str| {
            let mut record = record();
            record.about.insert(path("hydrator.metadata"), Digest::of(text.as_bytes()));
            let web = record.apps.get_mut("web").expect("an app");
            web.about.insert(path("web/README.md"), Digest::of(text.as_bytes()));
            record
        };
        assert_eq!(Record::parse(&about("one").to_bytes()), Ok(about("one")));
        assert!(about("one").owns_the_same_as(&about("two")));
        assert!(!about("one").owns_the_same_as(&record()), "that they are there at all is a change");
        assert_eq!((about("one").files().len(), about("one").manifests().len()), (3, 1));
        assert_eq!(about("one").manifests_digest(), record().manifests_digest());
    }

    #[test]
    fn a_record_in_a_folder_owns_nothing_outside_of_it() {
        let mut record = record();
        record.folder = Some(path("shop"));
        assert_eq!(record.path().as_str(), "shop/.hydrant/record.json");
        let read = |record: &Record| Record::parse(&record.to_bytes());
        assert!(matches!(read(&record), Err(RecordError::Ownership { .. })));
        let app = record.apps.get_mut("web").expect("an app");
        app.files = app.files.iter().map(|(file, record)| (path(&format!("shop/{file}")), *record)).collect();
        assert_eq!(read(&record), Ok(record.clone()));
        for outside in ["hydrator.metadata", "shop/web/x", "shop/.hydrant/record.json"] {
            let mut record = record.clone();
            record.about.insert(path(outside), Digest::of(b"x"));
            assert!(matches!(read(&record), Err(RecordError::Ownership { .. })), "{outside}");
        }
    }

    #[test]
    fn two_writers_differ_only_if_both_are_known() {
        let writer = |url: Option<&str>, project: Option<&str>| Writer {
            repository: url.map(str::to_owned),
            project: project.map(path),
        };
        let shop = writer(Some("https://git.example.org/shop"), None);
        assert!(shop.is_other_than(&writer(Some("https://git.example.org/other"), None)));
        assert!(shop.is_other_than(&writer(Some("https://git.example.org/shop"), Some("deploy"))));
        assert!(!shop.is_other_than(&writer(Some("https://git.example.org/Shop"), None)));
        assert!(!shop.is_other_than(&Writer::default()) && !Writer::default().is_other_than(&shop));
    }

    proptest! {
        #[test]
        fn malformed_bytes_are_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Record::parse(&bytes).is_err());
        }

        #[test]
        fn a_flipped_byte_never_passes_unseen(index in 0usize..900, byte in any::<u8>()) {
            let original = record().to_bytes();
            let mut bytes = original.clone();
            let index = index % bytes.len();
            bytes[index] = byte;
            if let Ok(read) = Record::parse(&bytes) {
                prop_assert_eq!(read == record(), bytes == original);
                prop_assert_eq!(read.to_bytes(), bytes);
            }
        }
    }
}
