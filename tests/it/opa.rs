//! Rego as OPA means it: its own conformance cases, and the functions that no engine here brought along.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use hydrant::evaluate::EvaluationLimits;
use hydrant::evaluate::query::{EngineChoice, NoAnswer, Question, answers};
use hydrant::source::Source;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::conformance::settle;
use crate::corpus::{corpus, files_below};

/// How many cases ended as with OPA when this was last looked at, and which are refused although it has an answer.
const RATCHET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/opa-v1.ratchet");

/// One case, as OPA's own runner reads it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    note: String,
    query: String,
    #[serde(default)]
    modules: Vec<String>,
    data: Option<Value>,
    input: Option<Value>,
    input_term: Option<String>,
    want_result: Option<Vec<Value>>,
    want_error: Option<String>,
    want_error_code: Option<String>,
    #[serde(default)]
    strict_error: bool,
    #[serde(default)]
    sort_bindings: bool,
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

/// What became of a case, the best first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// OPA's answer.
    Answered,
    /// An error while it runs, as in OPA.
    Failed,
    /// Refused when it was loaded; OPA fails while it runs.
    RefusedForFailure,
    /// Refused, and why.
    Refused(String),
    /// Another answer than OPA's.
    Wrong(String),
}

#[test]
fn the_conformance_cases_of_opa_get_its_answers_or_are_refused() {
    let Some(corpus) = corpus() else { return };
    let suite = corpus.join("suites/opa-v1-cases");
    let mut outcomes = Vec::new();
    for file in files_below(&suite, &["json"]) {
        let name = file.strip_prefix(&suite).unwrap().to_string_lossy().into_owned();
        let file: File = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).expect(&name);
        outcomes.extend(file.cases.iter().map(|case| (format!("{name}: {}", case.note), judge(case))));
    }
    let wrong: Vec<String> = outcomes
        .iter()
        .filter_map(|(name, outcome)| match outcome {
            Outcome::Wrong(what) => Some(format!("{name}: {what}")),
            _ => None,
        })
        .collect();
    assert!(wrong.is_empty(), "{} cases get another answer than OPA's:\n{}", wrong.len(), wrong.join("\n"));
    let same = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Answered | Outcome::Failed)).count();
    assert!(outcomes.len() > 1_400, "only {} cases", outcomes.len());
    eprintln!("{same} passed, 0 failed, {} skipped", outcomes.len() - same);
    hold(same, &outcomes);
    settle("opa", &table(&outcomes));
}

/// What both engines make of a case: the interpreter answers wherever the virtual machine cannot, and in tests.
fn judge(case: &Case) -> Outcome {
    let as_policies = run(case, EngineChoice::AsPolicies);
    match run(case, EngineChoice::Interpreter) {
        Outcome::Wrong(what) => Outcome::Wrong(format!("on the interpreter: {what}")),
        _ => as_policies,
    }
}

fn run(case: &Case, engine: EngineChoice) -> Outcome {
    let named = case.modules.iter().enumerate();
    let modules: Vec<_> = named.map(|(number, text)| Source::file(format!("{number}.rego"), text.as_str())).collect();
    let input = case.input_term.clone().or_else(|| case.input.as_ref().map(Value::to_string));
    let nothing = json!({});
    let data = case.data.as_ref().filter(|data| !data.is_null()).unwrap_or(&nothing);
    let question = Question {
        query: &case.query,
        modules: &modules,
        data,
        input: input.as_deref(),
        strict: case.strict_error,
        engine,
    };
    let fails = case.want_error.is_some() || case.want_error_code.is_some();
    match std::panic::catch_unwind(|| answers(&question, &EvaluationLimits::default())) {
        Err(_) => Outcome::Wrong("a panic".to_owned()),
        Ok(Ok(_)) if fails => Outcome::Wrong(format!("an answer; OPA says {:?}", case.want_error)),
        Ok(Ok(found)) => compare(case, found),
        Ok(Err(NoAnswer::Failed(_))) if fails => Outcome::Failed,
        Ok(Err(NoAnswer::Refused(_))) if fails => Outcome::RefusedForFailure,
        Ok(Err(NoAnswer::Failed(error))) => Outcome::Refused(error),
        Ok(Err(NoAnswer::Refused(found))) => {
            Outcome::Refused(found.into_iter().next().map(|first| first.message).unwrap_or_default())
        }
    }
}

