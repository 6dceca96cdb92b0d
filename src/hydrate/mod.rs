//! Hydrate: what was admitted becomes the files of a branch, and the record of where they came from.
//!
//! Pure: no git, no clock, no file system. The same [`Admitted`] and the same dry revision give the same bytes.

mod layout;
mod record;

use std::collections::BTreeMap;

use crate::admit::{Admitted, AppEvidence};
use crate::diagnostic::Severity;
use crate::load::EngineKind;
use crate::manifest::{self, Manifest, ReadLimits, WriteError};
use crate::source::Source;
use crate::tree::{Digest, PathError, RepoPath};

pub use record::{
    AppRecord, CheckedCounts, FileRecord, RECORD_PATH, RECORD_VERSION, Record, RecordError, Tool, WaiverRecord,
};

/// The commit that manifests were rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRevision {
    /// The full commit id.
    pub id: String,
    /// Its committer time: the time of the hydrated commit too, so that publishing has no clock.
    pub time: CommitTime,
    /// The first line of its message.
    pub subject: String,
}

/// A time as git writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Seconds east of UTC, a multiple of 60.
    pub offset: i32,
}

/// All files of a branch that are ours, with their record. Only [`hydrate`] makes it.
#[derive(Debug, Clone)]
pub struct HydratedTree {
    files: BTreeMap<RepoPath, Vec<u8>>,
    record: Record,
    dry: DryRevision,
}

impl HydratedTree {
    /// Every file, the record included, in order of path.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<RepoPath, Vec<u8>> {
        &self.files
    }

    /// The record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The commit it was rendered from.
    #[must_use]
    pub fn dry(&self) -> &DryRevision {
        &self.dry
    }
}

/// Why admitted manifests gave no tree.
#[derive(Debug, thiserror::Error)]
pub enum HydrateError {
    /// The app's name is no folder of its own. The user's move: rename the app.
    #[error("app `{app}` cannot have a folder on the branch: {reason}")]
    Folder {
        /// The app.
        app: String,
        /// Why not.
        reason: FolderReason,
    },
    /// Two paths that one of the usual file systems would take for one. The user's move: rename one of the apps.
    #[error("`{first}` and `{second}` cannot both stand on the branch: some file systems take them for one")]
    Collision {
        /// One path.
        first: RepoPath,
        /// The other.
        second: RepoPath,
    },
    /// An object that YAML cannot carry. The user's move, if a template made such a value.
    #[error("{object} of app `{app}` cannot be written")]
    Write {
        /// The app.
        app: String,
        /// The object.
        object: String,
        /// Why.
        source: WriteError,
    },
    /// What was written reads back as something else. Our move: the writer has a bug.
    #[error("{object} of app `{app}` would not read back as it was checked: {difference}; this is a bug in Hydrant")]
    ReadBack {
        /// The app.
        app: String,
        /// The object, or `the file` if no single one can be blamed.
        object: String,
        /// What differs.
        difference: String,
    },
    /// An app has objects, but nobody said what it was rendered from. Our move: the pipeline has a bug.
    #[error("app `{0}` has objects but no evidence; this is a bug in Hydrant")]
    NoEvidence(String),
    /// An app's objects were left out. Our move: the pipeline has a bug.
    #[error("app `{0}` was not written whole; this is a bug in Hydrant")]
    NotWritten(String),
}

/// Why an app has no folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderReason {
    /// The name is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// `./web`, `a/../b`: the folder would have another name.
    #[error("its folder would be `{0}`")]
    Renamed(String),
    /// `.hydrant`.
    #[error("`.hydrant` is where Hydrant keeps its record")]
    Reserved,
}

/// One app's file, with its record. Only [`write_app`] makes it.
#[derive(Debug)]
pub struct AppFile {
    app: String,
    path: RepoPath,
    bytes: Vec<u8>,
    record: FileRecord,
}

/// Writes one app's objects; `None` for an app without any. Apps do not depend on each other, so a caller may write
/// them side by side.
pub fn write_app(admitted: &Admitted, app: &str) -> Result<Option<AppFile>, HydrateError> {
    let manifests = admitted.manifests().app(app);
    if manifests.is_empty() {
        return Ok(None);
    }
    let path = layout::manifest_path(app)?;
    let bytes = bytes_of(app, manifests)?;
    let record = FileRecord { objects: manifests.len(), sha256: Digest::of(&bytes) };
    Ok(Some(AppFile { app: app.to_owned(), path, bytes, record }))
}

