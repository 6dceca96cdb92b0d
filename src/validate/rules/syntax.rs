//! The forms that Kubernetes demands of names, keys and values (apimachinery's `pkg/util/validation`).

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// RFC 1123 subdomain: the names of most objects.
    Subdomain,
    /// RFC 1123 label.
    Label,
    /// RFC 1035 label: as above, beginning with a letter.
    LetterLabel,
    /// A part of a URL path: names of roles.
    PathSegment,
    /// The key of a label: a name, with a subdomain and `/` before it or without.
    Qualified,
    /// The value of a label.
    LabelValue,
    /// The name of an environment variable, before Kubernetes 1.32.
    EnvironmentName,
    /// The name of an environment variable: printable, without `=`.
    RelaxedEnvironmentName,
    /// A key of a ConfigMap or Secret.
    DataKey,
    /// The name of a port: IANA service name.
    PortName,
}

impl Form {
    /// What is wrong with a text; `None` if it has the form.
    pub(super) fn trouble(self, text: &str) -> Option<String> {
        if self.accepts(text) { None } else { self.explain(text) }
    }

    /// Whether a text has the form. Every label of every object comes by here: one pass over the bytes.
    pub(super) fn accepts(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Subdomain => is_subdomain(bytes),
            Self::Label => bytes.len() <= 63 && is_label(bytes),
            Self::LabelValue => bytes.is_empty() || is_qualified_name(bytes),
            Self::Qualified => match bytes.iter().position(|byte| *byte == b'/') {
                Some(slash) => is_subdomain(&bytes[..slash]) && is_qualified_name(&bytes[slash + 1..]),
                None => is_qualified_name(bytes),
            },
            _ => self.explain(text).is_none(),
        }
    }

    /// What is wrong with a text, in words.
    fn explain(self, text: &str) -> Option<String> {
        match self {
            Self::Qualified => return qualified_trouble(text),
            Self::PathSegment => return path_trouble(text),
            Self::LabelValue if text.is_empty() => return None,
            _ if text.is_empty() => return Some("it is empty".to_owned()),
            _ => {}
        }
        let bad = text.chars().find(|sign| !self.allows(*sign));
        bad.map(|sign| format!("{sign:?} is not allowed"))
            .or_else(|| too_long(text, self.longest()))
            .or_else(|| self.arrangement_trouble(text).map(str::to_owned))
    }

    /// The form in words.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Subdomain => {
                "a-z, 0-9, `-` and `.`, a letter or digit at both ends of each part, at most 253 characters"
            }
            Self::Label => "a-z, 0-9 and `-`, a letter or digit at both ends, at most 63 characters",
            Self::LetterLabel => "a-z, 0-9 and `-`, first a letter, last a letter or digit, at most 63 characters",
            Self::PathSegment => "not `.` or `..`, and without `/` and `%`",
            Self::Qualified => "a name of at most 63 characters, or a domain, `/` and such a name",
            Self::LabelValue => {
                "letters, digits, `-`, `_` and `.`, a letter or digit at both ends, at most 63 characters"
            }
            Self::EnvironmentName => "letters, digits, `-`, `_` and `.`, first no digit",
            Self::RelaxedEnvironmentName => "printable ASCII characters without `=`",
            Self::DataKey => "letters, digits, `-`, `_` and `.`, at most 253 characters",
            Self::PortName => "a-z, 0-9 and `-`, at least one letter, at most 15 characters",
        }
    }

    /// A text of this form that is near, if there is an obvious one.
    pub(super) fn suggestion(self, text: &str) -> Option<String> {
        if !matches!(self, Self::Subdomain | Self::Label | Self::LetterLabel | Self::PortName) {
            return None;
        }
        let lower = text.to_lowercase();
        let near: String = lower.chars().map(|sign| if self.allows(sign) { sign } else { '-' }).collect();
        let near = near.trim_matches(['-', '.']).to_owned();
        (near != text && self.accepts(&near)).then_some(near)
    }

    fn allows(self, sign: char) -> bool {
        let lower = sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == '-';
        match self {
            Self::Subdomain => lower || sign == '.',
            Self::Label | Self::LetterLabel | Self::PortName => lower,
            Self::LabelValue | Self::Qualified | Self::EnvironmentName | Self::DataKey => {
                sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_' | '.')
            }
            Self::RelaxedEnvironmentName => (sign.is_ascii_graphic() || sign == ' ') && sign != '=',
            Self::PathSegment => true,
        }
    }

    fn longest(self) -> usize {
        match self {
            Self::Subdomain | Self::DataKey => 253,
            Self::Label | Self::LetterLabel | Self::LabelValue | Self::Qualified => 63,
            Self::PortName => 15,
            Self::EnvironmentName | Self::RelaxedEnvironmentName | Self::PathSegment => usize::MAX,
        }
    }

    /// What is wrong with the order of signs that are all allowed.
    fn arrangement_trouble(self, text: &str) -> Option<&'static str> {
        let framed = |part: &str| {
            part.starts_with(|sign: char| sign.is_ascii_alphanumeric())
                && part.ends_with(|sign: char| sign.is_ascii_alphanumeric())
        };
        const ENDS: &str = "a letter or digit must stand at both ends";
        match self {
            Self::Subdomain if !text.split('.').all(framed) => {
                Some("a letter or digit must stand at both ends of each part")
            }
            Self::Label | Self::LabelValue | Self::Qualified if !framed(text) => Some(ENDS),
            Self::LetterLabel if !text.starts_with(|sign: char| sign.is_ascii_lowercase()) => {
                Some("it must begin with a letter")
            }
            Self::LetterLabel if !framed(text) => Some(ENDS),
            Self::EnvironmentName if text.starts_with(|sign: char| sign.is_ascii_digit()) => {
                Some("it begins with a digit")
            }
            Self::EnvironmentName | Self::DataKey if matches!(text, "." | "..") || text.starts_with("..") => {
                Some("it begins with `..`, or is a dot")
            }
            Self::PortName if !text.contains(|sign: char| sign.is_ascii_lowercase()) => {
                Some("it needs at least one letter")
            }
            Self::PortName if text.contains("--") => Some("it has two `-` in a row"),
            Self::PortName if text.starts_with('-') || text.ends_with('-') => Some("it begins or ends with `-`"),
            _ => None,
        }
    }
}

