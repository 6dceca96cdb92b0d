//! Whose files are whose: what a publication deletes, keeps, refuses, and takes over when it is told to.

use crate::argocd::Shop;

#[test]
fn a_branch_of_another_hydrator_is_taken_over_without_a_difference_in_its_manifests() {
    let shop = Shop::new("");
    shop.published(&[]);
    // what Argo CD leaves: the same files without our record, and folders of apps that are no more
    shop.commit_on("env/dev", &[(".hydrant/record.json", None), ("old/manifest.yaml", Some("kind: Gone\n"))]);
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("was not written by Hydrant") && output.stderr.contains("--adopt"), "{output}");
    shop.published(&["dev", "--adopt"]);
    let changed = shop.git(&["diff", "--name-only", "env/dev^", "env/dev"]);
    assert_eq!(changed, ".hydrant/record.json", "a zero diff: nothing is deployed anew");
    assert!(shop.files("env/dev").contains(&"old/manifest.yaml".to_owned()), "what others wrote stays");
    let message = shop.git(&["log", "-1", "--format=%B", "env/dev"]);
    assert!(message.contains("\nHydrant-Adopted: the branch at "), "{message}");
    assert!(message.contains("\nHydrant-Adopted: api/manifest.yaml\n"), "{message}");
    shop.published(&["dev"]);
    shop.sandbox.ok(&["hydrant", "verify", "env/dev"]);
}

#[test]
fn an_edit_is_refused_until_the_source_says_it_too_or_it_is_overwritten_by_name() {
    let shop = Shop::new("");
    shop.published(&[]);
    let edited = shop.show("env/prod", "api/manifest.yaml").replace("replicas: 3", "replicas: 9");
    shop.commit_on("env/prod", &[("api/manifest.yaml", Some(&edited)), ("web/README.md", None)]);
    for arguments in [&["prod"][..], &["prod", "--adopt"]] {
        let output = shop.publish(arguments);
        assert_eq!(output.code, 5, "{output}");
        let told = "`api/manifest.yaml` is changed, `web/README.md` is missing";
        assert!(output.stderr.contains(told) && output.stderr.contains("--force"), "{output}");
    }

    shop.sandbox.write("envs/prod.yaml", "replicas: 9\n");
    shop.sandbox.commit_all("the hotfix, in the source");
    shop.git(&["branch", "before", "env/prod"]);
    shop.commit_on("env/prod", &[("web/README.md", Some(&shop.show("env/prod^", "web/README.md")))]);
    let output = shop.publish(&["prod"]);
    assert_eq!(output.code, 5, "without a word nothing of others is touched: {output}");
    shop.published(&["prod", "--adopt"]);
    let message = shop.git(&["log", "-1", "--format=%B", "env/prod"]);
    assert!(message.contains("\nHydrant-Adopted: api/manifest.yaml"), "{message}");
    assert!(shop.show("env/prod", "api/manifest.yaml").contains("replicas: 9"));

    shop.commit_on("env/prod", &[("api/manifest.yaml", Some("kind: Nonsense\n"))]);
    let plan = shop.published(&["prod", "--force", "--dry-run"]);
    assert!(plan.contains("  overwrite the edit of api/manifest.yaml\n"), "{plan}");
    shop.published(&["prod", "--force"]);
    let message = shop.git(&["log", "-1", "--format=%B", "env/prod"]);
    assert!(message.contains("\nHydrant-Overwritten: api/manifest.yaml"), "{message}");
    assert!(shop.show("env/prod", "api/manifest.yaml").contains("replicas: 9"));
    shop.sandbox.ok(&["hydrant", "verify", "env/prod"]);
    shop.assert_sound(&["env/prod"]);
}

#[test]
fn an_app_that_goes_takes_its_files_and_leaves_those_of_others() {
    let shop = Shop::new("");
    shop.published(&[]);
    shop.commit_on("env/dev", &[("web/OWNERS", Some("ada\n")), ("CODEOWNERS", Some("* @ada\n"))]);
    shop.git(&["rm", "-r", "--quiet", "apps/web"]);
    shop.sandbox.commit_all("no web any more");
    shop.published(&["dev"]);
    let gone = shop.git(&["diff", "--name-only", "--diff-filter=D", "env/dev^", "env/dev"]);
    assert_eq!(gone, ".hydrant/attestations/web.dsse\nweb/README.md\nweb/hydrator.metadata\nweb/manifest.yaml");
    assert!(shop.files("env/dev").contains(&"web/OWNERS".to_owned()));
    assert!(shop.files("env/dev").contains(&"CODEOWNERS".to_owned()));
}

