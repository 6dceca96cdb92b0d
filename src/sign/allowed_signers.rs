//! An `allowed_signers` file says which key may sign as whom, for what and when: the format of ssh-keygen(1).
//!
//! A line that cannot be understood makes the whole file an error: skipping it could take away a restriction. Times
//! without `Z` count as UTC, where ssh-keygen takes the machine's zone: a verdict must not depend on where it is made.

use super::ssh::Certificate;
use super::{PublicKey, time};

/// More than any real file has; what is larger is not one.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The parsed file.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

/// One line.
#[derive(Debug, Clone)]
struct Entry {
    principals: String,
    namespaces: Option<String>,
    valid_after: Option<i64>,
    valid_before: Option<i64>,
    /// Whether the key signs certificates, and not what they are for.
    authority: bool,
    key: PublicKey,
}

/// A file that cannot be used. The user's move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowedSignersError {
    /// Larger than any such file.
    #[error("`{name}` has {bytes} bytes, too many for a list of signers")]
    TooLarge {
        /// The file.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// A line that cannot be understood.
    #[error("`{name}` line {line}: {reason}")]
    Line {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: LineError,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The line ends after the principals or the options.
    #[error("the key is missing: a line is `principals [options] keytype base64`")]
    NoKey,
    /// The key cannot be read.
    #[error("the key does not read: {0}")]
    Key(String),
    /// A quote that is never closed.
    #[error("a quote is not closed")]
    Quote,
    /// `"" ssh-ed25519 …`
    #[error("the list of principals is empty")]
    NoPrincipal,
    /// An option that ssh-keygen does not know either.
    #[error("`{0}` is no option (known: `cert-authority`, `namespaces`, `valid-after`, `valid-before`)")]
    UnknownOption(String),
    /// `namespaces=git`
    #[error("the value of `{0}` must stand in double quotes")]
    Unquoted(&'static str),
    /// An option twice.
    #[error("`{0}` stands there twice")]
    Twice(&'static str),
    /// `ssh-ed25519-cert-v01@openssh.com AAAA…`
    #[error("a certificate is no key: list its own key, or its authority with `cert-authority`")]
    Certificate,
    /// A time in another format.
    #[error("`{0}` is no time: write `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, with `Z` at the end")]
    Time(String),
    /// `valid-before` is not after `valid-after`.
    #[error("the key is never valid: `valid-before` is not later than `valid-after`")]
    NeverValid,
}

/// Why a key may not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// No line has this key.
    #[error("the key {0} is not in the list of allowed signers")]
    Unknown(String),
    /// A line trusts the authority, and the certificate it signed does not let its key sign.
    #[error("the certificate `{certificate}` does not count: {reason}")]
    Certificate {
        /// The id that the authority gave it.
        certificate: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Lines with this key are for other purposes.
    #[error("`{principals}` may sign for `{namespaces}`, not for `{wanted}`")]
    Namespace {
        /// Whose key it is.
        principals: String,
        /// What it may sign.
        namespaces: String,
        /// What it signed.
        wanted: String,
    },
    /// Signed before the key became valid.
    #[error("the key of `{principals}` is valid from {}, after the commit's time {}", time::show(*valid_after), time::show(*time))]
    NotYet {
        /// Whose key it is.
        principals: String,
        /// From when, in seconds.
        valid_after: i64,
        /// When it was signed, in seconds.
        time: i64,
    },
    /// Signed after the key ceased to be valid.
    #[error("the key of `{principals}` was valid until {}, before the commit's time {}", time::show(*valid_before), time::show(*time))]
    Expired {
        /// Whose key it is.
        principals: String,
        /// Until when, in seconds.
        valid_before: i64,
        /// When it was signed, in seconds.
        time: i64,
    },
}

impl AllowedSigners {
    /// Reads a file; `name` is what messages call it.
    pub fn parse(text: &str, name: &str) -> Result<Self, AllowedSignersError> {
        if text.len() > MAX_BYTES {
            return Err(AllowedSignersError::TooLarge { name: name.to_owned(), bytes: text.len() });
        }
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_matches([' ', '\t', '\r']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let entry = Entry::parse(line).map_err(|reason| AllowedSignersError::Line {
                name: name.to_owned(),
                line: index + 1,
                reason,
            })?;
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// Whether nobody may sign.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys that are trusted by themselves, and not to certify others.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.entries.iter().filter(|entry| !entry.authority).map(|entry| &entry.key)
    }

    /// The principals, as the first line writes them that lets `key` sign for `namespace` at `time`.
    ///
    /// If there is none, the reason is that of the line that came closest.
    pub fn find(&self, key: &PublicKey, namespace: &str, time: i64) -> Result<&str, NotAllowed> {
        let mut closest: Option<NotAllowed> = None;
        for entry in self.entries.iter().filter(|entry| entry.is_about(key)) {
            match entry.refuses_certificate(key, time).or_else(|| entry.refuses(namespace, time)) {
                None => return Ok(&entry.principals),
                // a line for this purpose at another time says more than one for another purpose
                Some(reason) if closest.as_ref().is_none_or(|held| rank(held) < rank(&reason)) => {
                    closest = Some(reason)
                }
                Some(_) => {}
            }
        }
        Err(closest.unwrap_or_else(|| NotAllowed::Unknown(key.to_string())))
    }
}

fn rank(reason: &NotAllowed) -> u8 {
    match reason {
        NotAllowed::Unknown(_) => 0,
        NotAllowed::Certificate { .. } => 1,
        NotAllowed::Namespace { .. } => 2,
        NotAllowed::NotYet { .. } | NotAllowed::Expired { .. } => 3,
    }
}

impl Entry {
    fn parse(line: &str) -> Result<Self, LineError> {
        let (principals, rest) = first_word(line)?;
        if principals.is_empty() {
            return Err(LineError::NoPrincipal);
        }
        // the key may follow at once; only what cannot be a key is read as options, as ssh-keygen does
        let (options, key) = match PublicKey::parse(rest) {
            Ok(key) => (Options::default(), key),
            Err(_) if rest.is_empty() => return Err(LineError::NoKey),
            Err(error) if looks_like_a_key(rest) => return Err(LineError::Key(error)),
            Err(_) => {
                let (options, rest) = Options::parse(rest)?;
                if rest.is_empty() {
                    return Err(LineError::NoKey);
                }
                (options, PublicKey::parse(rest).map_err(LineError::Key)?)
            }
        };
        if key.certificate().is_some() {
            return Err(LineError::Certificate);
        }
        Ok(Self {
            principals: principals.to_owned(),
            namespaces: options.namespaces,
            valid_after: options.valid_after,
            valid_before: options.valid_before,
            authority: options.authority,
            key,
        })
    }

    /// Whether the line is about whoever signed: about the key itself, or about the authority behind its certificate.
    fn is_about(&self, key: &PublicKey) -> bool {
        match (key.certificate(), self.authority) {
            (None, false) => self.key.is_same_key(key),
            (Some(certificate), true) => certificate.authority == *self.key.key_data(),
            // as ssh-keygen: who signs with a certificate is trusted as far as its authority is
            (Some(_), false) | (None, true) => false,
        }
    }

    /// What is wrong with the certificate of whoever signed, if anything.
    fn refuses_certificate(&self, key: &PublicKey, time: i64) -> Option<NotAllowed> {
        let certificate = key.certificate()?;
        let reason = match certificate_trouble(certificate, time) {
            Some(reason) => reason,
            None => {
                let names = &certificate.principals;
                let matches = |name: &String| matches_list(&self.principals, name);
                match names.iter().any(matches) {
                    true => return None,
                    false => format!("it is for `{}`, not for `{}`", names.join(","), self.principals),
                }
            }
        };
        Some(NotAllowed::Certificate { certificate: certificate.id.escape_debug().to_string(), reason })
    }

    /// Why this line does not let its key sign, if it does not. Both ends of the validity belong to it.
    fn refuses(&self, namespace: &str, time: i64) -> Option<NotAllowed> {
        let principals = self.principals.clone();
        if let Some(namespaces) = &self.namespaces
            && !matches_list(namespaces, namespace)
        {
            let (namespaces, wanted) = (namespaces.clone(), namespace.to_owned());
            return Some(NotAllowed::Namespace { principals, namespaces, wanted });
        }
        match (self.valid_after, self.valid_before) {
            (Some(valid_after), _) if time < valid_after => Some(NotAllowed::NotYet { principals, valid_after, time }),
            (_, Some(valid_before)) if time > valid_before => {
                Some(NotAllowed::Expired { principals, valid_before, time })
            }
            _ => None,
        }
    }
}

/// What keeps a certificate from letting its key sign at a time.
fn certificate_trouble(certificate: &Certificate, time: i64) -> Option<String> {
    let after = i64::try_from(certificate.valid_after).unwrap_or(i64::MAX);
    let before = i64::try_from(certificate.valid_before).unwrap_or(i64::MAX);
    if !certificate.is_for_users {
        Some("it is one for hosts".to_owned())
    } else if certificate.principals.is_empty() {
        Some("it names nobody".to_owned())
    } else if time < after {
        Some(format!("it is valid from {}, after the commit's time {}", time::show(after), time::show(time)))
    } else if time >= before {
        Some(format!("it was valid until {}, before the commit's time {}", time::show(before), time::show(time)))
    } else {
        // they restrict what the key may be used for, and none of them is known here
        let option = certificate.critical_options.first()?;
        Some(format!("it has the critical option `{}`, which cannot be judged", option.escape_debug()))
    }
}

/// The first word of a line and what follows it. A word may be quoted as a whole.
fn first_word(line: &str) -> Result<(&str, &str), LineError> {
    let (word, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(LineError::Quote)?,
        None => line.split_once([' ', '\t']).unwrap_or((line, "")),
    };
    Ok((word, rest.trim_start_matches([' ', '\t'])))
}

/// Whether a text begins with the name of a key type and a blank: then a broken key is meant, not an option.
fn looks_like_a_key(text: &str) -> bool {
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
}

#[derive(Debug, Default)]
struct Options {
    namespaces: Option<String>,
    valid_after: Option<i64>,
    valid_before: Option<i64>,
    authority: bool,
}

impl Options {
    /// Reads `name="value",name="value" rest`.
    fn parse(text: &str) -> Result<(Self, &str), LineError> {
        let mut options = Self::default();
        let mut rest = text;
        loop {
            rest = options.take_one(rest)?;
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None if rest.is_empty() || rest.starts_with([' ', '\t']) => break,
                None => return Err(LineError::UnknownOption(word_of(rest))),
            }
        }
        match (options.valid_after, options.valid_before) {
            (Some(after), Some(before)) if before <= after => Err(LineError::NeverValid),
            _ => Ok((options, rest.trim_start_matches([' ', '\t']))),
        }
    }

    fn take_one<'a>(&mut self, text: &'a str) -> Result<&'a str, LineError> {
        let name_end = text.find(['=', ',', ' ', '\t']).unwrap_or(text.len());
        let (name, rest) = text.split_at(name_end);
        match name.to_ascii_lowercase().as_str() {
            "cert-authority" if rest.starts_with('=') => Err(LineError::UnknownOption(word_of(text))),
            "cert-authority" if self.authority => Err(LineError::Twice("cert-authority")),
            "cert-authority" => {
                self.authority = true;
                Ok(rest)
            }
            "namespaces" => take_value(rest, "namespaces", &mut self.namespaces, |value| Ok(value.to_owned())),
            "valid-after" => take_value(rest, "valid-after", &mut self.valid_after, read_time),
            "valid-before" => take_value(rest, "valid-before", &mut self.valid_before, read_time),
            _ => Err(LineError::UnknownOption(word_of(text))),
        }
    }
}

/// The option at the start of a text, for a message; what is no name is shown as it stands.
fn word_of(text: &str) -> String {
    text.split(['=', ',', ' ', '\t']).next().unwrap_or_default().chars().take(40).collect()
}

/// Reads `="value"` into an option that is still empty.
fn take_value<'a, T>(
    text: &'a str,
    name: &'static str,
    into: &mut Option<T>,
    read: impl FnOnce(&str) -> Result<T, LineError>,
) -> Result<&'a str, LineError> {
    let quoted = text.strip_prefix("=\"").ok_or(LineError::Unquoted(name))?;
    let (value, rest) = unquote(quoted)?;
    if into.replace(read(&value)?).is_some() {
        return Err(LineError::Twice(name));
    }
    Ok(rest)
}

