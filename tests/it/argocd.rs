//! A branch in Argo CD's style: every file and field as Argo CD's own tools read them, with git as the judge.

use std::process::Command;

use hydrant::manifest::ReadLimits;
use hydrant::parse::parse;
use hydrant::source::Source;
use serde_json::Value;

use crate::sandbox::{Output, Sandbox};

/// The reference that Argo CD and GitOps Promoter read.
pub(crate) const NOTES: &str = "refs/notes/hydrator.metadata";

/// A repository with two environments and two apps, of which `api` differs between the environments.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
}

impl Shop {
    /// `output` is what stands under `output:`, in flow style.
    pub(crate) fn new(output: &str) -> Self {
        let shop = Self { sandbox: Sandbox::new() };
        shop.configure(output, "");
        shop.sandbox.write("envs/dev.yaml", "replicas: 1\n");
        shop.sandbox.write("envs/prod.yaml", "replicas: 3\n");
        shop.sandbox.write("allowed_signers", shop.sandbox.allowed_signers());
        shop.sandbox.write(
            "apps/api/deployment.yaml.j2",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop\nspec:\n  replicas: {{ replicas }}\n  \
             selector:\n    matchLabels:\n      app: api\n  template:\n    metadata:\n      labels:\n        app: api\n    spec:\n      \
             containers:\n      - name: api\n        image: example.org/api:1.0\n",
        );
        shop.web(&["hello"]);
        shop.sandbox.commit_all("shop: the first version");
        shop
    }

    /// Writes `hydrant.yaml`; `prod` is added to that environment.
    pub(crate) fn configure(&self, output: &str, prod: &str) {
        self.sandbox.write(
            "hydrant.yaml",
            format!(
                "version: 1\nenvironments:\n  dev: {{ branch: env/dev, values: [envs/dev.yaml] }}\n  \
                 prod: {{ branch: env/prod, values: [envs/prod.yaml]{prod} }}\napps:\n  - path: apps/*\n\
                 policies: {{ paths: [policies], builtin: [] }}\noutput: {{ {output} }}\n\
                 signing: {{ format: ssh, key: ~/.ssh/id_ed25519 }}\nverify: {{ allowed_signers: allowed_signers }}\n"
            ),
        );
        self.sandbox.write(
            "policies/kind.rego",
            "package policies.kind\n\nimport rego.v1\n\ndeny contains \"an object without a kind\" if not input.kind\n",
        );
    }

    /// The objects of the app `web`: a ConfigMap for each name.
    pub(crate) fn web(&self, names: &[&str]) {
        let object = |name: &&str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: shop\ndata:\n  mode: \"0644\"\n"
            )
        };
        self.sandbox.write("apps/web/config.yaml", names.iter().map(object).collect::<Vec<_>>().join("---\n"));
    }

    pub(crate) fn publish(&self, arguments: &[&str]) -> Output {
        self.sandbox.run(&[&["hydrant", "publish"], arguments].concat())
    }

    /// Publishes, which must succeed; what was said.
    pub(crate) fn published(&self, arguments: &[&str]) -> String {
        let output = self.publish(arguments);
        assert_eq!(output.code, 0, "{output}");
        output.to_string()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.ok(&[&["git"], arguments].concat())
    }

    /// A file of a branch, byte for byte.
    pub(crate) fn show(&self, branch: &str, path: &str) -> String {
        let output = self.sandbox.run(&["git", "show", &format!("{branch}:{path}")]);
        assert_eq!(output.code, 0, "{branch}:{path}: {output}");
        output.stdout
    }

    pub(crate) fn json(&self, branch: &str, path: &str) -> Value {
        serde_json::from_str(&self.show(branch, path)).expect("JSON")
    }

    pub(crate) fn files(&self, branch: &str) -> Vec<String> {
        self.git(&["ls-tree", "-r", "--name-only", branch]).lines().map(str::to_owned).collect()
    }

    /// Makes a commit on a branch that is not checked out.
    pub(crate) fn commit_on(&self, branch: &str, changes: &[(&str, Option<&str>)]) {
        let folder = "../elsewhere";
        self.git(&["worktree", "add", "--quiet", "--detach", folder, branch]);
        for (path, text) in changes {
            match text {
                Some(text) => self.sandbox.write(&format!("{folder}/{path}"), text),
                None => drop(self.git(&["-C", folder, "rm", "--quiet", path])),
            }
        }
        self.git(&["-C", folder, "add", "--all"]);
        self.git(&["-C", folder, "commit", "--quiet", "--message", "by hand"]);
        let id = self.git(&["-C", folder, "rev-parse", "HEAD"]);
        self.git(&["worktree", "remove", "--force", folder]);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &id]);
    }

    /// git accepts every object, and every signature of a commit that only Hydrant made.
    pub(crate) fn assert_sound(&self, signed: &[&str]) {
        let told = self.sandbox.run(&["git", "fsck", "--strict", "--full", "--no-dangling"]);
        assert_eq!((told.code, told.stdout.as_str()), (0, ""), "{told}");
        for revision in signed {
            self.git(&["-c", "gpg.ssh.allowedSignersFile=allowed_signers", "verify-commit", revision]);
        }
    }

    pub(crate) fn note(&self, revision: &str) -> Value {
        let text = self.git(&["notes", "--ref", NOTES, "show", revision]);
        serde_json::from_str(&text).expect("JSON")
    }
}