#[test]
fn what_is_preserved_is_neither_written_nor_deleted_nor_complained_of() {
    let shop = Shop::new("preserve: [CODEOWNERS, \".github/**\", .gitattributes, \"**/README.md\"]");
    shop.published(&[]);
    assert!(!shop.files("env/dev").iter().any(|file| file.ends_with("README.md") || file == ".gitattributes"));
    let theirs =
        [(".gitattributes", Some("* text\n")), ("web/README.md", Some("theirs\n")), (".github/x.yml", Some("a: 1\n"))];
    shop.commit_on("env/dev", &theirs);
    shop.web(&["changed"]);
    shop.sandbox.commit_all("a change");
    shop.published(&["dev", "--force", "--adopt", "--allow-mass-delete"]);
    for (path, text) in theirs {
        assert_eq!(Some(shop.show("env/dev", path).as_str()), text);
    }
    // a file of ours that becomes theirs stays where it is, edits and all
    let shop = Shop::new("");
    shop.published(&[]);
    shop.commit_on("env/dev", &[(".gitattributes", Some("* text\n"))]);
    assert_eq!(shop.publish(&["dev"]).code, 5);
    shop.configure("preserve: [.gitattributes]", "");
    shop.sandbox.commit_all("theirs from now on");
    shop.published(&["dev"]);
    assert_eq!(shop.show("env/dev", ".gitattributes"), "* text\n");
    // a manifest cannot be preserved: it would not be what was checked
    shop.configure("preserve: [\"web/**\"]", "");
    shop.sandbox.commit_all("too much");
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 4, "{output}");
    assert!(output.stderr.contains("`web/manifest.yaml` of app `web` is among the paths"), "{output}");
}

