//! Lists and graphs.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Answer, Failure, members};

/// The members of a list, with the members of the lists among them in their place.
pub(super) fn flatten(given: &[Value]) -> Answer {
    let Some(Value::Array(items)) = given.first() else {
        return Err(Failure::undefined("operand 1 must be array"));
    };
    let mut flat = Vec::new();
    for item in items.iter() {
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(Value::from(flat))
}

/// All paths in a graph from some of its nodes, each up to where it ends.
pub(super) fn reachable_paths(given: &[Value]) -> Answer {
    let Some(graph @ Value::Object(_)) = given.first() else {
        return Err(Failure::undefined("operand 1 must be object"));
    };
    let mut found = BTreeSet::new();
    // what is still to be gone: a path, and the node after it
    let mut work: Vec<(Vec<Value>, Value)> = Vec::new();
    for start in members(given, 1)? {
        let Some(edges) = edges(graph, start) else { continue };
        if edges.is_empty() {
            found.insert(Value::from(vec![start.clone()]));
        }
        work.extend(edges.into_iter().map(|next| (vec![start.clone()], next)));
    }
    let mut met = BTreeSet::new();
    while let Some((mut path, node)) = work.pop() {
        let Some(edges) = edges(graph, &node) else {
            found.insert(Value::from(path));
            continue;
        };
        if !met.insert(node.clone()) || path.contains(&node) {
            return Err(Failure::unanswered("versions of OPA differ on a graph in which paths meet"));
        }
        path.push(node);
        if edges.is_empty() {
            found.insert(Value::from(path.clone()));
        }
        work.extend(edges.into_iter().map(|next| (path.clone(), next)));
    }
    Ok(Value::from(found))
}

/// Where edges lead from a node; `None` if it is not in the graph.
fn edges(graph: &Value, node: &Value) -> Option<Vec<Value>> {
    let edges = graph.as_object().ok()?.get(node)?;
    Some(match edges {
        Value::Array(items) => items.iter().cloned().collect(),
        Value::Set(items) => items.iter_sorted().cloned().collect(),
        _ => Vec::new(),
    })
}
