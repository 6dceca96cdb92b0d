//! Times in statements: RFC 3339 in UTC, whole seconds.

use crate::date::Date;
use crate::hydrate::CommitTime;

/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

/// The time that a statement carries, in seconds and as text. A commit may lie outside of the years that the text can
/// name; then it is the nearest that it can.
pub(super) fn of_statement(time: CommitTime) -> (i64, String) {
    let seconds = time.seconds.clamp(0, LAST);
    let text = CommitTime { seconds, offset: 0 }.to_rfc3339();
    (seconds, text.expect("the years from 1970 to 9999 have four digits"))
}

/// Reads what [`of_statement`] writes.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let day: Date = day.parse().ok()?;
    let mut parts = time.split(':').map(|part| match part.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9'] => part.parse::<i64>().ok(),
        _ => None,
    });
    let mut below = |limit: i64| parts.next().flatten().filter(|number| *number < limit);
    let (hour, minute, second) = (below(24)?, below(60)?, below(60)?);
    let days = i64::from(Date::of_seconds(0).days_until(day));
    parts.next().is_none().then(|| days * 86_400 + hour * 3600 + minute * 60 + second)
}
