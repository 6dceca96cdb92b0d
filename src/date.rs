//! A date is a day in UTC: what waivers end on, and what a run calls today. Nothing here knows a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A day between 1970-01-01 and 9999-12-31, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date: write `YYYY-MM-DD`")]
pub struct DateError(String);

/// 9999-12-31, the last day that has four digits for its year.
const LAST: i32 = 2_932_896;

impl Date {
    /// The day that holds a second, counted since 1970-01-01T00:00:00Z; the nearest day there is for seconds outside.
    #[must_use]
    pub fn of_seconds(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400).clamp(0, i64::from(LAST));
        Self { days: i32::try_from(days).unwrap_or(LAST) }
    }

    /// The day after; the last day has none and gives itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self { days: (self.days + 1).min(LAST) }
    }

    /// How many days lie between this day and a later one; negative for an earlier one.
    #[must_use]
    pub fn days_until(self, later: Self) -> i32 {
        later.days - self.days
    }

    fn of_calendar(year: i32, month: i32, day: i32) -> Option<Self> {
        let exists = year >= 1970 && (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        exists.then(|| {
            // the year begins in March here, so that the day that comes and goes is its last
            let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
            let before = year * 365 + year / 4 - year / 100 + year / 400;
            Self { days: before + (month * 153 + 2) / 5 + day - 1 - 719_468 }
        })
    }

    fn calendar(self) -> (i32, i32, i32) {
        let days = self.days + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        (year_of_era + era * 400 + carry, month, day)
    }
}

fn days_of_month(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let field = |from: usize, to: usize| {
            let digits = text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i32>().ok()
        };
        let is_shaped = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
        let read = || Self::of_calendar(field(0, 4)?, field(5, 7)?, field(8, 10)?);
        is_shaped.then(read).flatten().ok_or_else(|| DateError(text.to_owned()))
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;
    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.calendar();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn every_day_prints_as_it_is_read_and_follows_the_one_before() {
        let mut day = date("1970-01-01");
        let (mut year, mut month, mut of_month) = (1970, 1, 1);
        while day != date("9999-12-31") {
            assert_eq!(day.to_string(), format!("{year:04}-{month:02}-{of_month:02}"));
            assert_eq!(date(&day.to_string()), day);
            of_month += 1;
            if of_month > days_of_month(year, month) {
                (month, of_month) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
            day = day.next();
        }
        assert_eq!(day.next(), day);
    }

    #[test]
    fn a_day_holds_all_its_seconds() {
        assert_eq!(Date::of_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Date::of_seconds(1_772_409_599), date("2026-03-01"), "23:59:59");
        assert_eq!(Date::of_seconds(1_772_409_600), date("2026-03-02"), "00:00:00");
        assert_eq!(Date::of_seconds(-1).to_string(), "1970-01-01");
        assert_eq!(Date::of_seconds(i64::MAX).to_string(), "9999-12-31");
        assert_eq!(date("2024-02-28").days_until(date("2024-03-01")), 2);
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-01-01",
            "2026/01/01",
            "1969-12-31",
            "+026-01-01",
            "2026-01-01T00:00:00Z",
            "２０２６-01",
            "2026-01-0é",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
