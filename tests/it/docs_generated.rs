//! What the book knows from the binary itself: the pages of the rules, the keys of `hydrant.yaml`, the helpers of
//! templates.
//!
//! `fixtures/rules/<rule>/` holds a manifest in which one of our own rules finds something, and the same one corrected;
//! or, where that takes more than a manifest, what differs from the project `fixtures/rules-base` in `fail/` and `pass/`.
//! Shipped policies have theirs beside them. `HYDRANT_BLESS=1` rewrites the pages.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hydrant::config::BUILTIN_PACKS;
use hydrant::diagnostic::{Rule, rules};
use hydrant::evaluate::{EvaluationLimits, PolicyRule, PolicySet, chosen};
use hydrant::render::template::{HELPERS, Helper, HelperKind};
use serde_json::Value;

use crate::corpus::files_below;
use crate::docs::blocks;
use crate::sandbox::Sandbox;

/// The pages of our own rules: the name, the first rule, and what they are about. A page ends where the next begins.
const GROUPS: &[(&str, &str, &str)] = &[
    ("config", "config-syntax", "What is wrong with `hydrant.yaml`. The exit code is 2."),
    ("load", "app-not-found", "What is wrong with the files of an app, before anything is rendered."),
    ("render", "template-syntax", "What is wrong with a template. Other templates are rendered all the same."),
    ("parse", "yaml-syntax", "What Kubernetes could not read, or would read otherwise than other tools do."),
    ("validate", "schema-violation", "What the API server would refuse, drop or warn about."),
    (
        "evaluate",
        "policy-syntax",
        "What is wrong with policies and waivers themselves. What policies find has their own names. \
         Today is 2026-06-01 in the examples.",
    ),
    ("admit", "nothing-checked", "The decision over everything that was found."),
];

/// Rules that no text shows which could stand in a book.
const WITHOUT_EXAMPLE: &[&str] = &[
    // a file that is no text, or a link
    "unreadable-input",
    "utf-16",
    // megabytes, or aliases that multiply
    "yaml-limit",
    "data-too-large",
    // told by the schema, as `schema-violation`, wherever a schema is known
    "duplicate-mount",
    // what the branch holds
    "immutable-field",
    // ends with the next version of Kubernetes
    "not-yet-api",
];

/// The day of the examples: waivers in them have ended, or not.
const TODAY: &str = "2026-06-01";

#[test]
fn the_pages_of_our_own_rules_say_what_explain_says() {
    let own = rules::ALL;
    let starts: Vec<usize> = GROUPS.iter().map(|(_, first, _)| position(own, first)).collect();
    for (index, (name, _, about)) in GROUPS.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(own.len());
        let sections: String = own[starts[index]..end].iter().map(own_section).collect();
        let base = "Files that stand under a path belong to the project \
             [`rules-base`](../../../fixtures/rules-base/hydrant.yaml).";
        let base = if sections.contains("\n\n`") { format!("{base}\n\n") } else { String::new() };
        settle_page(&format!("{name}.md"), &format!("# Rules of `{name}`\n\n{about}\n\n{base}{sections}"));
    }
}

#[test]
fn the_pages_of_the_packs_say_what_explain_says() {
    for pack in BUILTIN_PACKS {
        let sections: String = rules_of(pack).iter().map(|rule| policy_section(pack, rule)).collect();
        let about = format!("Asked for by `policies.builtin: [{pack}]`. Each rule can be [waived](../waivers.md).");
        settle_page(&format!("{pack}.md"), &format!("# Pack `{pack}`\n\n{about}\n\n{sections}"));
    }
}

#[test]
fn the_index_of_rules_lists_all_of_them() {
    let mut text =
        "# All rules\n\n`hydrant explain RULE` prints the words that stand here; the manifests are tested.\n\n\
         | rule | finds |\n|---|---|\n"
            .to_owned();
    let mut group = "";
    for rule in rules::ALL {
        group = GROUPS.iter().find(|(_, first, _)| rule.id.as_str() == *first).map_or(group, |(name, _, _)| name);
        text += &row(group, rule.id.as_str(), rule.title);
    }
    for pack in BUILTIN_PACKS {
        for rule in rules_of(pack) {
            text += &row(pack, rule.id.as_str(), rule.title.as_deref().unwrap_or_default());
        }
    }
    settle_page("index.md", &text);
}

