//! Waivers: reviewed exceptions with an end, that cover what they name and nothing else.

use hydrant::date::Date;
use hydrant::diagnostic::{Diagnostic, RuleId, Severity, Waivable, rules};
use hydrant::evaluate::waivers::{ANNOTATION, Review, State, Target, Waiver, Waivers};
use hydrant::evaluate::{EvaluationLimits, PolicySet};
use hydrant::manifest::{Manifest, ReadLimits};
use hydrant::parse;
use hydrant::source::Source;
use proptest::prelude::*;

use crate::sandbox::Sandbox;

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn manifest(text: &str) -> Manifest {
    let parsed = parse::parse(&Source::file("app.yaml", text), &ReadLimits::default());
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    parsed.manifests.into_iter().next().expect("an object")
}

/// A file with one waiver for `latest-tag`.
fn file(object: &str) -> String {
    format!(
        "version: 1\nwaivers:\n- rule: latest-tag\n  object: {object}\n  owner: ada\n  reason: why\n  expires: 2026-06-30\n"
    )
}

fn read(text: &str) -> Waivers {
    Waivers::read(Some(&Source::file("waivers.yaml", text)), false).unwrap_or_else(|found| panic!("{found:#?}\n{text}"))
}

fn refused(text: &str) -> Vec<Diagnostic> {
    Waivers::read(Some(&Source::file("waivers.yaml", text)), false).expect_err(text)
}

fn of_policy(rule: &str) -> Diagnostic {
    Diagnostic::error(RuleId::of_policy(rule.to_owned()), "found").waivable(Waivable::Always)
}

fn whole(_: &Waiver) -> bool {
    true
}

const WEB: &str =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {tier: front}}\n";

/// Whether a waiver with this selector covers a finding on `WEB` of app `web` in `prod`.
fn covers(object: &str) -> bool {
    let manifest = manifest(WEB);
    let target = Target { environment: Some("prod"), app: Some("web"), manifest: Some(&manifest) };
    let mut found = [of_policy("latest-tag")];
    Review::new(&read(&file(object)), Some(date("2026-06-30"))).consider(&mut found, target);
    found[0].waived.is_some()
}

#[test]
fn every_key_of_a_selector_has_to_agree() {
    for object in [
        "{kind: Deployment}",
        "{apiGroup: apps}",
        "{namespace: shop}",
        "{namespace: sh*}",
        "{name: \"*eb\"}",
        "{app: web}",
        "{environment: pr*}",
        "{labels: {tier: front}}",
        "{kind: Deployment, apiGroup: apps, namespace: shop, name: web, app: web, environment: prod, labels: {tier: front}}",
    ] {
        assert!(covers(object), "{object}");
    }
    for object in [
        "{kind: deployment}",
        "{apiGroup: \"\"}",
        "{namespace: shop-2}",
        "{name: web-*}",
        "{app: orders}",
        "{environment: dev}",
        "{labels: {tier: front, team: a}}",
        "{kind: Deployment, name: other}",
    ] {
        assert!(!covers(object), "{object}");
    }
}

#[test]
fn a_key_says_no_where_nobody_knows_what_it_asks_for() {
    let covers = |object: &str, target: Target<'_>| {
        let mut found = [of_policy("latest-tag")];
        Review::new(&read(&file(object)), Some(date("2026-01-01"))).consider(&mut found, target);
        found[0].waived.is_some()
    };
    let cluster_wide = manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
    let loose = Target { manifest: Some(&cluster_wide), ..Target::default() };
    assert!(covers("{name: shop}", loose));
    assert!(!covers("{app: shop}", loose), "loose files have no app");
    assert!(!covers("{environment: shop}", loose), "loose files have no environment");
    assert!(!covers("{namespace: shop}", loose), "it lies in no namespace");
    let text = Target { environment: Some("dev"), app: Some("web"), manifest: None };
    assert!(covers("{app: web}", text));
    assert!(!covers("{app: web, kind: Deployment}", text), "a text has no kind");
}

