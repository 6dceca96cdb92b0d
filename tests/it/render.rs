//! Render: what the two engines make of a unit, and what they say where they fail.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hydrant::diagnostic::Diagnostic;
use hydrant::load::{EngineKind, Input, Inputs, Role, TemplateSyntax, Unit};
use hydrant::manifest::{Node, ReadLimits, read};
use hydrant::render::{Outcome, RenderLimits, Rendered, render};
use hydrant::source::{Location, Origin, Source};
use hydrant::tree::{Digest, RepoPath};

/// A unit of app `web` in environment `dev`, from texts.
struct Builder {
    unit: Unit,
    inputs: BTreeMap<RepoPath, Input>,
    limits: RenderLimits,
}

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).expect("a path of a test is valid")
}

fn unit(engine: EngineKind) -> Builder {
    let unit = Unit {
        environment: "dev".into(),
        app: "web".into(),
        folder: Some(path("apps/web")),
        templates: path("templates"),
        engine,
        inputs: Arc::default(),
        values: Arc::new(Node::from_json(&serde_json::json!({}))),
        values_files: Arc::new([]),
        syntax: Arc::default(),
        kubernetes: "1.34".into(),
    };
    Builder { unit, inputs: BTreeMap::new(), limits: RenderLimits::default() }
}

fn template_unit() -> Builder {
    unit(EngineKind::Template)
}

impl Builder {
    fn file(mut self, name: &str, role: Role, text: &str) -> Self {
        let shared = name.starts_with("templates/");
        let input = Input { digest: Digest::of(text.as_bytes()), shared, role, source: Source::file(name, text) };
        self.inputs.insert(path(name), input);
        self
    }

    fn template(self, text: &str) -> Self {
        self.file("apps/web/a.yaml.j2", Role::Template, text)
    }

    fn values(mut self, json: serde_json::Value) -> Self {
        self.unit.values = Arc::new(Node::from_json(&json));
        self
    }

    fn syntax(mut self, syntax: TemplateSyntax) -> Self {
        self.unit.syntax = Arc::new(syntax);
        self
    }

    fn limits(mut self, limits: RenderLimits) -> Self {
        self.limits = limits;
        self
    }

    fn build(mut self) -> (Unit, RenderLimits) {
        self.unit.inputs = Arc::new(Inputs { files: self.inputs });
        (self.unit, self.limits)
    }

    fn render(self) -> Rendered {
        let (unit, limits) = self.build();
        render(&unit, &limits)
    }

    /// The text of the only rendered file.
    fn text(self) -> String {
        let rendered = self.render();
        assert!(rendered.diagnostics.is_empty(), "{}", show_all(&rendered.diagnostics));
        assert_eq!(rendered.files.len(), 1);
        rendered.files[0].source.text().to_owned()
    }

    /// What went wrong, as text.
    fn failure(self) -> String {
        let rendered = self.render();
        show_all(&rendered.diagnostics)
    }
}

fn show_all(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(show).collect::<Vec<_>>().join("\n\n")
}

/// A diagnostic on a few lines: rule and message, then places with what stands there, then the help.
fn show(diagnostic: &Diagnostic) -> String {
    let mut lines = vec![format!("{}: {}", diagnostic.rule, diagnostic.message)];
    for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
        lines.push(format!("  {} {}", show_place(&label.location), label.text));
    }
    lines.extend(diagnostic.help.iter().map(|help| format!("  = {help}")));
    lines.join("\n")
}

fn show_place(location: &Location) -> String {
    let position = location.position();
    let text = location.source.slice(location.span);
    format!("{}:{}:{} `{text}`", location.source.name(), position.line, position.column)
}

fn values() -> serde_json::Value {
    serde_json::json!({
        "app": {
            "name": "web",
            "replicas": 3,
            "image": {"repository": "registry.example/web", "tag": "1.2.0"},
            "labels": {"team": "shop", "on": "yes"},
            "ports": [{"name": "http", "number": 80}],
            "paused": false,
            "note": null,
        },
        "big": 18_446_744_073_709_551_615_u64,
    })
}

fn outcomes(rendered: &Rendered) -> Vec<(&str, Outcome)> {
    rendered.outcomes.iter().map(|(path, outcome)| (path.as_str(), *outcome)).collect()
}

fn with_steps(steps: u64) -> RenderLimits {
    RenderLimits { steps, ..RenderLimits::default() }
}

// ── what comes out ────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn every_input_of_the_folder_has_one_outcome_in_order_of_path_and_a_bad_file_hides_no_other() {
    let rendered = template_unit()
        .file("apps/web/a.yaml.j2", Role::Template, "a: {{ nothing }}\n")
        .file("apps/web/_helpers.j2", Role::Partial, "x")
        .file("apps/web/README.md", Role::Ignored("not a manifest"), "")
        .file("apps/web/b.yaml.j2", Role::Template, "b: {{ hydrant.app }}\n")
        .file("apps/web/c.yaml", Role::Manifest, "c: 1\n")
        .file("apps/web/values.yaml", Role::Values, "v: 1\n")
        .file("templates/shared.j2", Role::Partial, "y")
        .render();
    assert_eq!(
        outcomes(&rendered),
        [
            ("apps/web/README.md", Outcome::Skipped("not a manifest")),
            ("apps/web/_helpers.j2", Outcome::Skipped("partial")),
            ("apps/web/a.yaml.j2", Outcome::Failed),
            ("apps/web/b.yaml.j2", Outcome::Rendered),
            ("apps/web/c.yaml", Outcome::Rendered),
            ("apps/web/values.yaml", Outcome::Skipped("values")),
        ]
    );
    let texts: Vec<_> = rendered.files.iter().map(|file| (file.input.as_str(), file.source.text())).collect();
    assert_eq!(texts, [("apps/web/b.yaml.j2", "b: web\n"), ("apps/web/c.yaml", "c: 1\n")]);
    let subject = &rendered.diagnostics[0].subject;
    assert_eq!((subject.environment.as_deref(), subject.app.as_deref()), (Some("dev"), Some("web")));
}

