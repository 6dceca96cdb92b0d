//! RE2: the regular expressions of CRDs, rewritten for the validator's engine with the same meaning.
//!
//! The API server compiles `pattern` with Go's `regexp`. The validator reads ECMAScript and matches with Rust's `regex`:
//! both are close to RE2, and differ in what `.`, `\s` and a stray `{` or `[` mean, and in what they refuse.

use std::iter::Peekable;
use std::str::Chars;

/// Go refuses to repeat anything more often.
const REPETITIONS: u32 = 1000;

/// Rewrites a pattern, or says why Go refuses it.
pub(super) fn translate(pattern: &str) -> Result<String, &'static str> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        output: String::with_capacity(pattern.len()),
        groups: vec![false],
        last: Last::Nothing,
    };
    while let Some(sign) = translator.rest.next() {
        translator.token(sign)?;
    }
    match translator.groups.len() {
        1 => Ok(translator.output),
        _ => Err("a group is not closed"),
    }
}

/// What stands before the place that is read: repetitions want something to repeat.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Atom,
    Repetition,
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    output: String,
    /// Whether `.` matches line feeds (`(?s)`), in each group that is open.
    groups: Vec<bool>,
    last: Last,
}

impl Translator<'_> {
    fn token(&mut self, sign: char) -> Result<(), &'static str> {
        match sign {
            '(' => self.open(),
            ')' => self.close(),
            '|' => {
                self.output.push('|');
                self.last = Last::Nothing;
                Ok(())
            }
            '^' | '$' => {
                self.atom(&sign.to_string());
                Ok(())
            }
            '.' => {
                let every = self.groups.last().copied().unwrap_or_default();
                self.atom(if every { r"[\x{0}-\x{10FFFF}]" } else { r"[^\n]" });
                Ok(())
            }
            '[' => self.class(),
            '*' | '+' | '?' => self.repetition(&sign.to_string()),
            '{' => self.counted(),
            '\\' => self.escape(),
            sign => {
                self.literal(sign);
                Ok(())
            }
        }
    }

    fn atom(&mut self, text: &str) {
        self.output.push_str(text);
        self.last = Last::Atom;
    }

    fn literal(&mut self, sign: char) {
        push_literal(&mut self.output, sign);
        self.last = Last::Atom;
    }

    fn open(&mut self) -> Result<(), &'static str> {
        let every = self.groups.last().copied().unwrap_or_default();
        self.last = Last::Nothing;
        self.output.push('(');
        if self.rest.next_if_eq(&'?').is_none() {
            self.groups.push(every);
            return Ok(());
        }
        self.output.push('?');
        let named = self.rest.next_if_eq(&'P').is_some() || self.rest.peek() == Some(&'<');
        if named {
            self.groups.push(every);
            return self.group_name();
        }
        self.flags(every)
    }

    fn group_name(&mut self) -> Result<(), &'static str> {
        const REASON: &str = "RE2 knows no look-around";
        self.rest.next_if_eq(&'<').ok_or(REASON)?;
        let mut name = String::new();
        while let Some(sign) = self.rest.next_if(|sign| sign.is_ascii_alphanumeric() || *sign == '_') {
            name.push(sign);
        }
        self.rest.next_if_eq(&'>').filter(|_| !name.is_empty()).ok_or(REASON)?;
        // the validator needs no names, and takes fewer of them
        self.output.push(':');
        Ok(())
    }

    /// `(?i)`, `(?s-m:…)`.
    fn flags(&mut self, mut every: bool) -> Result<(), &'static str> {
        let mut on = true;
        loop {
            let sign = self.rest.next().ok_or("a group is not closed")?;
            match sign {
                's' => every = on,
                'i' | 'm' | 'U' => {}
                '-' if on => on = false,
                ':' => self.groups.push(every),
                ')' => *self.groups.last_mut().ok_or("a group is not opened")? = every,
                _ => return Err("RE2 knows no look-around, nor any flag but `i`, `m`, `s` and `U`"),
            }
            self.output.push(sign);
            if matches!(sign, ':' | ')') {
                return Ok(());
            }
        }
    }

    fn close(&mut self) -> Result<(), &'static str> {
        if self.groups.len() == 1 {
            return Err("a group is closed that was not opened");
        }
        self.groups.pop();
        self.atom(")");
        Ok(())
    }

    fn repetition(&mut self, sign: &str) -> Result<(), &'static str> {
        match self.last {
            Last::Nothing => return Err("there is nothing to repeat"),
            Last::Repetition => return Err("a repetition cannot be repeated"),
            Last::Atom => {}
        }
        self.output.push_str(sign);
        if self.rest.next_if_eq(&'?').is_some() {
            self.output.push('?');
        }
        self.last = Last::Repetition;
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,5}`; any other brace is a brace.
    fn counted(&mut self) -> Result<(), &'static str> {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take_while(|sign| *sign != '}').collect();
        let closed = self.rest.clone().any(|sign| sign == '}');
        let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
        let is_number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits && (text.len() == 1 || !text.starts_with('0'))
        };
        if !closed || !is_number(low) || !(high.is_empty() || is_number(high)) {
            self.literal('{');
            return Ok(());
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let top = if high.is_empty() { number(low) } else { number(high) };
        if number(low) > top || top > REPETITIONS {
            return Err("RE2 repeats at most 1000 times");
        }
        self.rest = ahead;
        self.repetition(&format!("{{{inside}}}"))
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let sign = self.rest.next().ok_or("a backslash ends the pattern")?;
        match sign {
            'A' | 'z' => self.atom(&format!("\\{sign}")),
            'b' => self.atom(r"(?-u:\b)"),
            'B' => self.atom(r"\B"),
            'Q' => self.quoted(),
            'p' | 'P' => {
                let class = self.unicode_class(sign)?;
                self.atom(&class);
            }
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.atom(&format!("[{}]", perl_class(sign)));
            }
            sign => {
                let sign = self.character(sign)?;
                self.literal(sign);
            }
        }
        Ok(())
    }

    /// `\Q…\E`: everything between is itself.
    fn quoted(&mut self) {
        while let Some(sign) = self.rest.next() {
            if sign == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(sign);
        }
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`.
    fn unicode_class(&mut self, sign: char) -> Result<String, &'static str> {
        const REASON: &str = "a Unicode class has no name";
        if self.rest.next_if_eq(&'{').is_none() {
            return Ok(format!("\\{sign}{}", self.rest.next().ok_or(REASON)?));
        }
        let negated = self.rest.next_if_eq(&'^').is_some();
        let mut name = String::new();
        while let Some(sign) = self.rest.next_if(|sign| *sign != '}') {
            name.push(sign);
        }
        self.rest.next().filter(|_| !name.is_empty()).ok_or(REASON)?;
        let sign = if negated == (sign == 'p') { 'P' } else { 'p' };
        Ok(format!("\\{sign}{{{name}}}"))
    }

    /// The character that an escape stands for.
    fn character(&mut self, sign: char) -> Result<char, &'static str> {
        const NUMBER: &str = "an escape names no character";
        let octal = |sign: &char| ('0'..='7').contains(sign);
        Ok(match sign {
            'a' => '\u{7}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '1'..='7' if !self.rest.peek().is_some_and(octal) => return Err("RE2 knows no back-reference"),
            '0'..='7' => {
                let mut code = sign.to_digit(8).ok_or(NUMBER)?;
                for _ in 0..2 {
                    let Some(digit) = self.rest.next_if(octal) else { break };
                    code = code * 8 + digit.to_digit(8).ok_or(NUMBER)?;
                }
                char::from_u32(code).ok_or(NUMBER)?
            }
            'x' => {
                let digits: String = match self.rest.next_if_eq(&'{') {
                    Some(_) => self.rest.by_ref().take_while(|sign| *sign != '}').collect(),
                    None => self.rest.by_ref().take(2).collect(),
                };
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or(NUMBER)?
            }
            sign if sign.is_ascii() && !sign.is_ascii_alphanumeric() => sign,
            _ => return Err("an escape is not known to RE2"),
        })
    }

    fn class(&mut self) -> Result<(), &'static str> {
        self.output.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.output.push('^');
        }
        let mut first = true;
        loop {
            let sign = self.rest.next().ok_or("a class of characters is not closed")?;
            match sign {
                ']' if !first => break,
                '[' if self.rest.peek() == Some(&':') => self.posix_class()?,
                '\\' => self.class_escape()?,
                sign => self.range(sign)?,
            }
            first = false;
        }
        self.atom("]");
        Ok(())
    }

    /// `[:alpha:]`; where no `:]` follows, the bracket is a bracket.
    fn posix_class(&mut self) -> Result<(), &'static str> {
        let ahead: String = self.rest.clone().skip(1).collect();
        let Some((name, _)) = ahead.split_once(":]") else { return self.range('[') };
        let plain = name.strip_prefix('^').unwrap_or(name);
        let known = POSIX.iter().find(|(known, _)| *known == plain);
        let (_, inside) = known.ok_or("a class of characters has a name that RE2 does not know")?;
        self.output.push_str(&spans(inside, plain != name));
        self.rest.nth(name.chars().count() + 2);
        Ok(())
    }

    fn class_escape(&mut self) -> Result<(), &'static str> {
        match self.rest.peek().copied() {
            Some(sign @ ('d' | 'D' | 's' | 'S' | 'w' | 'W')) => {
                self.rest.next();
                self.output.push_str(&perl_class(sign));
                Ok(())
            }
            Some(sign @ ('p' | 'P')) => {
                self.rest.next();
                let class = self.unicode_class(sign)?;
                self.output.push_str(&class);
                Ok(())
            }
            _ => self.range('\\'),
        }
    }

    /// One character of a class, or two with a dash between.
    fn range(&mut self, sign: char) -> Result<(), &'static str> {
        let low = self.class_character(sign)?;
        push_class_literal(&mut self.output, low);
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('-') && ahead.next().is_some_and(|sign| sign != ']') {
            self.rest.next();
            let sign = self.rest.next().ok_or("a class of characters is not closed")?;
            let high = self.class_character(sign)?;
            if high < low {
                return Err("a range of characters ends before it begins");
            }
            self.output.push('-');
            push_class_literal(&mut self.output, high);
        }
        Ok(())
    }

    fn class_character(&mut self, sign: char) -> Result<char, &'static str> {
        match sign {
            '\\' => {
                let sign = self.rest.next().ok_or("a backslash ends the pattern")?;
                self.character(sign)
            }
            sign => Ok(sign),
        }
    }
}

