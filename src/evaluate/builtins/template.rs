//! Templates of `strings.render_template`: Go's, as far as they name values, repeat and choose. Everything else of
//! Go's templates (pipelines, functions, other templates) is no answer, rather than another one.

use regorus::Value;

use super::{Answer, Failure, text};

/// Bytes that a template may make.
const SIZE: usize = 4_000_000;

/// Blocks within blocks.
const DEPTH: usize = 64;

pub(super) fn render(given: &[Value]) -> Answer {
    let template = text(given, 0)?;
    let Some(values @ Value::Object(_)) = given.get(1) else {
        return Err(Failure::undefined("operand 2 must be object"));
    };
    let pieces = pieces(template)?;
    let mut rest = pieces.as_slice();
    let (blocks, end) = blocks(&mut rest, 0)?;
    if end.is_some() {
        return Err(Failure::undefined("unexpected {{end}} or {{else}}"));
    }
    let mut scope = Scope { root: values, dot: Item::Of(values), variables: Vec::new(), text: String::new() };
    scope.all(&blocks)?;
    // so does OPA, whatever it comes from
    Ok(Value::from(scope.text.replace("<no value>", "<undefined>")))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Action(&'a str),
}

/// Splits at `{{` and `}}`; a dash inside, with a blank, takes away the blanks outside.
fn pieces(template: &str) -> Result<Vec<Piece<'_>>, Failure> {
    let blanks = [' ', '\t', '\r', '\n'];
    let (mut pieces, mut rest, mut is_trimmed) = (Vec::new(), template, false);
    loop {
        let (before, action) = match rest.split_once("{{") {
            Some((before, action)) => (before, Some(action)),
            None => (rest, None),
        };
        let mut before = if is_trimmed { before.trim_start_matches(blanks) } else { before };
        let Some(action) = action else {
            pieces.push(Piece::Text(before));
            return Ok(pieces);
        };
        let (mut action, after) =
            action.split_once("}}").ok_or_else(|| Failure::undefined("an action is not closed"))?;
        if let Some(trimmed) = action.strip_prefix('-').filter(|trimmed| trimmed.starts_with(blanks)) {
            (action, before) = (trimmed, before.trim_end_matches(blanks));
        }
        is_trimmed = action.strip_suffix('-').is_some_and(|trimmed| trimmed.ends_with(blanks));
        if is_trimmed {
            action = &action[..action.len() - 1];
        }
        pieces.extend([Piece::Text(before), Piece::Action(action.trim_matches(blanks))]);
        rest = after;
    }
}

/// `.a.b`, `$x.a`, `$`: what it starts with, and the names that follow.
#[derive(Debug, Clone)]
struct Path<'a> {
    /// Empty for the dot, `$` for all values.
    variable: &'a str,
    names: Vec<&'a str>,
}

#[derive(Debug, Clone)]
enum Block<'a> {
    Text(&'a str),
    Value(Path<'a>),
    If { condition: Path<'a>, then: Vec<Block<'a>>, otherwise: Vec<Block<'a>> },
    Range { variables: Vec<&'a str>, of: Path<'a>, each: Vec<Block<'a>>, otherwise: Vec<Block<'a>> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    End,
    Else,
}

fn unknown(action: &str) -> Failure {
    Failure::unanswered(format!("Hydrant does not render `{{{{{action}}}}}` in a template"))
}

/// Blocks up to the end of the text or what ends them.
fn blocks<'a>(rest: &mut &[Piece<'a>], depth: usize) -> Result<(Vec<Block<'a>>, Option<End>), Failure> {
    if depth > DEPTH {
        return Err(Failure::unanswered("a template has too many blocks within blocks"));
    }
    let mut found = Vec::new();
    while let Some((piece, after)) = rest.split_first() {
        *rest = after;
        let action = match piece {
            Piece::Text(text) => {
                found.push(Block::Text(text));
                continue;
            }
            Piece::Action(action) => *action,
        };
        match action.split_once(' ').map_or((action, ""), |(word, rest)| (word, rest.trim())) {
            ("end", "") => return Ok((found, Some(End::End))),
            ("else", "") => return Ok((found, Some(End::Else))),
            ("if", condition) => {
                let condition = path(condition).ok_or_else(|| unknown(action))?;
                let (then, otherwise) = both(rest, depth)?;
                found.push(Block::If { condition, then, otherwise });
            }
            ("range", words) => {
                let (variables, of) = match words.split_once(":=") {
                    Some((names, of)) => (names.split(',').map(str::trim).collect(), of.trim()),
                    None => (Vec::new(), words),
                };
                let is_known = variables.len() <= 2 && variables.iter().all(|name| is_variable(name));
                let of = path(of).filter(|_| is_known).ok_or_else(|| unknown(action))?;
                let (each, otherwise) = both(rest, depth)?;
                found.push(Block::Range { variables, of, each, otherwise });
            }
            _ => found.push(Block::Value(path(action).ok_or_else(|| unknown(action))?)),
        }
    }
    Ok((found, None))
}

type Both<'a> = (Vec<Block<'a>>, Vec<Block<'a>>);

/// What stands before and after `{{else}}`, up to `{{end}}`.
fn both<'a>(rest: &mut &[Piece<'a>], depth: usize) -> Result<Both<'a>, Failure> {
    let unclosed = || Failure::undefined("a block has no {{end}}");
    match blocks(rest, depth + 1)? {
        (then, Some(End::End)) => Ok((then, Vec::new())),
        (then, Some(End::Else)) => match blocks(rest, depth + 1)? {
            (otherwise, Some(End::End)) => Ok((then, otherwise)),
            _ => Err(unclosed()),
        },
        (_, None) => Err(unclosed()),
    }
}

