//! The rule graph: which rule evaluates which, and the rules that would evaluate themselves.
//!
//! regorus overflows the stack on a recursive rule, which ends the process. OPA refuses recursion; so do we, over
//! the text, before anything is evaluated.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Rule, RuleHead, Span};

use super::module::Module;
use super::usage::{Reference, references};
use crate::diagnostic::{Diagnostic, rules};

/// What names mean inside one module.
pub(super) struct Names<'a> {
    package: &'a [String],
    imports: BTreeMap<String, Vec<String>>,
    own: &'a BTreeSet<String>,
}

impl<'a> Names<'a> {
    /// The names of a module; `own` are the rules of its package, from all its files.
    pub(super) fn of(module: &'a Module, own: &'a BTreeSet<String>) -> Self {
        let imports = module.syntax.imports.iter().filter_map(|import| {
            let path = written_path(&import.refr);
            let alias = import.r#as.as_ref().map(|alias| alias.text().to_owned()).or_else(|| path.last().cloned())?;
            matches!(path.first().map(String::as_str), Some("data" | "input")).then_some((alias, path))
        });
        Self { package: &module.package, imports: imports.collect(), own }
    }

    /// Whether a name means a rule or an import, and not a variable.
    pub(super) fn is_global(&self, name: &str) -> bool {
        self.own.contains(name) || self.imports.contains_key(name)
    }

    /// Whether a name is that of a rule of the same package.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.own.contains(name)
    }

    /// The path below `data` that an import gives a name to.
    pub(super) fn imported(&self, name: &str) -> Option<&[String]> {
        self.imports.get(name)?.strip_prefix(&["data".to_owned()])
    }

    /// The path below `input` that an import gives a name to.
    pub(super) fn imported_input(&self, name: &str) -> Option<&[String]> {
        self.imports.get(name)?.strip_prefix(&["input".to_owned()])
    }

    /// The full path of a reference below `data`; `None` for what does not lie there.
    pub(super) fn resolve(&self, reference: &Reference) -> Option<Vec<String>> {
        let (first, rest) = reference.path.split_first()?;
        let start: Vec<String> = if first == "data" {
            Vec::new()
        } else if let Some(path) = self.imports.get(first) {
            path.strip_prefix(&["data".to_owned()])?.to_vec()
        } else if self.own.contains(first) {
            self.package.iter().chain([first]).cloned().collect()
        } else {
            return None;
        };
        Some(start.into_iter().chain(rest.iter().cloned()).collect())
    }
}

/// First parts of the names of all rules, by package.
pub(super) fn own_names(modules: &[Module]) -> BTreeMap<Vec<String>, BTreeSet<String>> {
    let mut names: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for module in modules {
        let own = names.entry(module.package.clone()).or_default();
        own.extend(module.syntax.policy.iter().filter_map(|rule| written_path(name_of(rule)).into_iter().next()));
    }
    names
}

/// The expression that names a rule.
pub(super) fn name_of(rule: &Rule) -> &Expr {
    match rule {
        Rule::Spec {
            head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. },
            ..
        }
        | Rule::Default { refr, .. } => refr,
    }
}

/// The parts of a path up to the first that is not written out.
pub(super) fn written_path(expression: &Expr) -> Vec<String> {
    fn unfold(expression: &Expr, parts: &mut Vec<String>) -> bool {
        match expression {
            Expr::Var { span, .. } => {
                parts.push(span.text().to_owned());
                true
            }
            Expr::RefDot { refr, field, .. } => {
                unfold(refr, parts) && {
                    parts.push(field.0.text().to_owned());
                    true
                }
            }
            Expr::RefBrack { refr, index, .. } => {
                unfold(refr, parts)
                    && match index.as_ref() {
                        Expr::String { value, .. } | Expr::RawString { value, .. } => {
                            parts.extend(value.as_string().ok().map(|text| text.to_string()));
                            true
                        }
                        _ => false,
                    }
            }
            _ => false,
        }
    }
    let mut parts = Vec::new();
    unfold(expression, &mut parts);
    parts
}

