//! Dialect: Rego v0 beside v1. A file of v0 is written anew as v1, so that everything after the parser knows one language.
//!
//! Where both languages read a file they agree on it, but for functions that v1 removed, and those are told when a policy
//! loads. So v1 is tried first, and v0 only where v1 fails: no file changes its meaning by being tried.

mod bodies;
mod heads;
mod interpolation;
mod keywords;
mod removed;

use regorus::unstable::{Module as Syntax, Parser, Source as RegoSource};

use super::EvaluationLimits;
use super::edit::{Edit, Lowered, apply, insertion};
use super::module::lengths;
use super::tokens::tokens;

pub(super) use keywords::RENAMED as RENAMED_KEYWORD;
pub(super) use removed::{calls_functions, functions};

/// Which Rego a policy is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// v1 if it parses as v1, else v0.
    #[default]
    Detect,
    /// What OPA reads by default before 1.0: `deny[msg] { … }`. A file that imports `rego.v1` is v1 all the same.
    V0,
    /// What OPA reads by default since 1.0: `deny contains msg if { … }`.
    V1,
}

/// A text of v1, the tree it parses to, and how it was made.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) source: RegoSource,
    pub(super) syntax: Syntax,
    /// The texts from the user's to this one.
    pub(super) steps: Vec<Lowered>,
}

/// Why a text was not read, at a place in the user's text.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is no Rego: what regorus says, of a text that `steps` lead to.
    Syntax { error: String, text: String, steps: Vec<Lowered> },
    /// It is Rego of v0 that v1 has no words for.
    Wordless { offset: usize, what: &'static str, steps: Vec<Lowered> },
    /// It uses a keyword that it does not import, so v0 reads it as a name.
    NotImported { offset: usize, keyword: &'static str, steps: Vec<Lowered> },
}

/// Reads a text as v1, or writes it as v1.
pub(super) fn read(name: &str, text: &str, dialect: Dialect, limits: &EvaluationLimits) -> Result<Written, Unread> {
    let draft = Draft { name, limits, text: text.to_owned(), steps: Vec::new() };
    match dialect {
        Dialect::V1 => draft.v1(),
        Dialect::V0 if imports_v1(text) => draft.v1(),
        Dialect::V0 => draft.v0(),
        Dialect::Detect => draft.clone().v1().or_else(|refused| {
            let read = draft.v0();
            match read {
                Err(Unread::NotImported { .. }) => Err(refused),
                Err(Unread::Syntax { error, .. }) if reach(&refused) >= place(&error) => Err(refused),
                read => read,
            }
        }),
    }
}

fn imports_v1(text: &str) -> bool {
    text.lines().any(|line| line.split_whitespace().take(2).eq(["import", "rego.v1"]))
}

/// How far a text was read before it failed. Of two readings, the one that gets further is the one that was meant.
fn reach(unread: &Unread) -> (u32, u32) {
    match unread {
        Unread::Syntax { error, .. } => place(error),
        Unread::Wordless { .. } | Unread::NotImported { .. } => (u32::MAX, u32::MAX),
    }
}

fn place(error: &str) -> (u32, u32) {
    super::complaint::Complaint::parse(error).place.map_or((0, 0), |(_, line, column)| (line, column))
}

/// A text on its way to v1.
#[derive(Clone)]
struct Draft<'a> {
    name: &'a str,
    limits: &'a EvaluationLimits,
    text: String,
    steps: Vec<Lowered>,
}

/// How the parser is set up.
#[derive(Clone, Copy)]
enum Reading {
    /// Only the keywords that the file imports.
    V0,
    /// All keywords, and the rules of v1.
    V1,
    /// All keywords, without the rules of v1.
    Lenient,
}

