//! `--date`: the day on which waivers have to hold. Here, and nowhere below, the system's clock is read.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::date::Date;
use crate::hydrate::CommitTime;

/// The option that stands in for the clock.
#[derive(Debug, Default, Args)]
pub(super) struct DateArguments {
    /// Judge as if it were this day: for waivers, and for rules that are enforced from a day on
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<Date>,
}

impl DateArguments {
    /// The day that was asked for, or today.
    pub(super) fn day(&self) -> Date {
        self.date.unwrap_or_else(today)
    }

    /// The day of a publication: the latest of today, the commit's day, and the day that was asked for. Neither an old
    /// commit nor an option brings an expired waiver back, and a clock that is slow brings back no more than the commit.
    pub(super) fn day_of_publication(&self, commit: CommitTime) -> Date {
        let committed = Date::of_seconds(commit.seconds);
        self.date.into_iter().chain([today(), committed]).max().unwrap_or(committed)
    }
}

/// Before 1970 there is no day to name.
fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::of_seconds(i64::try_from(since).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_happens_on_the_latest_day_that_is_known() {
        let old = CommitTime { seconds: 0, offset: 0 };
        let future = CommitTime { seconds: 32_503_680_000, offset: 0 }; // 3000-01-01
        let on = |date: Option<&str>| DateArguments { date: date.map(|date| date.parse().expect("a date")) };
        assert_eq!(on(None).day_of_publication(old), today());
        assert_eq!(on(Some("2001-01-01")).day_of_publication(old), today());
        assert_eq!(on(Some("2999-01-01")).day_of_publication(old).to_string(), "2999-01-01");
        assert_eq!(on(Some("2999-01-01")).day_of_publication(future).to_string(), "3000-01-01");
        assert_eq!(on(Some("2001-01-01")).day().to_string(), "2001-01-01");
    }
}