#[test]
fn a_waiver_that_could_cover_anything_is_refused() {
    for object in ["{}", "null", "\"*\"", "{name: \"*\"}", "{namespace: \"**\"}", "{labels: {}}", "{kind: \"*\"}"] {
        let found = refused(&file(object));
        assert!(!found.is_empty() && found.iter().all(|found| found.help.is_some()), "{object}: {found:#?}");
    }
    for rule in ["\"*\"", "latest-*", "[latest-tag, b]", "\"\"", "Latest Tag"] {
        assert!(!refused(&file("{name: web}").replace("latest-tag", rule)).is_empty(), "{rule}");
    }
}

#[test]
fn owner_reason_and_end_are_mandatory() {
    for line in ["  owner: ada\n", "  reason: why\n", "  expires: 2026-06-30\n", "  object: {name: web}\n"] {
        let found = refused(&file("{name: web}").replace(line, ""));
        assert_eq!(found.len(), 1, "{found:#?}");
        let key = line.trim().split(':').next().expect("a key");
        assert_eq!(found[0].message, format!("a waiver has no `{key}`"));
        assert_eq!(found[0].rule, rules::CONFIG_INVALID);
    }
}

#[test]
fn what_the_file_cannot_mean_is_an_error_and_never_an_empty_list() {
    for text in [
        "",
        "[]",
        "version: 1\n",
        "waivers: []\n",
        "version: 2\nwaivers: []\n",
        "version: \"1\"\nwaivers: []\n",
        "version: 1\nwaiver: []\n",
        "version: 1\nwaivers: {}\n",
        "version: 1\nwaivers:\n",
        "version: 1\nwaivers: []\nwaivers: []\n",
        "version: 1\nwaivers: []\n---\nversion: 1\n",
        "version: 1\nwaivers: [\n",
    ] {
        let found = refused(text);
        assert!(
            found.iter().all(|found| found.primary.is_some() && found.rule.as_str().starts_with("config-")),
            "{text}"
        );
    }
    assert!(read("version: 1\nwaivers: []\n").entries().is_empty());
}

#[test]
fn errors_of_our_own_are_never_waived_and_warnings_are() {
    let waivers = read(&file("{app: web}").replace("latest-tag", "yaml-boolean"));
    let mut review = Review::new(&waivers, Some(date("2026-06-01")));
    let mut found = [
        Diagnostic::error(rules::YAML_BOOLEAN, "an error"),
        Diagnostic::warning(rules::YAML_BOOLEAN, "a warning"),
        Diagnostic::warning(rules::LEADING_ZERO, "another rule"),
    ];
    review.consider(&mut found, Target { environment: None, app: Some("web"), manifest: None });
    assert_eq!(found.map(|found| found.waived.is_some()), [false, true, false]);
    let audit = review.audit(&[], whole);
    assert_eq!(audit.waivers[0].state, State::Refused);
    assert_eq!(audit.diagnostics[0].rule, rules::WAIVER_REFUSED);
}

#[test]
fn without_a_date_nothing_is_waived() {
    let mut review = Review::new(&read(&file("{app: web}")), None);
    let mut found = [of_policy("latest-tag")];
    review.consider(&mut found, Target { environment: None, app: Some("web"), manifest: None });
    assert!(found[0].waived.is_none());
    assert_eq!(review.audit(&[], whole).waivers[0].state, State::NotCovered);
}

