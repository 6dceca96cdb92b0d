//! Source maps: which template line and which value made each part of a rendered text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hydrant::load::{EngineKind, Input, Inputs, Role, TemplateSyntax, Unit, WorkTree};
use hydrant::manifest::{Node, Pointer};
use hydrant::render::{Origins, RenderLimits, origins, render};
use hydrant::source::{Source, Span};
use hydrant::tree::{Digest, ReadTree, RepoPath};

const MAIN: &str = "apps/web/a.yaml.j2";

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).expect("a path of a test is valid")
}

/// A project of one app with the main template and some files beside it.
#[derive(Clone, Default)]
struct Given {
    files: BTreeMap<String, String>,
    values: serde_json::Value,
    syntax: TemplateSyntax,
}

fn given(main: &str) -> Given {
    let values = serde_json::json!({
        "app": {
            "name": "shop",
            "image": {"repository": "registry.example/shop", "tag": "1.2.0"},
            "labels": {"team": "blue", "tier": "back"},
            "ports": [{"name": "http", "number": 80}, {"name": "admin", "number": 81}],
            "hosts": ["a.example", "b.example"],
        },
    });
    Given { files: BTreeMap::from([(MAIN.to_owned(), main.to_owned())]), values, syntax: TemplateSyntax::default() }
}

impl Given {
    fn file(mut self, name: &str, text: &str) -> Self {
        self.files.insert(name.to_owned(), text.to_owned());
        self
    }

    fn unit(&self) -> Unit {
        let input = |(name, text): (&String, &String)| {
            let role = if name == MAIN { Role::Template } else { Role::Partial };
            let shared = name.starts_with("templates/");
            (
                path(name),
                Input { digest: Digest::of(text.as_bytes()), shared, role, source: Source::file(&**name, &**text) },
            )
        };
        Unit {
            environment: "dev".into(),
            app: "web".into(),
            folder: Some(path("apps/web")),
            templates: path("templates"),
            engine: EngineKind::Template,
            inputs: Arc::new(Inputs { files: self.files.iter().map(input).collect() }),
            values: Arc::new(Node::from_json(&self.values)),
            values_files: Arc::new([]),
            syntax: Arc::new(self.syntax.clone()),
            kubernetes: "1.34".into(),
        }
    }

    fn trace(&self) -> (String, Origins) {
        let unit = self.unit();
        let rendered = render(&unit, &RenderLimits::default());
        let said: Vec<_> = rendered.diagnostics.iter().map(|found| &found.message).collect();
        assert!(said.is_empty(), "{said:?}\n{:#?}", self.files);
        let text = rendered.files[0].source.text().to_owned();
        let found = origins(&unit, &path(MAIN), &text, &RenderLimits::default());
        (text, found.expect("what was just rendered renders again"))
    }

    /// Where the first occurrence of a text in the output comes from: `file:line text [values]`.
    fn origin_of(&self, needle: &str) -> String {
        let (text, origins) = self.trace();
        assert!(origins.sees_through(), "the marked text differs from\n{text}");
        let start = text.find(needle).unwrap_or_else(|| panic!("`{needle}` is not in\n{text}"));
        self.told(&origins, Span::new(start, start + needle.len()))
    }

    fn told(&self, origins: &Origins, span: Span) -> String {
        let Some(origin) = origins.of(span) else { return "nowhere".to_owned() };
        let source = Source::file(origin.template.as_str(), &*self.files[origin.template.as_str()]);
        let line = source.position(origin.span.start as usize).line;
        let mut told = format!("{}:{line} {}", origin.template.file_name(), source.slice(origin.span));
        for value in &origin.values {
            let _ = write!(told, " [{value}]");
        }
        told
    }
}

// ── cases worked out by hand ──────────────────────────────────────────────────────────────────────────────────────

