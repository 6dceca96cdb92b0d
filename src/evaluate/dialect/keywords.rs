//! Keywords as names: `input.with`, `package lib.not`, `some.rule := 1`. OPA reads them wherever a dot stands beside
//! them, regorus does not.
//!
//! After a dot a keyword is written in brackets. A rule whose name begins with one gets another name; what looks into
//! its package from outside would see that name, and is refused (see [`calls`](crate::evaluate::calls)).

use regorus::unstable::Source;

use crate::evaluate::EvaluationLimits;
use crate::evaluate::edit::{Edit, Lowered, apply};
use crate::evaluate::module::lengths;
use crate::evaluate::tokens::{Token, tokens};

/// What the names of such rules begin with.
pub(in crate::evaluate) const RENAMED: &str = "__keyword_";

const KEYWORDS: [&str; 15] = [
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "some",
    "true", "with",
];

/// Writes keywords that are names as regorus reads them. `None` if there is none.
pub(super) fn as_names(source: &Source, text: &str, limits: &EvaluationLimits) -> Option<Lowered> {
    let tokens = tokens(source, lengths(limits).max_col).ok()?;
    let dot = |at: Option<usize>| at.and_then(|at| tokens.get(at)).filter(|token| token.word(text) == ".");
    let mut edits = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let word = token.word(text);
        if !token.is_name() || !KEYWORDS.contains(&word) {
            continue;
        }
        let before = dot(at.checked_sub(1)).filter(|dot| dot.end == token.start);
        let after = dot(Some(at + 1)).filter(|dot| dot.start == token.end);
        match (before, after) {
            // `import future.keywords.if`
            (Some(_), _) if at >= 2 && tokens[at - 2].word(text) == "keywords" => {}
            // regorus calls no path with brackets
            (before, after) if (before.or(after)).is_some() && is_called(text, &tokens, at) => {
                edits.push(Edit { start: token.start, end: token.end, text: format!("{RENAMED}{word}") });
            }
            (Some(dot), _) => {
                edits.push(Edit { start: dot.start, end: token.end, text: format!("[\"{word}\"]") });
            }
            (None, Some(_)) => {
                edits.push(Edit { start: token.start, end: token.end, text: format!("{RENAMED}{word}") });
            }
            (None, None) => {}
        }
    }
    if edits.is_empty() { None } else { apply(text, (0, text.len()), edits) }
}

/// Whether the path in which a name stands is that of a function: `a.with.b(…)`.
fn is_called(text: &str, tokens: &[Token], mut at: usize) -> bool {
    let adjacent = |at: usize, sign: &str| {
        tokens.get(at + 1).is_some_and(|next| next.word(text) == sign && next.start == tokens[at].end)
    };
    while adjacent(at, ".") && tokens.get(at + 2).is_some_and(Token::is_name) {
        at += 2;
    }
    adjacent(at, "(")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        let source = Source::from_contents("p.rego".to_owned(), text.to_owned()).expect("small");
        as_names(&source, text, &EvaluationLimits::default()).map(|lowered| lowered.text)
    }

    #[test]
    fn a_keyword_beside_a_dot_is_a_name() {
        let text = "package a.not\nimport data.b.with as c\nwith.x := 1 if input.if.y == with.x\n";
        let expected = "package a[\"not\"]\nimport data.b[\"with\"] as c\n\
                        __keyword_with.x := 1 if input[\"if\"].y == __keyword_with.x\n";
        assert_eq!(written(text).as_deref(), Some(expected));
    }

    #[test]
    fn a_keyword_that_is_one_stays() {
        let text = "package a\nimport future.keywords.if\nx if { not y with input as {\"with\": 1.5} }\n";
        assert_eq!(written(text), None);
    }
}