#[test]
fn every_rule_shows_where_it_finds_something_and_where_it_does_not() {
    let there: BTreeSet<String> = fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let ids = rules::ALL.iter().map(|rule| rule.id.as_str());
    let missing: Vec<&str> = ids.filter(|id| !there.contains(*id) && !WITHOUT_EXAMPLE.contains(id)).collect();
    assert!(
        missing.is_empty(),
        "no fixtures/rules/<rule>/fail.yaml and pass.yaml, or fail/ and pass/, for {missing:?}"
    );
    for id in &there {
        let folder = examples().join(id);
        if folder.join("fail").is_dir() {
            let found = found_in_project(&folder.join("fail"));
            assert!(found.contains(id), "{id}/fail: {found:?}");
            assert_eq!(found_in_project(&folder.join("pass")), BTreeSet::new(), "{id}/pass");
        } else {
            assert_eq!(found_in(&folder.join("fail.yaml")), BTreeSet::from([id.clone()]), "{id}/fail.yaml");
            assert_eq!(found_in(&folder.join("pass.yaml")), BTreeSet::new(), "{id}/pass.yaml");
        }
    }
}

#[test]
fn the_book_lists_every_key_of_the_configuration() {
    let schema: Value = serde_json::from_str(&hydrant::config::json_schema()).expect("JSON");
    let mut table = "| key | type | means |\n|---|---|---|\n".to_owned();
    keys(&schema, &schema, "", &mut table);
    assert!(table.matches('\n').count() > 40, "{table}");
    settle_table("configuration.md", "keys", &table);
}

#[test]
fn the_book_lists_every_helper_of_templates() {
    let table = |kind: HelperKind, how: &str| {
        let mut rows: Vec<&Helper> = HELPERS.iter().filter(|helper| helper.kind == kind).collect();
        rows.sort_by_key(|helper| helper.usage);
        let rows: String =
            rows.iter().map(|helper| format!("| `{}` | {} |\n", helper.usage, cell(helper.summary))).collect();
        format!("| {how} | gives |\n|---|---|\n{rows}\n")
    };
    let text = [
        table(HelperKind::Filter, "filter: `value \\| …`"),
        table(HelperKind::Test, "test: `value is …`"),
        table(HelperKind::Function, "function"),
    ];
    settle_table("templates.md", "helpers", &text.concat());
}

/// Signs a minute that somebody types who has done it before: 40 words of five signs.
const SIGNS_A_MINUTE: usize = 200;

#[test]
fn the_walk_says_how_much_is_typed() {
    let text = fs::read_to_string(page("walk.md")).unwrap();
    let (mut files, mut commands, mut count) = (0, 0, 0);
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    for block in blocks(&text) {
        if let Some(file) = block.title() {
            // of a file that is there already, only the lines that are new are typed
            let old = written.insert(file.to_owned(), block.text()).unwrap_or_default();
            let old: BTreeSet<&str> = old.lines().collect();
            files += block
                .lines
                .iter()
                .filter(|line| !old.contains(**line))
                .map(|line| line.chars().count() + 1)
                .sum::<usize>();
        } else if block.is_session() {
            let typed: Vec<&str> = block.lines.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
            commands += typed.iter().map(|line| line.chars().count() + 1).sum::<usize>();
            count += typed.len();
        }
    }
    let minutes = (files + commands).div_ceil(SIGNS_A_MINUTE);
    let table = format!(
        "| typed | signs |\n|---|---|\n| {} files | {files} |\n\
         | {count} commands | {commands} |\n| together | {}, or {minutes} minutes \
         at {SIGNS_A_MINUTE} signs a minute |\n",
        written.len(),
        files + commands
    );
    settle_table("walk.md", "typed", &table);
    assert!(files + commands < MOST_SIGNS, "the walk takes {} signs", files + commands);
}

/// The walk is for people who have five minutes, and its second half is for looking around.
const MOST_SIGNS: usize = 900;

#[test]
fn the_readme_begins_with_the_commands_of_the_walk() {
    let (readme, walk) = (
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap(),
        fs::read_to_string(page("walk.md")).unwrap(),
    );
    let (_, start) = readme.split_once("\n## Start\n").expect("a section for who begins");
    let blocks_of_start = blocks(start);
    let told = &blocks_of_start[0].lines;
    let walk = blocks(&walk);
    let walked: Vec<&str> = walk
        .iter()
        .filter(|block| block.is_session())
        .flat_map(|block| block.lines.iter().filter_map(|line| line.strip_prefix("$ ")))
        .filter(|command| told.contains(command))
        .collect();
    assert!(walked.starts_with(told), "the walk runs them all, in this order: {told:?} {walked:?}");
    assert!(told.len() > 5);
}