#[test]
fn literal_text_is_found_byte_for_byte_and_an_expression_with_its_value() {
    let main = given("kind: Service\nmetadata:\n  name: {{ app.name }}-svc\n");
    assert_eq!(main.origin_of("Service"), "a.yaml.j2:1 Service");
    assert_eq!(main.origin_of("name"), "a.yaml.j2:3 name");
    assert_eq!(main.origin_of("shop"), "a.yaml.j2:3 app.name [/app/name]");
    assert_eq!(main.origin_of("shop-svc"), "a.yaml.j2:3 app.name }}-svc [/app/name]");
}

#[test]
fn a_scalar_of_several_values_names_all_of_them() {
    let main = given("image: \"{{ app.image.repository }}:{{ app.image.tag }}\"\n");
    assert_eq!(
        main.origin_of("\"registry.example/shop:1.2.0\""),
        "a.yaml.j2:1 \"{{ app.image.repository }}:{{ app.image.tag }}\" [/app/image/repository] [/app/image/tag]"
    );
    let joined = given("a: {{ app.name ~ '-' ~ app.image.tag }}\n");
    assert_eq!(
        joined.origin_of("shop-1.2.0"),
        "a.yaml.j2:1 app.name ~ '-' ~ app.image.tag [/app/name] [/app/image/tag]"
    );
}

#[test]
fn an_included_template_is_named_with_its_own_line() {
    let main = given("a: 1\n{% include '_part.j2' %}\nz: 1\n").file("apps/web/_part.j2", "b: 2\nc: {{ app.name }}");
    assert_eq!(main.origin_of("b: 2"), "_part.j2:1 b: 2");
    assert_eq!(main.origin_of("shop"), "_part.j2:2 app.name [/app/name]");
    assert_eq!(main.origin_of("z: 1"), "a.yaml.j2:3 z: 1");
}

const MACRO: &str = "{% macro port(name, number) %}\n- name: {{ name }}\n  port: {{ number }}\n{% endmacro %}\n";

#[test]
fn inside_of_a_macro_the_line_of_the_macro_and_the_argument_of_the_caller_are_told() {
    let main = given(&format!("{MACRO}ports:\n{{{{ port(app.name, app.ports[1].number) | indent(2) }}}}\n"));
    assert_eq!(main.origin_of("- name"), "a.yaml.j2:2 - name");
    assert_eq!(main.origin_of("shop"), "a.yaml.j2:2 name [/app/name]");
    assert_eq!(main.origin_of("81"), "a.yaml.j2:3 number [/app/ports/1/number]");
}

#[test]
fn the_caller_of_a_macro_is_told_beside_its_line() {
    let main =
        given("{% from 'lib.j2' import port %}\n{{ port('a' ~ 'b', 1) | indent(2) }}").file("templates/lib.j2", MACRO);
    let (text, origins) = main.trace();
    let at = text.find("ab").expect("rendered");
    let origin = origins.of(Span::new(at, at + 2)).expect("traced");
    assert_eq!(origin.template.as_str(), "templates/lib.j2");
    let called = main.files[MAIN].find("port('a'").expect("written");
    assert_eq!(origin.callers, [(path(MAIN), Span::new(called, called + "port('a' ~ 'b', 1) | indent(2)".len()))]);
}

#[test]
fn an_imported_macro_of_the_shared_folder_is_seen_through_its_filters() {
    let main = given("{% import 'lib.j2' as lib %}\nx:\n    {{ lib.port('web', 8080) | trim | indent(4) }}\n")
        .file("templates/lib.j2", MACRO);
    assert_eq!(main.origin_of("port:"), "lib.j2:3 port:");
    assert_eq!(main.origin_of("8080"), "lib.j2:3 number");
    let from = given("{% from 'lib.j2' import port %}{{ port(app.name, 1) }}").file("templates/lib.j2", MACRO);
    assert_eq!(from.origin_of("shop"), "lib.j2:2 name [/app/name]");
}