/// Puts the files of all apps together, and writes the record of it all.
pub fn hydrate(admitted: &Admitted, written: Vec<AppFile>, dry: &DryRevision) -> Result<HydratedTree, HydrateError> {
    let mut files = BTreeMap::new();
    let mut apps: BTreeMap<String, AppRecord> =
        admitted.evidence().apps.iter().map(|(app, evidence)| (app.clone(), without_files(evidence))).collect();
    for file in written {
        let record = apps.get_mut(&file.app).ok_or_else(|| HydrateError::NoEvidence(file.app.clone()))?;
        record.files.insert(file.path.clone(), file.record);
        files.insert(file.path, file.bytes);
    }
    refuse_gaps(admitted, &apps)?;
    let record = record_of(admitted, dry, apps);
    files.insert(record_path(), record.to_bytes());
    layout::refuse_collisions(files.keys())?;
    Ok(HydratedTree { files, record, dry: dry.clone() })
}

/// Every app that has objects has its file: an app that was forgotten would be deleted from the branch.
fn refuse_gaps(admitted: &Admitted, apps: &BTreeMap<String, AppRecord>) -> Result<(), HydrateError> {
    for (app, manifests) in admitted.manifests().apps().filter(|(_, manifests)| !manifests.is_empty()) {
        let written = apps.get(app).map_or(0, |record| record.files.values().map(|file| file.objects).sum());
        if written != manifests.len() {
            return Err(HydrateError::NotWritten(app.to_owned()));
        }
    }
    Ok(())
}

/// [`RECORD_PATH`] as a path.
pub(crate) fn record_path() -> RepoPath {
    RepoPath::parse(RECORD_PATH).expect("a constant without `..`")
}

fn without_files(evidence: &AppEvidence) -> AppRecord {
    AppRecord {
        engine: engine_name(evidence.engine).to_owned(),
        files: BTreeMap::new(),
        inputs: evidence.inputs.clone(),
    }
}

fn engine_name(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Template => "template",
        EngineKind::Plain => "plain",
    }
}

fn record_of(admitted: &Admitted, dry: &DryRevision, apps: BTreeMap<String, AppRecord>) -> Record {
    let evidence = admitted.evidence();
    Record {
        apps,
        checked: CheckedCounts {
            judged: evidence.judged,
            objects: admitted.manifests().len(),
            validated: evidence.validated,
        },
        dry_commit: dry.id.clone(),
        environment: admitted.environment().to_owned(),
        kubernetes: evidence.kubernetes.clone(),
        policies: evidence.policies,
        schemas: evidence.schemas,
        tool: Tool::this(),
        version: RECORD_VERSION,
        waivers: evidence.waivers.iter().map(WaiverRecord::from).collect(),
    }
}

/// The bytes of an app's file. They are read back before anyone may have them: what was checked is a tree in memory,
/// what gets deployed is this text, and between the two stands only our writer.
fn bytes_of(app: &str, manifests: &[Manifest]) -> Result<Vec<u8>, HydrateError> {
    let text = manifest::write_documents(manifests.iter().map(|manifest| &manifest.root))
        .map_err(|error| blame_writing(app, manifests, error))?;
    match difference(manifests, &text) {
        None => Ok(text.into_bytes()),
        Some(whole) => Err(blame_reading(app, manifests, whole)),
    }
}

/// What reading `text` gives other than `manifests`, if anything.
fn difference(manifests: &[Manifest], text: &str) -> Option<String> {
    // the nodes were read under limits once; written without aliases they cannot be larger than the reader allows
    let limits = ReadLimits { bytes: usize::MAX, nodes: usize::MAX, ..ReadLimits::default() };
    let stream = manifest::read(&Source::file("manifest.yaml", text), &limits);
    // warnings were there when the input was checked; whether they pass was decided then
    if let Some(error) = stream.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        return Some(error.message.clone());
    }
    if stream.documents.len() != manifests.len() {
        return Some(format!("{} documents instead of {}", stream.documents.len(), manifests.len()));
    }
    let mut pairs = manifests.iter().zip(&stream.documents);
    pairs.find(|(manifest, document)| !manifest.root.same_meaning(&document.root)).map(|_| "a value differs".to_owned())
}

fn blame_writing(app: &str, manifests: &[Manifest], error: WriteError) -> HydrateError {
    let guilty = manifests.iter().find(|manifest| manifest::write(&manifest.root, &mut String::new()).is_err());
    HydrateError::Write { app: app.to_owned(), object: object_name(guilty), source: error }
}

/// Only a failure pays for the search: each object alone, until one fails.
fn blame_reading(app: &str, manifests: &[Manifest], whole: String) -> HydrateError {
    let alone = manifests.iter().find_map(|manifest| {
        let text = manifest::write_documents([&manifest.root]).ok()?;
        difference(std::slice::from_ref(manifest), &text).map(|difference| (manifest, difference))
    });
    HydrateError::ReadBack {
        app: app.to_owned(),
        object: object_name(alone.as_ref().map(|(manifest, _)| *manifest)),
        difference: alone.map_or(whole, |(_, difference)| difference),
    }
}

