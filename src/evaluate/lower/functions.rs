//! Functions that the engines lack, or that differ from OPA's, called by what takes their place.

use regorus::unstable::{AssignOp, Expr, Literal, Ref};

use super::Lowering;
use crate::evaluate::conflict::iterates;
use crate::evaluate::edit::{Edit, insertion};
use crate::evaluate::graph::written_path;
use crate::evaluate::{builtins, texts};

/// The functions that are called by another name: a `with` would not reach them.
pub(in crate::evaluate) fn replaced() -> impl Iterator<Item = &'static str> {
    let own = builtins::REPLACED.iter().map(|(name, _)| *name);
    texts::REPLACED.iter().map(|(name, ..)| *name).chain(own).chain(["sprintf"])
}

impl Lowering<'_> {
    /// The name of a function that no policy defines.
    fn builtin(&self, function: &Expr) -> Option<String> {
        let path = written_path(function);
        let first = path.first()?;
        (!self.names.is_global(first)).then(|| path.join("."))
    }

    /// Puts what gives OPA's values in the place of a function that would not.
    pub(super) fn total(&mut self, function: &Expr, arguments: &[Ref<Expr>], edits: &mut Vec<Edit>) {
        let Some(name) = self.builtin(function) else { return };
        if name == texts::PART {
            return self.single(arguments);
        }
        let of_text = texts::REPLACED.iter().find(|(replaced, ..)| *replaced == name).map(|(_, _, text)| *text);
        let own = builtins::REPLACED.iter().find(|(replaced, _)| *replaced == name).map(|(_, text)| *text);
        let formats = (name == "sprintf" && !texts::is_plain(arguments)).then_some(texts::SPRINTF);
        if let Some(text) = of_text.or(own).or(formats) {
            let (start, end) = self.module.range(function.span());
            edits.push(Edit { start, end, text: text.to_owned() });
        }
    }

    /// What stands in an interpolated text has one value.
    fn single(&mut self, arguments: &[Ref<Expr>]) {
        let Some(Expr::SetCompr { query, .. }) = arguments.first().map(AsRef::as_ref) else { return };
        let Some(Literal::Expr { expr, .. }) = query.stmts.first().map(|statement| &statement.literal) else { return };
        let Expr::AssignExpr { op: AssignOp::ColEq, rhs, .. } = expr.as_ref() else { return };
        let single = |name: &str| {
            let known = matches!(name, "input" | "data") || self.names.is_global(name);
            name != "_" && (known || self.bound.iter().any(|bound| bound.contains(name)))
        };
        if iterates(rhs, &single) {
            self.refuse(
                rhs.span(),
                "what stands in a text may have several values",
                "goes over all of them",
                "choose one before: `some x in …`",
            );
        }
    }

    /// Whether a call has one argument more than the function takes: a pattern for its value. Where the engine knows the
    /// function, it knows that too.
    pub(super) fn has_output(&self, function: &Expr, arguments: &[Ref<Expr>]) -> bool {
        let Some(name) = self.builtin(function) else { return false };
        let own =
            builtins::REPLACED.iter().find(|(replaced, _)| *replaced == name).map_or(name.as_str(), |(_, own)| own);
        let of_text = texts::REPLACED.iter().find(|(replaced, ..)| *replaced == name).map(|(_, takes, _)| *takes);
        let takes = builtins::arguments(own).or(of_text);
        takes.is_some_and(|takes| takes + 1 == arguments.len())
    }

    /// `f(x, y)` becomes `y = f(x)`.
    pub(super) fn output(&mut self, start: usize, function: &Expr, arguments: &[Ref<Expr>], edits: &mut Vec<Edit>) {
        let Some((output, [others @ .., last])) = arguments.split_last() else { return };
        self.total(function, arguments, edits);
        others.iter().chain([last]).for_each(|argument| self.expression(argument, edits));
        let (from, to) = self.module.expression_range(output);
        edits.push(insertion(start, format!("{} = ", &self.module.text[from..to])));
        let before = self.module.expression_range(last).1;
        edits.push(Edit { start: before, end: to, text: String::new() });
    }
}