const LOWER: u8 = 1;
const UPPER: u8 = 2;
const DASH: u8 = 4;
const DOT: u8 = 8;
const UNDERSCORE: u8 = 16;

/// What each byte is: a look-up, because labels are the most frequent text there is.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'0'..=b'9' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'-' => DASH,
            b'.' => DOT,
            b'_' => UNDERSCORE,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

fn is(byte: u8, classes: u8) -> bool {
    CLASSES[usize::from(byte)] & classes != 0
}

fn all_are(bytes: &[u8], classes: u8) -> bool {
    bytes.iter().all(|byte| is(*byte, classes))
}

/// Whether bytes of these classes stand at both ends.
fn is_framed(bytes: &[u8], classes: u8) -> bool {
    matches!((bytes.first(), bytes.last()), (Some(first), Some(last)) if is(*first, classes) && is(*last, classes))
}

fn is_label(bytes: &[u8]) -> bool {
    is_framed(bytes, LOWER) && all_are(bytes, LOWER | DASH)
}

fn is_qualified_name(bytes: &[u8]) -> bool {
    bytes.len() <= 63 && is_framed(bytes, LOWER | UPPER) && all_are(bytes, LOWER | UPPER | DASH | DOT | UNDERSCORE)
}

fn is_subdomain(bytes: &[u8]) -> bool {
    bytes.len() <= 253 && bytes.split(|byte| *byte == b'.').all(is_label)
}

fn too_long(text: &str, longest: usize) -> Option<String> {
    (text.len() > longest).then(|| format!("it has {} characters, and at most {longest} are allowed", text.len()))
}

fn path_trouble(text: &str) -> Option<String> {
    match text {
        "." | ".." => Some(format!("`{text}` means a folder")),
        _ => text.chars().find(|sign| matches!(sign, '/' | '%')).map(|sign| format!("{sign:?} is not allowed")),
    }
}

fn qualified_trouble(text: &str) -> Option<String> {
    let (domain, name) = match text.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, text),
    };
    if let Some(domain) = domain
        && let Some(trouble) = Form::Subdomain.trouble(domain)
    {
        return Some(format!("the part before `/` is no domain: {trouble}"));
    }
    if name.is_empty() {
        return Some("its name is empty".to_owned());
    }
    let bad = name.chars().find(|sign| !Form::Qualified.allows(*sign));
    bad.map(|sign| format!("{sign:?} is not allowed"))
        .or_else(|| too_long(name, 63))
        .or_else(|| Form::Qualified.arrangement_trouble(name).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_apimachinery() {
        let long = "a".repeat(254);
        let table: [(Form, &[&str], &[&str]); 10] = [
            (Form::Subdomain, &["a", "1", "a-b.c", "a.1"], &["", "A", "a_b", "-a", "a.", "a..b", "a.-b", &long]),
            (Form::Label, &["a", "1-b"], &["a.b", "a-", "", &long[..64]]),
            (Form::LetterLabel, &["a", "a1"], &["1a", "-a", "a-"]),
            (Form::PathSegment, &["system:admin", "A b"], &[".", "..", "a/b", "a%20"]),
            (
                Form::Qualified,
                &["app", "app.kubernetes.io/name", "A_b.c-D", "1"],
                &["", "/a", "a/", "a/b/c", "A.io/b", "-a", "a b", &long[..64]],
            ),
            (Form::LabelValue, &["", "a", "A_b.c"], &["_", "a ", "a-", "ä", &long[..64]]),
            (Form::EnvironmentName, &["A", "a.b-C_1", "_"], &["1A", "..", "..a", "A B", "A=B"]),
            (Form::RelaxedEnvironmentName, &["1A", "a b", "%"], &["A=B", "ä", ""]),
            (Form::DataKey, &["a.txt", ".a", "_", "-"], &["", ".", "..", "..a", "a/b", &long]),
            (Form::PortName, &["http", "a-1", "8080a"], &["8080", "HTTP", "a--b", "-a", "a-", &long[..16]]),
        ];
        for (form, good, bad) in table {
            for text in good {
                assert!(form.accepts(text) && form.explain(text).is_none(), "{form:?} {text}");
            }
            for text in bad {
                assert!(!form.accepts(text) && form.explain(text).is_some(), "{form:?} {text}");
            }
        }
    }

    #[test]
    fn a_suggestion_has_the_form_itself() {
        assert_eq!(Form::Subdomain.suggestion("Bad_Name!").as_deref(), Some("bad-name"));
        assert_eq!(Form::LetterLabel.suggestion("1a"), None);
        assert_eq!(Form::LabelValue.suggestion("_"), None);
    }
}