fn position(own: &[Rule], id: &str) -> usize {
    own.iter().position(|rule| rule.id.as_str() == id).unwrap_or_else(|| panic!("no rule `{id}`"))
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules")
}

fn row(page: &str, id: &str, title: &str) -> String {
    format!("| [`{id}`]({page}.md#{id}) | {} |\n", cell(title))
}

fn own_section(rule: &Rule) -> String {
    let example = example(&examples().join(rule.id.as_str()));
    format!("## `{}`\n\n**{}.** {}\n\n{example}", rule.id, capital(rule.title), rule.explanation)
}

fn policy_section(pack: &str, rule: &PolicyRule) -> String {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("policies").join(pack).join("fixtures").join(rule.id.as_str());
    let title = rule.title.clone().unwrap_or_default();
    let why = rule.description.as_deref().map(str::trim).unwrap_or_default();
    let way_out = rule.fix.as_ref().map(|fix| format!("Way out: {}.\n\n", fix.trim())).unwrap_or_default();
    let links: String = rule.related.iter().map(|link| format!("See <{link}>.\n\n")).collect();
    let severity = capital(&rule.severity.to_string());
    format!("## `{}`\n\n**{title}.** {severity}.\n\n{why}\n\n{way_out}{links}{}", rule.id, example(&folder))
}

/// Where a rule finds something and where it does not, as a page shows it; nothing where there are no examples.
fn example(folder: &Path) -> String {
    let (fail, pass) = (files_of(folder, "fail"), files_of(folder, "pass"));
    if fail.is_empty() {
        return String::new();
    }
    let whole = folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("a folder of the project").display();
    let lines = fail.iter().chain(&pass).map(|(_, text)| text.lines().count()).sum::<usize>();
    if lines > 90 {
        return format!(
            "Found in [`{whole}/fail.yaml`](../../../{whole}/fail.yaml), \
             not in [`pass.yaml`](../../../{whole}/pass.yaml).\n\n"
        );
    }
    // of several files those that differ make the case
    let shown = |files: &[(String, String)], others: &[(String, String)]| -> String {
        let differs = |file: &&(String, String)| !others.contains(file);
        files.iter().filter(differs).map(|(name, text)| fenced(name, text)).collect()
    };
    let alike: String = fail.iter().filter(|file| pass.contains(file)).map(|(name, text)| fenced(name, text)).collect();
    let alike = if alike.is_empty() { alike } else { format!("With:\n\n{alike}") };
    format!("Found in:\n\n{}Not in:\n\n{}{alike}", shown(&fail, &pass), shown(&pass, &fail))
}

/// `fail.yaml` under no name, or the files of the folder `fail` under theirs.
fn files_of(folder: &Path, which: &str) -> Vec<(String, String)> {
    let project = folder.join(which);
    if let Ok(text) = fs::read_to_string(folder.join(format!("{which}.yaml"))) {
        return vec![(String::new(), text)];
    }
    if !project.is_dir() {
        return Vec::new();
    }
    let files = files_below(&project, &["yaml", "j2", "rego"]).into_iter();
    let name = |path: &Path| path.strip_prefix(&project).expect("below it").to_string_lossy().into_owned();
    files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn fenced(name: &str, text: &str) -> String {
    let language = match name.rsplit('.').next() {
        Some("j2") => "jinja",
        Some("rego") => "rego",
        _ => "yaml",
    };
    let name = if name.is_empty() { String::new() } else { format!("`{name}`\n\n") };
    // in Rego a tab is what it is everywhere
    let text = if language == "rego" { text.to_owned() } else { visible(text) };
    format!("{name}```{language}\n{text}```\n\n")
}

/// A text with what cannot be seen written out: some rules are about nothing else.
fn visible(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        match sign {
            '\n' => out.push('\n'),
            '\r' => out.push('␍'),
            '\t' => out.push('→'),
            '\u{feff}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out += &format!("‹U+{:04X}›", u32::from(sign)),
            _ => out.push(sign),
        }
    }
    out
}