#[test]
fn a_waiver_that_was_renewed_covers_and_the_old_one_is_told() {
    let text = file("{app: web}");
    let entry = text.split_once("waivers:\n").expect("entries").1;
    let waivers = read(&format!("{text}{}", entry.replace("2026-06-30", "2026-12-31")));
    let mut review = Review::new(&waivers, Some(date("2026-07-01")));
    let mut found = [of_policy("latest-tag")];
    review.consider(&mut found, Target { environment: None, app: Some("web"), manifest: None });
    assert_eq!(found[0].waived.as_ref().map(|waived| waived.expires), Some(date("2026-12-31")));
    let audit = review.audit(&[], whole);
    let states: Vec<State> = audit.waivers.iter().map(|audited| audited.state).collect();
    assert_eq!(states, [State::Expired, State::Used]);
    assert_eq!(audit.diagnostics.len(), 1);
    assert_eq!(audit.diagnostics[0].help.as_deref(), Some("remove it: it covers nothing"));
}

#[test]
fn an_object_that_carries_a_waiver_waives_only_its_own_findings() {
    let annotation = format!("{ANNOTATION}: '[{{rule: latest-tag, owner: ada, reason: why, expires: 2026-06-30}}]'");
    let text = WEB.replace("{name: web,", &format!("{{name: web, annotations: {{{annotation}}},"));
    let (carrier, twin) = (manifest(&text), manifest(&text));
    let allowed = Waivers::read(None, true).expect("nothing to read");
    let mut review = Review::new(&allowed, Some(date("2026-06-30")));
    assert!(review.meet(Some("dev"), Some("web"), &carrier).is_empty());
    let mut waived = |environment, manifest| {
        let mut found = [of_policy("latest-tag")];
        review.consider(
            &mut found,
            Target { environment: Some(environment), app: Some("web"), manifest: Some(manifest) },
        );
        found[0].waived.is_some()
    };
    assert!(waived("dev", &carrier));
    assert!(!waived("prod", &carrier), "prod did not render it");
    assert!(!waived("dev", &twin), "another object of the same name");

    let forbidden = Waivers::read(None, false).expect("nothing to read");
    let told = Review::new(&forbidden, Some(date("2026-06-30"))).meet(Some("dev"), Some("web"), &carrier);
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].rule, told[0].severity), (&rules::WAIVER_REFUSED, Severity::Error));
}

#[test]
fn an_annotation_that_cannot_be_read_is_an_error_and_waives_nothing() {
    let good = "{rule: latest-tag, owner: ada, reason: why, expires: 2026-06-30}";
    for text in [
        "''".to_owned(),
        "'[]'".to_owned(),
        "'['".to_owned(),
        format!("'{good}'"),
        format!("[{good}]"),
        format!("'[{good}, {good}]'"),
        format!("'[{good}, latest-tag]'"),
        format!("'[{}]'", good.replace("owner", "ownr")),
        format!("'[{}]'", good.replace("rule", "object: {name: other}, rule")),
        "'---\n\n\n      ---'".to_owned(),
    ] {
        let manifest = manifest(&format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    {ANNOTATION}: {text}\n"
        ));
        let mut review = Review::new(&Waivers::read(None, true).unwrap(), Some(date("2026-06-30")));
        let told = review.meet(None, None, &manifest);
        assert!(!told.is_empty(), "{text}");
        assert!(
            told.iter().all(|told| told.rule == rules::WAIVER_INVALID && told.severity == Severity::Error),
            "{text}"
        );
        let mut found = [of_policy("latest-tag")];
        review.consider(&mut found, Target { manifest: Some(&manifest), ..Target::default() });
        assert!(found[0].waived.is_none(), "{text}");
    }
}

#[test]
fn metadata_that_slips_is_refused_and_not_ignored() {
    let load = |custom: &str| {
        let text = format!("# METADATA\n# custom:\n#   {custom}\npackage p\n\ndeny contains \"a\" if input.kind\n");
        PolicySet::load(&[Source::file("p.rego", text)], &[], &EvaluationLimits::default())
    };
    for custom in ["overridable: \"no\"", "overridable: 0", "enforce_after: soon", "enforce_after: 2026-02-30"] {
        let (_, told) = load(custom);
        assert_eq!(told.len(), 1, "{custom}");
        assert_eq!(told[0].rule, rules::POLICY_SHAPE, "{custom}");
    }
    let (set, told) = load("enforce_after: 2026-03-31");
    assert!(told.is_empty(), "{told:#?}");
    let severity = |set: PolicySet| set.evaluator().judge(&manifest(WEB)).diagnostics[0].severity;
    assert_eq!(severity(set), Severity::Error, "without a date every rule is enforced");
    let severity_on = |day: &str| severity(load("enforce_after: 2026-03-31").0.on(Some(date(day))));
    assert_eq!(severity_on("2026-03-31"), Severity::Warning);
    assert_eq!(severity_on("2026-04-01"), Severity::Error);
}