#[test]
fn the_plain_engine_passes_manifests_on_without_a_copy_and_tells_why_it_renders_no_template() {
    let (unit, limits) = unit(EngineKind::Plain)
        .file("apps/web/a.yaml", Role::Manifest, "a: {{ not touched }}\n")
        .file("apps/web/b.yaml.j2", Role::Template, "b: 1\n")
        .file("apps/web/values.yaml", Role::Values, "v: 1\n")
        .build();
    let rendered = render(&unit, &limits);
    assert!(Arc::ptr_eq(&rendered.files[0].source, &unit.inputs.files[&path("apps/web/a.yaml")].source));
    assert_eq!(
        outcomes(&rendered),
        [
            ("apps/web/a.yaml", Outcome::Rendered),
            ("apps/web/b.yaml.j2", Outcome::Skipped("a template, and the app's engine is `plain`")),
            ("apps/web/values.yaml", Outcome::Skipped("values")),
        ]
    );
    assert!(rendered.diagnostics.is_empty());
}

#[test]
fn a_rendered_text_is_named_after_its_template_and_environment() {
    let rendered = template_unit().template("a: 1\n").render();
    let source = &rendered.files[0].source;
    assert_eq!(source.name(), "apps/web/a.yaml.j2");
    assert_eq!(source.origin(), &Origin::Rendered { environment: "dev".to_owned() });
}

