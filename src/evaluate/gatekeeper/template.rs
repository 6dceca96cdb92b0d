//! A template is a policy with parameters: Rego that constraints of its kind apply. Each is a closure of its own.

use std::sync::Arc;

use regorus::unstable::Expr;

use super::embedded::Embedded;
use super::fields::{at, pointer, word};
use crate::diagnostic::{Diagnostic, RuleId, Severity, rules};
use crate::evaluate::closure::{Asked, Compiled, add_removed_functions, compile, problems};
use crate::evaluate::concern::Subject;
use crate::evaluate::module::Module;
use crate::evaluate::plan::Plan;
use crate::evaluate::set::PolicyRule;
use crate::evaluate::usage::references;
use crate::evaluate::walk::every_expression;
use crate::evaluate::{Dialect, EvaluationLimits, finding};
use crate::manifest::{Manifest, Node, Pointer};

/// The only target that there is.
const TARGET: &str = "admission.k8s.gatekeeper.sh";

/// A template whose Rego can be trusted.
#[derive(Debug)]
pub(super) struct Template {
    /// `K8sRequiredLabels`
    pub(super) kind: String,
    /// What `explain` tells of it.
    pub(super) rule: PolicyRule,
    pub(super) plan: Arc<Plan>,
    /// Whether it looks at other objects: `data.inventory`.
    pub(super) referential: bool,
    /// Whether it asks for what is deleted: some text in it is `DELETE`.
    pub(super) deletions: bool,
    pub(super) manifest: Manifest,
}

impl Template {
    /// Reads and compiles a template. Whatever is wrong with it makes it unusable.
    pub(super) fn load(manifest: &Manifest, limits: &EvaluationLimits) -> Result<Self, Vec<Diagnostic>> {
        let reader = Reader { manifest, limits };
        let kind = reader.kind().map_err(|diagnostic| vec![*diagnostic])?;
        let mut modules = reader.modules().map_err(|diagnostic| vec![*diagnostic])?;
        let referential = modules.iter().any(uses_inventory);
        let deletions = modules.iter().any(names_deletion);
        add_removed_functions(&mut modules, limits);
        let data = Node::from_json(&serde_json::json!({"inventory": {"cluster": {}, "namespace": {}}}));
        let found = problems(&modules, &data, Asked::Violations);
        if !found.is_empty() {
            return Err(found.into_iter().map(|problem| *problem.diagnostic).collect());
        }
        let Compiled { rules: violations, plan, .. } =
            compile(&modules, &data, Asked::Violations, limits).map_err(|problem| vec![*problem.diagnostic])?;
        match violations.first() {
            Some(violation) => {
                let rule = reader.rule(&kind, violation);
                Ok(Self { kind, rule, plan, referential, deletions, manifest: manifest.clone() })
            }
            None => Err(vec![reader.refuse(
                &["spec", "targets"],
                format!("the template `{kind}` has no rule `violation`"),
                "nothing is ever asked for",
                "write `violation[{\"msg\": msg}] { … }`",
            )]),
        }
    }
}

impl Template {
    /// Whether it can say anything about an object.
    pub(super) fn is_about(&self, manifest: &Manifest) -> bool {
        let subject = Subject::of(manifest);
        // a review tells the kind twice
        subject.kind != Some(&*manifest.object.gvk.kind) || self.plan.is_about(subject)
    }
}

/// Whether a module looks at other objects.
fn uses_inventory(module: &Module) -> bool {
    let mut all = module.syntax.policy.iter().flat_map(|rule| references(rule));
    let imported = module.text.contains("data.inventory");
    imported
        || all.any(|reference| {
            let mut path = reference.path.iter().map(String::as_str);
            path.next() == Some("data") && matches!(path.next(), None | Some("inventory"))
        })
}

fn names_deletion(module: &Module) -> bool {
    let mut found = false;
    every_expression(&module.syntax, &mut |expression| {
        if let Expr::String { value, .. } | Expr::RawString { value, .. } = expression {
            found |= value.as_string().is_ok_and(|text| &**text == "DELETE");
        }
    });
    found
}

struct Reader<'a> {
    manifest: &'a Manifest,
    limits: &'a EvaluationLimits,
}

