//! The dry revision is the commit that manifests were rendered from, with what of its message goes to the branch.

use std::borrow::Cow;

/// The commit that manifests were rendered from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRevision {
    /// The full commit id.
    pub id: String,
    /// Its committer time: the time of the hydrated commit too, so that publishing has no clock.
    pub time: CommitTime,
    /// Who wrote it: `Ada <ada@example.com>`.
    pub author: String,
    /// When it was written.
    pub author_time: CommitTime,
    /// Its whole message.
    pub message: String,
}

/// A time as git writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitTime {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Seconds east of UTC, a multiple of 60.
    pub offset: i32,
}

impl CommitTime {
    /// RFC 3339 in UTC: `2026-01-01T00:00:00Z`. `None` for years that have no four digits.
    #[must_use]
    pub fn to_rfc3339(self) -> Option<String> {
        let (days, second) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
    }
}

/// Year, month and day of the day that many days after 1970-01-01, in the Gregorian calendar: each era of 400 years has
/// 146,097 days, and counting from March puts the leap day last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

impl DryRevision {
    /// The first seven digits of the id.
    #[must_use]
    pub fn short(&self) -> &str {
        self.id.get(..7).unwrap_or(&self.id)
    }

    /// The first paragraph of the message: all of it, if there is no empty line.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.parts().0
    }

    /// What follows the first empty line, without the trailers that name a reference; every line ends in a line feed.
    #[must_use]
    pub fn body(&self) -> String {
        let lines = lines(self.parts().1).filter(|line| Trailer::parse(line).is_none());
        lines.flat_map(|line| [Cow::Borrowed(line), Cow::Borrowed("\n")]).collect()
    }

    /// The commit that the trailers `Argocd-reference-commit-*` name, if they do: where a change of the dry repository
    /// comes from, such as the code whose image it brings in.
    #[must_use]
    pub fn reference(&self) -> Option<ReferencedCommit> {
        let mut commit = ReferencedCommit::default();
        for trailer in lines(self.message.trim_end()).filter_map(Trailer::parse) {
            match trailer {
                Trailer::Author(author) => commit.author = author,
                Trailer::Date(date) => commit.date = date,
                Trailer::Subject(subject) => commit.subject = subject,
                Trailer::Body(body) => commit.body = body,
                Trailer::Sha(sha) => commit.sha = sha,
                Trailer::RepoUrl(url) => commit.repo_url = url,
            }
        }
        (commit != ReferencedCommit::default()).then_some(commit)
    }

    fn parts(&self) -> (&str, &str) {
        let message = self.message.trim_end();
        message.split_once("\n\n").unwrap_or((message, ""))
    }
}

/// Lines as Go's `bufio.Scanner` gives them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
}

/// What a dry commit says about the commit it was made for. Empty texts are what it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferencedCommit {
    /// `"Ada" <ada@example.com>`.
    pub author: String,
    /// RFC 3339.
    pub date: String,
    /// The first line of its message.
    pub subject: String,
    /// The rest of its message.
    pub body: String,
    /// Its id, or the beginning of it.
    pub sha: String,
    /// Its repository.
    pub repo_url: String,
}

/// A line that tells one thing about the referenced commit. A line whose value does not hold up is text like any other.
enum Trailer {
    Author(String),
    Date(String),
    Subject(String),
    Body(String),
    Sha(String),
    RepoUrl(String),
}

impl Trailer {
    fn parse(line: &str) -> Option<Self> {
        let (name, value) = line.strip_prefix("Argocd-reference-commit-")?.split_once(": ")?;
        match name {
            "author" => address(value).map(Self::Author),
            "date" => is_rfc3339(value).then(|| Self::Date(value.to_owned())),
            "subject" => Some(Self::Subject(value.to_owned())),
            "body" => serde_json::from_str(value).ok().map(Self::Body),
            "sha" => is_sha(value).then(|| Self::Sha(value.to_owned())),
            "repourl" => is_url(value).then(|| Self::RepoUrl(value.to_owned())),
            _ => None,
        }
    }
}

/// `Ada Lovelace <ada@example.com>` as Go's `mail.Address` prints it: the name in quotes. A bare address gets brackets.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, mail) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((name, mail)) => (name.trim(), mail),
        None => ("", text),
    };
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    let (local, host) = mail.rsplit_once('@')?;
    let usable = |part: &str| {
        !part.is_empty()
            && !part.contains(|sign: char| sign.is_whitespace() || sign.is_control() || "<>()[],;:\"".contains(sign))
    };
    let plain = !name.contains(|sign: char| sign.is_control() || "<>()[],;:\"\\@".contains(sign));
    if !usable(local) || local.contains('@') || !usable(host) || !plain {
        return None;
    }
    match name {
        "" => Some(format!("<{mail}>")),
        name if name.is_ascii() => Some(format!("\"{name}\" <{mail}>")),
        // Go would encode it for a mail header; every reader of addresses takes it as it is
        name => Some(format!("{name} <{mail}>")),
    }
}

