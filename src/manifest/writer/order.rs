//! The natural order of keys, as go-yaml sorts them: `a2` before `a10`, letters after everything else.

use std::cmp::Ordering;

use super::WriteError;
use crate::manifest::Entry;

/// An order of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// yaml.v3's, which is total: a number that ends is smaller than one that goes on, so `a1b` stands before `a10`.
    Total,
    /// go-yaml v2's: a letter stands behind every digit, so `a10` is before `a1b`, that before `a2`, and `a2` before
    /// `a10`. go-yaml prints such keys in another order every time; we always in the same.
    GoYamlV2,
}

/// The entries in order of their keys, whatever order they come in.
pub(super) fn sorted(entries: &[Entry], order: Order) -> Result<Vec<&Entry>, WriteError> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    let total = |a: &&Entry, b: &&Entry| natural(&a.key.name, &b.key.name);
    if !sorted.is_sorted_by(|a, b| total(a, b).is_lt()) {
        sorted.sort_by(total);
        if sorted.windows(2).any(|pair| pair[0].key.name == pair[1].key.name) {
            return Err(WriteError::DuplicateKey);
        }
    }
    let precedes = |a: &&Entry, b: &&Entry| compare(&a.key.name, &b.key.name, Order::GoYamlV2).is_lt();
    if order == Order::GoYamlV2 && !sorted.is_sorted_by(&precedes) {
        sorted = merged(&sorted, &precedes);
    }
    Ok(sorted)
}

/// Sorts by merging, which bears an order that is none: the standard library's sort may panic there.
fn merged<T: Copy>(items: &[T], precedes: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    if items.len() < 2 {
        return items.to_vec();
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (merged(left, precedes), merged(right, precedes));
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    let mut all = Vec::with_capacity(items.len());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        all.extend(if precedes(second, first) { right.next() } else { left.next() });
    }
    all.extend(left);
    all.extend(right);
    all
}

/// Compares two keys by the total order.
fn natural(a: &str, b: &str) -> Ordering {
    compare(a, b, Order::Total)
}

fn compare(a: &str, b: &str, order: Order) -> Ordering {
    let Some(at) = a.bytes().zip(b.bytes()).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (left, right) = (a.as_bytes()[at], b.as_bytes()[at]);
    if left.is_ascii_alphabetic() && right.is_ascii_alphabetic() {
        return left.cmp(&right);
    }
    // the difference may lie inside a character
    let at = (0..=at).rev().find(|at| a.is_char_boundary(*at)).unwrap_or(0);
    let (Some(left), Some(right)) = (a[at..].chars().next(), b[at..].chars().next()) else {
        return a.len().cmp(&b.len());
    };
    compare_at(a, b, at, (left, right), order)
}

fn compare_at(a: &str, b: &str, at: usize, (left, right): (char, char), order: Order) -> Ordering {
    let before = &a.as_bytes()[..at];
    let digits_before = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let number_ends = digits_before > 0 && order == Order::Total;
    match (left.is_alphabetic(), right.is_alphabetic()) {
        (true, true) => left.cmp(&right),
        // a number that ends here is smaller than one that goes on
        (true, false) if number_ends => Ordering::Less,
        (false, true) if number_ends => Ordering::Greater,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            // a zero after other digits is a digit of the number, not a leading zero
            let number_goes_on = before[at - digits_before..].iter().any(|digit| *digit != b'0');
            let keeps_zeros = (left == '0' || right == '0') && number_goes_on;
            let (left_run, right_run) = (digit_run(&a[at..]), digit_run(&b[at..]));
            let by_number = compare_numbers(left_run, right_run, keeps_zeros);
            by_number.then(left_run.len().cmp(&right_run.len())).then(left.cmp(&right))
        }
    }
}

/// The digits with which a text begins.
fn digit_run(text: &str) -> &str {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    &text[..length]
}

/// Compares numbers of any length. Go's 64 bits wrap around beyond 18 digits, which is no order and cannot be sorted by.
fn compare_numbers(left: &str, right: &str, keeps_zeros: bool) -> Ordering {
    let zero: &[char] = if keeps_zeros { &[] } else { &['0'] };
    let (left, right) = (left.trim_start_matches(zero), right.trim_start_matches(zero));
    left.len().cmp(&right.len()).then(left.cmp(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_helm_and_kustomize_print_them() {
        let sorted = ["_u", "2", "10", "A", "Z", "a-b", "a.b", "a_b", "a1", "a2", "a10", "ab", "b", "é"];
        let mut keys = sorted;
        keys.reverse();
        keys.sort_by(|a, b| natural(a, b));
        assert_eq!(keys, sorted);
    }

    #[test]
    fn the_order_holds_at_the_borders_of_characters() {
        assert_eq!(natural("é", "è"), Ordering::Greater);
        assert_eq!(natural("", "a"), Ordering::Less);
        assert_eq!(natural("a", "a"), Ordering::Equal);
        assert_eq!(natural("a01", "a1"), Ordering::Greater, "equal numbers: the shorter run first");
    }

    #[test]
    fn numbers_of_any_length_are_compared() {
        let (long, longer) = ("9".repeat(40), format!("1{}", "0".repeat(40)));
        assert_eq!(natural(&format!("a{long}"), &format!("a{longer}")), Ordering::Less);
    }

    /// Sorting panics, or depends on the order it was given, unless the order is total.
    #[test]
    fn the_order_is_total() {
        let mut keys = vec![String::new()];
        let mut longest = keys.clone();
        for _ in 0..LENGTH {
            let longer = |key: &String| "012a-é".chars().map(|sign| format!("{key}{sign}")).collect::<Vec<_>>();
            longest = longest.iter().flat_map(longer).collect();
            keys.extend(longest.iter().cloned());
        }
        keys.sort_by(|a, b| natural(a, b));
        for (index, key) in keys.iter().enumerate() {
            for later in &keys[index + 1..] {
                assert_eq!(natural(key, later), Ordering::Less, "{key} {later}");
                assert_eq!(natural(later, key), Ordering::Greater, "{later} {key}");
            }
        }
    }

    /// With 5 it holds as well, and takes a minute.
    const LENGTH: usize = 3;
}