#[test]
fn the_digest_of_the_policies_changes_with_the_file_and_with_the_setting() {
    let policies = hydrant::tree::Digest::of(b"policies");
    let digest = |file: Option<&str>, annotations| {
        let source = file.map(|text| Source::file("waivers.yaml", text));
        Waivers::read(source.as_ref(), annotations).expect("valid").digest_with(policies)
    };
    let (one, other) = (file("{name: web}"), file("{name: orders}"));
    let all = [
        digest(None, false),
        digest(None, true),
        digest(Some(&one), false),
        digest(Some(&one), true),
        digest(Some(&other), false),
    ];
    assert_eq!(all[0], policies, "nothing can be waived");
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

/// A project whose one finding a waiver covers.
fn project(expires: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "hydrant.yaml",
        "version: 1\nenvironments: { dev: {} }\napps:\n  - path: apps/*\n\
         policies: { builtin: [], waivers: waivers.yaml }\nsigning: { format: ssh, key: ~/.ssh/id_ed25519 }\n",
    );
    sandbox.write(
        "policies/owner.rego",
        "package policies.owner\n\ndeny_missing_owner contains \"no owner\" if not input.metadata.labels.owner\n",
    );
    sandbox.write(
        "apps/web/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  on: yes\n",
    );
    sandbox.write(
        "waivers.yaml",
        file("{name: web}").replace("latest-tag", "missing-owner").replace("2026-06-30", expires),
    );
    sandbox
}

#[test]
fn an_old_commit_does_not_bring_an_expired_waiver_back() {
    // the commit is of 2026-01-02, when the waiver held
    let sandbox = project("2026-01-31");
    sandbox.write("apps/web/config.yaml", sandbox.read("apps/web/config.yaml").replace("on: yes", "a: b"));
    sandbox.commit_all("first");
    let checked = sandbox.run(&["hydrant", "check", "--date", "2026-01-31"]);
    assert_eq!(checked.code, 0, "{checked}");
    for words in [&["hydrant", "publish"][..], &["hydrant", "publish", "--date", "2026-01-31"]] {
        let output = sandbox.run(words);
        assert_eq!(output.code, 1, "{output}");
        assert!(output.stderr.contains("error[waiver-expired]"), "{output}");
        assert!(output.stderr.contains("error[missing-owner]"), "{output}");
    }
    assert_eq!(sandbox.ok(&["git", "branch", "--list", "env/dev"]), "");
}

#[test]
fn a_branch_says_which_waivers_were_used_and_by_which_policies_it_was_judged() {
    let record = |sandbox: &Sandbox| -> serde_json::Value {
        sandbox.ok(&["hydrant", "publish", "--rev", "HEAD"]);
        serde_json::from_str(&sandbox.ok(&["git", "show", "env/dev:.hydrant/record.json"])).expect("JSON")
    };
    let clean = |text: &str| text.replace("on: yes", "a: b");
    let sandbox = project("2999-12-31");
    sandbox.write("apps/web/config.yaml", clean(&sandbox.read("apps/web/config.yaml")));
    sandbox.commit_all("first");
    let first = record(&sandbox);
    assert_eq!(
        first["waivers"],
        serde_json::json!([{
            "app": "web", "expires": "2999-12-31", "object": "ConfigMap shop/web",
            "owner": "ada", "reason": "why", "rule": "missing-owner",
        }])
    );
    let waivers = sandbox.read("waivers.yaml").replace("reason: why", "reason: another");
    sandbox.write("waivers.yaml", waivers);
    sandbox.write("apps/web/config.yaml", sandbox.read("apps/web/config.yaml").replace("a: b", "a: c"));
    sandbox.commit_all("second");
    let second = record(&sandbox);
    assert_eq!(second["waivers"][0]["reason"], "another");
    assert_ne!(first["policies"], second["policies"]);
}