fn object_name(manifest: Option<&Manifest>) -> String {
    manifest.map_or_else(|| "the file".to_owned(), |manifest| manifest.object.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::{Checked, Evidence, admit};
    use crate::manifest::{Gvk, ManifestSet, Name, Node, ObjectRef, Value};

    fn object(name: &str, root: Node) -> Manifest {
        let object = ObjectRef { gvk: Gvk::new("v1", "ConfigMap"), namespace: None, name: Name::Fixed(name.into()) };
        Manifest { object, root, source: Source::file("a.yaml", "") }
    }

    fn config_map(name: &str) -> Manifest {
        let json = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {"on": "yes", "mode": "0644", "text": "a\n---\nb\n"}});
        object(name, Node::from_json(&json))
    }

    fn admitted(manifests: Vec<(&str, Manifest)>) -> Admitted {
        let app =
            AppEvidence { engine: EngineKind::Plain, inputs: BTreeMap::from([(record_path(), Digest::of(b"input"))]) };
        let apps = manifests.iter().map(|(name, _)| ((*name).to_owned(), app.clone()));
        let evidence = Evidence {
            kubernetes: "1.34".to_owned(),
            schemas: Digest::of(b"schemas"),
            policies: Digest::of(b"policies"),
            apps: apps.chain([("empty".to_owned(), app.clone())]).collect(),
            validated: manifests.len(),
            judged: manifests.len(),
            waivers: std::collections::BTreeSet::new(),
        };
        let manifests = manifests.into_iter().map(|(app, manifest)| (app.to_owned(), manifest));
        let (manifests, _) = ManifestSet::collect(manifests);
        admit(Checked { environment: "prod".to_owned(), manifests, evidence }, &[], Severity::Error).expect("clean")
    }

    fn hydrated(admitted: &Admitted) -> Result<HydratedTree, HydrateError> {
        let written =
            admitted.manifests().apps().map(|(app, _)| write_app(admitted, app)).collect::<Result<Vec<_>, _>>();
        hydrate(admitted, written?.into_iter().flatten().collect(), &dry())
    }

    fn dry() -> DryRevision {
        let time = CommitTime { seconds: 1_767_225_600, offset: 0 };
        DryRevision { id: "0123456789abcdef0123456789abcdef01234567".to_owned(), time, subject: "web: more".to_owned() }
    }

    #[test]
    fn each_app_gets_one_file_and_the_record_names_them_all() {
        let admitted = admitted(vec![("web", config_map("a")), ("api", config_map("b")), ("web", config_map("c"))]);
        let tree = hydrated(&admitted).expect("hydrates");
        let paths: Vec<&str> = tree.files().keys().map(RepoPath::as_str).collect();
        assert_eq!(paths, [".hydrant/record.json", "api/manifest.yaml", "web/manifest.yaml"]);
        let record = Record::parse(&tree.files()[&record_path()]).expect("reads");
        assert_eq!(&record, tree.record());
        for (path, file) in record.files() {
            assert_eq!(file.sha256, Digest::of(&tree.files()[path]));
        }
        assert_eq!(record.apps["web"].files.values().next().expect("one file").objects, 2);
        assert!(record.apps["empty"].files.is_empty(), "an app without objects is told, not left out");
    }

    #[test]
    fn an_app_that_was_forgotten_makes_no_tree() {
        let admitted = admitted(vec![("web", config_map("a")), ("api", config_map("b"))]);
        let api = write_app(&admitted, "api").expect("writes").expect("has objects");
        let error = hydrate(&admitted, vec![api], &dry()).expect_err("web is missing");
        assert!(matches!(error, HydrateError::NotWritten(app) if app == "web"));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let tree = || hydrated(&admitted(vec![("web", config_map("a"))])).expect("hydrates");
        assert_eq!(tree().files(), tree().files());
    }

    #[test]
    fn an_object_that_cannot_be_written_is_named() {
        let broken = Node::synthetic(Value::Float(f64::NAN));
        let error = hydrated(&admitted(vec![("web", config_map("a")), ("web", object("b", broken))]));
        let error = error.expect_err("no YAML for that");
        assert_eq!(error.to_string(), "ConfigMap b of app `web` cannot be written");
    }

    #[test]
    fn a_text_that_reads_as_something_else_is_caught() {
        let manifests = [config_map("a"), config_map("b")];
        let text = manifest::write_documents(manifests.iter().map(|manifest| &manifest.root)).expect("writes");
        assert_eq!(difference(&manifests, &text), None);
        let unquoted = text.replacen("\"0644\"", "0644", 1);
        assert_ne!(unquoted, text, "the writer quotes what would read as a number");
        assert_eq!(difference(&manifests, &unquoted).as_deref(), Some("a value differs"));
        assert_eq!(difference(&manifests[..1], &text).as_deref(), Some("2 documents instead of 1"));
        assert!(difference(&manifests, "a: [").is_some());
    }

    #[test]
    fn apps_that_differ_in_case_cannot_share_a_branch() {
        let error = hydrated(&admitted(vec![("web", config_map("a")), ("Web", config_map("b"))]));
        assert!(matches!(error, Err(HydrateError::Collision { .. })));
    }
}