impl Reader<'_> {
    fn kind(&self) -> Result<String, Box<Diagnostic>> {
        let path = ["spec", "crd", "spec", "names", "kind"];
        let Some(kind) = word(at(&self.manifest.root, &path)).filter(|kind| !kind.is_empty()) else {
            return Err(Box::new(self.refuse(
                &path,
                format!("{} names no kind", self.manifest.object),
                "its constraints have none",
                "add `spec.crd.spec.names.kind`",
            )));
        };
        let name = self.manifest.object.name.to_string();
        if name != kind.to_lowercase() {
            return Err(Box::new(self.refuse(
                &["metadata", "name"],
                format!("the template of `{kind}` is named `{name}`"),
                "Gatekeeper refuses it",
                &format!("name it `{}`", kind.to_lowercase()),
            )));
        }
        Ok(kind.to_owned())
    }

    /// The entry point first, then its libraries.
    fn modules(&self) -> Result<Vec<Module>, Box<Diagnostic>> {
        let code = self.code()?;
        let mut modules = vec![self.module(code.rego, code.dialect)?];
        for library in code.libraries {
            let module = self.module(library, code.dialect)?;
            if module.package.first().is_none_or(|first| first != "lib") {
                let place = module.location(module.syntax.package.refr.span());
                let message = format!("the library `{}` lies outside of `lib`", module.package_name());
                return Err(Box::new(
                    Diagnostic::error(rules::POLICY_SYNTAX, message)
                        .at(place, "Gatekeeper refuses it")
                        .help("call it `package lib.…`")
                        .object(&self.manifest.object),
                ));
            }
            modules.push(module);
        }
        Ok(modules)
    }

    fn module(&self, node: &Node, dialect: Dialect) -> Result<Module, Box<Diagnostic>> {
        let Some(Embedded { source, text, way }) = Embedded::of(&self.manifest.source, node) else {
            let message = format!("the Rego of {} is {}", self.manifest.object, node.kind_name());
            let place = self.manifest.location(node.span);
            return Err(Box::new(
                Diagnostic::error(rules::POLICY_SYNTAX, message)
                    .at(place, "should be a text")
                    .help("write it as a block: `rego: |`")
                    .object(&self.manifest.object),
            ));
        };
        Module::embedded(&source, &text, way, dialect, self.limits).map_err(|mut diagnostic| {
            diagnostic.subject.object = Some(self.manifest.object.to_string());
            diagnostic
        })
    }

    fn code(&self) -> Result<Code<'_>, Box<Diagnostic>> {
        let root = &self.manifest.root;
        let targets = at(root, &["spec", "targets"]).and_then(Node::as_sequence).unwrap_or_default();
        let refuse = |path: &[&str], message: String, label: &str, help: &str| {
            Err(Box::new(self.refuse(path, message, label, help)))
        };
        let object = &self.manifest.object;
        let [target] = targets else {
            let message = format!("{object} has {} targets", targets.len());
            return refuse(&["spec", "targets"], message, "one is needed", "keep one target");
        };
        if word(target.get("target")) != Some(TARGET) {
            let message = format!("{object} is for another target than `{TARGET}`");
            return refuse(&["spec", "targets", "0", "target"], message, "unknown", "correct the target");
        }
        let codes = target.get("code").and_then(Node::as_sequence).unwrap_or_default();
        let of_rego = |code: &&Node| word(code.get("engine")) == Some("Rego");
        if let Some(source) = codes.iter().find(of_rego).and_then(|code| code.get("source"))
            && let Some(rego) = source.get("rego")
        {
            let dialect = match word(source.get("version")) {
                Some("v1") => Dialect::V1,
                _ => Dialect::V0,
            };
            return Ok(Code { rego, libraries: items(source.get("libs")), dialect });
        }
        if let Some(rego) = target.get("rego").filter(|rego| rego.as_str().is_none_or(|text| !text.is_empty())) {
            return Ok(Code { rego, libraries: items(target.get("libs")), dialect: Dialect::V0 });
        }
        match codes.first().and_then(|code| word(code.get("engine"))) {
            Some(engine) => {
                let message = format!("{object} is written for `{engine}`, which is not evaluated here");
                let diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message)
                    .at(self.manifest.locate(&pointer(&["spec", "targets", "0", "code", "0", "engine"])), "no Rego")
                    .help("add a `code` with `engine: Rego`, or judge by this template in the cluster only")
                    .object(object);
                Err(Box::new(diagnostic))
            }
            None => refuse(&["spec", "targets"], format!("{object} has no Rego"), "", "add `rego` to its target"),
        }
    }

    fn rule(&self, kind: &str, violation: &PolicyRule) -> PolicyRule {
        let annotation = |name: &str| {
            let path = ["metadata", "annotations", name];
            word(at(&self.manifest.root, &path)).map(|text| text.trim().to_owned())
        };
        PolicyRule {
            id: finding::rule_id(kind).unwrap_or_else(|| RuleId::of_policy("gatekeeper")),
            severity: Severity::Error,
            title: annotation("metadata.gatekeeper.sh/title").or_else(|| violation.title.clone()),
            description: annotation("description").or_else(|| violation.description.clone()),
            fix: violation.fix.clone(),
            related: violation.related.clone(),
            overridable: violation.overridable,
            enforce_after: violation.enforce_after,
            since: violation.since.clone(),
            engine: violation.engine.clone(),
            package: violation.package.clone(),
            name: violation.name.clone(),
            location: violation.location.clone(),
        }
    }

    fn refuse(&self, path: &[&str], message: String, label: &str, help: &str) -> Diagnostic {
        let place: Pointer = pointer(path);
        Diagnostic::error(rules::POLICY_SYNTAX, message)
            .at(self.manifest.locate(&place), label)
            .help(help)
            .object(&self.manifest.object)
    }
}

/// The Rego of a template.
struct Code<'a> {
    rego: &'a Node,
    libraries: Vec<&'a Node>,
    dialect: Dialect,
}

fn items(node: Option<&Node>) -> Vec<&Node> {
    node.and_then(Node::as_sequence).unwrap_or_default().iter().collect()
}