#[test]
fn blocks_come_from_the_template_that_fills_them() {
    let main = given("{% extends 'base.j2' %}{% block body %}b: {{ app.name }}\n{{ super() }}{% endblock %}")
        .file("templates/base.j2", "a: 1\n{% block body %}c: 3\n{% endblock %}d: 4\n");
    assert_eq!(main.origin_of("a: 1"), "base.j2:1 a: 1");
    assert_eq!(main.origin_of("shop"), "a.yaml.j2:1 app.name [/app/name]");
    assert_eq!(main.origin_of("c: 3"), "base.j2:2 c: 3");
    assert_eq!(main.origin_of("d: 4"), "base.j2:3 d: 4");
}

#[test]
fn each_turn_of_a_loop_has_the_value_of_its_own_item() {
    let ports = given("{% for port in app.ports %}\n- {{ port.name }}: {{ port.number }}\n{% endfor %}");
    assert_eq!(ports.origin_of("admin"), "a.yaml.j2:2 port.name [/app/ports/1/name]");
    assert_eq!(ports.origin_of("80"), "a.yaml.j2:2 port.number [/app/ports/0/number]");
    let hosts = given("{% for host in app.hosts %}\n- {{ host }}\n{% endfor %}");
    assert_eq!(hosts.origin_of("b.example"), "a.yaml.j2:2 host [/app/hosts/1]");
    let labels = given("{% for key, value in app.labels.items() %}\n{{ key }}: {{ value }}\n{% endfor %}");
    assert_eq!(labels.origin_of("tier"), "a.yaml.j2:2 key [/app/labels/tier]");
    assert_eq!(labels.origin_of("back"), "a.yaml.j2:2 value [/app/labels/tier]");
}

#[test]
fn equal_values_of_a_list_are_told_apart_by_their_order() {
    let mut main = given("{% for host in hosts %}\n- {{ host }}\n{% endfor %}");
    main.values = serde_json::json!({"hosts": ["same", "same", "same"]});
    let (text, origins) = main.trace();
    let told: Vec<String> =
        text.match_indices("same").map(|(at, _)| main.told(&origins, Span::new(at, at + 4))).collect();
    assert_eq!(told, [0, 1, 2].map(|index| format!("a.yaml.j2:2 host [/hosts/{index}]")));
}

#[test]
fn a_value_printed_whole_is_told_line_by_line() {
    let yaml = given("labels:\n  {{ app.labels | to_yaml | indent(2) }}\n");
    assert_eq!(yaml.origin_of("tier: back"), "a.yaml.j2:2 app.labels | to_yaml | indent(2) [/app/labels/tier]");
    let json = given("image: {{ app.image | tojson }}\n");
    assert!(json.origin_of("{\"repo").starts_with("a.yaml.j2:1 app.image | tojson [/app/image"));
}

#[test]
fn variables_and_captured_text_keep_their_origin() {
    let set = given("{% set who = app.name %}\na: {{ who }}\n");
    assert_eq!(set.origin_of("shop"), "a.yaml.j2:2 who [/app/name]");
    let block = given("{% set part %}\nb: {{ app.name }}\nc: 3\n{% endset %}\n{{ part | indent(4, true) }}\n");
    assert_eq!(block.origin_of("c: 3"), "a.yaml.j2:3 c: 3");
    assert_eq!(block.origin_of("shop"), "a.yaml.j2:2 app.name [/app/name]");
    let filter = given("{% filter indent(2) %}\na: 1\nb: {{ app.name }}\n{% endfilter %}");
    assert_eq!(filter.origin_of("a: 1"), "a.yaml.j2:2 a: 1");
    assert_eq!(filter.origin_of("shop"), "a.yaml.j2:3 app.name [/app/name]");
    let call =
        given("{% macro box() %}\n[{{ caller() }}]\n{% endmacro %}{% call box() %}x {{ app.name }}{% endcall %}");
    assert_eq!(call.origin_of("shop"), "a.yaml.j2:3 app.name [/app/name]");
}

