//! GitOps Promoter's contract, checked by a reader of its rules: proposals, the dry commit they stand for, and notes.

use std::collections::BTreeSet;

use crate::argocd::{NOTES, Shop};

/// What the promoter makes of one proposed branch.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Of `hydrator.metadata`.
    metadata: String,
    /// Of the note on the tip.
    note: Option<String>,
}

impl Seen {
    fn on(shop: &Shop, branch: &str, active_path: Option<&str>) -> Self {
        let path = active_path.map_or("hydrator.metadata".to_owned(), |path| format!("{path}/hydrator.metadata"));
        let sha = |value: &serde_json::Value| {
            let text = value["drySha"].as_str().expect("a text").to_owned();
            let digits = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            assert!(matches!(text.len(), 40 | 64) && digits(&text), "{text}");
            text
        };
        let listed = shop.sandbox.run(&["git", "notes", "--ref", NOTES, "show", branch]);
        let note = (listed.code == 0).then(|| sha(&serde_json::from_str(&listed.stdout).expect("JSON")));
        Self { metadata: sha(&shop.json(branch, &path)), note }
    }

    fn effective(&self) -> &str {
        self.note.as_deref().unwrap_or(&self.metadata)
    }

    fn is_no_op(&self) -> bool {
        self.note.as_ref().is_some_and(|note| *note != self.metadata)
    }
}

fn proposing() -> Shop {
    Shop::new("propose: true")
}

/// What a forge does when somebody presses the button: a merge commit, unsigned, by somebody else.
fn merge(shop: &Shop, branch: &str, proposal: &str) {
    shop.git(&["worktree", "add", "--quiet", "--detach", "../forge", branch]);
    shop.git(&["-C", "../forge", "merge", "--quiet", "--no-ff", "--no-gpg-sign", "-m", "Merge pull request", proposal]);
    let merged = shop.git(&["-C", "../forge", "rev-parse", "HEAD"]);
    shop.git(&["worktree", "remove", "--force", "../forge"]);
    shop.git(&["update-ref", &format!("refs/heads/{branch}"), &merged]);
}

#[test]
fn a_proposal_stands_beside_its_branch_and_nothing_is_deployed_before_it_is_merged() {
    let shop = proposing();
    let output = shop.published(&[]);
    assert!(output.starts_with("env/dev-next "), "{output}");
    for branch in ["env/dev", "env/prod"] {
        let next = format!("{branch}-next");
        assert_eq!(shop.git(&["ls-tree", "-r", branch]), "", "the branch begins empty");
        assert_eq!(shop.git(&["merge-base", branch, &next]), shop.git(&["rev-parse", branch]));
        shop.assert_sound(&[branch, &next, NOTES]);
        let seen = Seen::on(&shop, &next, None);
        assert_eq!(seen.effective(), shop.git(&["rev-parse", "main"]));
        assert!(!seen.is_no_op());
    }
    merge(&shop, "env/dev", "env/dev-next");
    assert!(shop.files("env/dev").contains(&"web/manifest.yaml".to_owned()));

    // the next proposal goes on from the last one, and merges as smoothly
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    let before = shop.git(&["rev-parse", "env/dev-next"]);
    shop.published(&[]);
    assert_eq!(shop.git(&["rev-parse", "env/dev-next^"]), before, "it only moves forward");
    merge(&shop, "env/dev", "env/dev-next");
    assert!(shop.show("env/dev", "web/manifest.yaml").contains("name: world"));
    assert_eq!(shop.git(&["rev-parse", "env/dev^{tree}"]), shop.git(&["rev-parse", "env/dev-next^{tree}"]));
}

#[test]
fn every_environment_reaches_the_target_whether_or_not_it_changes() {
    let shop = proposing();
    shop.published(&[]);
    shop.sandbox.write("envs/prod.yaml", "replicas: 5\n");
    shop.sandbox.commit_all("prod: more of them");
    let target = shop.git(&["rev-parse", "main"]);
    shop.published(&[]);
    let seen = |branch| Seen::on(&shop, branch, None);
    let effective: BTreeSet<String> =
        ["env/dev-next", "env/prod-next"].iter().map(|branch| seen(branch).effective().to_owned()).collect();
    assert_eq!(effective, BTreeSet::from([target]));
    assert!(seen("env/dev-next").is_no_op(), "nothing changes there, and the promoter can tell");
    assert!(!seen("env/prod-next").is_no_op());
    assert_eq!(shop.git(&["rev-list", "--count", NOTES]), "2", "the notes of both environments move together");
}

#[test]
fn a_proposal_that_was_deleted_after_its_merge_begins_again() {
    let shop = proposing();
    shop.published(&[]);
    merge(&shop, "env/dev", "env/dev-next");
    shop.git(&["branch", "--quiet", "-D", "env/dev-next"]);
    shop.sandbox.write("README.md", "only words\n");
    shop.sandbox.commit_all("docs");
    let plan = shop.published(&["dev", "--dry-run"]);
    assert!(plan.contains("env/dev-next a new branch at ") && plan.contains(", unchanged\n"), "{plan}");
    shop.published(&["dev"]);
    assert_eq!(shop.git(&["rev-parse", "env/dev-next"]), shop.git(&["rev-parse", "env/dev"]), "nothing to propose");
    let seen = Seen::on(&shop, "env/dev-next", None);
    assert!(seen.is_no_op() && seen.effective() == shop.git(&["rev-parse", "main"]));

    shop.git(&["branch", "--quiet", "-D", "env/dev-next"]);
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    shop.published(&["dev"]);
    assert_eq!(shop.git(&["rev-parse", "env/dev-next^"]), shop.git(&["rev-parse", "env/dev"]));
    shop.assert_sound(&["env/dev-next"]);
}