fn compare(case: &Case, found: Vec<Value>) -> Outcome {
    let Some(wanted) = &case.want_result else { return Outcome::Wrong("nothing is expected".to_owned()) };
    let words = |rows: &[Value]| {
        let mut rows: Vec<Value> = rows.iter().map(plain).collect();
        if case.sort_bindings {
            rows.iter_mut().filter_map(Value::as_object_mut).flat_map(|row| row.values_mut()).for_each(|value| {
                if let Value::Array(items) = value {
                    items.sort_by_key(Value::to_string);
                }
            });
        }
        let mut words: Vec<String> = rows.iter().map(Value::to_string).collect();
        words.sort();
        words
    };
    let (wanted, found) = (words(wanted), words(&found));
    if wanted == found { Outcome::Answered } else { Outcome::Wrong(format!("{found:?}; OPA says {wanted:?}")) }
}

/// `1.0` and `1` are one number.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => json!(float as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

/// Why a case is refused, without what is special to it.
fn reason(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    if message.contains("is a function of OPA") {
        return format!("`{}` is missing", names.next().unwrap_or_default());
    }
    let parts: Vec<&str> = message.split('`').collect();
    let words: Vec<&str> = parts.iter().enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "`…`" }).collect();
    words.concat()
}

/// Nothing that ended as with OPA may be refused later, and no case is refused in silence.
fn hold(same: usize, outcomes: &[(String, Outcome)]) {
    let mut text = format!("{same} end as with OPA\n");
    for (name, outcome) in outcomes {
        if let Outcome::Refused(why) = outcome {
            writeln!(text, "{name}: {}", reason(why)).expect("a String grows");
        }
    }
    let old = std::fs::read_to_string(RATCHET).unwrap_or_default();
    let before: usize = old.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_default();
    assert!(same >= before, "{same} cases end as with OPA, and {before} did before");
    if std::env::var_os("HYDRANT_BLESS").is_some() {
        std::fs::write(Path::new(RATCHET), text).expect("the file can be written");
    } else {
        assert!(
            old == text,
            "tests/it/opa-v1.ratchet is not up to date: HYDRANT_BLESS=1 cargo test conformance\n{text}"
        );
    }
}

fn table(outcomes: &[(String, Outcome)]) -> String {
    let count = |wanted: &Outcome| outcomes.iter().filter(|(_, outcome)| outcome == wanted).count();
    let (answered, failed) = (count(&Outcome::Answered), count(&Outcome::Failed));
    let early = count(&Outcome::RefusedForFailure);
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, outcome) in outcomes {
        if let Outcome::Refused(why) = outcome {
            reasons.entry(reason(why)).or_default().push(name.split('/').next().unwrap_or_default());
        }
    }
    let refused: usize = reasons.values().map(Vec::len).sum();
    let mut table = format!(
        "{} cases: {} end as with OPA, {early} are refused earlier than OPA fails, {refused} are refused although OPA has \
         an answer, 0 get another answer.\n\n| outcome | cases |\n|---|---|\n\
         | the answer of OPA | {answered} |\n| an error while it runs, as in OPA | {failed} |\n\
         | refused when it loads; OPA fails when it runs | {early} |\n| refused; OPA has an answer | {refused} |\n\n\
         | refused because | cases | of |\n|---|---|---|\n",
        outcomes.len(),
        answered + failed,
    );
    for (why, mut folders) in reasons {
        let cases = folders.len();
        folders.dedup();
        writeln!(table, "| {why} | {cases} | {} |", folders.join(", ")).expect("a String grows");
    }
    table
}

/// The value of an expression, on both engines.
fn value(expression: &str, modules: &[&str]) -> Result<Option<Value>, String> {
    let sources: Vec<Arc<Source>> =
        modules.iter().enumerate().map(|(number, text)| Source::file(format!("{number}.rego"), *text)).collect();
    let both = [EngineChoice::AsPolicies, EngineChoice::Interpreter].map(|engine| {
        let query = format!("x := {expression}");
        let data = json!({"b": {"with": 7}});
        let question = Question {
            query: &query,
            modules: &sources,
            data: &data,
            input: Some("{\"a\": 1}"),
            strict: false,
            engine,
        };
        match answers(&question, &EvaluationLimits::default()) {
            Ok(rows) => Ok(rows.first().map(|row| row["x"].clone())),
            Err(NoAnswer::Failed(error)) => Err(error),
            Err(NoAnswer::Refused(found)) => {
                Err(found.into_iter().map(|found| found.message).collect::<Vec<_>>().join("; "))
            }
        }
    });
    let [machine, interpreter] = both;
    assert_eq!(machine, interpreter, "{expression}");
    machine
}