#[test]
fn whitespace_control_and_windows_line_ends_move_no_line() {
    let control = given("a: 1\n  {%- if true -%}\n\n  b: {{- app.name -}}  \n {%- endif %}\nc: 3\n");
    assert_eq!(control.origin_of("b:"), "a.yaml.j2:4 b:");
    assert_eq!(control.origin_of("shop"), "a.yaml.j2:4 app.name [/app/name]");
    assert_eq!(control.origin_of("c: 3"), "a.yaml.j2:6 c: 3");
    let windows = given("a: 1\r\n{% for host in app.hosts %}\r\n- {{ host }}\r\n{% endfor %}\r\nz: 1\r\n");
    assert_eq!(windows.origin_of("a.example"), "a.yaml.j2:3 host [/app/hosts/0]");
    assert_eq!(windows.origin_of("z: 1"), "a.yaml.j2:5 z: 1");
    let mut trimmed = given("a: 1\n  {% if true %}\n  b: 2\n  {% endif %}\nc: 3\n");
    (trimmed.syntax.trim_blocks, trimmed.syntax.lstrip_blocks) = (true, true);
    assert_eq!(trimmed.origin_of("b: 2"), "a.yaml.j2:3 b: 2");
}

#[test]
fn other_delimiters_and_raw_blocks_are_understood() {
    let mut square = given("a: [[ app.name ]]\nb: {{ not ours }}\n");
    square.syntax.variable = ("[[".to_owned(), "]]".to_owned());
    assert_eq!(square.origin_of("shop"), "a.yaml.j2:1 app.name [/app/name]");
    assert_eq!(square.origin_of("{{ not"), "a.yaml.j2:2 {{ not");
    let raw = given("{% raw %}\na: {{ b }}\n{% endraw %}\nc: {{ {'x': {'y': '}}'}} | tojson }}\n");
    assert_eq!(raw.origin_of("{{ b }}"), "a.yaml.j2:2 {{ b }}");
    assert_eq!(raw.origin_of("{\"x\""), "a.yaml.j2:4 {'x': {'y': '}}'}} | tojson");
}

#[test]
fn a_text_that_marks_would_change_falls_back_to_the_expression_that_wrote_it() {
    // the engine compares the captured text itself, which marks make longer
    let main = given("{% macro m() %}ab{% endmacro %}x: {{ m()[:1] }}\ny: {{ app.name }}\n");
    let (text, origins) = main.trace();
    assert!(!origins.sees_through());
    let at = text.find("x: a").expect("rendered") + 3;
    assert_eq!(main.told(&origins, Span::new(at, at + 1)), "a.yaml.j2:1 m()[:1]");
    let at = text.find("shop").expect("rendered");
    assert_eq!(main.told(&origins, Span::new(at, at + 4)), "a.yaml.j2:2 app.name [/app/name]");
}

#[test]
fn a_text_that_the_unit_does_not_render_has_no_origins() {
    let unit = given("a: {{ app.name }}\n").unit();
    assert!(origins(&unit, &path(MAIN), "a: other\n", &RenderLimits::default()).is_none());
    assert!(origins(&unit, &path("apps/web/none.yaml.j2"), "", &RenderLimits::default()).is_none());
}

// ── generated templates, whose every token and value is unique ────────────────────────────────────────────────────

/// Chance that is the same on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

/// Writes templates in which a token `t17x` stands on one line only, and values of which no two are equal.
struct Writer {
    chance: Chance,
    tokens: usize,
    values: usize,
    parts: usize,
    files: BTreeMap<String, String>,
    tree: serde_json::Map<String, serde_json::Value>,
}