#[test]
fn one_environment_proposes_while_the_other_publishes() {
    let shop = Shop::new("");
    shop.configure("", ", propose: true");
    shop.sandbox.commit_all("prod is proposed");
    shop.published(&[]);
    let branches = shop.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/env"]);
    assert_eq!(branches, "env/dev\nenv/prod\nenv/prod-next");
    let target = shop.git(&["rev-parse", "main"]);
    assert_eq!(Seen::on(&shop, "env/dev", None).effective(), target);
    assert_eq!(Seen::on(&shop, "env/prod-next", None).effective(), target);
}

#[test]
fn a_folder_has_a_proposal_of_its_own_that_changes_nothing_else() {
    let shop = Shop::new("propose: true, active_path: shop");
    shop.git(&["checkout", "--quiet", "--orphan", "elsewhere"]);
    shop.git(&["rm", "-r", "--quiet", "--force", "."]);
    shop.sandbox.write("other/hydrator.metadata", "{\"drySha\": \"theirs\"}\n");
    shop.sandbox.commit_all("a sibling's folder");
    shop.git(&["branch", "env/dev"]);
    shop.git(&["checkout", "--quiet", "main"]);
    let other = shop.git(&["rev-parse", "env/dev:other"]);
    shop.published(&["dev"]);
    assert_eq!(shop.git(&["rev-parse", "env/dev-next/shop:other"]), other);
    let seen = Seen::on(&shop, "env/dev-next/shop", Some("shop"));
    assert_eq!(seen.effective(), shop.git(&["rev-parse", "main"]));
    let changed = shop.git(&["diff", "--name-only", "env/dev", "env/dev-next/shop"]);
    assert!(changed.lines().all(|path| path.starts_with("shop/")), "{changed}");
    shop.assert_sound(&["env/dev-next/shop"]);
}

#[test]
fn a_branch_has_one_kind_of_proposal() {
    let shop = Shop::new("propose: true, active_path: shop");
    shop.git(&["branch", "env/dev-next", "main"]);
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("`env/dev-next/shop` cannot exist beside branch `env/dev-next`"), "{output}");
    assert!(output.stderr.contains("use one way for all projects"), "{output}");
}

#[test]
fn a_proposal_without_a_common_history_is_refused() {
    let shop = proposing();
    shop.published(&["dev"]);
    let tree = shop.git(&["rev-parse", "env/dev-next^{tree}"]);
    let alone = shop.git(&["commit-tree", "-m", "alone", &tree]);
    shop.git(&["update-ref", "refs/heads/env/dev-next", &alone]);
    let output = shop.publish(&["dev"]);
    assert_eq!(output.code, 5, "{output}");
    assert!(output.stderr.contains("shares no history with `env/dev`"), "{output}");
}

#[test]
fn publishers_that_write_notes_at_once_lose_none() {
    let shop = Shop::new("");
    shop.published(&[]);
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    std::thread::scope(|scope| {
        for environment in ["dev", "prod"] {
            let shop = &shop;
            scope.spawn(move || {
                // a lock that is held is told, and running it again is the way out
                let mut outputs = (0..20).map(|_| shop.publish(&[environment]));
                let last = outputs.find(|output| output.code != 4).expect("one of many");
                assert_eq!(last.code, 0, "{last}");
            });
        }
    });
    let target = shop.git(&["rev-parse", "main"]);
    for branch in ["env/dev", "env/prod"] {
        assert_eq!(Seen::on(&shop, branch, None).effective(), target);
    }
    shop.assert_sound(&[NOTES]);
}

#[test]
fn a_seal_stands_on_the_very_first_commit_and_on_no_proposal() {
    let shop = proposing();
    let sealed = shop.sandbox.read("hydrant.yaml").replace("signing: {", "signing: { seal: nothing came before,");
    shop.sandbox.write("hydrant.yaml", sealed);
    shop.sandbox.commit_all("sealed");
    shop.published(&[]);
    let seal = |revision: &str| {
        shop.git(&["log", "-1", "--pretty=%(trailers:key=Argocd-gpg-seal,valueonly)", revision]).trim().to_owned()
    };
    assert_eq!((seal("env/dev").as_str(), seal("env/dev-next").as_str()), ("nothing came before", ""));
    shop.assert_sound(&["env/dev", "env/dev-next"]);

    // a proposal that begins again has a history that was sealed already
    merge(&shop, "env/dev", "env/dev-next");
    shop.git(&["branch", "--quiet", "-D", "env/dev-next"]);
    shop.web(&["hello", "world"]);
    shop.sandbox.commit_all("web: more");
    shop.published(&["dev"]);
    assert_eq!(seal("env/dev-next"), "");
}