/// The example of jwt.io, signed with `your-256-bit-secret`.
const HS256: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

/// RFC 7515, appendix A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const ES256_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

#[test]
fn functions_of_opa_that_the_engine_lacks_have_opas_values() {
    for (expression, expected) in [
        ("crypto.md5(\"abc\")", json!("900150983cd24fb0d6963f7d28e17f72")),
        ("crypto.sha1(\"abc\")", json!("a9993e364706816aba3e25717850c26c9cd0d89d")),
        ("crypto.sha256(\"\")", json!("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
        // RFC 2202
        ("crypto.hmac.md5(\"what do ya want for nothing?\", \"Jefe\")", json!("750c783e6ab0b503eaa86e310a5db738")),
        (
            "crypto.hmac.sha1(\"what do ya want for nothing?\", \"Jefe\")",
            json!("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        ),
        ("net.cidr_merge([\"192.0.2.0/25\", \"192.0.2.128/25\"])", json!(["192.0.2.0/24"])),
        ("net.cidr_intersects(\"10.0.0.0/8\", \"10.1.0.0/16\")", json!(true)),
        ("net.cidr_contains_matches([\"10.0.0.0/8\"], {\"k\": \"10.1.2.3\", \"l\": \"11.0.0.1\"})", json!([[0, "k"]])),
        ("array.flatten([1, [2, [3]], []])", json!([1, 2, [3]])),
        ("uuid.parse(\"6bea8ef2d3d33cd184e09bab06a52ece\")", json!({"variant": "RFC4122", "version": 3})),
        (
            "graph.reachable_paths({\"a\": [\"b\", \"c\"], \"b\": [], \"c\": []}, [\"a\"])",
            json!([["a", "b"], ["a", "c"]]),
        ),
        ("strings.count(\"ababab\", \"ab\")", json!(3)),
        ("strings.count(\"aaaa\", \"aa\")", json!(2)),
        ("strings.count(\"abc\", \"\")", json!(4)),
        ("json.is_valid(1)", json!(false)),
        (
            "strings.render_template(`{{ if .on }}{{ .a.b }}{{ else }}off{{ end }}`, {\"on\": true, \"a\": {\"b\": 7}})",
            json!("7"),
        ),
        (
            "strings.render_template(`a {{- range $k, $v := .m }} {{ $k }}={{ $v }}{{ $.x }}{{ end -}} !`, {\"m\": {\"c\": 1, \"b\": true}, \"x\": \";\"})",
            json!("a b=true; c=1;!"),
        ),
        ("strings.render_template(`{{range .l}}{{.}},{{else}}none{{end}}`, {\"l\": []})", json!("none")),
        (
            "json.verify_schema({\"properties\": {\"a\": {\"type\": \"string\"}}, \"required\": [\"a\"]})",
            json!([true, null]),
        ),
        ("regex.globs_match(\"[a-c]+x\", \"b*x\")", json!(true)),
        ("regex.globs_match(\"[ab]+c\", \"[bc]+\")", json!(true)),
        ("regex.globs_match(\"a.b\", \"a[x-z]c\")", json!(false)),
        ("regex.globs_match(\"a*\", \"b\")", json!(false)),
    ] {
        assert_eq!(value(expression, &[]), Ok(Some(expected)), "{expression}");
    }
    assert_eq!(value("net.cidr_merge([\"x\"])", &[]), Ok(None), "what is wrong is undefined");
    assert_eq!(value("crypto.sha256(1)", &[]), Ok(None));
    assert_eq!(value("regex.globs_match(\"a]\", \"a\")", &[]), Ok(None));
    assert_eq!(value("strings.render_template(\"{{.a.b}}\", {\"a\": 1})", &[]), Ok(None));
}

#[test]
fn what_opa_would_answer_and_we_cannot_is_said() {
    let (one, other) = ("[ab]*.*".repeat(20), "[bc]*.*".repeat(20));
    for (expression, words) in [
        ("strings.render_template(`{{ printf \"%d\" .a }}`, {\"a\": 1})".to_owned(), "does not render"),
        ("strings.render_template(`{{.a}}`, {\"a\": [1]})".to_owned(), "does not render"),
        ("json.verify_schema({\"$ref\": \"x\"})".to_owned(), "does not judge schemas"),
        ("crypto.x509.parse_rsa_private_key(\"YQ==\")".to_owned(), "plain PEM only"),
        (format!("regex.globs_match(\"{one}x+\", \"{other}y+\")"), "too large"),
    ] {
        let said = value(&expression, &[]).unwrap_err();
        assert!(said.contains(words), "{expression}: {said}");
        assert!(value(&format!("{{1 | not {expression}}}"), &[]).is_err(), "{expression}");
    }
}

#[test]
fn a_token_is_verified_by_its_key_and_by_no_other() {
    let sub = json!("1234567890");
    assert_eq!(value(&format!("io.jwt.decode(\"{HS256}\")[1].sub"), &[]), Ok(Some(sub)));
    for (secret, valid) in [("your-256-bit-secret", true), ("another", false)] {
        assert_eq!(value(&format!("io.jwt.verify_hs256(\"{HS256}\", \"{secret}\")"), &[]), Ok(Some(json!(valid))));
        let verified = format!("io.jwt.decode_verify(\"{HS256}\", {{\"secret\": \"{secret}\"}})[0]");
        assert_eq!(value(&verified, &[]), Ok(Some(json!(valid))));
    }
    assert_eq!(value(&format!("io.jwt.verify_es256(\"{ES256}\", `{ES256_KEY}`)"), &[]), Ok(Some(json!(true))));
    let forged = ES256.replace(".DtEh", ".DtEi");
    assert_eq!(value(&format!("io.jwt.verify_es256(\"{forged}\", `{ES256_KEY}`)"), &[]), Ok(Some(json!(false))));
}

#[test]
fn a_token_that_expires_needs_a_moment_to_be_judged_at() {
    let at =
        |time: &str| value(&format!("io.jwt.decode_verify(\"{ES256}\", {{\"cert\": `{ES256_KEY}`{time}}})[0]"), &[]);
    assert_eq!(at(", \"time\": 1300819379000000000"), Ok(Some(json!(true))));
    assert_eq!(at(", \"time\": 1300819381000000000"), Ok(Some(json!(false))));
    assert!(at("").unwrap_err().contains("depend on the clock"));
}

#[test]
fn what_depends_on_chance_or_moment_is_refused_by_its_name() {
    for (expression, word) in [
        ("time.now_ns()", "the clock"),
        ("rand.intn(\"a\", 5)", "chance"),
        ("uuid.rfc4122(\"a\")", "chance"),
        ("http.send({})", "the network"),
        ("opa.runtime()", "the environment"),
    ] {
        assert!(value(expression, &[]).unwrap_err().contains(word), "{expression}");
    }
    assert!(value("graphql.parse(\"\", \"\")", &[]).unwrap_err().contains("this engine lacks"));
}

#[test]
fn a_text_is_put_together_from_its_parts() {
    let module =
        "package a\n\nx := \"one\"\n\nline := $\"{x} {input.a + 1} {input.none} \\{x} {[1, \"b\"]} {$`{x}`}\"\n";
    assert_eq!(value("data.a.line", &[module]), Ok(Some(json!("one 2 <undefined> {x} [1, \"b\"] one"))));
    let several = "package a\n\nline := $\"{input.list[_]}\"\n";
    assert!(value("data.a.line", &[several]).unwrap_err().contains("several values"));
}

#[test]
fn a_keyword_beside_a_dot_is_a_name() {
    let module = "package a.not\n\nwith.x := data.b.with\n\nsome.f(y) := y + with.x\n\nresult := some.f(1)\n";
    assert_eq!(value("data.a.not.result", &[module]), Ok(Some(json!(8))));
    assert!(value("data.a.not.with.x", &[module]).unwrap_err().contains("a keyword"), "it has another name");
    assert!(value("data.a", &[module]).unwrap_err().contains("a keyword"));
}