/// The rules that a pack's own folder holds, each once.
fn rules_of(pack: &str) -> Vec<PolicyRule> {
    let package = format!("policies.{}.", pack.replace('-', "_"));
    let (set, diagnostics) = PolicySet::load(&chosen([pack]), &[], &EvaluationLimits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let mut rules: Vec<PolicyRule> =
        set.rules().iter().filter(|rule| rule.package.starts_with(&package)).cloned().collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules.dedup_by(|a, b| a.id == b.id);
    rules
}

/// The rules that find something in a project, and `exit <code>` where none does and it is refused all the same.
fn found_in_project(folder: &Path) -> BTreeSet<String> {
    let sandbox = Sandbox::new();
    sandbox.copy(&examples().with_file_name("rules-base"), "");
    sandbox.copy(folder, "");
    let output = sandbox.run(&["hydrant", "check", "--date", TODAY]);
    let rule = |line: &str| {
        let (severity, rest) = line.split_once('[')?;
        ["error", "warning", "note"].contains(&severity).then(|| rest.split(']').next().map(str::to_owned))?
    };
    let found: BTreeSet<String> = output.stderr.lines().filter_map(rule).collect();
    match (found.is_empty(), output.code) {
        // told by the exit code, and under no rule's name
        (true, 3) => BTreeSet::from(["nothing-checked".to_owned()]),
        (true, code) if code != 0 => BTreeSet::from([format!("exit {code}")]),
        _ => found,
    }
}

/// The rules that find something in a file.
fn found_in(path: &Path) -> BTreeSet<String> {
    let sandbox = Sandbox::new();
    sandbox.write("manifest.yaml", fs::read(path).unwrap());
    let words = ["hydrant", "validate", "manifest.yaml", "--kubernetes", "1.34", "--quiet", "--report", "json=-"];
    let report: Value = serde_json::from_str(&sandbox.run(&words).stdout).expect("a report");
    let findings = report["findings"].as_array().expect("a list");
    findings.iter().map(|finding| finding["rule"].as_str().expect("a rule").to_owned()).collect()
}

/// One line for each key of a mapping of the schema, and of those below it.
fn keys(root: &Value, schema: &Value, above: &str, table: &mut String) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let meant = resolved(root, property);
        let key = format!("{above}{name}");
        let text = property["description"].as_str().or_else(|| meant["description"].as_str()).unwrap_or_default();
        let choices: String = meant["oneOf"].as_array().into_iter().flatten().map(choice).collect();
        *table += &format!("| `{key}` | {} | {}{choices} |\n", kind(root, meant), cell(text));
        if meant["properties"].is_object() {
            keys(root, meant, &format!("{key}."), table);
        } else if let Some(below) = [("items", "[]."), ("additionalProperties", ".<name>.")]
            .iter()
            .find_map(|(word, sign)| meant.get(word).map(|below| (resolved(root, below), sign)))
        {
            keys(root, below.0, &format!("{key}{}", below.1), table);
        }
    }
}

fn choice(choice: &Value) -> String {
    let value = choice["const"].as_str().unwrap_or_default();
    format!("<br>`{value}`: {}", cell(choice["description"].as_str().unwrap_or_default()))
}

fn kind(root: &Value, schema: &Value) -> String {
    let of = |word: &str| kind(root, resolved(root, &schema[word]));
    let name = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        name => name.as_str(),
    };
    match name {
        _ if schema["oneOf"].is_array() => "one of".to_owned(),
        Some("array") if schema["items"].is_object() => format!("list of {}", of("items")),
        Some("array") => "list".to_owned(),
        Some("object") => "mapping".to_owned(),
        Some("string") => "text".to_owned(),
        Some(name) => name.to_owned(),
        None => String::new(),
    }
}

/// A schema behind a reference, and behind "or nothing".
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(path) = schema["$ref"].as_str() {
        return resolved(root, root.pointer(&path[1..]).expect("a reference within the schema"));
    }
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    match choices.into_iter().find(|choice| choice["type"] != "null") {
        Some(choice) => resolved(root, choice),
        None => schema,
    }
}

/// A text as it can stand in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// The text with a capital letter in front; one in backticks stays as it is.
fn capital(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src").join(name)
}

fn settle_page(name: &str, text: &str) {
    settle(&page("rules").join(name), &format!("{}\n", text.trim_end()));
}

fn settle_table(name: &str, table: &str, text: &str) {
    let path = page(name);
    let (begin, end) = (format!("<!-- {table}: begin -->\n"), format!("<!-- {table}: end -->"));
    let old = fs::read_to_string(&path).unwrap();
    let (before, rest) = old.split_once(&begin).unwrap_or_else(|| panic!("{name} has no `{begin}`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name} has no `{end}`"));
    settle(&path, &format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()));
}

fn settle(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    assert!(
        std::env::var_os("HYDRANT_BLESS").is_some(),
        "{}: not up to date: HYDRANT_BLESS=1 cargo test --test it docs",
        path.display()
    );
    fs::write(path, text).unwrap();
}
