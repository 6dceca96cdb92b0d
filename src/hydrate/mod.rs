//! Hydrate: what was admitted becomes the files of a branch, and the record of where they came from.
//!
//! Pure: no git, no clock, no file system. The same [`Admitted`], dry revision and [`Shape`] give the same bytes.

mod dry;
mod layout;
mod message;
mod metadata;
mod record;
mod split;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use crate::admit::{Admitted, AppEvidence};
use crate::config::{self, Globs, Layout, Style, YamlStyle};
use crate::load::EngineKind;
use crate::manifest::{self, Manifest, WriteError};
use crate::tree::{Digest, PathError, RepoPath};

pub use dry::{CommitTime, DryRevision, ReferencedCommit};
pub(crate) use layout::Footprint;
pub use message::Takeover;
pub use metadata::METADATA_NAME;
pub use record::{
    AppRecord, Attested, CheckedCounts, FileRecord, RECORD_PATH, RECORD_VERSION, Record, RecordError, Tool,
    WaiverRecord, Writer, record_path,
};

/// How the objects of an environment become files, and who writes them.
#[derive(Debug, Clone)]
pub struct Shape {
    /// One file an app, or one an object.
    pub layout: Layout,
    /// What stands beside the manifests.
    pub style: Style,
    /// How YAML is laid out.
    pub yaml_style: YamlStyle,
    /// The folder of the branch that everything goes to; `None`: its top.
    pub folder: Option<RepoPath>,
    /// Paths that are left alone.
    pub preserve: Globs,
    /// Which project writes.
    pub writer: Writer,
}

impl Shape {
    /// The shape that a project wants.
    #[must_use]
    pub fn new(output: &config::Output, writer: Writer) -> Self {
        Self {
            layout: output.layout,
            style: output.style,
            yaml_style: output.yaml_style,
            folder: output.active_path.clone(),
            preserve: output.preserve.clone(),
            writer,
        }
    }

    /// One file an app at the top of the branch, in Hydrant's own YAML, and nothing beside it.
    #[must_use]
    pub fn plain() -> Self {
        let output =
            config::Output { style: Style::Plain, yaml_style: YamlStyle::Hydrant, ..config::Output::default() };
        Self::new(&output, Writer::default())
    }

    fn writes(&self) -> manifest::Style {
        match self.yaml_style {
            YamlStyle::Argocd => manifest::Style::GoYamlV3,
            YamlStyle::K8s => manifest::Style::GoYamlV2,
            YamlStyle::Hydrant => manifest::Style::Canonical,
        }
    }

    /// What a person types to render an app themselves.
    fn commands(&self, environment: &str, app: &str) -> Vec<String> {
        let folder = self.writer.project.as_ref().map(|project| format!(" -C {project}")).unwrap_or_default();
        vec![format!("hydrant{folder} render {environment}/{app}")]
    }
}

/// All files of a branch that are ours, with their record. Only [`hydrate`] makes it.
#[derive(Debug, Clone)]
pub struct HydratedTree {
    files: BTreeMap<RepoPath, Vec<u8>>,
    kept: BTreeSet<RepoPath>,
    record: Record,
    dry: DryRevision,
    style: Style,
    preserve: Globs,
}