#[test]
fn a_waived_error_hides_no_warning_about_the_same_value() {
    let sandbox = project("2999-12-31");
    sandbox.write(
        "policies/owner.rego",
        "package policies.owner\n\ndeny_missing_owner contains {\"msg\": \"no\", \"path\": \"/data/a\"} if input.data.a\n",
    );
    sandbox.write(
        "apps/web/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  a: \"x\"\n  b: 22:22\n",
    );
    sandbox.write("apps/web/config.yaml", sandbox.read("apps/web/config.yaml").replace("\"x\"", "21:21"));
    let told = |words: &[&str]| sandbox.run(words).stderr.matches("[base-60]").count();
    assert_eq!(told(&["hydrant", "check", "--date", "2999-12-31"]), 2, "both spellings are told");
    assert_eq!(told(&["hydrant", "check", "--date", "3000-01-01"]), 1, "the error says it better");
}

#[test]
fn a_warning_about_a_text_is_waived_by_its_object_and_app() {
    let sandbox = project("2999-12-31");
    sandbox.write(
        "waivers.yaml",
        format!(
            "{}{}",
            sandbox.read("waivers.yaml"),
            "- rule: base-60\n  object: { kind: ConfigMap, name: web }\n  owner: ada\n  reason: why\n  expires: 2999-12-31\n"
        ),
    );
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\ndata:\n  a: 22:22\n";
    sandbox.write(
        "apps/web/config.yaml",
        format!("{text}---\n{}", text.replace("name: web", "name: other\n  labels: {owner: a}")),
    );
    let output = sandbox.run(&["hydrant", "check", "--date", "2026-01-01", "--fail-on", "warning"]);
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stderr.contains("1 warning, 2 waived"), "{output}");
    assert!(output.stderr.contains("warning ConfigMap shop/web · app web · dev"), "{output}");
}

#[test]
fn a_file_of_waivers_that_is_not_there_is_a_mistake_of_the_configuration() {
    let sandbox = project("2999-12-31");
    for path in ["waiver.yaml", "apps"] {
        sandbox.write(
            "hydrant.yaml",
            sandbox.read("hydrant.yaml").replace("waivers: waivers.yaml", &format!("waivers: {path}")),
        );
        let output = sandbox.run(&["hydrant", "check"]);
        assert_eq!(output.code, 2, "{output}");
        assert!(output.stderr.contains("error[config-reference]"), "{output}");
        sandbox.write(
            "hydrant.yaml",
            sandbox.read("hydrant.yaml").replace(&format!("waivers: {path}"), "waivers: waivers.yaml"),
        );
    }
}

#[test]
fn an_app_at_the_top_does_not_take_the_file_for_a_manifest() {
    let sandbox = project("2999-12-31");
    sandbox.write("hydrant.yaml", sandbox.read("hydrant.yaml").replace("path: apps/*", "path: .\n    name: all"));
    sandbox.write("apps/web/config.yaml", sandbox.read("apps/web/config.yaml").replace("on: yes", "a: b"));
    let output = sandbox.run(&["hydrant", "check"]);
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stderr.contains("1 waiver: 1 used"), "{output}");
}