/// The text up to the closing quote, `\"` meaning a quote, and what follows.
fn unquote(text: &str) -> Result<(String, &str), LineError> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((value, &text[index + 1..])),
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                value.push('"');
            }
            other => value.push(other),
        }
    }
    Err(LineError::Quote)
}

fn read_time(text: &str) -> Result<i64, LineError> {
    time::parse(text).ok_or_else(|| LineError::Time(text.to_owned()))
}

/// OpenSSH's pattern lists: any pattern may match, a `!pattern` that matches forbids.
fn matches_list(patterns: &str, text: &str) -> bool {
    let mut matched = false;
    for pattern in patterns.split(',').map(str::trim) {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches_pattern(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => matched |= matches_pattern(pattern.as_bytes(), text.as_bytes()),
        }
    }
    matched
}

/// `*` stands for any text, `?` for any character. Looks back at the last star only, so it cannot blow up.
fn matches_pattern(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((star_at, star_from)) => {
                    *star_from += 1;
                    (at, from) = (*star_at + 1, *star_from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxn4bTUs3yUpDRdzbGXgKkZ5pSLsXj7bZlkCvN5ZHUV";

    fn key() -> PublicKey {
        PublicKey::parse(KEY).expect("a key")
    }

    fn find(line: &str, time: i64) -> Result<String, NotAllowed> {
        let signers = AllowedSigners::parse(line, "allowed").unwrap_or_else(|error| panic!("{error}"));
        signers.find(&key(), "git", time).map(str::to_owned)
    }

    fn refused(line: &str) -> LineError {
        match AllowedSigners::parse(line, "allowed") {
            Err(AllowedSignersError::Line { line: 1, reason, .. }) => reason,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn lines_of_all_forms_are_read() {
        for line in [
            format!("a@b {KEY}"),
            format!("a@b {KEY} a comment, with commas"),
            format!("# a comment\n\n  a@b\t{KEY}\r\n"),
            format!("\"a@b\" namespaces=\"git\" {KEY}"),
            format!("a@b namespaces=\"file,git\",valid-after=\"19700101\" {KEY}"),
            format!("a@b NAMESPACES=\"g*\" {KEY}"),
        ] {
            assert_eq!(find(&line, 1_000_000).as_deref(), Ok("a@b"), "{line}");
        }
        assert_eq!(find(&format!("a@b,*@c,!d@c {KEY}"), 0).as_deref(), Ok("a@b,*@c,!d@c"));
    }

    #[test]
    fn a_line_that_is_not_understood_is_an_error_with_its_number() {
        assert_eq!(refused("a@b"), LineError::NoKey);
        assert_eq!(refused("a@b namespaces=\"git\""), LineError::NoKey);
        assert_eq!(refused(&format!("\"a@b {KEY}")), LineError::Quote);
        assert_eq!(refused(&format!("a@b namespaces=\"git {KEY}")), LineError::Quote);
        assert_eq!(refused(&format!("\"\" {KEY}")), LineError::NoPrincipal);
        assert_eq!(refused(&format!("a@b namespaces=git {KEY}")), LineError::Unquoted("namespaces"));
        assert_eq!(refused(&format!("a@b namespace=\"git\" {KEY}")), LineError::UnknownOption("namespace".to_owned()));
        assert_eq!(refused(&format!("a@b cert-authority,cert-authority {KEY}")), LineError::Twice("cert-authority"));
        assert!(matches!(refused(&format!("a@b cert-authority=\"x\" {KEY}")), LineError::UnknownOption(_)));
        assert_eq!(
            refused(&format!("a@b namespaces=\"git\",namespaces=\"file\" {KEY}")),
            LineError::Twice("namespaces")
        );
        assert!(matches!(refused("a@b ssh-ed25519 AAAA"), LineError::Key(_)));
        assert!(matches!(refused(&format!("a@b valid-after=\"20261301\" {KEY}")), LineError::Time(_)));
        let never = format!("a@b valid-after=\"20260101\",valid-before=\"20260101\" {KEY}");
        assert_eq!(refused(&never), LineError::NeverValid);
        let second = AllowedSigners::parse(&format!("a@b {KEY}\nnonsense\n"), "f").expect_err("line 2");
        assert!(second.to_string().starts_with("`f` line 2: the key is missing"), "{second}");
    }

    #[test]
    fn validity_includes_both_ends() {
        let line = format!("a@b valid-after=\"20260101Z\",valid-before=\"20260102000000Z\" {KEY}");
        let start = 1_767_225_600;
        assert!(matches!(find(&line, start - 1), Err(NotAllowed::NotYet { .. })));
        assert!(find(&line, start).is_ok());
        assert!(find(&line, start + 86_400).is_ok());
        let expired = find(&line, start + 86_401).expect_err("one second late");
        assert_eq!(
            expired.to_string(),
            "the key of `a@b` was valid until 2026-01-02T00:00:00Z, before the commit's time 2026-01-02T00:00:01Z"
        );
    }

    #[test]
    fn the_reason_is_that_of_the_closest_line() {
        let other = format!("x@y {}", KEY.replace("IFxn", "IFxm"));
        assert!(matches!(find(&other, 0), Err(NotAllowed::Unknown(_))));
        let lines = format!("a@b valid-before=\"19700102\" {KEY}\na@b namespaces=\"file\" {KEY}\n{other}\n");
        assert!(matches!(find(&lines, 1_000_000), Err(NotAllowed::Expired { .. })));
        assert!(find(&lines, 0).is_ok());
    }

    #[test]
    fn patterns_mean_what_openssh_means() {
        assert!(matches_list("file,git", "git"));
        assert!(matches_list("*,!file", "git"));
        assert!(!matches_list("*,!git", "git"));
        assert!(!matches_list("!file", "git"), "a list of only negations matches nothing");
        assert!(matches_list("g?t", "git"));
        assert!(!matches_list("", "git"));
        let stars = "*a".repeat(2000);
        assert!(!matches_list(&stars, &"a".repeat(1999)), "and takes no exponential time");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC*") {
            let _ = AllowedSigners::parse(&text, "any");
        }

        #[test]
        fn no_almost_right_line_makes_the_reader_panic(
            start in "[a@\",! ]{0,6}",
            options in "(namespaces|valid-after|valid-before|cert-authority)?[=\",\\\\ 0-9Zgit*]{0,20}",
            tail in "( ?ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxn4bTUs3yUpDRdzbGXgKkZ5pSLsXj7bZlkCvN5ZHUV)?"
        ) {
            let _ = AllowedSigners::parse(&format!("{start} {options}{tail}"), "any");
        }
    }
}
