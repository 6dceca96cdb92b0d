//! The time stamps that go-yaml recognizes, by the rules of Go's `time.Parse`; it quotes a text that is one.

/// Whether go-yaml takes a bare text for a time.
pub(super) fn is_timestamp(text: &str) -> bool {
    // all of them begin with four digits and a dash
    if text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = Rest(text.as_bytes());
    rest.date().is_some() && rest.time_of_day().is_some() && rest.0.is_empty()
}

/// What is left to read of a time stamp.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// `2006-1-2`, a day of the calendar.
    fn date(&mut self) -> Option<()> {
        let year = (0..4).try_fold(0, |year, _| Some(year * 10 + self.digit()?))?;
        self.sign(b"-")?;
        let month = self.number(1..=12)?;
        self.sign(b"-")?;
        self.number(1..=days_in(year, month)).map(drop)
    }

    /// Nothing, `T15:4:5.9Z07:00`, or ` 15:4:5.9` without a zone.
    fn time_of_day(&mut self) -> Option<()> {
        if self.0.is_empty() {
            return Some(());
        }
        let separator = self.sign(b"Tt ")?;
        if separator == b' ' {
            // Go takes a run of spaces for one
            while self.sign(b" ").is_some() {}
        }
        self.number(0..=23)?;
        self.sign(b":")?;
        self.number(0..=59)?;
        self.sign(b":")?;
        self.number(0..=59)?;
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            self.sign(b".,")?;
            while self.digit().is_some() {}
        }
        if separator == b' ' { Some(()) } else { self.zone() }
    }

    /// `Z`, or `+01:00`; Go lets 24 hours and 60 minutes pass.
    fn zone(&mut self) -> Option<()> {
        if self.sign(b"Zz").is_some_and(|sign| sign == b'Z') {
            return Some(());
        }
        self.sign(b"+-")?;
        let hours = self.digit()? * 10 + self.digit()?;
        self.sign(b":")?;
        let minutes = self.digit()? * 10 + self.digit()?;
        (hours <= 24 && minutes <= 60).then_some(())
    }

    /// One or two digits.
    fn number(&mut self, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let first = self.digit()?;
        let number = self.digit().map_or(first, |second| first * 10 + second);
        range.contains(&number).then_some(number)
    }

    fn digit(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        let digit = char::from(*first).to_digit(10)?;
        self.0 = rest;
        Some(digit)
    }

    fn sign(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !wanted.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_parses_is_a_time() {
        for text in [
            "2024-01-01",
            "2024-1-1",
            "2024-02-29",
            "2024-01-01T00:00:00Z",
            "2024-01-01t0:0:0.123456789123Z",
            "2024-01-01T00:00:00,5+24:60",
            "2024-01-01 23:59:59",
            "2024-01-01   1:2:3.4",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
    }

    #[test]
    fn what_go_does_not_parse_is_text() {
        for text in [
            "2023-02-29",
            "2024-00-01",
            "2024-13-01",
            "2024-01-32",
            "2024-001-01",
            "2024-01-01T",
            "2024-01-01 ",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01 00:00:00Z",
            "2001-12-14 21:59:43.10 -5",
            "20240-01-01",
            "é24-01-01",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