proptest! {
    /// What is waived was named by a waiver that holds, for a rule and an object it may be waived for; everything else
    /// counts as it did before.
    #[test]
    fn a_waiver_admits_its_own_findings_and_no_other(
        waivers in proptest::collection::vec((0usize..3, 0usize..3, 1u32..13), 0..6),
        findings in proptest::collection::vec((0usize..3, 0usize..3, 0usize..3, any::<bool>()), 0..12),
        month in 1u32..13,
    ) {
        const RULES: [&str; 3] = ["latest-tag", "run-as-root", "yaml-boolean"];
        const APPS: [&str; 3] = ["web", "orders", "web-2"];
        const OBJECTS: [&str; 3] = ["{app: web}", "{app: web*}", "{app: orders, environment: prod}"];
        let entry = |(rule, object, end): &(usize, usize, u32)| {
            format!(
                "- {{rule: {}, object: {}, owner: ada, reason: why, expires: 2026-{end:02}-15}}\n",
                RULES[*rule], OBJECTS[*object]
            )
        };
        let list: String = waivers.iter().map(entry).collect();
        let read = read(&format!("version: 1\nwaivers:{}\n{list}", if list.is_empty() { " []" } else { "" }));
        let today = date(&format!("2026-{month:02}-15"));
        let mut review = Review::new(&read, Some(today));
        for (rule, app, standing, is_error) in findings {
            let waivable = [Waivable::BelowError, Waivable::Always, Waivable::Never][standing];
            let severity = if is_error { Severity::Error } else { Severity::Warning };
            let before = Diagnostic::new(severity, RuleId::of_policy(RULES[rule]), "found").waivable(waivable);
            let mut found = [before.clone()];
            review.consider(&mut found, Target { environment: Some("dev"), app: Some(APPS[app]), manifest: None });
            let named = waivers.iter().any(|(of, object, end)| {
                let selects = match object {
                    0 => APPS[app] == "web",
                    1 => APPS[app].starts_with("web"),
                    _ => false, // of prod
                };
                *of == rule && selects && *end >= month
            });
            let may_be = standing == 1 || (standing == 0 && !is_error);
            prop_assert_eq!(found[0].waived.is_some(), named && may_be);
            prop_assert_eq!(found[0].severity, before.severity);
            prop_assert_eq!(&found[0].message, &before.message);
            prop_assert_eq!(found[0].refuses(Severity::Warning), !(named && may_be));
        }
        let audit = review.audit(&[], whole);
        prop_assert_eq!(audit.waivers.len(), waivers.len());
        prop_assert!(audit.diagnostics.iter().all(|told| !told.is_waivable()));
    }

    /// As YAML writes it in a literal block, so that places in the text are looked for in the manifest.
    #[test]
    fn an_annotation_waives_something_or_is_told(
        text in "[a-z:{}\\[\\]\\-\"'*|#  \n0-9]{0,60}|- rule: [ab]{1,2}\n  owner: a\n  reason: b\n  expires: 2026-0[1-9]-0[0-9]\n",
    ) {
        let block: String = text.lines().map(|line| format!("      {line}\n")).collect();
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    {ANNOTATION}: |2\n{block}");
        let parsed = parse::parse(&Source::file("app.yaml", text), &ReadLimits::default());
        for manifest in &parsed.manifests {
            let mut review = Review::new(&Waivers::read(None, true).unwrap(), Some(date("2026-01-01")));
            let told = review.meet(None, None, manifest);
            for told in &told {
                let place = &told.primary.as_ref().expect("a place").location;
                prop_assert!(place.span.range().end <= place.source.text().len());
            }
            prop_assert_eq!(told.is_empty(), !review.audit(&[], whole).waivers.is_empty());
        }
    }

    #[test]
    fn any_text_reads_as_waivers_or_is_refused_with_its_place(text in "[a-z:{}\\[\\]\\-\"'*| \n0-9]{0,200}") {
        if let Err(found) = Waivers::read(Some(&Source::file("waivers.yaml", text)), false) {
            prop_assert!(!found.is_empty());
            prop_assert!(found.iter().all(|found| found.primary.is_some()));
        }
    }
}