/// Characters from one to another.
type Span = (char, char);

const POSIX: &[(&str, &[Span])] = &[
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("ascii", &[('\0', '\u{7f}')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')]),
    ("digit", &[('0', '9')]),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", &[('\t', '\r'), (' ', ' ')]),
    ("upper", &[('A', 'Z')]),
    ("word", &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

/// `\d`, `\s`, `\w` and what they are not: ASCII, and no vertical tab.
fn perl_class(sign: char) -> String {
    let inside: &[Span] = match sign.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')],
        _ => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
    };
    spans(inside, sign.is_ascii_uppercase())
}

/// Spans as they stand in a class; negated without a class in the class, which ECMAScript does not have.
fn spans(inside: &[Span], negated: bool) -> String {
    let write = |low: u32, high: u32| format!("\\x{{{low:x}}}-\\x{{{high:x}}}");
    if !negated {
        return inside.iter().map(|(low, high)| write(u32::from(*low), u32::from(*high))).collect();
    }
    let starts = std::iter::once(0).chain(inside.iter().map(|(_, high)| u32::from(*high) + 1));
    let ends = inside.iter().map(|(low, _)| u32::from(*low)).chain([u32::from(char::MAX) + 1]);
    starts.zip(ends).filter(|(start, end)| start < end).map(|(start, end)| write(start, end - 1)).collect()
}

fn push_literal(output: &mut String, sign: char) {
    if r"\.+*?()|[]{}^$".contains(sign) {
        output.push('\\');
    }
    push_plain(output, sign);
}

fn push_class_literal(output: &mut String, sign: char) {
    if r"\[]^-&~".contains(sign) {
        output.push('\\');
    }
    push_plain(output, sign);
}

fn push_plain(output: &mut String, sign: char) {
    if sign.is_control() {
        output.push_str(&format!("\\x{{{:x}}}", u32::from(sign)));
    } else {
        output.push(sign);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a pattern in the words of RE2 matches, as the validator sees it.
    fn matches(pattern: &str, text: &str) -> bool {
        let translated = translate(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
        let schema = serde_json::json!({"pattern": translated});
        let options = jsonschema::options().with_pattern_options(jsonschema::PatternOptions::regex());
        let validator = options.build(&schema).unwrap_or_else(|error| panic!("{pattern}: {translated}: {error}"));
        validator.is_valid(&serde_json::json!(text))
    }

    #[test]
    fn a_pattern_means_what_it_means_to_go() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (r"^[a-z]([-a-z0-9]*[a-z0-9])?$", &["web", "web-1"], &["-web", "Web"]),
            // `.` is anything but a line feed
            (r"^a.b$", &["a\rb", "a\u{2028}b"], &["a\nb"]),
            (r"(?s)^a.b$", &["a\nb"], &["ab"]),
            (r"^(?s:a.)b.$", &["a\nbc"], &["a\nb\n"]),
            (r"^\s$", &[" ", "\t", "\n"], &["\u{b}", "\u{a0}"]),
            (r"^[^\s]+$", &["a\u{a0}"], &["a b"]),
            (r"^\d\w\D\W$", &["1_a-"], &["٣_a-"]),
            // braces and brackets that begin nothing
            (r"^{.*}$", &["{a}"], &["a"]),
            (r"^\${[A-Z]+}$", &["${A}"], &["$A"]),
            (r"^a{,2}$", &["a{,2}"], &["aa"]),
            (r"^a{02}$", &["a{02}"], &["aa"]),
            (r"^[^[]+$", &["a]"], &["a[b"]),
            (r"^[]a]+$", &["]a"], &["["]),
            (r"^[a&&b]+$", &["a&b"], &["c"]),
            (r"^[+--z~~]+$", &["+,-z~"], &["a"]),
            (r"^[\w.-]+$", &["a.b-c"], &["a b"]),
            (r"^[[:alpha:][:digit:]]+$", &["a1"], &["-"]),
            (r"^[[:^alpha:]]+$", &["-٣é1"], &["a"]),
            (r"^[\S]+[^\W_]$", &["a\u{b}c"], &["a c", "a_"]),
            (r"^\Qa.b\E$", &["a.b"], &["axb"]),
            (r"^\<\_\/\>\x41\x{42}\103$", &["<_/>ABC"], &["_/ABC"]),
            (r"^\pL+\p{Greek}\P{^Lu}$", &["abαB"], &["1αB"]),
            (r"^(?P<first>a)(?<second>b)(?i)C$", &["abc"], &["aBc"]),
            (r"^a{2}?b*?c$", &["aabc"], &["abc"]),
            (r"\bweb\b", &["my web app", "web"], &["cobweb"]),
        ];
        for (pattern, good, bad) in cases {
            good.iter().for_each(|text| assert!(matches(pattern, text), "{pattern} refuses {text:?}"));
            bad.iter().for_each(|text| assert!(!matches(pattern, text), "{pattern} accepts {text:?}"));
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(?=a)",
            "(?!a)",
            "(?<=a)b",
            "(?x)a",
            r"(a)\1",
            "a**",
            "a{2}*",
            "a++",
            "*a",
            "a{1001}",
            "a{3,2}",
            "(a",
            "a)",
            "[a",
            "[z-a]",
            "[[:letter:]]",
            r"\Z",
            r"\u0041",
            r"\C",
            "\\",
            r"\x{110000}",
            "(?P<a-b>c)",
        ] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
