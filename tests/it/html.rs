//! The page in a real browser: it fits a desk and a telephone, its filter filters, and nothing in it goes wrong.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// What stands behind the page's own script: everything is unfolded, then measured.
const MEASURE: &str = r#"<script>
document.querySelectorAll("details").forEach((one) => { one.open = true; });
{
  const root = document.documentElement;
  const high = (id) => { const node = document.getElementById(id); return node ? node.getBoundingClientRect().height : 0; };
  const wide = [...document.body.querySelectorAll(":not(pre *)")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  const articles = [...document.querySelectorAll("article")];
  const measured = {
    inner: innerWidth, scroll: root.scrollWidth, wide: wide.map((one) => one.outerHTML.slice(0, 200)),
    findings: high("findings"), changes: high("changes"), objects: high("objects"), filter: high("filter"),
    shown: articles.filter((one) => one.getBoundingClientRect().height > 0).map((one) => one.querySelector(".rule").textContent),
    told: document.getElementById("shown").textContent, back: getComputedStyle(document.body).backgroundColor,
  };
  (parent === window ? root : parent.document.documentElement).dataset.measured = encodeURIComponent(JSON.stringify(measured));
}
</script>
</body>"#;

#[test]
fn the_page_fits_a_desk_and_a_telephone_in_a_browser() {
    let Some(browser) = browser() else { return };
    let sandbox = Sandbox::new();
    let page = page(&sandbox).replace("</body>", MEASURE);
    // a window is never as narrow as a telephone: a frame in it is
    for (width, dark) in [(1280, false), (390, false), (390, true)] {
        let frame = format!(
            "<!doctype html><body style=\"margin:0\"><iframe style=\"border:0\" width=\"{width}\" height=\"800\" srcdoc=\"{}\"></iframe>",
            page.replace('&', "&amp;").replace('"', "&quot;")
        );
        sandbox.write("frame.html", frame);
        let measured = look(&browser, &sandbox, "frame.html", dark);
        assert_eq!(measured["inner"], width, "{measured}");
        assert_eq!(measured["wide"], serde_json::json!([]), "nothing sticks out: {measured}");
        assert!(measured["scroll"].as_u64() <= Some(width), "nobody scrolls sideways: {measured}");
        for section in ["findings", "changes", "objects", "filter"] {
            assert!(measured[section].as_f64() > Some(20.0), "`{section}` is to be seen: {measured}");
        }
        assert_eq!(measured["shown"].as_array().map(Vec::len), Some(3), "{measured}");
        let is_bright = measured["back"].as_str().is_some_and(|color| color.starts_with("rgb(2"));
        assert_eq!(is_bright, !dark, "{measured}");
    }
}

#[test]
fn the_filter_hides_what_does_not_match_and_its_address_can_be_sent() {
    let Some(browser) = browser() else { return };
    let sandbox = Sandbox::new();
    sandbox.write("page.html", page(&sandbox).replace("</body>", MEASURE));
    let shown = |fragment: &str| {
        let measured = look(&browser, &sandbox, &format!("page.html{fragment}"), false);
        (measured["shown"].clone(), measured["told"].as_str().unwrap_or_default().to_owned())
    };
    let (all, told) = shown("");
    assert_eq!((all.as_array().map(Vec::len), &*told), (Some(3), "3 of 3 shown"));
    let (field, told) = shown("#words=replcias");
    assert_eq!((field, &*told), (serde_json::json!(["unknown-field"]), "1 of 3 shown"));
    let (warnings, _) = shown("#severity=warning");
    assert_eq!(warnings, serde_json::json!(["latest-tag"]));
    let (prod, _) = shown("#environment=prod&words=only-in-prod");
    assert_eq!(prod, serde_json::json!(["schema-violation"]));
    assert_eq!(shown("#environment=dev&words=only-in-prod").0, serde_json::json!([]));
    assert_eq!(shown("#findings").1, "3 of 3 shown", "a link to a section filters nothing");
}

/// A page with findings of every sort, names and lines that are too long, objects, and what would change.
fn page(sandbox: &Sandbox) -> String {
    let long = format!("a-name{}", "-without-any-place-to-break".repeat(3));
    sandbox.write("hydrant.yaml", "version: 1\nenvironments: {dev: {branch: env/dev}, prod: {branch: env/prod}}\napps: [{path: apps/*}]\nsigning: {format: ssh, key: ~/.ssh/id_ed25519}\npolicies: {builtin: [hydration-risks], paths: [policies]}\n");
    let map = |name: &str, value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{a: {value}}}\n")
    };
    sandbox.write(&format!("apps/{long}/map.yaml"), map("long", "first"));
    sandbox.write("policies/latest.rego", "# METADATA\n# title: latest\n# custom: { id: latest-tag, severity: warning }\npackage policies.latest\n\nimport rego.v1\n\nwarn contains {\"msg\": \"`x` is new tomorrow\", \"path\": \"data.x\"} if input.data.x == \"latest\"\n");
    sandbox.commit_all("first");
    let published = sandbox.run(&["hydrant", "publish"]);
    assert_eq!(published.code, 0, "{published}");
    sandbox.write(&format!("apps/{long}/map.yaml"), map("long", &"second ".repeat(60)));
    sandbox.write("apps/web/map.yaml", map("web", "b, x: latest"));
    sandbox.write(
        "apps/web/only.yaml.j2",
        format!(
            "{{% if hydrant.environment == \"prod\" %}}\n{}{{% endif %}}\n",
            map("only-in-prod", &format!("7, long: {}", "word ".repeat(80)))
        ),
    );
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  replcias: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: \"r.example.com/web:1\"}]}\n";
    sandbox.write("apps/web/web.yaml.j2", deployment);
    let check = sandbox.run(&["hydrant", "check", "--against-branch", "--report", "html=page.html"]);
    assert_eq!(check.code, 1, "{check}");
    sandbox.read("page.html")
}

/// What the script measured, once the browser had nothing to complain of.
fn look(browser: &PathBuf, sandbox: &Sandbox, page: &str, dark: bool) -> Value {
    let mut command = Command::new(browser);
    let profile = tempfile::tempdir().unwrap();
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--window-size=1300,900", "--enable-logging=stderr", "--dump-dom"]);
    command.args(dark.then_some("--force-dark-mode"));
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("file://{}/{page}", sandbox.path().display()));
    let output = command.output().unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!log.contains("CONSOLE"), "the page complains: {log}");
    let measured = dom.split("data-measured=\"").nth(1).and_then(|rest| rest.split('"').next());
    let measured = measured.unwrap_or_else(|| panic!("the page was not measured: {log}\n{dom}"));
    serde_json::from_str(&decoded(measured)).unwrap()
}

/// A text without its percent signs.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}

fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = found.into_iter().find(|candidate| candidate.is_file());
    if found.is_none() {
        eprintln!("skipped: no chromium or chrome is on PATH, so no page was looked at");
    }
    found
}