/// One rule: all its definitions, in whatever files they stand.
struct RuleNode {
    path: Vec<String>,
    /// The first definition: module and place.
    first: (usize, Span),
    /// Where each rule it evaluates is named first.
    uses: BTreeMap<usize, (usize, Span)>,
}

/// All rules, and which evaluates which.
pub(super) struct Graph {
    index: BTreeMap<Vec<String>, usize>,
    nodes: Vec<RuleNode>,
}

impl Graph {
    /// The rules of all modules.
    pub(super) fn of(modules: &[Module]) -> Self {
        let mut graph = Self { index: BTreeMap::new(), nodes: Vec::new() };
        let full = |module: &Module, rule: &Rule| -> Vec<String> {
            module.package.iter().cloned().chain(written_path(name_of(rule))).collect()
        };
        for (number, module) in modules.iter().enumerate() {
            for rule in &module.syntax.policy {
                graph.index.entry(full(module, rule)).or_insert_with_key(|path| {
                    let first = (number, name_of(rule).span().clone());
                    graph.nodes.push(RuleNode { path: path.clone(), first, uses: BTreeMap::new() });
                    graph.nodes.len() - 1
                });
            }
        }
        let own = own_names(modules);
        for (number, module) in modules.iter().enumerate() {
            let names = Names::of(module, &own[&module.package]);
            for rule in &module.syntax.policy {
                let user = graph.index[&full(module, rule)];
                for reference in references(rule) {
                    for used in graph.reached(&names, &reference) {
                        let place = || (number, reference.span.clone());
                        graph.nodes[user].uses.entry(used).or_insert_with(place);
                    }
                }
            }
        }
        graph
    }

    /// The rules that one definition evaluates by itself.
    pub(super) fn used_by(&self, names: &Names<'_>, rule: &Rule) -> BTreeSet<usize> {
        references(rule).iter().flat_map(|reference| self.reached(names, reference)).collect()
    }

    /// Some rules, and all that evaluate one of them, over whatever others.
    pub(super) fn depending_on<'a>(&self, rules: impl Iterator<Item = &'a Vec<String>>) -> BTreeSet<usize> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (user, node) in self.nodes.iter().enumerate() {
            node.uses.keys().for_each(|used| users[*used].push(user));
        }
        let mut work: Vec<usize> = rules.filter_map(|path| self.index.get(path).copied()).collect();
        let mut found = BTreeSet::new();
        while let Some(node) = work.pop() {
            if found.insert(node) {
                work.extend(&users[node]);
            }
        }
        found
    }

    /// The rules a reference reads: those it leads into, and all below it.
    fn reached(&self, names: &Names<'_>, reference: &Reference) -> Vec<usize> {
        let Some(path) = names.resolve(reference) else { return Vec::new() };
        let into = (1..path.len()).filter_map(|length| self.index.get(&path[..length]).copied());
        let below = self.index.range(path.clone()..).take_while(|(rule, _)| rule.starts_with(&path));
        into.chain(below.map(|(_, node)| *node)).collect()
    }
}

/// Finds recursion. Gives a diagnostic for each circle, with the indices of the modules that hold part of it.
pub(super) fn recursion(modules: &[Module]) -> Vec<(BTreeSet<usize>, Diagnostic)> {
    let nodes = Graph::of(modules).nodes;
    components(&nodes)
        .into_iter()
        .filter(|members| members.len() > 1 || members.iter().any(|member| nodes[*member].uses.contains_key(member)))
        .map(|members| {
            let involved = members.iter().map(|member| nodes[*member].first.0).collect();
            (involved, circle(modules, &nodes, &members))
        })
        .collect()
}