#[test]
fn a_branch_holds_what_argo_cds_hydrator_writes_and_a_record() {
    let shop = Shop::new("repo_url: \"git@git.example.org:acme/shop.git\"");
    shop.published(&[]);
    let files = [
        ".gitattributes",
        ".hydrant/attestations/api.dsse",
        ".hydrant/attestations/web.dsse",
        ".hydrant/record.dsse",
        ".hydrant/record.json",
        "api/README.md",
        "api/hydrator.metadata",
        "api/manifest.yaml",
        "hydrator.metadata",
        "web/README.md",
        "web/hydrator.metadata",
        "web/manifest.yaml",
    ];
    assert_eq!(shop.files("env/prod"), files);
    assert_eq!(
        shop.show("env/prod", ".gitattributes"),
        "**/README.md linguist-generated=true\n**/hydrator.metadata linguist-generated=true"
    );
    let dry = shop.git(&["rev-parse", "main"]);
    assert_eq!(
        shop.show("env/prod", "hydrator.metadata"),
        format!(
            "{{\n  \"repoURL\": \"https://git.example.org/acme/shop\",\n  \"drySha\": \"{dry}\",\n  \
             \"author\": \"Ada <ada@example.com>\",\n  \"date\": \"2026-01-02T02:04:05Z\",\n  \
             \"subject\": \"shop: the first version\"\n}}\n"
        )
    );
    assert_eq!(
        shop.show("env/prod", "api/hydrator.metadata"),
        format!(
            "{{\n  \"repoURL\": \"https://git.example.org/acme/shop\",\n  \"drySha\": \"{dry}\",\n  \
             \"commands\": [\n    \"hydrant render prod/api\"\n  ]\n}}\n"
        )
    );
    let readme = shop.show("env/prod", "api/README.md");
    assert!(readme.starts_with("# Manifest Hydration\n"), "{readme}");
    assert!(readme.contains(&format!("git checkout {dry}\nhydrant render prod/api\n```\n")), "{readme}");
    assert!(!readme.contains("References"), "{readme}");
    shop.assert_sound(&["env/dev", "env/prod", NOTES]);
    shop.sandbox.ok(&["hydrant", "verify", "env/prod"]);
}

#[test]
fn manifests_are_laid_out_as_argo_cd_does_or_as_kubernetes_tools_do() {
    for (style, list, folded) in [
        ("yaml_style: argocd", "      containers:\n        - image: example.org/api:1.0\n          name: api\n", false),
        ("yaml_style: k8s", "      containers:\n      - image: example.org/api:1.0\n        name: api\n", true),
        ("yaml_style: hydrant", "      containers:\n      - image: example.org/api:1.0\n        name: api\n", false),
        ("style: argocd", "      containers:\n        - image: example.org/api:1.0\n          name: api\n", false),
        ("style: plain", "      containers:\n      - image: example.org/api:1.0\n        name: api\n", false),
    ] {
        let shop = Shop::new(style);
        shop.web(&["one", "two"]);
        let long = "word ".repeat(40);
        let text = shop.sandbox.read("apps/web/config.yaml");
        shop.sandbox.write("apps/web/config.yaml", format!("{text}  long: \"{}\"\n", long.trim()));
        shop.sandbox.commit_all("two objects");
        shop.published(&[]);
        let api = shop.show("env/dev", "api/manifest.yaml");
        assert!(api.contains(list), "{style}: {api}");
        let web = shop.show("env/dev", "web/manifest.yaml");
        assert!(!web.starts_with("---") && web.matches("\n---\n").count() == 1, "{style}: {web}");
        assert!(web.contains("mode: \"0644\""), "{style}: {web}");
        assert_eq!(!web.contains(long.trim()), folded, "{style}: {web}");
    }
}

