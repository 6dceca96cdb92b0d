//! Times as `allowed_signers` files write them, to seconds and back. Always UTC.

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with or without `Z`, in seconds since 1970.
pub(super) fn parse(text: &str) -> Option<i64> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let field = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i64>().ok());
    let (year, month, day) = (field(0, 4)?, field(4, 6)?, field(6, 8)?);
    let (hour, minute, second) = (field(8, 10)?, field(10, 12)?, field(12, 14)?);
    let valid = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !valid {
        return None;
    }
    Some(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    years + months + day - 1
}

/// A time for people: `2026-03-01T12:00:00Z`.
#[must_use]
pub fn show(seconds: i64) -> String {
    let (mut days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    if !(0..=2_932_896).contains(&days) {
        return format!("{seconds} seconds since 1970");
    }
    let mut year = 1970;
    while days >= 365 + i64::from(is_leap(year)) {
        days -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}Z", days + 1, rest / 3600, rest / 60 % 60, rest % 60)
}

/// The same for the counters of certificates, which say "for ever" with the largest number.
pub(super) fn show_unsigned(seconds: u64) -> String {
    i64::try_from(seconds).map_or_else(|_| "for ever".to_owned(), show)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_count_from_1970() {
        assert_eq!(parse("19700101"), Some(0));
        assert_eq!(parse("20240229235959Z"), Some(1_709_251_199));
        assert_eq!(parse("200001010000"), Some(946_684_800));
        for wrong in ["", "2026", "20230229", "20260101T00", "2026010125", "202601012460", "١٩٧٠٠١٠١"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(show(1_709_251_199), "2024-02-29T23:59:59Z");
    }

    proptest! {
        #[test]
        fn every_time_is_shown_as_it_was_read(seconds in 0i64..253_402_300_799) {
            let digits: String = show(seconds).chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(parse(&digits), Some(seconds));
        }
    }
}
