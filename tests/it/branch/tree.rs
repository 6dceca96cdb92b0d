//! A commit read as a tree: the same files a checkout would give, without one.

use std::sync::Arc;

use hydrant::git::{Error, FileKind};
use hydrant::tree::{ReadTree as _, RepoPath, TreeError};

use super::sandbox::{DATE, Sandbox};

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).expect("a path")
}

fn names(paths: Vec<RepoPath>) -> Vec<String> {
    paths.into_iter().map(String::from).collect()
}

#[test]
fn a_commit_holds_what_its_checkout_holds() {
    let sandbox = Sandbox::new();
    for (file, text) in
        [("apps/web/b.yaml", "b: 2\n"), ("apps/web-2/c.yaml", "c"), ("apps/webby", ""), ("ä/ö.txt", "ü")]
    {
        sandbox.write(file, text);
    }
    sandbox.write("bytes.bin", (0..=255).collect::<Vec<u8>>());
    sandbox.commit_all("more files");
    let tree = sandbox.open().commit_tree("HEAD").expect("reads");
    let listed = sandbox.git(&["-c", "core.quotePath=false", "ls-files"]);
    let files = tree.files(None).expect("lists");
    assert_eq!(names(files.clone()), listed.lines().collect::<Vec<_>>());
    for file in &files {
        let checkout = std::fs::read(sandbox.path().join(file.as_str())).expect("checked out");
        assert_eq!(&*tree.read(file).expect("reads"), checkout.as_slice(), "{file}");
    }
    let under = |folder: &str| names(tree.files(Some(&path(folder))).expect("lists"));
    assert_eq!(under("apps/web"), ["apps/web/a.yaml", "apps/web/b.yaml"]);
    assert_eq!(under("apps/webby"), ["apps/webby"]);
    assert!(under("nothing").is_empty());
    assert!(matches!(tree.read(&path("apps/web")), Err(TreeError::NotFound(_))));
    assert!(!tree.contains(&path("apps/web")).expect("known") && tree.contains(&path("apps/webby")).expect("known"));
}

#[test]
#[cfg(unix)]
fn symlinks_are_followed_inside_the_tree_and_nowhere_else() {
    let sandbox = Sandbox::new();
    let links = [
        ("apps/web/inside.yaml", "../../shared/base.yaml"),
        ("apps/web/chain.yaml", "inside.yaml"),
        ("apps/web/outside.yaml", "../../../secret"),
        ("apps/web/absolute.yaml", "/etc/passwd"),
        ("apps/web/folder.yaml", "../../shared"),
        ("apps/web/dangling.yaml", "gone.yaml"),
        ("apps/web/loop.yaml", "loop.yaml"),
        ("apps/web/git.yaml", "../../.git/config"),
    ];
    sandbox.write("shared/base.yaml", "base: true\n");
    for (link, target) in links {
        std::os::unix::fs::symlink(target, sandbox.path().join(link)).expect("linked");
    }
    sandbox.commit_all("links");
    let tree = sandbox.open().commit_tree("HEAD").expect("reads");
    let read = |name: &str| tree.read(&path(&format!("apps/web/{name}")));
    assert_eq!(read("inside.yaml").expect("inside").as_ref(), b"base: true\n");
    assert_eq!(read("chain.yaml").expect("inside").as_ref(), b"base: true\n");
    for (name, why) in [
        ("outside.yaml", "leaves the repository"),
        ("absolute.yaml", "leaves the repository"),
        ("git.yaml", "leaves the repository"),
        ("folder.yaml", "is a folder"),
        ("dangling.yaml", "does not exist"),
        ("loop.yaml", "leads to no end"),
    ] {
        let error = read(name).expect_err(name);
        assert!(matches!(error, TreeError::Symlink { .. }) && error.to_string().contains(why), "{name}: {error}");
    }
    assert_eq!(tree.entries().filter(|(_, kind)| *kind == FileKind::Symlink).count(), links.len());
    assert!(names(tree.files(None).expect("lists")).contains(&"apps/web/outside.yaml".to_owned()), "a link is a file");
}

#[test]
fn a_submodule_is_a_folder_without_files() {
    let sandbox = Sandbox::new();
    let commit = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor/lib")]);
    sandbox.git(&["commit", "-q", "-m", "a submodule"]);
    let tree = sandbox.open().commit_tree("HEAD").expect("reads");
    assert_eq!(names(tree.files(None).expect("lists")), ["apps/web/a.yaml"]);
    assert!(matches!(tree.read(&path("vendor/lib")), Err(TreeError::NotFound(_))));
}

