//! Heads: what v1 wants written in the head of a rule, put where v0 leaves it out.

use regorus::unstable::{Expr, Module as Syntax, Rule, RuleHead};

use crate::evaluate::edit::{Edit, insertion};

/// What v0 accepts and v1 has no words for: where it stands, and what it is.
pub(super) type Wordless = (usize, &'static str);

/// The edits that make a text of v0 one of v1.
pub(super) fn to_v1(syntax: &Syntax, text: &str) -> Result<Vec<Edit>, Wordless> {
    let mut edits = Vec::new();
    for rule in &syntax.policy {
        let Rule::Spec { head, bodies, .. } = rule.as_ref() else { continue };
        self::head(head, bodies.is_empty(), text, &mut edits)?;
    }
    Ok(edits)
}

/// The edits that give a value to functions without one, `f("a", _)`: regorus does not read them in v1.
pub(super) fn values(syntax: &Syntax) -> Vec<Edit> {
    let bare = syntax.policy.iter().filter_map(|rule| match rule.as_ref() {
        Rule::Spec { head: RuleHead::Func { span, assign: None, .. }, bodies, .. } if bodies.is_empty() => Some(span),
        _ => None,
    });
    bare.map(|span| insertion(span.end as usize, " := true".to_owned())).collect()
}

fn head(head: &RuleHead, no_body: bool, text: &str, edits: &mut Vec<Edit>) -> Result<(), Wordless> {
    match head {
        RuleHead::Set { span, refr, key: Some(_) } => {
            let (open, end) = (refr.span().end as usize, span.end as usize);
            // written with `contains` it is v1 already
            if text[open..].starts_with('[') && text[..end].ends_with(']') {
                edits.push(Edit { start: open, end: open + 1, text: " contains ".to_owned() });
                edits.push(Edit { start: end - 1, end, text: " ".to_owned() });
            }
            Ok(())
        }
        // `p.q { … }` is the set `p` with the member "q"
        RuleHead::Set { refr, key: None, .. } => match refr.as_ref() {
            Expr::RefDot { refr, field, .. } if !no_body => {
                let (start, end) = (refr.span().end as usize, field.0.end as usize);
                edits.push(Edit { start, end, text: format!(" contains \"{}\" ", field.0.text()) });
                Ok(())
            }
            _ => Err((refr.span().start as usize, "a rule without body and value")),
        },
        RuleHead::Func { span, assign: None, .. } if no_body => {
            edits.push(insertion(span.end as usize, " := true".to_owned()));
            Ok(())
        }
        RuleHead::Compr { span, assign: None, .. } if no_body => {
            Err((span.start as usize, "a rule without body and value"))
        }
        RuleHead::Compr { .. } | RuleHead::Func { .. } => Ok(()),
    }
}