impl HydratedTree {
    /// Every file to write, the record included, in order of path.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<RepoPath, Vec<u8>> {
        &self.files
    }

    /// Files that stay as they are on the branch: they tell about manifests that did not change.
    #[must_use]
    pub fn kept(&self) -> &BTreeSet<RepoPath> {
        &self.kept
    }

    /// Whether a path is to be left alone, whatever stands there.
    #[must_use]
    pub fn preserves(&self, path: &RepoPath) -> bool {
        self.preserve.is_match(path.as_str())
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
    /// A manifest would have to stand where nothing may be changed. The user's move: take it out of `output.preserve`.
    #[error("`{path}` of app `{app}` is among the paths that `output.preserve` leaves alone")]
    Preserved {
        /// The app.
        app: String,
        /// The file.
        path: RepoPath,
    },
    /// An object that YAML cannot carry. The user's move, if a template made such a value.
    #[error("{object} of app `{app}` cannot be written: {source}")]
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

/// The files of one app, with their records. Only [`write_app`] makes it.
#[derive(Debug)]
pub struct AppFiles {
    app: String,
    folder: RepoPath,
    files: BTreeMap<RepoPath, (Vec<u8>, FileRecord)>,
}

impl AppFiles {
    fn add(&mut self, name: &str, bytes: Vec<u8>, objects: usize) -> Result<(), HydrateError> {
        let refuse = |error: PathError| HydrateError::Folder { app: self.app.clone(), reason: error.into() };
        let path = self.folder.join(name).map_err(refuse)?;
        let record = FileRecord { objects, sha256: Digest::of(&bytes) };
        self.files.insert(path, (bytes, record));
        Ok(())
    }
}

/// Writes one app's objects; `None` for an app without any. Apps do not depend on each other, so a caller may write
/// them side by side.
pub fn write_app(admitted: &Admitted, app: &str, shape: &Shape) -> Result<Option<AppFiles>, HydrateError> {
    let manifests = admitted.manifests().app(app);
    if manifests.is_empty() {
        return Ok(None);
    }
    let folder = layout::app_folder(app, shape.folder.as_ref())?;
    let mut written = AppFiles { app: app.to_owned(), folder, files: BTreeMap::new() };
    match shape.layout {
        Layout::Single => {
            let bytes = write::bytes_of(app, manifests, shape.writes())?;
            written.add(layout::MANIFEST_NAME, bytes, manifests.len())?;
        }
        Layout::Split => write_each(manifests, shape, &mut written)?,
    }
    match written.files.keys().find(|path| shape.preserve.is_match(path.as_str())) {
        Some(path) => Err(HydrateError::Preserved { app: app.to_owned(), path: path.clone() }),
        None => Ok(Some(written)),
    }
}

fn write_each(manifests: &[Manifest], shape: &Shape, written: &mut AppFiles) -> Result<(), HydrateError> {
    let mut names = BTreeSet::new();
    for manifest in manifests {
        let bytes = write::bytes_of(&written.app, std::slice::from_ref(manifest), shape.writes())?;
        let name = split::unique(split::file_name(manifest, &bytes), &mut names);
        written.add(&name, bytes, 1)?;
    }
    // with such a list in it, Argo CD would take the folder for a kustomization
    if shape.style == Style::Plain {
        let mut list = String::new();
        let root = split::list_of(&names);
        manifest::write_styled(&root, shape.writes(), &mut list).expect("texts without any that cannot be written");
        written.add(split::LIST_NAME, list.into_bytes(), 0)?;
    }
    Ok(())
}

/// Puts the files of all apps together, and writes the record of it all.
///
/// `previous` is the record of what stands on the branch: what tells about an app whose manifests did not change stays
/// as it is, so that an app's folder changes only with the app.
pub fn hydrate(
    admitted: &Admitted,
    written: Vec<AppFiles>,
    dry: &DryRevision,
    shape: &Shape,
    previous: Option<&Record>,
) -> Result<HydratedTree, HydrateError> {
    let mut tree = HydratedTree {
        files: BTreeMap::new(),
        kept: BTreeSet::new(),
        record: record_of(admitted, dry, shape),
        dry: dry.clone(),
        style: shape.style,
        preserve: shape.preserve.clone(),
    };
    for app in written {
        let previous = previous.and_then(|record| record.apps.get(&app.app));
        tree.add_app(app, shape, previous)?;
    }
    refuse_gaps(admitted, &tree.record.apps)?;
    tree.add_about_branch(shape)?;
    let path = tree.record.path();
    tree.files.insert(path, tree.record.to_bytes());
    layout::refuse_collisions(tree.files.keys().chain(&tree.kept))?;
    Ok(tree)
}

impl HydratedTree {
    fn add_app(&mut self, app: AppFiles, shape: &Shape, previous: Option<&AppRecord>) -> Result<(), HydrateError> {
        let about = self.about_app(&app, shape)?;
        let AppFiles { app, files, .. } = app;
        let record = self.record.apps.get_mut(&app).ok_or(HydrateError::NoEvidence(app))?;
        for (path, (bytes, file)) in files {
            record.files.insert(path.clone(), file);
            self.files.insert(path, bytes);
        }
        match previous.filter(|previous| previous.files == record.files && previous.about.keys().eq(about.keys())) {
            Some(previous) => {
                record.about = previous.about.clone();
                self.kept.extend(about.into_keys());
            }
            None => {
                record.about = digests(&about);
                self.files.extend(about);
            }
        }
        Ok(())
    }

    fn about_app(&self, app: &AppFiles, shape: &Shape) -> Result<BTreeMap<RepoPath, Vec<u8>>, HydrateError> {
        let commands = shape.commands(&self.record.environment, &app.app);
        let url = shape.writer.repository.as_deref();
        let readme = metadata::readme(url, &self.dry, &commands);
        let texts = [
            (metadata::METADATA_NAME, metadata::Metadata::of_app(url, &self.dry, commands).to_bytes()),
            (metadata::README_NAME, readme),
        ];
        about(texts, Some(&app.folder), shape)
            .map_err(|error| HydrateError::Folder { app: app.app.clone(), reason: error.into() })
    }

    fn add_about_branch(&mut self, shape: &Shape) -> Result<(), HydrateError> {
        let url = shape.writer.repository.as_deref();
        let texts = [
            (metadata::METADATA_NAME, metadata::Metadata::of_branch(url, &self.dry).to_bytes()),
            (metadata::ATTRIBUTES_NAME, metadata::ATTRIBUTES.as_bytes().to_vec()),
        ];
        let about = about(texts, shape.folder.as_ref(), shape)
            .map_err(|error| HydrateError::Folder { app: String::new(), reason: error.into() })?;
        self.record.about = digests(&about);
        self.files.extend(about);
        Ok(())
    }
}

/// Texts that tell about a folder, at their paths; none where the style has none.
fn about<const N: usize>(
    texts: [(&str, Vec<u8>); N],
    folder: Option<&RepoPath>,
    shape: &Shape,
) -> Result<BTreeMap<RepoPath, Vec<u8>>, PathError> {
    if shape.style != Style::Argocd {
        return Ok(BTreeMap::new());
    }
    let at = |(name, bytes)| Ok((folder.map_or_else(|| RepoPath::parse(name), |folder| folder.join(name))?, bytes));
    let mut texts = texts.into_iter().map(at).collect::<Result<BTreeMap<_, _>, _>>()?;
    texts.retain(|path, _| !shape.preserve.is_match(path.as_str()));
    Ok(texts)
}

fn digests(files: &BTreeMap<RepoPath, Vec<u8>>) -> BTreeMap<RepoPath, Digest> {
    files.iter().map(|(path, bytes)| (path.clone(), Digest::of(bytes))).collect()
}

/// Every app that has objects has its files: an app that was forgotten would be deleted from the branch.
fn refuse_gaps(admitted: &Admitted, apps: &BTreeMap<String, AppRecord>) -> Result<(), HydrateError> {
    for (app, manifests) in admitted.manifests().apps().filter(|(_, manifests)| !manifests.is_empty()) {
        let written = apps.get(app).map_or(0, |record| record.files.values().map(|file| file.objects).sum());
        if written != manifests.len() {
            return Err(HydrateError::NotWritten(app.to_owned()));
        }
    }
    Ok(())
}

fn without_files(evidence: &AppEvidence) -> AppRecord {
    AppRecord {
        about: BTreeMap::new(),
        attestation: None,
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

/// The record before any file is in it.
fn record_of(admitted: &Admitted, dry: &DryRevision, shape: &Shape) -> Record {
    let evidence = admitted.evidence();
    Record {
        about: BTreeMap::new(),
        apps: evidence.apps.iter().map(|(app, evidence)| (app.clone(), without_files(evidence))).collect(),
        attested: None,
        checked: CheckedCounts {
            judged: evidence.judged,
            objects: admitted.manifests().len(),
            validated: evidence.validated,
        },
        dry_commit: dry.id.clone(),
        environment: admitted.environment().to_owned(),
        folder: shape.folder.clone(),
        kubernetes: evidence.kubernetes.clone(),
        policies: evidence.policies,
        schemas: evidence.schemas,
        tool: Tool::this(),
        version: RECORD_VERSION,
        waivers: evidence.waivers.iter().map(WaiverRecord::from).collect(),
        writer: shape.writer.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::{Checked, Evidence, admit};
    use crate::diagnostic::Severity;
    use crate::manifest::{Gvk, ManifestSet, Name, Node, ObjectRef, Value};
    use crate::source::Source;

    fn object(name: &str, root: Node) -> Manifest {
        let object = ObjectRef { gvk: Gvk::new("v1", "ConfigMap"), namespace: None, name: Name::Fixed(name.into()) };
        Manifest { object, root, source: Source::file("a.yaml", "") }
    }

    pub(super) fn config_map(name: &str) -> Manifest {
        let json = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {"on": "yes", "mode": "0644", "text": "a\n---\nb\n"}});
        object(name, Node::from_json(&json))
    }

    fn admitted(manifests: Vec<(&str, Manifest)>) -> Admitted {
        let app = AppEvidence {
            engine: EngineKind::Plain,
            inputs: BTreeMap::from([(record_path(None), Digest::of(b"input"))]),
        };
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
        shaped(admitted, &Shape::plain(), None)
    }

    fn shaped(admitted: &Admitted, shape: &Shape, previous: Option<&Record>) -> Result<HydratedTree, HydrateError> {
        let apps = admitted.manifests().apps();
        let written = apps.map(|(app, _)| write_app(admitted, app, shape)).collect::<Result<Vec<_>, _>>();
        hydrate(admitted, written?.into_iter().flatten().collect(), &dry(), shape, previous)
    }

    fn dry() -> DryRevision {
        let time = CommitTime { seconds: 1_767_225_600, offset: 0 };
        DryRevision {
            id: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            time,
            author: "Ada <ada@example.com>".to_owned(),
            author_time: time,
            message: "web: more\n".to_owned(),
        }
    }

    #[test]
    fn each_app_gets_one_file_and_the_record_names_them_all() {
        let admitted = admitted(vec![("web", config_map("a")), ("api", config_map("b")), ("web", config_map("c"))]);
        let tree = hydrated(&admitted).expect("hydrates");
        let paths: Vec<&str> = tree.files().keys().map(RepoPath::as_str).collect();
        assert_eq!(paths, [".hydrant/record.json", "api/manifest.yaml", "web/manifest.yaml"]);
        let record = Record::parse(&tree.files()[&record_path(None)]).expect("reads");
        assert_eq!(&record, tree.record());
        for (path, file) in record.files() {
            assert_eq!(file, Digest::of(&tree.files()[path]));
        }
        assert_eq!(record.apps["web"].files.values().next().expect("one file").objects, 2);
        assert!(record.apps["empty"].files.is_empty(), "an app without objects is told, not left out");
    }

    #[test]
    fn an_app_that_was_forgotten_makes_no_tree() {
        let admitted = admitted(vec![("web", config_map("a")), ("api", config_map("b"))]);
        let api = write_app(&admitted, "api", &Shape::plain()).expect("writes").expect("has objects");
        let error = hydrate(&admitted, vec![api], &dry(), &Shape::plain(), None).expect_err("web is missing");
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
        assert_eq!(error.to_string(), "ConfigMap b of app `web` cannot be written: a number is not finite");
    }

    #[test]
    fn apps_that_differ_in_case_cannot_share_a_branch() {
        let error = hydrated(&admitted(vec![("web", config_map("a")), ("Web", config_map("b"))]));
        assert!(matches!(error, Err(HydrateError::Collision { .. })));
    }
}