impl Writer {
    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("t{}x", self.tokens)
    }

    fn value(&mut self) -> serde_json::Value {
        self.values += 1;
        match self.chance.below(3) {
            0 => (900_000 + self.values).into(),
            _ => format!("v{}w", self.values).into(),
        }
    }

    /// A new value of the given form, as templates name it.
    fn put(&mut self, value: serde_json::Value) -> String {
        self.values += 1;
        let group = format!("g{}", self.chance.below(4));
        let name = format!("k{}", self.values);
        let group_values = self.tree.entry(group.clone()).or_insert_with(|| serde_json::json!({}));
        group_values[&name] = value;
        format!("{group}.{name}")
    }

    fn scalar(&mut self) -> String {
        let value = self.value();
        self.put(value)
    }

    fn body(&mut self, depth: usize) -> String {
        let count = 1 + self.chance.below(4);
        (0..count).map(|_| self.statement(depth)).collect()
    }

    fn part(&mut self, text: String) -> String {
        self.parts += 1;
        let name = format!("_part{}.j2", self.parts);
        self.files.insert(format!("apps/web/{name}"), text);
        name
    }

    fn statement(&mut self, depth: usize) -> String {
        let token = self.token();
        let blanks = " ".repeat(self.chance.below(5));
        let (before, after) = [("", ""), ("-", ""), ("", "-"), ("-", "-")][self.chance.below(4)];
        let kinds = if depth == 0 { 8 } else { 19 };
        match self.chance.below(kinds) {
            0 => format!("{blanks}{token}: text # {token}\n"),
            1 => format!("{blanks}{token}: {{{{ {} }}}}\n", self.scalar()),
            2 => format!("{blanks}{token}: {{{{{before} {} {after}}}}}\n{}\n", self.scalar(), self.token()),
            3 => {
                let filter = ["quote", "string", "default('x')", "squote", "trim"][self.chance.below(5)];
                format!("{blanks}{token}: {{{{ {} | string | {filter} }}}}\n", self.scalar())
            }
            4 => format!("{blanks}{token}: {{{{ {} ~ '/' ~ {} }}}}\n", self.scalar(), self.scalar()),
            5 => {
                let map = serde_json::json!({"one": self.value(), "two": [self.value(), self.value()]});
                let map = self.put(map);
                let filter = ["to_yaml", "tojson", "to_nice_json"][self.chance.below(3)];
                format!("{token}:\n    {{{{ {map} | {filter} | indent(4) }}}}\n")
            }
            6 => format!("{{% set local = {} {after}%}}\n{blanks}{token}: {{{{ local }}}}\n", self.scalar()),
            7 => format!("{{# {token} #}}\n{{% raw %}}{blanks}{}: {{{{ raw }}}}{{% endraw %}}\n", self.token()),
            8 => {
                let list: serde_json::Value = (0..3).map(|_| self.value()).collect();
                let list = self.put(list);
                format!("{{%{before} for item in {list} {after}%}}\n{blanks}- {token} {{{{ item }}}}\n{{% endfor %}}\n")
            }
            9 => {
                let item = |writer: &mut Self| serde_json::json!({"name": writer.value(), "port": writer.value()});
                let list = serde_json::Value::Array((0..2).map(|_| item(self)).collect());
                let list = self.put(list);
                let inner = self.body(depth - 1);
                format!(
                    "{{% for item in {list} {after}%}}\n- {token}: {{{{ item.name }}}}\n  {}: {{{{ item.port }}}}\n{inner}{{%{before} endfor %}}\n",
                    self.token()
                )
            }
            10 => {
                let map = serde_json::json!({"left": self.value(), "right": self.value()});
                let map = self.put(map);
                format!(
                    "{{% for key, item in {map}.items() %}}\n{blanks}{token} {{{{ key }}}}: {{{{ item }}}}\n{{% endfor %}}\n"
                )
            }
            11 => {
                let (then, or) = (self.body(depth - 1), self.body(depth - 1));
                let test = ["true", "false", "1 < 2"][self.chance.below(3)];
                format!("{{%{before} if {test} {after}%}}\n{then}{{% else %}}\n{or}{{%{before} endif %}}\n")
            }
            12 => {
                let text = self.body(depth - 1);
                let name = self.part(text);
                format!("{{%{before} include '{name}' %}}\n{token}\n")
            }
            13 => {
                let text = format!(
                    "{{% macro go(first, second) {after}%}}\n{token}: {{{{ first }}}}\n{}{}: {{{{ second }}}}\n{{%{before} endmacro %}}\n",
                    self.body(depth - 1),
                    self.token()
                );
                let name = self.part(text);
                let filter =
                    ["", " | indent(4)", " | trim", " | indent(2, true)", " | trim | nindent(6)"][self.chance.below(5)];
                let module = format!("m{}", self.parts);
                format!(
                    "{{% import '{name}' as {module} %}}\n    {{{{ {module}.go({}, {}){filter} }}}}\n",
                    self.scalar(),
                    self.scalar()
                )
            }
            14 => {
                format!("{{% filter indent({}) %}}\n{}{{% endfilter %}}\n", self.chance.below(6), self.body(depth - 1))
            }
            15 => {
                let inner = self.body(depth - 1);
                format!("{{% set captured %}}\n{inner}{{% endset %}}\n{token}:\n  {{{{ captured | indent(2) }}}}\n")
            }
            16 => {
                let inner = self.body(depth - 1);
                let last = self.token();
                let name = self.part(format!(
                    "{{% macro around() %}}\n{token}\n{{{{ caller() | indent(2) }}}}\n{last}\n{{% endmacro %}}\n"
                ));
                format!("{{% from '{name}' import around %}}\n{{% call around() %}}\n{inner}{{% endcall %}}\n")
            }
            // blocks stand at the top, not in macros
            17 if depth == 3 => {
                let inner = self.body(depth - 1);
                self.parts += 1;
                format!("{{% block b{} %}}\n{inner}{{% endblock %}}\n", self.parts)
            }
            _ => {
                let inner = self.body(depth - 1);
                format!("{{% with local = {} %}}\n{token}: {{{{ local }}}}\n{inner}{{% endwith %}}\n", self.scalar())
            }
        }
    }
}

