//! Keywords as names: `input.with`, `package lib.not`, `some.rule := 1`. OPA reads them wherever a dot stands beside
//! them, regorus does not.
//!
//! After a dot a keyword is written in brackets. A rule whose name begins with one gets another name; what looks into
//! its package from outside would see that name, and is refused (see [`calls`](crate::evaluate::calls)).

use regorus::unstable::{Lexer, Source, TokenKind};

use crate::evaluate::EvaluationLimits;
use crate::evaluate::edit::{Edit, Lowered, apply};
use crate::evaluate::module::lengths;

/// What the names of such rules begin with.
pub(in crate::evaluate) const RENAMED: &str = "__keyword_";

const KEYWORDS: [&str; 15] = [
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "some",
    "true", "with",
];

struct Word {
    start: usize,
    end: usize,
    text: String,
    is_name: bool,
}

/// Writes keywords that are names as regorus reads them. `None` if there is none.
pub(super) fn as_names(source: &Source, text: &str, limits: &EvaluationLimits) -> Option<Lowered> {
    let words = words(source, limits)?;
    let dot = |at: Option<usize>| at.and_then(|at| words.get(at)).filter(|word| word.text == ".");
    let mut edits = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !word.is_name || !KEYWORDS.contains(&word.text.as_str()) {
            continue;
        }
        let before = dot(at.checked_sub(1)).filter(|dot| dot.end == word.start);
        let after = dot(Some(at + 1)).filter(|dot| dot.start == word.end);
        match (before, after) {
            // `import future.keywords.if`
            (Some(_), _) if at >= 2 && words[at - 2].text == "keywords" => {}
            // regorus calls no path with brackets
            (before, after) if (before.or(after)).is_some() && is_called(&words, at) => {
                edits.push(Edit { start: word.start, end: word.end, text: format!("{RENAMED}{}", word.text) });
            }
            (Some(dot), _) => {
                edits.push(Edit { start: dot.start, end: word.end, text: format!("[\"{}\"]", word.text) });
            }
            (None, Some(_)) => {
                edits.push(Edit { start: word.start, end: word.end, text: format!("{RENAMED}{}", word.text) });
            }
            (None, None) => {}
        }
    }
    if edits.is_empty() { None } else { apply(text, (0, text.len()), edits) }
}

/// Whether the path in which a name stands is that of a function: `a.with.b(…)`.
fn is_called(words: &[Word], mut at: usize) -> bool {
    let adjacent =
        |at: usize, sign: &str| words.get(at + 1).is_some_and(|next| next.text == sign && next.start == words[at].end);
    while adjacent(at, ".") && words.get(at + 2).is_some_and(|name| name.is_name) {
        at += 2;
    }
    adjacent(at, "(")
}

fn words(source: &Source, limits: &EvaluationLimits) -> Option<Vec<Word>> {
    let mut lexer = Lexer::new(source);
    lexer.set_max_col(lengths(limits).max_col);
    let mut found = Vec::new();
    loop {
        let token = lexer.next_token().ok()?;
        let (start, end) = (token.1.start as usize, token.1.end as usize);
        match token.0 {
            TokenKind::Eof => return Some(found),
            // a text may be a keyword, and is none
            TokenKind::String | TokenKind::RawString => {
                found.push(Word { start, end, text: String::new(), is_name: false });
            }
            kind => {
                let is_name = matches!(kind, TokenKind::Ident);
                found.push(Word { start, end, text: token.1.text().to_owned(), is_name });
            }
        }
    }
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