#[test]
fn the_commit_message_names_the_authors_of_the_dry_commit_and_of_what_it_refers_to() {
    let shop = Shop::new("");
    shop.web(&["newer"]);
    let code = "0123456789abcdef0123456789abcdef01234567";
    shop.sandbox.commit_all(&format!(
        "web: a newer image\n\nIt is <faster> & \"better\".\n\nArgocd-reference-commit-sha: {code}\n\
         Argocd-reference-commit-author: Bob <bob@example.com>\nArgocd-reference-commit-subject: go faster\n\
         Argocd-reference-commit-repourl: https://git.example.org/code\nSigned-off-by: Ada <ada@example.com>"
    ));
    shop.published(&[]);
    let dry = shop.git(&["rev-parse", "main"]);
    assert_eq!(
        shop.git(&["log", "-1", "--format=%B", "env/dev"]),
        format!(
            "{}: web: a newer image\n\nIt is <faster> & \"better\".\n\nSigned-off-by: Ada <ada@example.com>\n\n\
             Co-authored-by: \"Bob\" <bob@example.com>\nCo-authored-by: Ada <ada@example.com>\nHydrant-Environment: dev\n\
             Hydrant-Dry-Commit: {dry}",
            &dry[..7]
        )
    );
    let trailers = shop.git(&["log", "-1", "--format=%(trailers:key=Co-authored-by,valueonly)", "env/dev"]);
    assert_eq!(trailers.trim(), "\"Bob\" <bob@example.com>\nAda <ada@example.com>");
    let metadata = shop.json("env/dev", "hydrator.metadata");
    assert_eq!(metadata["body"], "It is <faster> & \"better\".\n\nSigned-off-by: Ada <ada@example.com>\n");
    assert_eq!(metadata["references"][0]["commit"]["sha"], code);
    assert_eq!(metadata["references"][0]["commit"]["author"], "\"Bob\" <bob@example.com>");
    assert!(shop.show("env/dev", "hydrator.metadata").contains("<faster> & "), "no escapes for HTML");
    assert!(shop.show("env/dev", "web/README.md").contains("* [0123456](https://git.example.org/code): go faster"));
}

#[test]
fn the_folder_of_an_app_changes_only_with_the_app() {
    let shop = Shop::new("");
    shop.published(&[]);
    let first = shop.git(&["rev-parse", "main"]);
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    shop.published(&[]);
    let second = shop.git(&["rev-parse", "main"]);
    let changed = shop.git(&["diff", "--name-only", "env/dev^", "env/dev"]);
    assert_eq!(
        changed.lines().collect::<Vec<_>>(),
        [
            ".hydrant/attestations/web.dsse",
            ".hydrant/record.dsse",
            ".hydrant/record.json",
            "hydrator.metadata",
            "web/README.md",
            "web/hydrator.metadata",
            "web/manifest.yaml"
        ]
    );
    assert_eq!(shop.json("env/dev", "api/hydrator.metadata")["drySha"], first.as_str());
    assert_eq!(shop.json("env/dev", "web/hydrator.metadata")["drySha"], second.as_str());
    shop.sandbox.ok(&["hydrant", "verify", "env/dev"]);
}

#[test]
fn what_changes_nothing_makes_no_commit_and_moves_the_notes_of_all_environments_at_once() {
    let shop = Shop::new("");
    shop.published(&[]);
    let tips = shop.git(&["for-each-ref", "refs/heads/env"]);
    let notes = shop.git(&["rev-parse", NOTES]);
    shop.published(&[]);
    assert_eq!(shop.git(&["rev-parse", NOTES]), notes, "the same again changes nothing at all");

    shop.sandbox.write("README.md", "only words\n");
    shop.sandbox.commit_all("docs");
    let output = shop.published(&[]);
    assert!(output.contains("env/dev: 2 objects, unchanged, noted\n"), "{output}");
    assert_eq!(shop.git(&["for-each-ref", "refs/heads/env"]), tips);
    assert_eq!(shop.git(&["rev-parse", &format!("{NOTES}^")]), notes, "one commit for both notes");
    let dry = shop.git(&["rev-parse", "main"]);
    for branch in ["env/dev", "env/prod"] {
        assert_eq!(shop.note(branch), serde_json::json!({ "drySha": dry }));
        assert_ne!(shop.json(branch, "hydrator.metadata")["drySha"], dry.as_str());
    }
    let bytes = shop.sandbox.run(&["git", "notes", "--ref", NOTES, "show", "env/dev"]).stdout;
    assert_eq!(bytes, format!("{{\"drySha\":\"{dry}\"}}\n"));
    shop.assert_sound(&[NOTES, &format!("{NOTES}^")]);
}

