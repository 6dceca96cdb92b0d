//! Reports in the formats of other programs: what they say of one set of findings, read line by line.

use std::sync::Arc;

use hydrant::diagnostic::{Diagnostic, RuleId, Severity, Waived, rules};
use hydrant::report::formats::{azure, github, gitlab, html, junit, markdown, sarif, tap};
use hydrant::report::{Accounting, Report};
use hydrant::source::{Location, Source, Span};

/// Findings with everything that a format could stumble over.
fn report() -> Report {
    let file = Source::file("apps/my web/a%b,c.yaml", "kind: Pod\nmetadata:\n  nmae: \"<b>]]>\"\n");
    let rendered = Source::rendered("apps/web/web.yaml.j2", "prod", "kind: Service\nspec: {port: \"80\"}\n");
    let odd = "`nmae` is not known: 100%; <b>\n# TODO ::error";
    Report::new(
        "check",
        vec![
            Diagnostic::error(rules::UNKNOWN_FIELD, odd)
                .at(Location::new(&file, Span::new(22, 26)), "here")
                .also(Location::new(&file, Span::new(0, 4)), "")
                .help("did you mean `name`?")
                .object("Pod web")
                .pointer("/metadata/nmae")
                .within("dev", "web"),
            Diagnostic::warning(RuleId::of_policy("team-port"), "port is text")
                .at(Location::new(&rendered, Span::new(27, 31)), "")
                .object("Service web")
                .within("prod", "web"),
            Diagnostic::note(rules::CONFIG_INVALID, "nothing to see"),
            waived(&file),
        ],
        Accounting { objects: 2, ..Accounting::default() },
        Severity::Error,
    )
}

/// An error that somebody answers for.
fn waived(file: &Arc<Source>) -> Diagnostic {
    let place = Location::new(file, Span::new(0, 4));
    let mut diagnostic = Diagnostic::error(RuleId::of_policy("no-pods"), "a bare Pod").at(place.clone(), "");
    diagnostic.waived = Some(Arc::new(Waived {
        owner: "team-web".to_owned(),
        reason: "moves to a Deployment: # 12".to_owned(),
        expires: "2027-01-31".parse().expect("a day"),
        location: place,
    }));
    diagnostic
}

#[test]
fn github_gets_one_line_a_finding_the_worst_first() {
    insta::assert_snapshot!(github::write(&report()));
}

#[test]
fn azure_gets_one_line_for_what_it_has_a_severity_for() {
    insta::assert_snapshot!(azure::write(&report()));
}

#[test]
fn tap_has_one_point_a_finding_and_one_for_the_run() {
    insta::assert_snapshot!(tap::write(&report()));
}

#[test]
fn junit_fails_only_what_refuses() {
    insta::assert_snapshot!(junit::write(&report()));
}

#[test]
fn markdown_tells_the_worst_first() {
    insta::assert_snapshot!(markdown::write(&report(), markdown::BUDGET));
}

#[test]
fn markdown_keeps_to_its_budget() {
    let many = |number: usize| Diagnostic::error(rules::UNKNOWN_FIELD, format!("`field{number}` is not known"));
    let report = Report::new("check", (0..500).map(many).collect(), Accounting::default(), Severity::Error);
    let whole = markdown::write(&report, usize::MAX);
    assert!(!whole.contains("more; the log"));
    for budget in [500, 1_000, 5_000] {
        let text = markdown::write(&report, budget);
        assert!(text.len() <= budget, "{} of {budget}", text.len());
        let shown = text.matches("🔴").count();
        assert!(text.contains(&format!("{} findings more", 500 - shown)), "{text}");
    }
}

#[test]
fn gitlab_gets_a_place_and_a_fingerprint_for_all() {
    insta::assert_snapshot!(gitlab::write(&report()));
}

#[test]
fn sarif_has_rules_places_and_fingerprints() {
    insta::assert_snapshot!(sarif::write(&report()));
}

#[test]
fn a_fingerprint_stays_when_lines_move_and_tells_twins_apart() {
    let found = |text: &str, at: usize| {
        let source = Source::file("a.yaml", text);
        Diagnostic::error(rules::UNKNOWN_FIELD, "`x` is not known")
            .at(Location::new(&source, Span::new(at, at + 1)), "")
    };
    let names = |diagnostics| -> Vec<String> {
        let report = Report::new("check", diagnostics, Accounting::default(), Severity::Error);
        let log: serde_json::Value = serde_json::from_str(&sarif::write(&report)).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("results");
        results.iter().map(|result| result["partialFingerprints"]["hydrant/v1"].to_string()).collect()
    };
    let before = names(vec![found("x: 1\n", 0)]);
    let moved = names(vec![found("# more\n\nx: 1\n", 8)]);
    assert_eq!(before, moved);
    let twins = names(vec![found("x: 1\nx: 2\n", 0), found("x: 1\nx: 2\n", 5)]);
    assert_eq!(twins[0], before[0]);
    assert_ne!(twins[0], twins[1]);
}

#[test]
fn nothing_that_was_found_is_markup_on_the_page() {
    let page = html::write(&report());
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;"), "{page}");
    assert!(page.contains("<mark>nmae</mark>"), "{page}");
    assert_eq!(page.matches("<article").count(), 4);
    assert!(page.contains("waived by team-web until 2027-01-31"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "the page loads nothing");
}

#[test]
fn a_check_against_branches_shows_objects_and_changes_on_a_page_that_loads_nothing() {
    let sandbox = crate::sandbox::Sandbox::new();
    let map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web, namespace: shop}}\ndata: {{a: {value}}}\n")
    };
    sandbox.write("hydrant.yaml", "version: 1\nenvironments: {dev: {branch: env/dev}}\napps: [{path: apps/*}]\nsigning: {format: ssh, key: ~/.ssh/id_ed25519}\npolicies: {builtin: [hydration-risks]}\n");
    sandbox.write("apps/web/map.yaml", map("first"));
    sandbox.commit_all("first");
    let published = sandbox.run(&["hydrant", "publish"]);
    assert_eq!(published.code, 0, "{published}");
    sandbox.write("apps/web/map.yaml", map("second"));
    let check = sandbox.run(&["hydrant", "check", "--against-branch", "--report", "html=page.html"]);
    assert_eq!(check.code, 0, "{check}");
    let page = sandbox.read("page.html");
    assert!(page.contains("<section id=\"changes\">") && page.contains("dev: +0 ~1 −0"), "{page}");
    assert!(page.contains("first") && page.contains("second"), "the field is told before and after: {page}");
    assert!(page.contains("<li>ConfigMap shop/web</li>") && page.contains("dev: 1 object in 1 app"), "{page}");
    assert!(page.contains("name=\"viewport\""), "it reads on a narrow screen");
    for outside in ["http://", "https://", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "`{outside}` would load something");
    }
    let style = &page[page.find("<style>").unwrap()..page.find("</style>").unwrap()];
    let fixed = style
        .match_indices("width:")
        .filter(|(at, _)| style[*at..].split(';').next().is_some_and(|rule| rule.contains("px")));
    assert_eq!(fixed.count(), 0, "no width is fixed: {style}");
    sandbox.ok(&["hydrant", "check", "--report", "html=plain.html"]);
    assert!(!sandbox.read("plain.html").contains("id=\"changes\""), "nothing is said of branches unasked");
}
