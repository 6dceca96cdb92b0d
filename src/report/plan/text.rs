//! Plans for people: one heading a branch, below it its objects by kind, its risks and its files.

use super::{KindCounts, PlannedEnvironment, Step};
use crate::diagnostic::count;

/// What would be done with some environments.
#[must_use]
pub fn text(environments: &[PlannedEnvironment]) -> String {
    environments.iter().map(environment).collect()
}

fn environment(plan: &PlannedEnvironment) -> String {
    let PlannedEnvironment { branch, tip, step, .. } = plan;
    let tip = tip.as_deref().unwrap_or_default();
    let mut out = match step {
        Step::Unchanged => format!("{branch} unchanged at {tip}\n"),
        Step::Start => format!("{branch} a new branch at {tip}, unchanged\n"),
        Step::Commit if tip.is_empty() => format!("{branch} a new branch, {}\n", count(plan.objects, "object")),
        Step::Commit => format!("{branch} on top of {tip}, {}\n", count(plan.objects, "object")),
    };
    let mut line = |text: String| out.push_str(&format!("  {text}\n"));
    let kinds = plan.kinds();
    for (sign, of) in [
        ("added", (|counts| counts.added) as fn(&KindCounts) -> usize),
        ("changed", |counts| counts.changed),
        ("removed", |counts| counts.removed),
    ] {
        let some = kinds.iter().filter(|(_, counts)| of(counts) > 0);
        let some: Vec<String> = some.map(|(kind, counts)| format!("{kind} {}", of(counts))).collect();
        if !some.is_empty() {
            line(format!("objects {sign}: {}", some.join(", ")));
        }
    }
    plan.risks.iter().for_each(|risk| line(format!("risk: {} of app {} {}", risk.object, risk.app, risk.kind.words())));
    if let Some(branch) = &plan.begins {
        line(format!("begin {branch} with an empty commit"));
    }
    let files = &plan.files;
    files.added.iter().for_each(|path| line(format!("add {path}")));
    files.changed.iter().for_each(|path| line(format!("change {path}")));
    files.removed.iter().for_each(|path| line(format!("remove {path}")));
    files.taken_over.iter().for_each(|path| line(format!("take over {path}")));
    files.overwritten.iter().for_each(|path| line(format!("overwrite the edit of {path}")));
    out
}
