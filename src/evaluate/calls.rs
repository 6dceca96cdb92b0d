//! Calls: everything a policy names must exist, and every function must give the same answer on every run.

mod heads;
mod mocks;

use std::collections::BTreeSet;

use regorus::unstable::BUILTINS;

use super::builtins;
use super::graph::{Names, name_of, own_names, written_path};
use super::module::Module;
use super::target::RESERVED;
use super::texts;
use super::usage::{Reference, references};
use crate::diagnostic::{Diagnostic, did_you_mean, rules};
use crate::manifest::{Node, Pointer};

/// Functions whose answer depends on the machine, the moment or chance.
const NOT_REPRODUCIBLE: [(&str, &str); 7] = [
    ("http.send", "the network"),
    ("net.lookup_ip_addr", "the network"),
    ("opa.runtime", "the environment"),
    ("rand.intn", "chance"),
    ("rego.parse_module", "the running policies"),
    ("time.now_ns", "the clock"),
    ("uuid.rfc4122", "chance"),
];

/// Functions of OPA that are missing here, so that the message can tell them from slips of the fingers.
const MISSING: [&str; 16] = [
    "crypto.parse_private_keys",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates",
    "crypto.x509.parse_keypair",
    "graphql.is_valid",
    "graphql.parse",
    "graphql.parse_and_verify",
    "graphql.parse_query",
    "graphql.parse_schema",
    "graphql.schema_is_valid",
    "json.match_schema",
    "regex.template_match",
    "rego.metadata.chain",
    "rego.metadata.rule",
];

/// Functions that older versions of OPA had.
const REMOVED: [&str; 10] = [
    "all",
    "any",
    "cast_array",
    "cast_boolean",
    "cast_null",
    "cast_object",
    "cast_set",
    "cast_string",
    "re_match",
    "set_diff",
];

/// Looks at everything below `data` that the modules name, and at every function they call. Without `data`, what is named
/// need not be defined.
pub(super) fn inspect(modules: &[Module], data: Option<&Node>) -> Vec<(usize, Diagnostic)> {
    let own = own_names(modules);
    let rules: BTreeSet<Vec<String>> = modules
        .iter()
        .flat_map(|module| {
            module
                .syntax
                .policy
                .iter()
                .map(|rule| module.package.iter().cloned().chain(written_path(name_of(rule))).collect())
        })
        .collect();
    let mocked = mocks::replaced(modules, &own);
    let mut found = heads::inspect(modules, &rules);
    for (number, module) in modules.iter().enumerate() {
        let names = Names::of(module, &own[&module.package]);
        found.extend(mocks::refused(module).into_iter().map(|diagnostic| (number, diagnostic)));
        for reference in module.syntax.policy.iter().flat_map(|rule| references(rule)) {
            let diagnostic = match (names.resolve(&reference), reference.called) {
                // put there by the dialect, and added when the engines get their texts
                (Some(path), true) if path.first().is_some_and(|first| first == texts::PACKAGE) => None,
                (Some(path), true) if rules.contains(&path) => None,
                (Some(path), _) if heads::hides(&rules, &path) => Some(heads::hidden(module, &reference)),
                (Some(path), false) if mocks::overlap(&mocked, &path) => None,
                (Some(path), false) if data.is_none_or(|data| leads_somewhere(&rules, data, &path)) => None,
                (Some(path), _) => Some(undefined(module, &reference, &path.join("."))),
                (None, true) => builtin(module, &reference),
                (None, false) => None,
            };
            found.extend(diagnostic.map(|diagnostic| (number, diagnostic)));
        }
    }
    found
}

/// Whether a path leads into a rule, to a package, or into a data document. The depths of a document may change with its
/// file; what Hydrant itself tells is known to the end.
fn leads_somewhere(rules: &BTreeSet<Vec<String>>, data: &Node, path: &[String]) -> bool {
    let Some(first) = path.first() else { return true };
    let into_rule = (1..=path.len()).any(|length| rules.contains(&path[..length]));
    let to_package = rules.range(path.to_vec()..).next().is_some_and(|rule| rule.starts_with(path));
    let known = if first == RESERVED { path } else { &path[..1] };
    into_rule || to_package || Pointer::from_parts(known.iter().map(String::as_str)).resolve(data).is_some()
}

fn undefined(module: &Module, reference: &Reference, path: &str) -> Diagnostic {
    let message = format!("`data.{path}` is defined by no policy that loaded and no data document");
    Diagnostic::error(rules::POLICY_UNSUPPORTED, message)
        .at(module.location(&reference.span), "always undefined")
        .help("add the file that defines it, or correct that file if it is reported too")
}

fn builtin(module: &Module, call: &Reference) -> Option<Diagnostic> {
    let name = call.path.join(".");
    let refuse = |message: String, help: String| {
        let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message);
        Some(diagnostic.at(module.location(&call.span), "called here").help(help))
    };
    if let Some((_, source)) = NOT_REPRODUCIBLE.iter().find(|(refused, _)| *refused == name) {
        return refuse(
            format!("`{name}` makes the verdict depend on {source}"),
            "pass what it would fetch as a data document".to_owned(),
        );
    }
    let known = name == "print"
        || builtins::arguments(&name).is_some()
        || (BUILTINS.contains_key(name.as_str()) && !name.starts_with("__"));
    if !known && MISSING.contains(&name.as_str()) {
        return refuse(
            format!("`{name}` is a function of OPA that this engine lacks"),
            "write the rule without it, or run this policy with OPA beside Hydrant".to_owned(),
        );
    }
    if name.starts_with("parse_config") || name == "parse_combined_config_files" {
        return refuse(
            format!("`{name}` is for tests, with texts that are written out"),
            "judge what `input` and `data` hold; `--data` adds files to `data`".to_owned(),
        );
    }
    if known {
        return None;
    }
    if REMOVED.contains(&name.as_str()) {
        return refuse(
            format!("`{name}` is not part of Rego v1"),
            "use what replaced it; `opa check` tells".to_owned(),
        );
    }
    let own = builtins::names();
    let mut names: Vec<&str> = BUILTINS.keys().copied().filter(|name| !name.starts_with("__")).chain(own).collect();
    names.sort_unstable();
    if let Some(meant) = did_you_mean(&name, names) {
        return refuse(format!("there is no function `{name}`"), format!("did you mean `{meant}`?"));
    }
    refuse(format!("there is no function `{name}`"), "define it, import it, or correct the name".to_owned())
}