const DEPLOYMENT: &str = r#"{% from "_helpers.yaml.j2" import labels %}
{# one deployment for each app #}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ app.name }}
  labels:
    {{- labels(app) | indent(4, first=true) }}
spec:
  replicas: {{ app.replicas }}
  paused: {{ app.paused }}
  template:
    metadata:
      labels: {{ app.labels | to_json }}
      annotations: {{- app.labels | to_yaml | nindent(8) }}
    spec:
      containers:
        - name: {{ app.name | quote }}
          image: "{{ app.image.repository }}:{{ app.image.tag }}"
          {% if app.ports %}
          ports:
            {% for port in app.ports %}
            - name: {{ port.name }}
              containerPort: {{ port.number }}
            {% endfor %}
          {% endif %}
          {% if hydrant.kubernetes is version("1.33", ">=") %}
          resizePolicy: []
          {% endif %}
"#;

const HELPERS: &str = r#"{% macro labels(app) %}
{% for key, value in app.labels.items() %}

app/{{ key }}: {{ value | quote }}
{%- endfor %}
{% endmacro %}
"#;

#[test]
fn a_deployment_comes_out_as_people_expect_it_from_jinja() {
    let text = template_unit()
        .values(values())
        .template(DEPLOYMENT)
        .file("apps/web/_helpers.yaml.j2", Role::Partial, HELPERS)
        .text();
    insta::assert_snapshot!(text, @r#"
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: web
      labels:
        app/on: "yes"
        app/team: "shop"
    spec:
      replicas: 3
      paused: false
      template:
        metadata:
          labels: {"on": "yes", "team": "shop"}
          annotations:
            "on": "yes"
            team: shop
        spec:
          containers:
            - name: "web"
              image: "registry.example/web:1.2.0"
              ports:
                - name: http
                  containerPort: 80
              resizePolicy: []
    "#);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let once = || {
        template_unit()
            .values(values())
            .template("{{ app | to_yaml }}\n{{ app }}\n{{ app.labels | dictsort }}\n{{ [3, 1, 3] | unique | sort }}\n")
            .text()
    };
    assert_eq!(once(), once());
}

#[test]
fn values_are_written_as_yaml_means_them() {
    let template = "{{ true }} {{ false }} {{ none }} {{ 1.0 }} {{ 0.5 }} {{ 1e30 }} {{ big }} {{ [1, true, none, 'x'] }} \
                    {{ {'b': 1, 'a': [2]} }}{{ 'x' if false }}\n";
    let text = template_unit().values(values()).template(template).text();
    assert_eq!(
        text,
        "true false null 1.0 0.5 1.0e+30 18446744073709551615 [1, true, null, \"x\"] {\"b\": 1, \"a\": [2]}\n"
    );
}

#[test]
fn templates_know_environment_app_and_kubernetes() {
    let text =
        template_unit().template("{{ hydrant.environment }}/{{ hydrant.app }} on {{ hydrant.kubernetes }}").text();
    assert_eq!(text, "dev/web on 1.34");
}

#[test]
fn a_value_named_as_the_reserved_one_is_refused() {
    let failure = template_unit().values(serde_json::json!({"hydrant": 1})).template("{{ hydrant.app }}").failure();
    assert!(failure.starts_with("config-invalid: the values define `hydrant`, which is reserved"), "{failure}");
}

#[test]
fn whitespace_and_delimiters_follow_the_app_s_syntax() {
    let template = "a:\n  {% if true %}\n  b: 1\n  {% endif %}\n";
    let kept = TemplateSyntax { trim_blocks: false, lstrip_blocks: false, ..TemplateSyntax::default() };
    assert_eq!(template_unit().template(template).text(), "a:\n  b: 1\n");
    assert_eq!(template_unit().syntax(kept).template(template).text(), "a:\n  \n  b: 1\n  \n");
    let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
    let own = TemplateSyntax {
        variable: pair("<<", ">>"),
        block: pair("<%", "%>"),
        comment: pair("<#", "#>"),
        ..TemplateSyntax::default()
    };
    let text =
        template_unit().syntax(own).template("{{ go }} << hydrant.app >>\n<# gone #>\n<% if true %>\nx\n<% endif %>\n");
    assert_eq!(text.text(), "{{ go }} web\nx\n");
}

#[test]
fn delimiters_that_cannot_be_told_apart_fail_the_templates_and_nothing_else() {
    let empty = TemplateSyntax { comment: (String::new(), "#}".to_owned()), ..TemplateSyntax::default() };
    let failure = template_unit().syntax(empty).template("a").failure();
    assert!(failure.starts_with("config-invalid: the template delimiters cannot be used: one of them is empty"));
    let same = ("{{".to_owned(), "}}".to_owned());
    let syntax = TemplateSyntax { block: same, ..TemplateSyntax::default() };
    let rendered =
        template_unit().syntax(syntax).template("a").file("apps/web/b.yaml", Role::Manifest, "b: 1\n").render();
    assert_eq!(rendered.diagnostics[0].rule.as_str(), "config-invalid");
    assert_eq!(outcomes(&rendered), [("apps/web/a.yaml.j2", Outcome::Failed), ("apps/web/b.yaml", Outcome::Rendered)]);
}

// ── includes ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_template_is_looked_up_beside_the_one_that_asks_then_in_the_app_then_in_the_shared_folder() {
    let builder = || {
        template_unit()
            .file(
                "apps/web/deep/a.yaml.j2",
                Role::Template,
                "{% include \"x.j2\" %} {% include 'shared/y.j2' %} {% include '../z.j2' %}",
            )
            .file("apps/web/z.j2", Role::Partial, "z of app")
            .file("templates/shared/y.j2", Role::Partial, "{% include 'beside.j2' %}")
            .file("templates/shared/beside.j2", Role::Partial, "y shared")
    };
    let app = || builder().file("apps/web/x.j2", Role::Partial, "x of app");
    let both =
        app().file("apps/web/deep/x.j2", Role::Partial, "x beside").file("templates/x.j2", Role::Partial, "x shared");
    assert_eq!(both.text(), "x beside y shared z of app");
    assert_eq!(app().file("templates/x.j2", Role::Partial, "x shared").text(), "x of app y shared z of app");
    let shared = builder().file("templates/x.j2", Role::Partial, "x shared");
    assert_eq!(shared.text(), "x shared y shared z of app");
}

#[test]
fn a_template_extends_a_shared_one() {
    let text = template_unit()
        .template("{% extends 'templates/base.j2' %}{% block name %}web {{ super() }}{% endblock %}")
        .file("templates/base.j2", Role::Partial, "name: {% block name %}base{% endblock %}\n")
        .text();
    assert_eq!(text, "name: web base", "`trim_blocks` takes the line break behind the last tag");
}