impl Draft<'_> {
    fn v1(mut self) -> Result<Written, Unread> {
        self.newer_syntax()?;
        self.split_bodies()?;
        let read = self.parse(Reading::V1);
        match read {
            Err(Unread::Syntax { error, .. }) if error.contains("rule must have a body or assignment") => {
                let (_, syntax) = self.parse(Reading::Lenient)?;
                self.apply(heads::values(&syntax));
                self.finish()
            }
            read => {
                let (source, syntax) = read?;
                Ok(self.written(source, syntax))
            }
        }
    }

    fn v0(mut self) -> Result<Written, Unread> {
        self.newer_syntax()?;
        self.split_bodies()?;
        if let Some((offset, keyword)) = self.not_imported(&self.source()?) {
            return Err(Unread::NotImported { offset, keyword, steps: self.steps });
        }
        let (source, syntax) = self.parse(Reading::V0)?;
        let mut edits = match heads::to_v1(&syntax, &self.text) {
            Ok(edits) => edits,
            Err((offset, what)) => return Err(Unread::Wordless { offset, what, steps: self.steps }),
        };
        edits.extend(bodies::without_if(&source, self.limits).into_iter().map(|at| insertion(at, "if ".to_owned())));
        edits.extend(removed::replaced(&syntax));
        self.apply(edits);
        self.finish()
    }

    /// What OPA reads and regorus does not.
    fn newer_syntax(&mut self) -> Result<(), Unread> {
        if let Some(step) = interpolation::written_out(&self.text) {
            self.take(step);
        }
        let source = self.source()?;
        if let Some(step) = keywords::as_names(&source, &self.text, self.limits) {
            self.take(step);
        }
        Ok(())
    }

    fn take(&mut self, step: Lowered) {
        self.text.clone_from(&step.text);
        self.steps.push(step);
    }

    fn split_bodies(&mut self) -> Result<(), Unread> {
        let source = self.source()?;
        if let Some(step) = bodies::split(&source, &self.text, self.limits) {
            self.text.clone_from(&step.text);
            self.steps.push(step);
        }
        Ok(())
    }

    /// A word that is a keyword only where it is imported. The parser would warn of it on the terminal.
    fn not_imported(&self, source: &RegoSource) -> Option<(usize, &'static str)> {
        const KEYWORDS: [&str; 3] = ["every", "if", "in"];
        let imports = |keyword: &str| {
            let mut paths = self.text.lines().filter_map(|line| line.trim().strip_prefix("import future.keywords"));
            paths.any(|rest| {
                let word = rest.split_whitespace().next().unwrap_or_default();
                word.is_empty() || word.strip_prefix('.') == Some(keyword) || (word == ".every" && keyword == "in")
            })
        };
        let missing: Vec<&'static str> = KEYWORDS.into_iter().filter(|keyword| !imports(keyword)).collect();
        let tokens = tokens(source, lengths(self.limits).max_col).ok()?;
        let names = tokens.iter().filter(|token| token.is_name() && !self.text[..token.start].ends_with('.'));
        names.into_iter().find_map(|name| {
            let keyword = missing.iter().find(|keyword| **keyword == name.word(&self.text))?;
            Some((name.start, *keyword))
        })
    }

    fn apply(&mut self, edits: Vec<Edit>) {
        // edits that overlap change nothing, and what was meant to be changed is then refused by the parser
        if let Some(step) = apply(&self.text, (0, self.text.len()), edits) {
            self.text.clone_from(&step.text);
            self.steps.push(step);
        }
    }

    fn finish(self) -> Result<Written, Unread> {
        let (source, syntax) = self.parse(Reading::V1)?;
        Ok(self.written(source, syntax))
    }

    fn written(self, source: RegoSource, syntax: Syntax) -> Written {
        Written { text: self.text, source, syntax, steps: self.steps }
    }

    fn source(&self) -> Result<RegoSource, Unread> {
        let lengths = lengths(self.limits);
        let (bytes, lines) = (lengths.max_file_bytes, lengths.max_lines);
        RegoSource::from_contents_with_limits(self.name.to_owned(), self.text.clone(), bytes, lines)
            .map_err(|error| self.unread(error.to_string()))
    }

    fn parse(&self, reading: Reading) -> Result<(RegoSource, Syntax), Unread> {
        let source = self.source()?;
        let syntax = (|| {
            let mut parser = Parser::new(&source)?;
            parser.set_max_col(lengths(self.limits).max_col);
            match reading {
                Reading::V0 => {}
                Reading::V1 => parser.enable_rego_v1()?,
                Reading::Lenient => {
                    for keyword in ["contains", "every", "if", "in"] {
                        parser.set_future_keyword(keyword, &None)?;
                    }
                }
            }
            parser.parse()
        })();
        match syntax {
            Ok(syntax) => Ok((source, syntax)),
            Err(error) => Err(self.unread(error.to_string())),
        }
    }

    fn unread(&self, error: String) -> Unread {
        Unread::Syntax { error, text: self.text.clone(), steps: self.steps.clone() }
    }
}