fn generated(seed: u64) -> Given {
    let chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1);
    let mut writer =
        Writer { chance, tokens: 0, values: 0, parts: 0, files: BTreeMap::new(), tree: serde_json::Map::new() };
    let mut main = String::new();
    for _ in 0..6 {
        main.push_str(&writer.statement(3));
    }
    writer.files.insert(MAIN.to_owned(), main);
    if writer.chance.below(4) == 0 {
        writer.files.values_mut().for_each(|text| *text = text.replace('\n', "\r\n"));
    }
    let mut syntax = TemplateSyntax::default();
    (syntax.trim_blocks, syntax.lstrip_blocks) = [(false, false), (true, true), (true, false)][writer.chance.below(3)];
    Given { files: writer.files, values: serde_json::Value::Object(writer.tree), syntax }
}

/// Right answers, and all; the first wrong ones.
#[derive(Default)]
struct Score {
    right: usize,
    all: usize,
    wrong: Vec<String>,
}

impl Score {
    fn count(&mut self, is_right: bool, wrong: impl FnOnce() -> String) {
        self.all += 1;
        self.right += usize::from(is_right);
        if !is_right && self.wrong.len() < 12 {
            self.wrong.push(wrong());
        }
    }

    fn percent(&self) -> f64 {
        self.right as f64 * 100.0 / self.all.max(1) as f64
    }
}

/// Every word that begins with `first`, ends with `last` and has digits in between.
fn words(text: &str, first: char, last: char) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(|sign: char| !sign.is_ascii_alphanumeric()) {
        let digits = word.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)).unwrap_or_default();
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push((at, word));
        }
        at += word.len() + 1;
    }
    found
}

/// Every scalar of the values by its text.
fn scalars(value: &serde_json::Value, at: &str, found: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, value)| scalars(value, &format!("{at}/{name}"), found));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| scalars(value, &format!("{at}/{index}"), found));
        }
        serde_json::Value::String(text) => drop(found.insert(text.clone(), at.to_owned())),
        other => drop(found.insert(other.to_string(), at.to_owned())),
    }
}