/// A tree of that many notes on commits nobody has, in folders of two digits that many levels deep.
fn foreign_notes(shop: &Shop, count: usize, levels: usize) {
    let blob = shop.git(&["hash-object", "-w", "apps/web/config.yaml"]);
    let names: Vec<String> = (0..count)
        .map(|index| format!("{:08x}{}", (index as u32).wrapping_mul(0x9e37_79b1), "ab".repeat(16)))
        .collect();
    let tree = tree_of(shop, &blob, &names, levels);
    let commit = shop.git(&["commit-tree", "-m", "notes of others", &tree]);
    shop.git(&["update-ref", NOTES, &commit]);
}

fn tree_of(shop: &Shop, blob: &str, names: &[String], levels: usize) -> String {
    let mut lines = String::new();
    let mut folders: std::collections::BTreeMap<&str, Vec<String>> = std::collections::BTreeMap::new();
    for name in names {
        match levels {
            0 => lines.push_str(&format!("100644 blob {blob}\t{name}\n")),
            _ => folders.entry(&name[..2]).or_default().push(name[2..].to_owned()),
        }
    }
    for (folder, names) in folders {
        lines.push_str(&format!("040000 tree {}\t{folder}\n", tree_of(shop, blob, &names, levels - 1)));
    }
    shop.sandbox.write("../tree.txt", lines);
    shop.git(&["mktree", "<", "../tree.txt"])
}

#[test]
fn notes_of_others_stay_readable_in_trees_of_every_shape() {
    for (count, levels) in [(0, 0), (3, 0), (600, 0), (40, 1), (600, 1), (30, 2)] {
        let shop = Shop::new("");
        if count > 0 {
            foreign_notes(&shop, count, levels);
        }
        let list = || shop.git(&["notes", "--ref", NOTES, "list"]).lines().map(str::to_owned).collect::<Vec<_>>();
        let before = if count > 0 { list() } else { Vec::new() };
        assert_eq!(before.len(), count);
        shop.published(&[]);
        let after = list();
        assert_eq!(after.len(), count + 2, "{count} notes, {levels} levels");
        assert!(before.iter().all(|note| after.contains(note)), "{count} notes, {levels} levels");
        shop.sandbox.write("README.md", "only words\n");
        shop.sandbox.commit_all("docs");
        shop.published(&[]);
        assert_eq!(list().len(), count + 2, "a note is replaced, not added");
        let dry = shop.git(&["rev-parse", "main"]);
        assert_eq!(shop.note("env/prod")["drySha"], dry.as_str());
        shop.assert_sound(&[NOTES]);
    }
}

#[test]
fn a_note_that_git_wrote_or_cut_otherwise_is_replaced() {
    let shop = Shop::new("");
    shop.published(&[]);
    let tip = shop.git(&["rev-parse", "env/dev"]);
    shop.git(&["notes", "--ref", NOTES, "add", "--force", "-m", "{\"drySha\":\"old\",\"by\":\"others\"}", "env/dev"]);
    shop.published(&[]);
    let dry = shop.git(&["rev-parse", "main"]);
    assert_eq!(shop.note("env/dev"), serde_json::json!({ "drySha": dry }));

    // a second note, in a folder: git shows both, one after the other
    shop.sandbox.write("../second.txt", "{\"drySha\":\"second\"}\n");
    let blob = shop.git(&["hash-object", "-w", "../second.txt"]);
    shop.sandbox.write("../inner.txt", format!("100644 blob {blob}\t{}\n", &tip[2..]));
    let inner = shop.git(&["mktree", "<", "../inner.txt"]);
    let outer = shop.git(&["ls-tree", NOTES]);
    shop.sandbox.write("../outer.txt", format!("{outer}\n040000 tree {inner}\t{}\n", &tip[..2]));
    let tree = shop.git(&["mktree", "<", "../outer.txt"]);
    let commit = shop.git(&["commit-tree", "-p", NOTES, "-m", "twice", &tree]);
    shop.git(&["update-ref", NOTES, &commit]);
    assert_eq!(shop.git(&["notes", "--ref", NOTES, "show", "env/dev"]).matches("drySha").count(), 2);
    shop.published(&[]);
    assert_eq!(shop.note("env/dev"), serde_json::json!({ "drySha": dry }));
}

