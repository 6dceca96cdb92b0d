//! Differences as Markdown for the comment of a pull request, never longer than a number of bytes.
//!
//! What does not fit is counted, never dropped in silence: the totals always stand first.

use super::{EnvironmentDifference, Totals, text, totals};
use crate::compare::{ObjectChange, ObjectDifference};
use crate::diagnostic::count;
use crate::report::markdown::{escape, fence_for};

/// Kept free for the line that tells what was left out.
const RESERVED: usize = 160;

/// The differences of some environments in at most `budget` bytes, as far as the heading and the totals fit into it.
#[must_use]
pub fn markdown(environments: &[EnvironmentDifference], budget: usize) -> String {
    let mut out = format!("### Rendered manifests\n\n{}\n", totals(&Totals::of(environments)));
    let (mut left_out, mut full) = (0, false);
    for environment in environments.iter().filter(|environment| !environment.objects.is_empty()) {
        let of_one = Totals::of(std::slice::from_ref(environment));
        let heading = format!(
            "\n#### {}: {} → {}\n\n+{} ~{} −{}\n",
            escape(&environment.environment),
            escape(&environment.before),
            escape(&environment.after),
            of_one.added,
            of_one.changed,
            of_one.removed
        );
        full |= out.len() + heading.len() + RESERVED > budget;
        if !full {
            out.push_str(&heading);
        }
        for object in &environment.objects {
            let section = section(object);
            full |= out.len() + section.len() + RESERVED > budget;
            match full {
                true => left_out += 1,
                false => out.push_str(&section),
            }
        }
    }
    if left_out > 0 {
        let verb = if left_out == 1 { "does" } else { "do" };
        out.push_str(&format!(
            "\n> [!NOTE]\n> {} more {verb} not fit here; `hydrant diff` shows all.\n",
            count(left_out, "object")
        ));
    }
    out
}

fn section(object: &ObjectDifference) -> String {
    let ObjectDifference { object: which, app, change } = object;
    let name = format!("{} · {}", escape(app), escape(&which.to_string()));
    match change {
        ObjectChange::Added => format!("\n- **added** {name}\n"),
        ObjectChange::Removed => format!("\n- **removed** {name}\n"),
        ObjectChange::Changed { moved_from, fields } => {
            let moved = moved_from.as_ref().map(|from| format!(", from app {}", escape(from))).unwrap_or_default();
            if fields.is_empty() {
                return format!("\n- **moved** {name}{moved}\n");
            }
            let diff = text::fields_as_diff(fields);
            let fence = fence_for(&diff);
            format!(
                "\n<details><summary><b>changed</b> {name}{moved}, {}</summary>\n\n{fence}diff\n{diff}{fence}\n\n</details>\n",
                count(fields.len(), "field")
            )
        }
    }
}
