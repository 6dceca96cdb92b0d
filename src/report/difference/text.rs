//! Differences for people: one line an object, below it one line a field.

use super::EnvironmentDifference;
use crate::compare::{FieldChange, FieldDifference, Hunk, Line, ObjectChange, ObjectDifference, Shown};
use crate::report::human::Style;

/// The differences of some environments; nothing for one in which everything is alike, but its heading.
#[must_use]
pub fn text(environments: &[EnvironmentDifference], style: Style) -> String {
    let paint = Paint { color: style.color };
    let mut out = String::new();
    for environment in environments {
        let EnvironmentDifference { environment: name, before, after, objects, .. } = environment;
        out.push_str(&format!("{}: {before} → {after}\n", paint.bold(name)));
        for object in objects {
            write_object(object, paint, &mut out);
        }
        if objects.is_empty() {
            out.push_str("  nothing differs\n");
        }
    }
    out
}

/// The fields of one object as the lines of a diff: every line begins with `+`, `-` or a blank.
pub(super) fn fields_as_diff(fields: &[FieldDifference]) -> String {
    let mut out = String::new();
    for field in fields {
        let path = &field.path;
        let mut block = |sign: char, shown: &Shown| match shown.is_short() {
            true => out.push_str(&format!("{sign} {path}: {}\n", shown.yaml)),
            false => {
                out.push_str(&format!("{sign} {path}:\n"));
                shown.yaml.lines().for_each(|line| out.push_str(&format!("{sign}   {line}\n")));
            }
        };
        match &field.change {
            FieldChange::Changed(before, after) => {
                block('-', before);
                block('+', after);
            }
            FieldChange::Added(after) => block('+', after),
            FieldChange::Removed(before) => block('-', before),
            FieldChange::Reordered => out.push_str(&format!("  {path}: the same items in another order\n")),
            FieldChange::Lines(hunks) => {
                for hunk in hunks {
                    out.push_str(&format!("  {path}, line {} → {}\n", hunk.before, hunk.after));
                    for line in &hunk.lines {
                        match line {
                            Line::Same(text) => out.push_str(format!("    {text}").trim_end()),
                            Line::Removed(text) => out.push_str(&format!("-   {text}")),
                            Line::Added(text) => out.push_str(&format!("+   {text}")),
                        }
                        out.push('\n');
                    }
                }
            }
        }
    }
    out
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, text: &str, code: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with(text, "1")
    }

    fn added(self, text: &str) -> String {
        self.with(text, "32")
    }

    fn removed(self, text: &str) -> String {
        self.with(text, "31")
    }

    fn changed(self, text: &str) -> String {
        self.with(text, "33")
    }
}

fn write_object(object: &ObjectDifference, paint: Paint, out: &mut String) {
    let ObjectDifference { object: which, app, change } = object;
    let line = format!("{app}  {which}");
    match change {
        ObjectChange::Added => out.push_str(&format!("  {}\n", paint.added(&format!("+ {line}")))),
        ObjectChange::Removed => out.push_str(&format!("  {}\n", paint.removed(&format!("- {line}")))),
        ObjectChange::Changed { moved_from, fields } => {
            let moved = moved_from.as_ref().map(|from| format!(" (from app {from})")).unwrap_or_default();
            out.push_str(&format!("  {}\n", paint.changed(&format!("~ {line}{moved}"))));
            fields.iter().for_each(|field| write_field(field, paint, out));
        }
    }
}

fn write_field(field: &FieldDifference, paint: Paint, out: &mut String) {
    let path = &field.path;
    match &field.change {
        FieldChange::Changed(before, after) if before.is_short() && after.is_short() => {
            let (before, after) = (paint.removed(&before.yaml), paint.added(&after.yaml));
            out.push_str(&format!("      {path}: {before} → {after}\n"));
        }
        FieldChange::Changed(before, after) => {
            out.push_str(&format!("      {path}:\n"));
            write_block(before, '-', paint, out);
            write_block(after, '+', paint, out);
        }
        FieldChange::Added(after) => write_one(path, after, '+', paint, out),
        FieldChange::Removed(before) => write_one(path, before, '-', paint, out),
        FieldChange::Lines(hunks) => {
            out.push_str(&format!("      {path}:\n"));
            hunks.iter().for_each(|hunk| write_hunk(hunk, paint, out));
        }
        FieldChange::Reordered => out.push_str(&format!("      {path}: the same items in another order\n")),
    }
}

fn write_one(path: &str, shown: &Shown, sign: char, paint: Paint, out: &mut String) {
    if shown.is_short() {
        let line = format!("{sign} {path}: {}", shown.yaml);
        out.push_str(&format!("    {}\n", signed(&line, sign, paint)));
    } else {
        out.push_str(&format!("    {}\n", signed(&format!("{sign} {path}:"), sign, paint)));
        write_block(shown, sign, paint, out);
    }
}

fn write_block(shown: &Shown, sign: char, paint: Paint, out: &mut String) {
    for line in shown.yaml.lines() {
        out.push_str(&format!("        {}\n", signed(&format!("{sign} {line}"), sign, paint)));
    }
}

fn write_hunk(hunk: &Hunk, paint: Paint, out: &mut String) {
    out.push_str(&format!("        @@ line {} → {} @@\n", hunk.before, hunk.after));
    for line in &hunk.lines {
        let line = match line {
            Line::Same(text) => format!("  {text}").trim_end().to_owned(),
            Line::Removed(text) => paint.removed(&format!("- {text}")),
            Line::Added(text) => paint.added(&format!("+ {text}")),
        };
        out.push_str(&format!("        {line}\n"));
    }
}

fn signed(line: &str, sign: char, paint: Paint) -> String {
    if sign == '+' { paint.added(line) } else { paint.removed(line) }
}