#[test]
fn the_remote_gives_the_address_and_never_its_password() {
    let shop = Shop::new("");
    shop.git(&["remote", "add", "origin", "https://ci:hunter2@Git.Example.org/acme/shop.git"]);
    shop.published(&[]);
    assert_eq!(shop.json("env/dev", "hydrator.metadata")["repoURL"], "https://git.example.org/acme/shop");
    assert_eq!(
        shop.json("env/dev", ".hydrant/record.json")["writer"]["repository"],
        "https://git.example.org/acme/shop"
    );
    for file in shop.files("env/dev") {
        assert!(!shop.show("env/dev", &file).contains("hunter2"), "{file}");
    }
    let shop = Shop::new("repo_url: \"https://ci:hunter2@git.example.org/acme/shop\"");
    let output = shop.publish(&[]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.to_string().contains("`output.repo_url` holds a password or token"), "{output}");
    let shop = Shop::new("");
    shop.git(&["remote", "add", "origin", "/srv/git/shop.git"]);
    shop.published(&[]);
    assert_eq!(shop.json("env/dev", "hydrator.metadata").get("repoURL"), None, "a folder is no address");
}

/// Everything of one app on the branch, read by our own reader.
fn objects(shop: &Shop, branch: &str, folder: &str) -> Vec<String> {
    let files = shop.files(branch);
    let files = files.iter().filter(|file| file.starts_with(&format!("{folder}/")) && file.ends_with(".yaml"));
    let texts = files.filter(|file| !file.ends_with("kustomization.yaml")).map(|file| shop.show(branch, file));
    let mut objects: Vec<String> = texts
        .flat_map(|text| parse(&Source::file("manifest.yaml", text), &ReadLimits::default()).manifests)
        .map(|manifest| manifest.object.to_string())
        .collect();
    objects.sort();
    objects
}

#[test]
fn a_split_layout_gives_every_object_its_file_and_says_so_to_kustomize() {
    let shop = Shop::new("layout: split, style: plain");
    shop.web(&["one", "two"]);
    shop.sandbox.commit_all("two objects");
    shop.published(&[]);
    assert_eq!(
        shop.files("env/dev"),
        [
            ".hydrant/attestations/api.dsse",
            ".hydrant/attestations/web.dsse",
            ".hydrant/record.dsse",
            ".hydrant/record.json",
            "api/deployment.apps_shop_api.yaml",
            "api/kustomization.yaml",
            "web/configmap_shop_one.yaml",
            "web/configmap_shop_two.yaml",
            "web/kustomization.yaml"
        ]
    );
    assert_eq!(
        shop.show("env/dev", "web/kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- configmap_shop_one.yaml\n- configmap_shop_two.yaml\n"
    );
    if let Some(built) = kustomized(&shop, "env/dev", "web") {
        let built = parse(&Source::file("built.yaml", built), &ReadLimits::default());
        let mut found: Vec<String> = built.manifests.iter().map(|manifest| manifest.object.to_string()).collect();
        found.sort();
        assert_eq!(found, objects(&shop, "env/dev", "web"));
    }
    // an object that goes takes its file with it, and no other
    shop.web(&["two"]);
    shop.sandbox.commit_all("one object");
    shop.published(&[]);
    let changed = shop.git(&["diff", "--name-status", "env/dev^", "env/dev"]);
    assert_eq!(
        changed,
        "M\t.hydrant/attestations/web.dsse\nM\t.hydrant/record.dsse\nM\t.hydrant/record.json\nD\tweb/configmap_shop_one.yaml\nM\tweb/kustomization.yaml"
    );
    // beside Argo CD's files there is no list: Argo CD would take the folder for a kustomization
    shop.configure("layout: split", "");
    shop.sandbox.commit_all("in Argo CD's style");
    shop.published(&[]);
    let web = shop.files("env/dev").into_iter().filter(|file| file.starts_with("web/")).collect::<Vec<_>>();
    assert_eq!(web, ["web/README.md", "web/configmap_shop_two.yaml", "web/hydrator.metadata"]);
    shop.assert_sound(&["env/dev"]);
}

/// What `kubectl kustomize` makes of a folder of a branch; says so where it is not installed.
fn kustomized(shop: &Shop, branch: &str, folder: &str) -> Option<String> {
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        eprintln!("skipped: kubectl is not installed, so it cannot judge the kustomization");
        return None;
    }
    shop.git(&["worktree", "add", "--quiet", "--detach", "../checkout", branch]);
    let output = Command::new("kubectl")
        .args(["kustomize", folder])
        .current_dir(shop.sandbox.path().join("../checkout"))
        .output()
        .expect("kubectl runs");
    shop.git(&["worktree", "remove", "--force", "../checkout"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}