#[test]
#[cfg(unix)]
fn names_that_cannot_be_used_are_reported_where_they_matter() {
    let sandbox = Sandbox::new();
    sandbox.write("docs/back\\slash.md", "odd");
    sandbox.commit_all("an odd name");
    let tree = sandbox.open().commit_tree("HEAD").expect("reads");
    assert_eq!(tree.unusable(), ["docs/back\\slash.md"]);
    assert!(matches!(tree.files(None), Err(TreeError::Path(_))));
    assert!(matches!(tree.files(Some(&path("docs"))), Err(TreeError::Path(_))));
    assert_eq!(names(tree.files(Some(&path("apps"))).expect("nothing odd there")), ["apps/web/a.yaml"]);
}

#[test]
fn a_tree_that_climbs_out_names_nothing_usable() {
    // git would not make such a tree; whoever can write objects can
    let sandbox = Sandbox::new();
    let blob = sandbox.git(&["rev-parse", "HEAD:apps/web/a.yaml"]);
    let file = sandbox.home().join("tree");
    let mut bytes = b"100644 ..\0".to_vec();
    bytes.extend((0..40).step_by(2).map(|at| u8::from_str_radix(&blob[at..at + 2], 16).expect("hex")));
    std::fs::write(&file, &bytes).expect("written");
    let tree = sandbox.git(&["hash-object", "--literally", "-t", "tree", "-w", file.to_str().expect("UTF-8")]);
    let commit = sandbox.git(&["commit-tree", "-m", "evil", &tree]);
    let tree = sandbox.open().commit_tree(&commit).expect("reads");
    assert_eq!(tree.entries().count(), 0);
    assert_eq!(tree.unusable(), [".."]);
}

#[test]
fn many_threads_read_one_tree() {
    let sandbox = Sandbox::new();
    for index in 0..300 {
        sandbox.write(&format!("apps/many/{index:03}.yaml"), format!("n: {index}\n"));
    }
    sandbox.commit_all("many");
    let tree = sandbox.open().commit_tree("HEAD").expect("reads");
    let files = tree.files(Some(&path("apps/many"))).expect("lists");
    let read = || -> Vec<Arc<[u8]>> { files.iter().map(|file| tree.read(file).expect("reads")).collect() };
    let expected = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), expected);
        }
    });
}

#[test]
fn revisions_of_every_form_are_understood_and_others_told() {
    let sandbox = Sandbox::new();
    sandbox.commit_all("second\n\nwith a body");
    sandbox.git(&["tag", "-a", "-m", "annotated", "v1.0"]);
    let repository = sandbox.open();
    let id = sandbox.git(&["rev-parse", "HEAD"]);
    for revision in ["HEAD", "main", "refs/heads/main", "v1.0", &id, &id[..10], "HEAD~1^{commit}~0"] {
        let found = repository.resolve(revision).unwrap_or_else(|error| panic!("{revision}: {error}"));
        assert_eq!(found.to_string() == id, !revision.contains('~'), "{revision}");
    }
    let dry = repository.dry_revision("v1.0").expect("a commit");
    assert_eq!((dry.subject(), dry.id.as_str()), ("second", id.as_str()));
    let (seconds, offset) = DATE.split_once(' ').expect("two parts");
    assert_eq!(dry.time.seconds.to_string(), seconds);
    assert_eq!((dry.time.offset, offset), (90 * 60, "+0130"));
    let error = repository.dry_revision("nope").expect_err("unknown");
    assert!(matches!(&error, Error::Revision { revision, .. } if revision == "nope"), "{error:?}");
    assert!(matches!(repository.dry_revision("HEAD:apps"), Err(Error::NotACommit { .. })));
    for hostile in ["", "-", "@{", "^^^", ":/", "HEAD..main", "\0", "HEAD^{/[}"] {
        assert!(repository.resolve(hostile).is_err(), "{hostile:?}");
    }
}

#[test]
fn a_repository_without_a_commit_is_told() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let made = std::process::Command::new("git").arg("init").arg("-q").arg(folder.path()).status().expect("git runs");
    assert!(made.success());
    let repository = hydrant::git::Repository::open(folder.path()).expect("a repository");
    let error = repository.dry_revision("HEAD").expect_err("nothing there yet");
    assert!(matches!(error, Error::Revision { .. }), "{error:?}");
}