fn is_sha(text: &str) -> bool {
    (5..=40).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What Go's `url.Parse` takes is nearly everything; what it does not take never is a repository.
fn is_url(text: &str) -> bool {
    let scheme_is_missing = text.starts_with(':');
    !scheme_is_missing && !text.contains(|sign: char| sign.is_control() || sign == ' ')
}

/// `2026-01-02T03:04:05Z`, with a fraction or an offset if there is one.
fn is_rfc3339(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return false,
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, fraction)| (clock, Some(fraction)));
    let zone_fits = zone == "Z" || zone.get(1..).is_some_and(|offset| numbers(offset, ':') == Some(vec![2, 2]));
    let in_range = |text: &str, separator: char, ranges: &[std::ops::RangeInclusive<u32>]| {
        let values = text.split(separator).map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        values.zip(ranges).all(|(value, range)| range.contains(&value))
    };
    numbers(date, '-') == Some(vec![4, 2, 2])
        && numbers(clock, ':') == Some(vec![2, 2, 2])
        && fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        && zone_fits
        && in_range(date, '-', &[0..=9999, 1..=12, 1..=31])
        && in_range(clock, ':', &[0..=23, 0..=59, 0..=59])
}

/// The lengths of the numbers between separators; `None` if something is no number.
fn numbers(text: &str, separator: char) -> Option<Vec<usize>> {
    let length = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part.len());
    text.split(separator).map(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dry(message: &str) -> DryRevision {
        let time = CommitTime { seconds: 0, offset: 0 };
        DryRevision {
            id: "0".repeat(40),
            time,
            author: "Ada <ada@example.com>".to_owned(),
            author_time: time,
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_message_is_cut_at_its_first_empty_line() {
        let commit = dry("web: more\nof it\n\nBecause.\n\nSigned-off-by: Ada <ada@example.com>\n");
        assert_eq!(commit.subject(), "web: more\nof it");
        assert_eq!(commit.body(), "Because.\n\nSigned-off-by: Ada <ada@example.com>\n");
        let commit = dry("one\ntwo\n");
        assert_eq!((commit.subject(), commit.body().as_str()), ("one\ntwo", ""));
    }

    #[test]
    fn trailers_that_name_a_reference_leave_the_body() {
        let commit = dry("bump\n\nWhy.\n\
            Argocd-reference-commit-author: Bob <bob@example.com>\n\
            Argocd-reference-commit-author: Eve <eve@example.com>\n\
            Argocd-reference-commit-sha: abc123\n\
            Argocd-reference-commit-subject: fix: it\n\
            Argocd-reference-commit-body: \"line\\nother\"\n\
            Argocd-reference-commit-repourl: https://git.example.com/a/b\n\
            Argocd-reference-commit-date: 2026-01-02T03:04:05+01:00\n\
            Signed-off-by: Ada <ada@example.com>\n");
        assert_eq!(commit.body(), "Why.\nSigned-off-by: Ada <ada@example.com>\n");
        let reference = commit.reference().expect("named");
        assert_eq!(reference.author, "\"Eve\" <eve@example.com>", "the last one wins");
        assert_eq!(reference.body, "line\nother");
        assert_eq!((reference.sha.as_str(), reference.subject.as_str()), ("abc123", "fix: it"));
        assert_eq!(reference.repo_url, "https://git.example.com/a/b");
        assert_eq!(reference.date, "2026-01-02T03:04:05+01:00");
    }

    #[test]
    fn trailers_with_values_that_do_not_hold_up_are_text() {
        for line in [
            "Argocd-reference-commit-sha: nope",
            "Argocd-reference-commit-sha: abcd",
            "Argocd-reference-commit-sha: ABCDEF",
            "Argocd-reference-commit-author: nobody",
            "Argocd-reference-commit-date: yesterday",
            "Argocd-reference-commit-date: 2026-13-02T03:04:05Z",
            "Argocd-reference-commit-body: not json",
            "Argocd-reference-commit-repourl: has blank",
            "Argocd-reference-commit-colour: red",
            "argocd-reference-commit-sha: abc123",
            "Argocd-reference-commit-sha:abc123",
        ] {
            let commit = dry(&format!("subject\n\n{line}\n"));
            assert_eq!(commit.body(), format!("{line}\n"));
            assert_eq!(commit.reference(), None, "{line}");
        }
    }

    #[test]
    fn times_are_told_in_utc() {
        let show = |seconds| CommitTime { seconds, offset: 5400 }.to_rfc3339();
        assert_eq!(show(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(show(1_767_225_600).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(show(951_827_696).as_deref(), Some("2000-02-29T12:34:56Z"));
        assert_eq!(show(-1).as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(show(i64::MAX), None);
        assert!(is_rfc3339(&show(1_767_225_600).expect("a year with four digits")));
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange(message in "(?s).{0,200}", seconds in any::<i64>()) {
            let commit = dry(&message);
            let body = commit.body();
            prop_assert!(body.is_empty() || body.ends_with('\n'));
            let _ = (commit.subject(), commit.reference(), CommitTime { seconds, offset: 0 }.to_rfc3339());
        }

        #[test]
        fn a_line_can_say_anything_about_a_reference(line in "Argocd-reference-commit-(author|date|sha|body): .{0,40}") {
            let _ = dry(&format!("s\n\n{line}")).reference();
        }
    }
}