#[test]
fn a_missing_template_is_shown_at_its_tag_with_the_nearest_name() {
    let failure = template_unit()
        .template("a: 1\n{% include \"lables.j2\" %}\n")
        .file("templates/labels.j2", Role::Partial, "x")
        .failure();
    insta::assert_snapshot!(failure, @r"
    template-not-found: template `lables.j2` does not exist
      apps/web/a.yaml.j2:2:13 `lables.j2` not found
      = did you mean `labels.j2`?
    ");
    let failure =
        template_unit().template("{% extends name %}").values(serde_json::json!({"name": "none.j2"})).failure();
    insta::assert_snapshot!(failure, @r"
    template-not-found: template `none.j2` does not exist
      apps/web/a.yaml.j2:1:4 `extends name` not found
      = put it beside this template, in `apps/web` or in `templates`
    ");
    let failure = template_unit().template("{% include ['a.j2', 'b.j2'] %}").failure();
    insta::assert_snapshot!(failure, @r"
    template-not-found: none of the templates exists
      apps/web/a.yaml.j2:1:4 `include ['a.j2', 'b.j2']` none of these exists
      = put it beside this template, in `apps/web` or in `templates`
    ");
    assert_eq!(template_unit().template("a{% include 'none.j2' ignore missing %}").text(), "a");
}

#[test]
fn a_template_outside_the_repository_is_refused() {
    let failure = template_unit().template("x\n{% include '../../../etc/passwd' ignore missing %}").failure();
    insta::assert_snapshot!(failure, @r"
    path-outside-repository: `../../../etc/passwd` leaves the repository
      apps/web/a.yaml.j2:2:13 `../../../etc/passwd` not a path of this repository
      = name a template of the app's folder or of the shared `templates` folder
    ");
    let failure = template_unit().template("{% import '/etc/passwd' as x %}").failure();
    insta::assert_snapshot!(failure, @r"
    path-outside-repository: `/etc/passwd` is an absolute path
      apps/web/a.yaml.j2:1:12 `/etc/passwd` not a path of this repository
      = name a template of the app's folder or of the shared `templates` folder
    ");
    let failure = template_unit().template("{% include '../../.git/config' %}").failure();
    assert!(failure.starts_with("path-outside-repository: "), "{failure}");
    // inside the repository, but no input of this app
    let failure = template_unit().template("{% include '../other/a.j2' %}").failure();
    assert!(failure.starts_with("template-not-found: "), "{failure}");
}

#[test]
fn a_file_that_is_no_text_cannot_be_included() {
    let mut builder =
        template_unit().template("{% include 'logo.png' %}").file("apps/web/logo.png", Role::Ignored("binary"), "");
    builder.inputs.get_mut(&path("apps/web/logo.png")).expect("added").digest = Digest::of(b"\x89PNG");
    let failure = builder.failure();
    assert!(failure.contains("`apps/web/logo.png` is not a text file"), "{failure}");
}

// ── failures ──────────────────────────────────────────────────────────────────────────────────────────────────────

fn failure(template: &str) -> String {
    template_unit().values(values()).template(template).failure()
}

#[test]
fn an_undefined_value_is_named_whole_with_the_nearest_of_its_level() {
    insta::assert_snapshot!(failure("a: 1\nreplicas: {{ app.replcias }}\n"), @r"
    undefined-value: `app.replcias` is not defined
      apps/web/a.yaml.j2:2:14 `app.replcias` not defined
      = did you mean `app.replicas`?
    ");
    insta::assert_snapshot!(failure("{{ ap.replicas }}"), @r"
    undefined-value: `ap` is not defined
      apps/web/a.yaml.j2:1:4 `ap` not defined
      = did you mean `app`?
    ");
    insta::assert_snapshot!(failure("a: {{ app.image.tga | upper | quote }}"), @r"
    undefined-value: `app.image.tga` is not defined
      apps/web/a.yaml.j2:1:7 `app.image.tga` not defined
      = did you mean `app.image.tag`?
    ");
    insta::assert_snapshot!(failure("{% if app.enabled %}x{% endif %}"), @r"
    undefined-value: `app.enabled` is not defined
      apps/web/a.yaml.j2:1:7 `app.enabled` not defined
      = define it in the values, or write `app.enabled | default(…)`
    ");
    insta::assert_snapshot!(failure("{% for port in app.ports %}{{ port.nmae }}{% endfor %}"), @r"
    undefined-value: `port.nmae` is not defined
      apps/web/a.yaml.j2:1:31 `port.nmae` not defined
      = did you mean `port.name`?
    ");
    insta::assert_snapshot!(failure("{{ app['lables'] | to_yaml }}"), @r"
    undefined-value: `app['lables']` is not defined
      apps/web/a.yaml.j2:1:4 `app['lables']` not defined
      = did you mean `app['labels']`?
    ");
    insta::assert_snapshot!(failure("{{ app.sidecar.image }}"), @r"
    undefined-value: `app.sidecar` is not defined
      apps/web/a.yaml.j2:1:4 `app.sidecar` not defined
      = define it in the values, or write `app.sidecar | default(…)`
    ");
    insta::assert_snapshot!(failure("{{ app.replicas + app.extra }}"), @r"
    undefined-value: `app.extra` is not defined
      apps/web/a.yaml.j2:1:19 `app.extra` not defined
      = define it in the values, or write `app.extra | default(…)`
    ");
    insta::assert_snapshot!(failure("{{ [app.nmae] | to_json }}"), @r"
    undefined-value: `app.nmae` is not defined
      apps/web/a.yaml.j2:1:5 `app.nmae` not defined
      = did you mean `app.name`?
    ");
}

#[test]
fn an_undefined_value_that_was_passed_on_shows_where_it_came_from() {
    insta::assert_snapshot!(failure("{% set tag = app.image.tga %}\nx\nimage: {{ tag }}\n"), @r"
    undefined-value: `app.image.tga` is not defined
      apps/web/a.yaml.j2:3:11 `tag` not defined
      apps/web/a.yaml.j2:1:14 `app.image.tga` the undefined value comes from here
      = did you mean `app.image.tag`?
    ");
    insta::assert_snapshot!(failure("{% macro m(x) %}\n{{ x }}\n{% endmacro %}\n\n{{ m(app.nmae) }}"), @r"
    undefined-value: `app.nmae` is not defined
      apps/web/a.yaml.j2:2:4 `x` not defined
      apps/web/a.yaml.j2:5:6 `app.nmae` the undefined value comes from here
      apps/web/a.yaml.j2:5:4 `m(app.nmae)` called from here
      = did you mean `app.name`?
    ");
}

#[test]
fn a_default_saves_an_undefined_value_and_nothing_else_does() {
    let text = |template: &str| template_unit().values(values()).template(template).text();
    assert_eq!(text("{{ app.extra | default(1) }} {{ app.extra is defined }}"), "1 false");
    assert_eq!(
        text("{{ app.note | default(1) }} {{ app.note | default(1, true) }} {{ '' | d('x', boolean=true) }}"),
        "null 1 x"
    );
}

#[test]
fn an_unknown_helper_suggests_the_nearest() {
    insta::assert_snapshot!(failure("x:\n  a: {{ app.name | uper }}"), @r"
    unknown-template-function: filter `uper` does not exist
      apps/web/a.yaml.j2:2:20 `uper` unknown
      = did you mean `upper`?
    ");
    insta::assert_snapshot!(failure("{{ app | toYaml }}"), @r"
    unknown-template-function: filter `toYaml` does not exist
      apps/web/a.yaml.j2:1:10 `toYaml` unknown
      = did you mean `to_yaml`?
    ");
    insta::assert_snapshot!(failure("{% if app.name is defned %}{% endif %}"), @r"
    unknown-template-function: test `defned` does not exist
      apps/web/a.yaml.j2:1:19 `defned` unknown
      = did you mean `defined`?
    ");
    insta::assert_snapshot!(failure("{% macro labels() %}{% endmacro %}{{ lables() }}"), @r"
    unknown-template-function: function `lables` does not exist
      apps/web/a.yaml.j2:1:38 `lables` unknown
      = did you mean `labels`?
    ");
    insta::assert_snapshot!(failure("{{ to_yaml(app) }}"), @r"
    unknown-template-function: function `to_yaml` does not exist
      apps/web/a.yaml.j2:1:4 `to_yaml` unknown
      = `to_yaml` is a filter: write `value | to_yaml`
    ");
    insta::assert_snapshot!(failure("{{ app.labels.itms() }}"), @r"
    unknown-template-function: method `itms` does not exist
      apps/web/a.yaml.j2:1:15 `itms` unknown
      = did you mean `items`?
    ");
    insta::assert_snapshot!(failure("{{ now() }}"), @r"
    unknown-template-function: function `now` does not exist
      apps/web/a.yaml.j2:1:4 `now` unknown
      = put what is needed into the values: templates have no clock, randomness or environment
    ");
    insta::assert_snapshot!(failure("{{ [1] | random }}"), @r"
    unknown-template-function: filter `random` does not exist
      apps/web/a.yaml.j2:1:10 `random` unknown
      = put what is needed into the values: templates have no clock, randomness or environment
    ");
}

#[test]
fn a_template_that_does_not_parse_points_at_the_place() {
    insta::assert_snapshot!(failure("a: 1\nb: {{ app.name\n"), @r"
    template-syntax: unexpected end of input, expected end of variable block
      apps/web/a.yaml.j2:2:11 `name` here
    ");
    insta::assert_snapshot!(failure("a: 1\n{% if %}\n"), @r"
    template-syntax: unexpected end of block
      apps/web/a.yaml.j2:2:7 `%}` here
    ");
    insta::assert_snapshot!(failure("{% for x in y %}\n"), @r"
    template-syntax: unexpected end of input, expected end of block
      apps/web/a.yaml.j2:1:15 `%}` here
    ");
    insta::assert_snapshot!(failure("{% nonsense %}\n"), @r"
    template-syntax: unknown statement nonsense
      apps/web/a.yaml.j2:1:4 `nonsense` here
    ");
}

#[test]
fn a_template_that_ends_inside_a_text_points_into_it() {
    for text in ["{% '", "{{ 'é", "é{{ \"", "{%  'a\n"] {
        let rendered = template_unit().template(text).render();
        let place = &rendered.diagnostics[0].primary.as_ref().expect("a place").location;
        assert!(text.get(place.span.range()).is_some(), "{:?} of {text:?}", place.span);
    }
}

#[test]
fn a_helper_that_cannot_use_its_input_is_named() {
    insta::assert_snapshot!(failure("a: {{ app.name | int }}"), @r"
    template-failed: `int`: invalid float literal
      apps/web/a.yaml.j2:1:18 `int` failed here
    ");
    insta::assert_snapshot!(failure("a: {{ 'x' | indent('y') }}"), @r"
    template-failed: `indent`: cannot convert string to a whole number
      apps/web/a.yaml.j2:1:13 `indent('y')` failed here
    ");
    insta::assert_snapshot!(failure("a: {{ app.note | quote }}"), @r#"
    template-failed: `quote`: cannot quote null; say `default("…", true)` first
      apps/web/a.yaml.j2:1:18 `quote` failed here
    "#);
    insta::assert_snapshot!(failure("a: {{ app | to_yaml(indent=4) }}"), @r"
    template-failed: `to_yaml`: YAML is always indented by 2; drop `indent=4`
      apps/web/a.yaml.j2:1:13 `to_yaml(indent=4)` failed here
    ");
    insta::assert_snapshot!(failure("{{ 1.30 is version('1.30') }}"), @r"
    template-failed: `version`: the version 1.3 is a number, which loses trailing zeros; put it in quotes
      apps/web/a.yaml.j2:1:12 `version('1.30')` failed here
    ");
    insta::assert_snapshot!(failure("{% macro m() %}{% endmacro %}{{ m }}"), @r"
    template-failed: a macro is not a value; call it with `(…)`
      apps/web/a.yaml.j2:1:33 `m` failed here
    ");
}

#[test]
fn a_template_can_refuse_in_its_own_words() {
    insta::assert_snapshot!(failure("{{ fail('only prod has a domain') }}"), @r"
    template-failed: only prod has a domain
      apps/web/a.yaml.j2:1:4 `fail('only prod has a domain')` refused by the template
    ");
    insta::assert_snapshot!(failure("host: {{ app.host | required('app.host is the public name') }}"), @r"
    template-failed: app.host is the public name
      apps/web/a.yaml.j2:1:21 `required('app.host is the public name')` refused by the template
    ");
    insta::assert_snapshot!(failure("host: {{ app.note | required('set a note') }}"), @r"
    template-failed: set a note
      apps/web/a.yaml.j2:1:21 `required('set a note')` refused by the template
    ");
    let text = template_unit().values(values()).template("{{ app.name | required('x') }}").text();
    assert_eq!(text, "web");
}

#[test]
fn a_failure_in_an_included_template_shows_the_way_there() {
    let failure = template_unit()
        .values(values())
        .template("a: 1\n{% include 'outer.j2' %}\n")
        .file("apps/web/outer.j2", Role::Partial, "# outer\n{% include 'inner.j2' %}\n")
        .file("templates/inner.j2", Role::Partial, "b: {{ app.nmae }}\n")
        .failure();
    insta::assert_snapshot!(failure, @r"
    undefined-value: `app.nmae` is not defined
      templates/inner.j2:1:7 `app.nmae` not defined
      apps/web/outer.j2:2:4 `include 'inner.j2'` included from here
      apps/web/a.yaml.j2:2:4 `include 'outer.j2'` included from here
      = did you mean `app.name`?
    ");
}

#[test]
fn a_failure_in_an_imported_macro_shows_who_called_it() {
    let failure = template_unit()
        .values(values())
        .template("{% import 'm.j2' as m %}\nfine: {{ m.port(app.ports[0]) }}\nbad: {{ m.ports([{'name': 'x'}]) }}\n")
        .file(
            "templates/m.j2",
            Role::Partial,
            "{% macro port(p) %}\n{{ p.number }}\n{% endmacro %}\n{% macro ports(all) %}\n{% for p in all %}\n{{ port(p) }}\n{% endfor %}\n{% endmacro %}\n",
        )
        .failure();
    insta::assert_snapshot!(failure, @r"
    undefined-value: `p.number` is not defined
      templates/m.j2:2:4 `p.number` not defined
      templates/m.j2:6:4 `port(p)` called from here
      apps/web/a.yaml.j2:3:10 `.ports([{'name': 'x'}])` called from here
      = define it in the values, or write `p.number | default(…)`
    ");
}

#[test]
fn a_broken_partial_is_one_finding_however_many_include_it() {
    let rendered = template_unit()
        .file("apps/web/_p.j2", Role::Partial, "x\n{{ 1 + }}\n")
        .file("apps/web/a.yaml.j2", Role::Template, "{% include '_p.j2' %}")
        .file("apps/web/b.yaml.j2", Role::Template, "{% include '_p.j2' %}")
        .render();
    insta::assert_snapshot!(show_all(&rendered.diagnostics), @r"
    template-syntax: unexpected end of variable block
      apps/web/_p.j2:2:8 `}}` here
      apps/web/a.yaml.j2:1:4 `include '_p.j2'` included from here
      apps/web/b.yaml.j2:1:4 `include '_p.j2'` included from here
    ");
    assert!(rendered.outcomes.iter().all(|(_, outcome)| *outcome == Outcome::Failed));
}

// ── helpers ───────────────────────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_helpers_do_what_their_table_says() {
    let text = |template: &str| template_unit().values(values()).template(template).text();
    for (template, expected) in [
        ("{{ {'b': 1, 'a': [1, {'x': none}]} | to_json }}", r#"{"b": 1, "a": [1, {"x": null}]}"#),
        ("{{ {'b': [1]} | to_json(indent=2) }}", "{\n  \"b\": [\n    1\n  ]\n}"),
        ("{{ {'b': 1} | to_nice_json }}", "{\n    \"b\": 1\n}"),
        ("{{ {'a': '<&>'} | tojson }}", r#"{"a": "<&>"}"#),
        ("{{ '{\"b\": 1, \"a\": [2.0, null]}' | from_json }}", r#"{"b": 1, "a": [2.0, null]}"#),
        ("{{ 'a: [1, on]' | from_yaml }}", r#"{"a": [1, true]}"#),
        ("{{ app.labels | combine({'team': 'x'}, {'new': 1}) | to_json }}", r#"{"on": "yes", "team": "x", "new": 1}"#),
        ("{{ {'a': {'b': 1}} | combine({'a': {'c': 2}}) }}", r#"{"a": {"c": 2}}"#),
        ("{{ {'a': {'b': 1}} | combine({'a': {'c': 2}}, recursive=true) }}", r#"{"a": {"b": 1, "c": 2}}"#),
        ("{{ {'a': 1} | dict2items }}", r#"[{"key": "a", "value": 1}]"#),
        ("{{ [{'name': 'A', 'v': 1}] | items2dict(key_name='name', value_name='v') }}", r#"{"A": 1}"#),
        ("{{ [1, [2, [3]]] | flatten }} {{ [1, [2, [3]]] | flatten(levels=1) }}", "[1, 2, 3] [1, 2, [3]]"),
        ("{{ 'a\n\nb' | indent(2) }}|{{ 'a\nb' | nindent(1) }}", "a\n\n  b|\n a\n b"),
        (r#"{{ 'say "hi"\n' | quote }} {{ "it's" | squote }} {{ 3 | quote }}"#, r#""say \"hi\"\n" 'it''s' "3""#),
        ("{{ 'häh' | b64encode }} {{ 'aMOkaA==' | b64decode }}", "aMOkaA== häh"),
        ("{{ 'abc' | sha256 }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (r"{{ 'web-1.2.3' | regex_replace('(\\d+)\\.(\\d+)', '\\2_\\1$') }}", "web-2_1$.3"),
        (r"{{ 'a1b2' | regex_replace('[0-9]', '', count=1) }}", "ab2"),
        (r"{{ 'web-12' | regex_search('\\d+') }} {{ 'web' | regex_search('\\d') }}", "12 null"),
        (r"{{ 'k=v' | regex_search('(\\w)=(?P<x>\\w)', '\\g<x>', '\\1') }}", r#"["v", "k"]"#),
        (r"{{ 'A1b2' | regex_findall('[a-z]\\d', ignorecase=true) }}", r#"["A1", "b2"]"#),
        ("{{ (2 > 1) | ternary('yes', 'no') }} {{ none | ternary(1, 2, 3) }}", "yes 3"),
        ("{{ true | string }} {{ [1, none] | string }}", "true [1, null]"),
        ("{{ '1.9' is version('1.34', '<') }} {{ 'v2' is version('2.0.0') }}", "true true"),
        ("{{ 'a b' | urlencode }}", "a%20b"),
        ("{{ app.labels.items() | list }} {{ app.get('x', 1) }}", r#"[["on", "yes"], ["team", "shop"]] 1"#),
        (
            "{{ ' a-b '.strip().split('-') }} {{ 'web-'.rstrip('-') }} {{ 'x'.startswith(['y', 'x']) }}",
            r#"["a", "b"] web true"#,
        ),
        (
            "{{ 'a  b c'.split(none, 1) }} {{ ','.join([1, 2]) }} {{ 'aXa'.replace('a', 'b').lower() }}",
            r#"["a", "b c"] 1,2 bxb"#,
        ),
    ] {
        assert_eq!(text(template), expected, "{template}");
    }
}

#[test]
fn yaml_written_by_a_template_reads_back_as_the_same_value() {
    let text = template_unit().values(values()).template("all:{{ app | to_yaml | nindent(2) }}\n").text();
    let stream = read(&Source::file("out.yaml", text), &ReadLimits::default());
    assert!(stream.diagnostics.is_empty());
    let read_back = stream.documents[0].root.get("all").expect("the key");
    assert!(read_back.same_meaning(&Node::from_json(&values()["app"])));
}

#[test]
fn base64_that_is_none_is_refused_without_showing_it() {
    let failure = failure("{{ 'hunter2!' | b64decode }}");
    let message = failure.lines().next().expect("a message");
    assert_eq!(message, "template-failed: `b64decode`: the text is not base64");
}

// ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Renders on a stack as small as that of a worker thread.
fn on_a_small_stack(template: &str, limits: RenderLimits) -> String {
    let builder = template_unit().values(values()).template(template).limits(limits);
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(|| builder.failure())
        .expect("a thread starts")
        .join()
        .expect("the render returns")
}

#[test]
fn an_endless_loop_ends_as_a_finding() {
    let template = "a: 1\n{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}";
    let failure = on_a_small_stack(template, with_steps(50_000));
    assert!(
        failure.starts_with("render-limit: the template takes more than 50000 steps\n  apps/web/a.yaml.j2:2:"),
        "{failure}"
    );
}

#[test]
fn output_without_end_stops_at_the_limit_and_shows_where() {
    let template = format!("a: 1\n{{% for i in range(100000) %}}\nb: {}\n{{% endfor %}}", "x".repeat(1000));
    let limits = RenderLimits { output_bytes: 1_000_000, ..RenderLimits::default() };
    let failure = on_a_small_stack(&template, limits);
    assert!(failure.starts_with("render-limit: the template writes more than 1000000 bytes\n"), "{failure}");
    let place = failure.lines().nth(1).expect("a place");
    assert!(place.starts_with("  apps/web/a.yaml.j2:2:") || place.starts_with("  apps/web/a.yaml.j2:3:"), "{place}");
}

#[test]
fn a_text_of_the_limit_is_written_and_one_byte_more_is_not() {
    let limits = |output_bytes| RenderLimits { output_bytes, ..RenderLimits::default() };
    assert_eq!(template_unit().limits(limits(4)).template("a{{ 'bcd' }}").text(), "abcd");
    let failure = template_unit().limits(limits(3)).template("a{{ 'bcd' }}").failure();
    assert!(failure.starts_with("render-limit: "), "{failure}");
}

#[test]
fn templates_without_end_are_stopped_by_their_depth() {
    for template in [
        "{% include 'a.yaml.j2' %}",
        "{% import 'a.yaml.j2' as a %}",
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% macro f() %}{% include 'a.yaml.j2' %}{% endmacro %}{{ f() }}",
        "{% block a %}{{ self.a() }}{% endblock %}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    ] {
        let failure = on_a_small_stack(template, RenderLimits::default());
        assert!(failure.starts_with("render-limit: the template nests deeper than 64 levels"), "{template}\n{failure}");
    }
}

#[test]
fn a_template_that_extends_itself_is_told_at_once() {
    insta::assert_snapshot!(failure("{% extends 'a.yaml.j2' %}"), @r"
    template-failed: template `a.yaml.j2` extends itself
      apps/web/a.yaml.j2:1:4 `extends 'a.yaml.j2'` closes the circle
      = remove one `extends`
    ");
    let failure = template_unit()
        .template("{% extends 'base.j2' %}")
        .file("templates/base.j2", Role::Partial, "\n{% extends 'other.j2' %}")
        .file("templates/other.j2", Role::Partial, "{%- extends \"base.j2\" %}")
        .failure();
    insta::assert_snapshot!(failure, @r#"
    template-failed: template `base.j2` extends itself
      templates/other.j2:1:5 `extends "base.j2"` closes the circle
      templates/base.j2:2:4 `extends 'other.j2'` extends the next
      = remove one `extends`
    "#);
}

#[test]
fn text_and_lists_cannot_be_multiplied_without_end() {
    for template in [
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ range(1000000000) }}",
        "{{ 'x' | nindent(1000000000) }}",
        "{{ 'x\ny' | indent(1000000000) }}",
        "{{ [1] | to_json(indent=1000000000) }}",
        "{{ '%1000000000d' | format(1) }}",
        "{{ ('x' * 100000).replace('x', 'x' * 10000) }}",
        "{{ ('x' * 100000) | regex_replace('x', 'x' * 10000) }}",
        "{% set n = namespace(x='x') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x | to_yaml }}",
        "{% macro m() %}{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}{% endmacro %}{{ m() | length }}",
        "{{ 'x' | regex_search('(((x{100}){100}){100}){100}') }}",
    ] {
        let failure = on_a_small_stack(template, with_steps(500_000));
        assert!(failure.starts_with("render-limit") || failure.starts_with("template-failed"), "{template}\n{failure}");
    }
}

#[test]
fn deep_expressions_and_values_do_not_overflow_the_stack() {
    let chain =
        |open: &str, close: &str, count: usize| format!("{{{{ {}1{} }}}}", open.repeat(count), close.repeat(count));
    let nested = |use_it: &str| {
        format!(
            "{{% set n = namespace(x=1) %}}{{% for i in range(50000) %}}{{% set n.x = [n.x] %}}{{% endfor %}}{use_it}"
        )
    };
    for template in [
        chain("(", ")", 10_000),
        chain("[", "]", 10_000),
        chain("-", "", 10_000),
        chain("-", "", 100_000),
        chain("", "|abs", 4_000),
        chain("", ".a", 8_000),
        chain("", "~1", 4_000),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(9_000)),
        format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(100_000)),
        "{% if true %}".repeat(100_000),
        nested(""),
        nested("{{ n.x }}"),
        nested("{{ n.x | string }}"),
        nested("{{ n.x ~ '' }}"),
        nested("{{ n.x == [n.x] }}"),
        nested("{{ {n.x: 1} | length }}"),
        "{{ ('[' * 100000) | from_json }}".to_owned(),
        "{{ ('[' * 100000) | from_yaml }}".to_owned(),
    ] {
        // returning is what is tested: an overflow would end the process
        let failure = on_a_small_stack(&template, RenderLimits::default());
        assert!(!failure.contains("takes longer"), "{}\n{failure}", &template[..80]);
    }
}

#[test]
fn a_template_that_never_ends_is_given_up_and_the_next_one_is_rendered() {
    let shared = "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set n.y = [n.y, n.y] %}{% endfor %}";
    let limits = RenderLimits { time: Duration::from_millis(500), ..RenderLimits::default() };
    let rendered = template_unit()
        .limits(limits)
        .template(&format!("{shared}{{{{ n.x == n.y }}}}"))
        .file("apps/web/b.yaml.j2", Role::Template, "b: 1\n")
        .render();
    assert_eq!(
        outcomes(&rendered),
        [("apps/web/a.yaml.j2", Outcome::Failed), ("apps/web/b.yaml.j2", Outcome::Rendered)]
    );
    assert!(show_all(&rendered.diagnostics).starts_with("render-limit: the template takes longer than 0.5 seconds"));
}

#[test]
fn a_panic_of_the_engine_is_a_finding_in_one_file() {
    let rendered = template_unit()
        .template("{% for x in [1] %}{{ loop.cycle() }}{% endfor %}")
        .file("apps/web/b.yaml.j2", Role::Template, "b: 1\n")
        .render();
    assert!(show_all(&rendered.diagnostics).starts_with("template-failed: the template engine broke down"));
    assert_eq!(rendered.files.len(), 1);
}