#[test]
fn generated_templates_are_traced_to_their_lines_and_values() {
    let (mut lines, mut values, mut through) = (Score::default(), Score::default(), Score::default());
    for seed in 0..400 {
        let given = generated(seed);
        let (text, origins) = given.trace();
        through.count(origins.sees_through(), || format!("seed {seed}: {:#?}", given.files));
        let homes: BTreeMap<&str, (&str, usize)> = given
            .files
            .iter()
            .flat_map(|(name, text)| {
                text.lines().enumerate().flat_map(move |(line, text)| {
                    words(text, 't', 'x').into_iter().map(move |(_, word)| (word, (name.as_str(), line + 1)))
                })
            })
            .collect();
        for (at, token) in words(&text, 't', 'x') {
            let origin = origins.of(Span::new(at, at + token.len()));
            let found = origin.map(|origin| {
                let source = Source::file(origin.template.as_str(), &*given.files[origin.template.as_str()]);
                (origin.template.to_string(), source.position(origin.span.start as usize).line as usize)
            });
            let home = homes[token];
            let is_right = found.as_ref().is_some_and(|(file, line)| (file.as_str(), *line) == home);
            lines.count(is_right, || format!("seed {seed}: {token} is at {home:?}, found {found:?}"));
        }
        let mut known = BTreeMap::new();
        scalars(&given.values, "", &mut known);
        for (value, home) in &known {
            for (at, _) in text.match_indices(value.as_str()) {
                let origin = origins.of(Span::new(at, at + value.len()));
                let found = origin.and_then(|origin| origin.values.first().map(Pointer::to_string));
                values
                    .count(found.as_ref() == Some(home), || format!("seed {seed}: {value} is {home}, found {found:?}"));
            }
        }
    }
    for (what, score) in [("marked", &through), ("lines", &lines), ("values", &values)] {
        eprintln!("source maps, {what}: {} of {} ({:.2} %)", score.right, score.all, score.percent());
        score.wrong.iter().for_each(|wrong| eprintln!("  {wrong}"));
    }
    assert!(lines.all > 5_000 && values.all > 2_000, "{} tokens and {} values", lines.all, values.all);
    assert!(through.percent() >= 98.0 && lines.percent() >= 98.0 && values.percent() >= 90.0);
}

// ── the templates of this repository ──────────────────────────────────────────────────────────────────────────────

/// Every folder with a `hydrant.yaml` below another.
fn projects(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    if folder.join("hydrant.yaml").is_file() {
        found.push(folder.to_owned());
    }
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).for_each(|path| projects(&path, found));
}

#[test]
fn every_template_of_our_fixtures_gives_the_same_text_with_marks() {
    let mut folders = Vec::new();
    projects(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut folders);
    folders.sort();
    let (mut templates, mut differ) = (0, Vec::new());
    for folder in &folders {
        let tree = WorkTree::open(folder).expect("a folder of the repository");
        let Ok(bytes) = tree.read(&path("hydrant.yaml")) else { continue };
        let source = Source::file("hydrant.yaml", String::from_utf8_lossy(&bytes));
        // some fixtures are there for their mistakes
        let Ok(project) = hydrant::config::parse(&source) else { continue };
        let Ok(loaded) = hydrant::load::load(&tree, &project) else { continue };
        for unit in &loaded.units {
            for file in render(unit, &RenderLimits::default()).files {
                if unit.inputs.files[&file.input].role != Role::Template {
                    continue;
                }
                templates += 1;
                let found = origins(unit, &file.input, file.source.text(), &RenderLimits::default());
                if !found.is_some_and(|found| found.sees_through()) {
                    differ.push(format!("{}: {}", folder.display(), file.input));
                }
            }
        }
    }
    assert!(templates >= 10, "only {templates} templates found");
    assert!(differ.is_empty(), "{differ:#?}");
}