fn circle(modules: &[Module], nodes: &[RuleNode], members: &[usize]) -> Diagnostic {
    let first = &nodes[members[0]];
    let names: Vec<String> = members.iter().map(|member| format!("`{}`", nodes[*member].path.join("."))).collect();
    let message = match names.as_slice() {
        [name] => format!("{name} evaluates itself"),
        names => format!("{} evaluate each other", names.join(" and ")),
    };
    let (module, span) = &first.first;
    let mut diagnostic = Diagnostic::error(rules::POLICY_UNSUPPORTED, message)
        .at(modules[*module].location(span), "defined here")
        .help("Rego has no recursion: walk the value with a comprehension, `walk` or `graph.reachable`");
    for member in members {
        let back = nodes[*member].uses.iter().find(|(used, _)| members.contains(used));
        if let Some((_, (module, span))) = back {
            diagnostic = diagnostic.also(modules[*module].location(span), "leads back");
        }
    }
    diagnostic
}

/// Strongly connected components (Tarjan), each sorted, without recursion of our own.
fn components(nodes: &[RuleNode]) -> Vec<Vec<usize>> {
    let mut state = Tarjan {
        order: vec![None; nodes.len()],
        low: vec![0; nodes.len()],
        on_stack: vec![false; nodes.len()],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for start in 0..nodes.len() {
        if state.order[start].is_none() {
            state.search(nodes, start);
        }
    }
    state.found.sort();
    state.found
}

struct Tarjan {
    order: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

impl Tarjan {
    fn search(&mut self, nodes: &[RuleNode], start: usize) {
        let mut work = vec![(start, self.enter(nodes, start))];
        while let Some((node, mut uses)) = work.pop() {
            match uses.pop() {
                Some(used) => {
                    work.push((node, uses));
                    match self.order[used] {
                        None => {
                            let below = self.enter(nodes, used);
                            work.push((used, below));
                        }
                        Some(order) if self.on_stack[used] => self.low[node] = self.low[node].min(order),
                        Some(_) => {}
                    }
                }
                None => {
                    self.leave(node);
                    if let Some((parent, _)) = work.last() {
                        self.low[*parent] = self.low[*parent].min(self.low[node]);
                    }
                }
            }
        }
    }

    fn enter(&mut self, nodes: &[RuleNode], node: usize) -> Vec<usize> {
        self.order[node] = Some(self.next);
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
        nodes[node].uses.keys().copied().collect()
    }

    fn leave(&mut self, node: usize) {
        if self.order[node] != Some(self.low[node]) {
            return;
        }
        let start = self.stack.iter().rposition(|on_stack| *on_stack == node).unwrap_or_default();
        let mut component = self.stack.split_off(start);
        component.iter().for_each(|member| self.on_stack[*member] = false);
        component.sort_unstable();
        self.found.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Dialect, EvaluationLimits};
    use crate::source::Source;

    fn circles(texts: &[&str]) -> Vec<String> {
        let modules: Vec<Module> = texts
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let source = Source::file(format!("{number}.rego"), *text);
                Module::parse(&source, Dialect::Detect, &EvaluationLimits::default()).expect("parses")
            })
            .collect();
        recursion(&modules).into_iter().map(|(_, diagnostic)| diagnostic.message).collect()
    }

    #[test]
    fn a_function_that_calls_itself_is_found() {
        assert_eq!(circles(&["package p\nf(x) := f(x + 1)\n"]), ["`p.f` evaluates itself"]);
    }

    #[test]
    fn rules_that_lead_to_each_other_over_files_are_found() {
        let first = "package a\nimport data.b as other\nx := other.y + 1\n";
        let second = "package b\ny := z\nz if data.a.x > 1\n";
        assert_eq!(circles(&[first, second]), ["`a.x` and `b.y` and `b.z` evaluate each other"]);
    }

    #[test]
    fn a_reference_to_the_own_package_is_recursion() {
        assert_eq!(circles(&["package p.q\nx contains y if some y in data.p[_]\n"]), ["`p.q.x` evaluates itself"]);
    }

    #[test]
    fn a_local_variable_may_have_the_name_of_a_rule() {
        assert!(circles(&["package p\nname := x if {\n  name := input.name\n  x := name\n}\n"]).is_empty());
        assert!(circles(&["package p\nitem if every item in input.items { item.ok }\n"]).is_empty());
        assert!(circles(&["package p\nf(g) := g.x\ng := f(input)\n"]).is_empty());
    }
}