#[test]
fn deleting_more_than_the_environment_lets_go_needs_a_word() {
    let shop = Shop::new("");
    shop.configure("", ", max_delete_percent: 20");
    let many: Vec<String> = (0..9).map(|number| format!("c{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    shop.web(&many);
    shop.sandbox.commit_all("ten objects");
    shop.published(&[]);
    shop.web(&many[..7]);
    shop.sandbox.commit_all("two of ten are gone");
    shop.published(&[]);
    shop.web(&many[..4]);
    shop.sandbox.commit_all("three of eight are gone");
    let tips = shop.git(&["for-each-ref", "refs"]);
    let output = shop.publish(&[]);
    assert_eq!(output.code, 5, "{output}");
    let told = "publishing `prod` would delete 3 of its 8 objects, more than 20 %: \
                `ConfigMap shop/c4`, `ConfigMap shop/c5`, `ConfigMap shop/c6`";
    assert!(output.stderr.contains(told) && output.stderr.contains("--allow-mass-delete"), "{output}");
    assert_eq!(shop.git(&["for-each-ref", "refs"]), tips, "dev, which may lose half, is not published alone");
    shop.published(&["--allow-mass-delete"]);
    // an object that moves to another app is not deleted
    shop.git(&["mv", "apps/web", "apps/renamed"]);
    shop.sandbox.commit_all("renamed");
    shop.published(&[]);
    assert!(!shop.files("env/prod").iter().any(|file| file.starts_with("web/")));
}

#[test]
fn an_environment_without_an_object_is_never_published() {
    let shop = Shop::new("");
    shop.published(&[]);
    shop.git(&["rm", "-r", "--quiet", "apps/web", "apps/api"]);
    shop.sandbox.write("apps/web/config.yaml", "# nothing\n");
    shop.sandbox.commit_all("everything is gone");
    let tips = shop.git(&["for-each-ref", "refs"]);
    assert_eq!(shop.publish(&["--allow-mass-delete", "--force"]).code, 3);
    assert_eq!(shop.git(&["for-each-ref", "refs"]), tips);
}

#[test]
fn files_of_others_where_ours_must_stand_are_taken_over_only_by_name() {
    let shop = Shop::new("");
    shop.published(&[]);
    shop.commit_on("env/dev", &[("more/manifest.yaml", Some("theirs: true\n"))]);
    shop.sandbox
        .write("apps/more/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: more, namespace: shop }\n");
    shop.sandbox.commit_all("one more app");
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("more/manifest.yaml"), "{output}");
    shop.published(&["dev", "--adopt"]);
    assert!(shop.show("env/dev", "more/manifest.yaml").contains("kind: ConfigMap"));
    // a name that some file systems take for ours cannot be taken over
    shop.commit_on("env/dev", &[("Web/notes.txt", Some("theirs\n"))]);
    shop.web(&["changed"]);
    shop.sandbox.commit_all("a change");
    let output = shop.publish(&["dev", "--adopt", "--force", "--allow-mass-delete"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("Web/notes.txt"), "{output}");
}

#[test]
fn two_projects_never_write_one_branch() {
    let shop = Shop::new("repo_url: \"https://git.example.org/one\"");
    shop.published(&[]);
    shop.configure("repo_url: \"https://git.example.org/two\"", "");
    shop.sandbox.commit_all("another project");
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    let told = "is written by `https://git.example.org/one`, not by `https://git.example.org/two`";
    assert!(output.stderr.contains(told), "{output}");
    shop.published(&["dev", "--adopt"]);
    assert_eq!(shop.json("env/dev", ".hydrant/record.json")["writer"]["repository"], "https://git.example.org/two");
}

#[test]
fn projects_with_folders_of_their_own_share_a_branch_and_leave_each_other_alone() {
    let shop = Shop::new("active_path: teams/one");
    shop.published(&["dev"]);
    assert!(shop.files("env/dev").iter().all(|file| file.starts_with("teams/one/")), "{:?}", shop.files("env/dev"));
    let first = shop.git(&["rev-parse", "env/dev:teams/one"]);
    shop.configure("active_path: teams/two", "");
    shop.web(&["other"]);
    shop.sandbox.commit_all("the other project");
    shop.published(&["dev"]);
    assert_eq!(shop.git(&["rev-parse", "env/dev:teams/one"]), first);
    assert!(shop.files("env/dev").contains(&"teams/two/hydrator.metadata".to_owned()));
    shop.sandbox.ok(&["hydrant", "verify", "env/dev"]);
    for nested in ["active_path: teams", "active_path: teams/one/inner", "style: argocd"] {
        shop.configure(nested, "");
        shop.sandbox.commit_all(nested);
        let output = shop.publish(&["dev", "--adopt"]);
        assert_eq!(output.code, 5, "{nested}: {output}");
        assert!(output.stderr.contains("belongs to another writer"), "{nested}: {output}");
    }
}

#[test]
fn a_branch_of_the_first_format_is_published_on() {
    let shop = Shop::new("style: plain");
    shop.published(&["dev"]);
    let record = shop.show("env/dev", ".hydrant/record.json").replace("\"version\": 2", "\"version\": 1");
    shop.commit_on("env/dev", &[(".hydrant/record.json", Some(&record))]);
    let tip = shop.git(&["rev-parse", "env/dev"]);
    shop.published(&["dev"]);
    assert_eq!(shop.git(&["rev-parse", "env/dev"]), tip, "a new format is no reason for a commit");
    shop.configure("", "");
    shop.sandbox.commit_all("in Argo CD's style");
    shop.published(&["dev"]);
    assert_eq!(shop.json("env/dev", ".hydrant/record.json")["version"], 2);
    assert!(shop.files("env/dev").contains(&"hydrator.metadata".to_owned()));
    shop.sandbox.ok(&["hydrant", "verify", "env/dev"]);
    // one from the future is not touched, and nothing but a newer program helps
    let record = shop.show("env/dev", ".hydrant/record.json").replace("\"version\": 2", "\"version\": 9");
    shop.commit_on("env/dev", &[(".hydrant/record.json", Some(&record))]);
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("version 9") && output.stderr.contains("or a later one"), "{output}");
}
