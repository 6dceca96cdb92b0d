//! Echoes: what is told of a place as it is written, where what is read there is refused anyway.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// Drops warnings and notes about the spelling of a value that a schema or a policy refuses: the error says it better.
/// One that is waived refuses nothing, and a waiver for it is none for the spelling.
/// Only what is said of a value of an object has a pointer.
pub(super) fn drop_echoes(diagnostics: &mut Vec<Diagnostic>) {
    let place = |diagnostic: &Diagnostic| -> Option<(*const Source, Span)> {
        let location = &diagnostic.primary.as_ref()?.location;
        Some((Arc::as_ptr(&location.source), location.span))
    };
    let is_refusal = |found: &&Diagnostic| found.refuses(Severity::Error) && found.pointer.is_some();
    let refused: BTreeSet<_> = diagnostics.iter().filter(is_refusal).filter_map(place).collect();
    if refused.is_empty() {
        return;
    }
    let is_echo = |found: &Diagnostic| {
        found.severity < Severity::Error
            && found.pointer.is_none()
            && place(found).is_some_and(|at| refused.contains(&at))
    };
    diagnostics.retain(|found| !is_echo(found));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::rules;
    use crate::source::Location;

    #[test]
    fn the_spelling_of_a_refused_value_is_not_told_as_well() {
        let source = Source::file("a.yaml", "a: NO\nb: NO\n");
        let at = |diagnostic: Diagnostic, start| diagnostic.at(Location::new(&source, Span::new(start, start + 2)), "");
        let warning = |start| at(Diagnostic::warning(rules::YAML_BOOLEAN, "w"), start);
        let mut found = vec![
            warning(3),
            warning(9),
            at(Diagnostic::error(rules::SCHEMA_VIOLATION, "e").pointer("/a"), 3),
            at(Diagnostic::warning(rules::REPEATED_ITEM, "r").pointer("/a"), 3),
        ];
        drop_echoes(&mut found);
        let told: Vec<_> = found.iter().map(|found| found.rule.as_str()).collect();
        assert_eq!(told, ["yaml-boolean", "schema-violation", "repeated-item"]);
    }
}