fn is_name(word: &str) -> bool {
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word && !word.is_empty() && !word.starts_with(|first: char| first.is_ascii_digit())
}

fn is_variable(word: &str) -> bool {
    word.strip_prefix('$').is_some_and(is_name)
}

fn path(words: &str) -> Option<Path<'_>> {
    if words == "." {
        return Some(Path { variable: "", names: Vec::new() });
    }
    let mut parts = words.split('.');
    let variable = parts.next()?;
    let names: Vec<&str> = parts.collect();
    let is_start = if variable.is_empty() { !names.is_empty() } else { variable == "$" || is_variable(variable) };
    (is_start && names.iter().all(|name| is_name(name))).then_some(Path { variable, names })
}

#[derive(Debug, Clone)]
enum Item<'a> {
    Of(&'a Value),
    /// Which of a list it is.
    Index(usize),
    Missing,
}

struct Scope<'a> {
    root: &'a Value,
    dot: Item<'a>,
    variables: Vec<(&'a str, Item<'a>)>,
    text: String,
}

impl<'a> Scope<'a> {
    fn all(&mut self, blocks: &[Block<'a>]) -> Result<(), Failure> {
        for block in blocks {
            match block {
                Block::Text(text) => self.say(text)?,
                Block::Value(path) => {
                    let item = self.item(path)?;
                    self.say(&printed(&item)?)?;
                }
                Block::If { condition, then, otherwise } => {
                    let is_true = truth(&self.item(condition)?)?;
                    self.all(if is_true { then } else { otherwise })?;
                }
                Block::Range { variables, of, each, otherwise } => {
                    let members = members(&self.item(of)?)?;
                    if members.is_empty() {
                        self.all(otherwise)?;
                    }
                    for (key, value) in members {
                        self.once(variables, key, value, each)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn once(
        &mut self,
        variables: &[&'a str],
        key: Item<'a>,
        value: Item<'a>,
        each: &[Block<'a>],
    ) -> Result<(), Failure> {
        let (outer, count) = (std::mem::replace(&mut self.dot, value.clone()), self.variables.len());
        match variables {
            [of_value] => self.variables.push((of_value, value)),
            [of_key, of_value] => self.variables.extend([(*of_key, key), (*of_value, value)]),
            _ => {}
        }
        self.all(each)?;
        self.variables.truncate(count);
        self.dot = outer;
        Ok(())
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.text.len() + text.len() > SIZE {
            return Err(Failure::too_large());
        }
        self.text.push_str(text);
        Ok(())
    }

    fn item(&self, path: &Path<'a>) -> Result<Item<'a>, Failure> {
        let mut item = match path.variable {
            "" => self.dot.clone(),
            "$" => Item::Of(self.root),
            name => {
                let found = self.variables.iter().rev().find(|(of, _)| *of == name).map(|(_, item)| item.clone());
                found.ok_or_else(|| Failure::undefined(format!("undefined variable \"{name}\"")))?
            }
        };
        for name in &path.names {
            item = match item {
                Item::Of(Value::Object(entries)) => entries.get(&Value::from(*name)).map_or(Item::Missing, Item::Of),
                Item::Of(Value::Null | Value::Undefined) | Item::Missing => {
                    return Err(Failure::unanswered(format!("`{name}` of nothing in a template")));
                }
                _ => return Err(Failure::undefined(format!("can't evaluate field {name}"))),
            };
        }
        Ok(item)
    }
}

fn printed(item: &Item<'_>) -> Result<String, Failure> {
    match item {
        Item::Missing | Item::Of(Value::Null) => Ok("<no value>".to_owned()),
        Item::Index(index) => Ok(index.to_string()),
        Item::Of(Value::Bool(value)) => Ok(value.to_string()),
        Item::Of(Value::String(text)) => Ok(text.to_string()),
        Item::Of(number) => {
            let number = number.as_i64().map_err(|_| ());
            number.map(|number| number.to_string()).map_err(|()| {
                Failure::unanswered("Hydrant does not render fractions and collections as Go's templates do")
            })
        }
    }
}

/// Numbers are texts to Go here, and zero is true: nobody means that.
fn truth(item: &Item<'_>) -> Result<bool, Failure> {
    match item {
        Item::Missing | Item::Of(Value::Null) => Ok(false),
        Item::Index(index) => Ok(*index != 0),
        Item::Of(Value::Bool(value)) => Ok(*value),
        Item::Of(Value::String(text)) => Ok(!text.is_empty()),
        Item::Of(Value::Array(items)) => Ok(!items.is_empty()),
        Item::Of(Value::Object(entries)) => Ok(!entries.is_empty()),
        Item::Of(_) => Err(Failure::unanswered("a number as a condition in a template")),
    }
}

/// In order; of an object by its keys.
fn members<'a>(item: &Item<'a>) -> Result<Vec<(Item<'a>, Item<'a>)>, Failure> {
    match item {
        Item::Of(Value::Array(items)) => {
            Ok(items.iter().enumerate().map(|(index, value)| (Item::Index(index), Item::Of(value))).collect())
        }
        Item::Of(Value::Object(entries)) => {
            let entries: Vec<_> = entries.iter_sorted().collect();
            if entries.iter().any(|(key, _)| key.as_string().is_err()) {
                return Err(Failure::unanswered("keys that are no texts in a template"));
            }
            Ok(entries.into_iter().map(|(key, value)| (Item::Of(key), Item::Of(value))).collect())
        }
        _ => Err(Failure::unanswered("a range over what is neither list nor object in a template")),
    }
}
